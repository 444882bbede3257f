"""Rows are written by a model's own ``save`` and ``delete``, whatever these do and take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django import forms
from django.db.models.signals import post_save
from rest_framework import serializers

from tests.wild import saving as wild
from tests.writes.conftest import GRANT, ask

CALLED = ["withcommit", "withsome", "withcolumns", "withrequest", "withkeywords"]
SAVED = ["adopting", "thrice", "again", "resaved", "elsewhere"]
IGNORING = ["ignoring", "ignoringbase", "ignoringkeyed", "ignoringpart"]
#: What two rows, added as ``a`` and ``b``, and edited as ``c``, are stored as.
STORED: dict[str, Any] = {
    "adopting": ["a", "b", "c"],
    "thrice": ["a", "b", "c"],
    "again": ["a", "b", "c"],
    "resaved": ["a", "b", "c"],
    "elsewhere": ["A", "B", "C"],
}


@pytest.fixture(autouse=True)
def exposed(open_to_everybody: None, configure: Callable[..., None]) -> Iterator[None]:
    keyed = {"ignoringkeyed": ["*", "code"]}
    names = [*CALLED, *SAVED, *IGNORING]
    configure(
        {
            f"wild.{name}": {"anon": {**GRANT, "write_fields": keyed.get(name, ["*"])}}
            for name in names
        }
    )

    def save_again(instance: wild.Resaved, created: bool, **_: Any) -> None:
        if created:
            instance.number = instance.pk + 100
            instance.save()

    post_save.connect(save_again, sender=wild.Resaved)
    yield
    post_save.disconnect(save_again, sender=wild.Resaved)


def rows(model: str) -> list[Any]:
    found: list[Any] = ask(f"wild.{model}", "list", shape="list", order_by="id")[1]["results"]
    return found


@pytest.mark.parametrize("model", SAVED)
def test_a_model_may_save_a_row_again_or_elsewhere(model: str) -> None:
    first, second, third = STORED[model]
    status, row = ask(f"wild.{model}", "add", name="a")
    assert (201, first) == (status, row["name"])
    status, reply = ask(f"wild.{model}", "add", _items=[{"name": "b"}])
    assert (201, [second]) == (status, [one["name"] for one in reply["results"]])
    status, row = ask(f"wild.{model}", "edit", id=row["id"], name="c")
    assert (200, third) == (status, row["name"])
    status, reply = ask(f"wild.{model}", "bulk_edit", filters={"name": second}, _set={"name": "c"})
    assert (200, 1) == (status, reply["affected"])
    assert [third, third] == [row["name"] for row in rows(model)]


@pytest.mark.parametrize("model", ["again", "resaved"])
def test_what_is_set_between_two_saves_is_stored(model: str) -> None:
    for many in ({"name": "a"}, {"_items": [{"name": "b"}, {"name": "c"}]}):
        status, reply = ask(f"wild.{model}", "add", **many)
        assert status == 201, reply
        for row in reply.get("results", [reply]):
            assert row["number"] == row["id"] + 100
    assert all(row["number"] == row["id"] + 100 for row in rows(model))


def test_a_model_may_take_over_the_row_that_it_means() -> None:
    first = ask("wild.adopting", "add", name="a", number=1)[1]
    second = ask("wild.adopting", "add", name="a", number=2)[1]
    third = ask("wild.adopting", "add", _items=[{"name": "a", "number": 3}, {"name": "b"}])

    assert first["id"] == second["id"] == third[1]["results"][0]["id"]
    assert [("a", 3), ("b", 0)] == [(row["name"], row["number"]) for row in rows("adopting")]


@pytest.mark.parametrize("model", IGNORING)
def test_a_row_that_a_model_does_not_store_is_refused(model: str) -> None:
    wild.IgnoringKeyed.objects.create(code="there", name="x")
    keys = {"ignoringkeyed": {"code": "new"}, "ignoringpart": {"keyed": "there"}}
    others = {"ignoringkeyed": {"code": "other"}}
    sent = {"name": "Yoko", **keys.get(model, {})}
    other = {**sent, **others.get(model, {}), "name": "Ono"}
    before = len(ask(f"wild.{model}", "list", shape="list")[1]["results"])

    for place, body in ((None, sent), ("_items[1]", {"_items": [other, sent]})):
        status, reply = ask(f"wild.{model}", "add", **body)
        assert (400, place) == (status, reply.get("path")), reply
        assert {"__all__": ["refused"]} == reply["codes"]
    after = ask(f"wild.{model}", "list", shape="list")[1]["results"]
    assert before == len(after)
    assert 201 == ask(f"wild.{model}", "add", **other)[0]


def test_a_row_inside_another_that_is_not_stored_undoes_both() -> None:
    status, reply = ask(
        "wild.ignoringkeyed", "add", code="new", name="x", parts={"$add": [{"name": "Yoko"}]}
    )
    assert (400, {"__all__": ["refused"]}) == (status, reply["codes"]), reply
    assert not wild.IgnoringKeyed.objects.exists()


class Form(forms.ModelForm):  # type: ignore[type-arg]  # generic for the checker alone
    class Meta:
        model = wild.Ignoring
        fields = ("name", "number")


class Serializer(serializers.ModelSerializer[wild.Ignoring]):
    class Meta:
        model = wild.Ignoring
        fields = ("id", "name", "number")


@pytest.mark.parametrize(
    "code", [{"form_class": Form}, {"serializer_class": Serializer}], ids=[*"fs"]
)
def test_forms_and_serializers_store_it_no_more(code: Any, configure: Callable[..., None]) -> None:
    configure({"wild.ignoring": {"anon": GRANT, **code}})

    status, reply = ask("wild.ignoring", "add", name="Yoko", number=1)

    assert (400, {"__all__": ["refused"]}) == (status, reply.get("codes")), reply
    assert 201 == ask("wild.ignoring", "add", name="Ono", number=1)[0]


def test_an_edit_that_a_model_does_not_store_shows_what_is_stored() -> None:
    key = ask("wild.ignoring", "add", name="Ono")[1]["id"]

    status, row = ask("wild.ignoring", "edit", id=key, name="Yoko")

    assert (200, "Ono") == (status, row["name"])


@pytest.mark.parametrize("model", CALLED)
def test_methods_are_called_with_what_they_take(model: str) -> None:
    status, row = ask(f"wild.{model}", "add", name="a")
    assert status == 201, row
    assert 201 == ask(f"wild.{model}", "add", _items=[{"name": "b"}, {"name": "c"}])[0]
    status, row = ask(f"wild.{model}", "edit", id=row["id"], name="d")
    assert (200, "d") == (status, row["name"])
    assert 200 == ask(f"wild.{model}", "bulk_edit", filters={"name": "b"}, _set={"number": 2})[0]
    assert [("d", 0), ("b", 2), ("c", 0)] == [(r["name"], r["number"]) for r in rows(model)]

    assert 200 == ask(f"wild.{model}", "delete", id=row["id"])[0]
    assert 200 == ask(f"wild.{model}", "bulk_delete", filters={"name": "b"})[0]
    assert ["c"] == [row["name"] for row in rows(model)]
