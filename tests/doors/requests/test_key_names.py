"""Models with a column ``id`` that is not their key: ``id`` is the column, ``pk`` is the key."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from django_flex import FlexQuery
from tests.conftest import continue_after
from tests.wild.models import Change, Footnote

OPS = ["get", "list", "add", "edit", "delete", "upsert", "aggregate", "bulk_edit", "bulk_delete"]
GRANT: dict[str, Any] = {
    "rows": "*",
    "fields": "*",
    "filters": "*",
    "order_by": "*",
    "aggregates": "*",
    "search": ["name"],
    "write_fields": ["id", "name", "footnotes", "previous"],
    "ops": [*OPS, "export"],
}
FOOTNOTE = {**GRANT, "search": ["id"], "write_fields": ["code", "id", "change", "labels"]}


@pytest.fixture(autouse=True)
def rows(db: None, settings: Any) -> None:
    """Two versions of row 7 and one of row 8, under keys that are neither."""
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {"change": {"anon": GRANT}, "footnote": {"anon": FOOTNOTE}},
    }
    Change.objects.create(pk=101, id=7, name="first")
    Change.objects.create(pk=102, id=7, name="second", previous_id=101)
    Change.objects.create(pk=103, id=8, name="other")
    continue_after(Change)
    Footnote.objects.create(pk="a", id="x", change_id=102)
    Footnote.objects.create(pk="b", id="a", change_id=102)
    Footnote.objects.get(pk="a").labels.add(Footnote.objects.get(pk="b"))


def ask(model: str = "change", **query: Any) -> Any:
    result = FlexQuery(model).execute(query)
    assert result.ok, result.to_dict()
    return result.to_dict()


def refused(model: str = "change", **query: Any) -> Any:
    result = FlexQuery(model).execute(query)
    assert result.status_code == 400, result.to_dict()
    return result.to_dict()


# --- reads ----------------------------------------------------------------------------------------


def test_a_map_has_rows_by_their_key() -> None:
    found = ask(fields="id, name", order_by="-id")
    assert found["results"] == {
        "103": {"id": 8, "name": "other"},
        "101": {"id": 7, "name": "first"},
        "102": {"id": 7, "name": "second"},
    }
    assert found["pagination"]["ids"] == [103, 101, 102]


def test_a_list_has_the_key_beside_the_column() -> None:
    assert ask(fields="name", shape="list", limit=1)["results"] == [{"pk": 101, "name": "first"}]
    found = ask(fields="id, history_id", shape="list", limit=1)["results"]
    assert found == [{"pk": 101, "id": 7, "history_id": 101}]


@pytest.mark.parametrize("name", ["pk", "history_id"])
def test_the_key_is_read_filtered_and_sorted_by_its_names(name: str) -> None:
    assert ask(fields=name, filters={f"{name}.gt": 101}, order_by=f"-{name}")["results"] == {
        "103": {name: 103},
        "102": {name: 102},
    }


def test_a_filter_by_id_is_one_by_the_column() -> None:
    assert list(ask(filters={"id": 7})["results"]) == ["101", "102"]
    assert list(ask(filters={"id": 101})["results"]) == []
    assert list(ask(filters={"previous.id": 7})["results"]) == ["102"]
    assert list(ask(filters={"previous.pk": 101})["results"]) == ["102"]
    assert list(ask("footnote", filters={"change.id": 7, "id": "a"})["results"]) == ["b"]


def test_related_rows_have_both() -> None:
    found = ask("footnote", fields="change.id, change.pk, labels.id", filters={"pk": "a"})
    assert found["results"] == {"a": {"change": {"id": 7, "pk": 102}, "labels": [{"id": "a"}]}}
    found = ask(fields="footnotes.id, footnotes.pk", filters={"pk": 102})
    assert found["results"]["102"]["footnotes"] == [{"id": "x", "pk": "a"}, {"id": "a", "pk": "b"}]
    assert ask(fields="footnotes", filters={"pk": 102})["results"]["102"]["footnotes"] == ["a", "b"]


def test_aggregates_are_of_the_column() -> None:
    total = ask(_action="aggregate", aggregate="id.sum, pk.max, count")["results"]
    assert total == {"id": {"sum": 22}, "pk": {"max": 103}, "count": 3}
    groups = ask(_action="aggregate", aggregate="pk.max, count", group_by="id")["results"]
    assert groups == [
        {"id": 7, "pk": {"max": 102}, "count": 2},
        {"id": 8, "pk": {"max": 103}, "count": 1},
    ]


@pytest.mark.parametrize("order", ["id", "-id", "pk", "name"])
def test_cursors_go_over_all_rows(order: str) -> None:
    seen: list[str] = []
    cursor: Any = True
    while cursor is not None:
        page = ask(fields="name", order_by=order, limit=1, cursor=cursor)
        seen += page["results"]
        cursor = page["pagination"].get("next", {}).get("cursor")
    assert sorted(seen) == ["101", "102", "103"]


def test_streams_have_the_key_beside_the_column() -> None:
    lines = b"".join(Client().get("/api/changes/?format=ndjson&fields=id,name&limit=1"))
    assert lines == b'{"pk":101,"id":7,"name":"first"}\n'


# --- single rows ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["_id", "pk"])
def test_a_get_is_by_the_key(name: str) -> None:
    key: dict[str, Any] = {name: 102}
    assert ask(_action="get", fields="id, name", **key) == {"id": 7, "name": "second"}


@pytest.mark.parametrize("action", ["get", "delete"])
@pytest.mark.parametrize("query", [{"id": 7}, {"id": 101}, {"_id": 101, "id": 101}])
def test_the_column_is_not_taken_for_the_key(action: str, query: Any) -> None:
    reply = refused(_action=action, **query)
    assert (reply["path"], reply["hint"]) == ("id", "send the key as '_id'")
    assert Change.objects.count() == 3


def test_urls_name_the_key() -> None:
    client = Client()
    assert client.get("/api/changes/102/?fields=id").json() == {"id": 7}
    assert client.get("/api/changes/7/").status_code == 404
    reply = client.patch("/api/changes/102/", {"id": 9}, content_type="application/json")
    assert (reply.status_code, Change.objects.get(pk=102).id) == (200, 9)
    reply = client.post("/api/changes/", {"id": 5, "name": "n"}, content_type="application/json")
    made = Change.objects.get(id=5)
    assert (reply.status_code, reply["Location"].rstrip("/")[-len(str(made.pk)) :]) == (
        201,
        str(made.pk),
    )
    assert client.delete("/api/changes/103/").json() == {"pk": 103, "deleted": True}


# --- writes ---------------------------------------------------------------------------------------


def test_an_add_fills_the_column() -> None:
    reply = ask(_action="add", id=11, name="new", _fields="id, name")
    assert reply == {"id": 11, "name": "new"}
    assert Change.objects.get(name="new").id == 11
    reply = ask("footnote", _action="add", code="c", id="1", change=101, _fields="code, id")
    assert reply == {"code": "c", "id": "1"}


@pytest.mark.parametrize("name", ["_id", "pk"])
def test_an_edit_changes_the_column_of_the_row_with_the_key(name: str) -> None:
    key: dict[str, Any] = {name: 101}
    assert ask(_action="edit", **key, id=103, _fields="pk, id") == {"pk": 101, "id": 103}
    assert list(Change.objects.order_by("pk").values_list("id", flat=True)) == [103, 7, 8]


def test_an_edit_without_a_key_is_refused() -> None:
    assert refused(_action="edit", id=101, name="x")["path"] == "_id"


def test_items_have_both() -> None:
    items = [{"pk": 101, "id": 1}, {"_id": 103, "id": 101}]
    found = ask(_action="edit", _items=items, _fields="pk, id")["results"]
    assert found == [{"pk": 101, "id": 1}, {"pk": 103, "id": 101}]
    reply = refused(_action="edit", _items=[{"id": 101, "name": "x"}])
    assert reply["path"] == "_items[0].pk"
    gone = ask(_action="delete", _items=[101, {"pk": 103}])["results"]
    assert gone == [{"pk": 101, "deleted": True}, {"pk": 103, "deleted": True}]


def test_rows_by_filter_are_told_by_their_key() -> None:
    reply = ask(_action="bulk_edit", filters={"id": 7}, _set={"id": 70}, _fields="id")
    assert reply["affected"] == 2
    assert list(Change.objects.order_by("pk").values_list("id", flat=True)) == [70, 70, 8]
    reply = ask(_action="bulk_delete", filters={"id": 70})
    assert [row["pk"] for row in reply["results"]] == [101, 102]


def test_an_upsert_finds_rows_by_the_key_or_the_column() -> None:
    reply = ask("footnote", _action="upsert", _match="code", code="a", id="z", change=102)
    assert (reply.get("code"), Footnote.objects.get(pk="a").id) == ("a", "z")


def test_nested_rows_are_told_by_their_key() -> None:
    footnotes = {"$edit": [{"pk": "a", "id": "new"}], "$add": [{"code": "c", "id": "b"}]}
    ask(_action="edit", _id=102, footnotes=footnotes)
    assert dict(Footnote.objects.values_list("pk", "id")) == {"a": "new", "b": "a", "c": "b"}
    result = FlexQuery("change").execute(
        {"_action": "edit", "_id": 102, "footnotes": {"$edit": [{"id": "a"}]}}
    )
    assert (result.status_code, result.to_dict()["path"]) == (400, "footnotes.$edit[0].pk")
    ask(_action="edit", _id=102, footnotes={"$remove": ["b"]})
    assert sorted(Footnote.objects.values_list("pk", flat=True)) == ["a", "c"]


def test_a_batch_refers_to_the_key_and_the_column() -> None:
    batch = [
        {"_model": "change", "_action": "add", "_name": "made", "id": 3, "name": "m"},
        {
            "_model": "footnote",
            "_action": "add",
            "code": "n",
            "id": "y",
            "change": {"$ref": "made.pk"},
        },
    ]
    response = Client().post("/api/", {"_batch": batch}, content_type="application/json")
    assert response.status_code == 200, response.json()
    assert Footnote.objects.get(pk="n").change.id == 3
