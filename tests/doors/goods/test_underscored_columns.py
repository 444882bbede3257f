"""A column whose name begins with ``_`` is one like others, unless a request has a key of this name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from django_flex import FlexQuery
from django_flex.dialects.flex import actions, batch, forms, mutations, parser, related
from tests.doors.fronts import EVERYTHING
from tests.wild.goods import Leaflet, Shelf, Slot

GRANT: dict[str, Any] = {
    **EVERYTHING,
    "ops": ["get", "list", "aggregate", "add", "edit", "bulk_edit"],
    "aggregates": ["*"],
    "write_fields": ["*", "_order"],
}
LEAFLET = {**GRANT, "write_fields": ["*", "_file"], "files": {"_file": {}}, "exclude": ["_hidden"]}


@pytest.fixture(autouse=True)
def slots(db: None, configure: Any) -> None:
    entries = {f"wild.{name}": {"anon": GRANT} for name in ("shelf", "slot")}
    configure({**entries, "wild.leaflet": {"anon": LEAFLET}})
    shelf = Shelf.objects.create(pk=1, name="rack")
    for key in (1, 2, 3):
        Slot.objects.create(pk=key, shelf=shelf, label=f"slot {key}")
    for place, key in enumerate([3, 1, 2]):
        Slot.objects.filter(pk=key).update(_order=place)


def ask(model: str, **spec: Any) -> tuple[int, Any]:
    result = FlexQuery(f"wild.{model}").execute(spec)
    return result.status_code, result.to_dict()


def order() -> list[tuple[int, int]]:
    return list(Slot.objects.order_by("_order", "pk").values_list("pk", "_order"))


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ({"order_by": "-_order"}, [2, 1, 3]),
        ({"filters": {"_order.gte": 1}, "order_by": "_order"}, [1, 2]),
        ({"filters": {"not": {"_order": 0}}}, [1, 2]),
    ],
)
def test_it_is_filtered_and_sorted_by(spec: dict[str, Any], found: list[int]) -> None:
    _, reply = ask("slot", fields="id, _order", shape="list", **spec)
    assert found == [row["id"] for row in reply["results"]]


def test_it_is_read_where_rows_are() -> None:
    related = {"slots": {"fields": "id, at:_order", "order_by": "_order"}}
    _, reply = ask("shelf", _id=1, fields="id", related=related)
    assert [3, 1, 2] == [row["id"] for row in reply["slots"]]
    assert {"id": 3, "_order": 0} == {
        name: ask("slot", _id=3)[1][name] for name in ("id", "_order")
    }
    _, totals = ask("slot", _action="aggregate", aggregate="_order.max")
    assert {"_order": {"max": 2}} == totals["results"]


def test_it_is_a_key_of_a_write() -> None:
    status, reply = ask("slot", _action="edit", _id=1, _order=7)
    assert (200, 7) == (status, reply.get("_order")), reply
    status, reply = ask("slot", _action="edit", _items=[{"id": 1, "_order": 8}, {"id": 2}])
    assert [(3, 0), (2, 2), (1, 8)] == order(), reply


def test_django_alone_says_the_place_of_a_new_row() -> None:
    """It would replace whatever was sent."""
    status, reply = ask("slot", _action="add", shelf=1, _order=7)
    assert (400, "query.unknown_key", "_order") == (status, reply["code"], reply["path"])
    assert [(3, 0), (1, 1), (2, 2)] == order()
    writable = Client().options("/api/wild.slot/").json()["writable"]
    assert (False, True) == ("_order" in writable["add"], "_order" in writable["edit"])


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({"_title": "a"}, {"_title": "a"}),
        ({"_facts.pages": 3}, {"_facts": {"pages": 3}}),
        ({"_facts": {"pages": 4}, "_title": "b"}, {"_title": "b", "_facts": {"pages": 4}}),
    ],
)
def test_it_is_written_as_any_other(sent: dict[str, Any], stored: dict[str, Any]) -> None:
    for spec in ({"_action": "add"}, {"_action": "edit", "_id": Leaflet.objects.create().pk}):
        status, reply = ask("leaflet", **spec, **sent)
        assert stored == {name: reply.get(name) for name in stored}, (status, reply)


def test_a_form_has_it_as_a_part() -> None:
    parts = {"_title": "a", "_file": SimpleUploadedFile("a.txt", b"text")}
    reply = Client().post("/api/wild.leaflet/", parts)
    assert (201, "a") == (reply.status_code, reply.json().get("_title")), reply.content
    assert reply.json()["_file"]["name"].startswith("leaflets/a")


@pytest.mark.parametrize("key", ["_hidden", "_nothing", "_hidden.x"])
@pytest.mark.parametrize(
    "spec", [{"_action": "add", "_title": "a"}, {"_action": "edit", "_id": 1, "_title": "a"}]
)
def test_what_may_not_be_written_is_no_key_that_there_is(key: str, spec: dict[str, Any]) -> None:
    """Whether there is such a column makes no difference."""
    Leaflet.objects.create(pk=1)
    before = list(Leaflet.objects.values())
    status, reply = ask("leaflet", **spec, **{key: 7})
    assert (400, "query.unknown_key", key) == (status, reply["code"], reply["path"])
    assert reply["hint"].startswith("one of _model, _action")
    if "_id" not in spec:
        status, reply = ask("leaflet", _action="add", _items=[{"_title": "a", key: 7}])
        place = f"_items[0].{key}"
        assert (400, "query.unknown_key", place) == (status, reply["code"], reply["path"])
    status, reply = ask("leaflet", _action="add", _items=[{"_title": "a"}], **{key: 7})
    assert (400, "query.unknown_key", key) == (status, reply["code"], reply["path"])
    assert before == list(Leaflet.objects.values())


def test_a_key_that_is_spelled_wrongly_is_told_the_right_one() -> None:
    _, reply = ask("leaflet", _action="add", _title="a", _feilds="_title")
    assert "did you mean '_fields'?" == reply["hint"]


def test_a_lenient_write_leaves_unknown_keys_out() -> None:
    headers = {"Prefer": "handling=lenient"}
    for body in ({"_title": "a", "_nothing": 1}, {"_title": "a", "_hidden": "x"}):
        reply = Client().post("/api/wild.leaflet/", body, "application/json", headers=headers)
        assert 201 == reply.status_code, reply.content
    assert {""} == set(Leaflet.objects.values_list("_hidden", flat=True))


@pytest.mark.parametrize("part", [{"_set": {"_match": "x"}}, {"_match": "x"}])
def test_a_word_of_the_language_stays_one(part: Mapping[str, Any]) -> None:
    """A column of that name is written where there are only columns."""
    Leaflet.objects.create(pk=1)
    by_filter = {"_action": "bulk_edit", "filters": {"_match": ""}} if "_set" in part else {}
    status, _ = ask("leaflet", **({"_action": "add"} | by_filter), **part)
    assert (200 if by_filter else 400) == status
    assert ["x" if by_filter else ""] == list(Leaflet.objects.values_list("_match", flat=True))


def test_all_words_of_the_language_are_reserved() -> None:
    tables = (parser.KEYS, mutations.KEYS, actions.KEYS)
    keys = {key for table in tables for keys in table.values() for key in keys}
    keys |= {*related.KEYS, *batch.KEYS, forms.DATA, "_name"}
    assert {key for key in keys if key.startswith("_")} == parser.RESERVED


def test_a_description_lists_what_may_be_sent() -> None:
    described = Client().options("/api/wild.leaflet/").json()
    assert ["_facts", "_file", "_match", "_title"] == sorted(described["writable"]["add"])


def test_it_is_written_by_filter_and_inside_of_other_rows() -> None:
    status, _ = ask("slot", _action="bulk_edit", filters={"id": 3}, _set={"_order": 7})
    assert (200, [(1, 1), (2, 2), (3, 7)]) == (status, order())
    inside = {"$edit": [{"id": 1, "_order": 9}]}
    status, reply = ask("shelf", _action="edit", _id=1, slots=inside)
    assert (200, [(2, 2), (3, 7), (1, 9)]) == (status, order()), reply
