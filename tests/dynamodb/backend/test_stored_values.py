"""Values that something else has stored: of other types than the model's, and of types JSON lacks."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.test import Client

from django_flex.dynamodb.transport import current_transport
from tests.dynamodb.models import Play

pytestmark = pytest.mark.exhaustive

KEY = {"listener": {"S": "ada"}, "moment": {"N": "2"}}
#: What is stored for an attribute, which cannot read it.
UNREADABLE = [
    ("title_sort", {"N": "1"}),
    ("title_sort", {"M": {"a": {"S": "x"}}}),
    ("size", {"S": "many"}),
    ("size", {"L": [{"N": "1"}]}),
    ("tags", {"S": "rock"}),
    ("tags", {"L": [{"S": "rock"}]}),
    ("ranks", {"SS": ["one"]}),
    ("skipped", {"S": "yes"}),
    ("place", {"S": "Berlin"}),
    ("cover", {"S": "blue"}),
    ("price", {"S": "much"}),
    ("price", {"BOOL": True}),
]
#: Behind the key of a map: nothing of it is lost when another key is written.
BESIDE: dict[str, Any] = {
    "set": {"SS": ["x", "y"]},
    "numbers": {"NS": ["1.5"]},
    "long": {"N": "1234567890123456789.25"},
    "list": {"L": [{"N": "0.1"}, {"SS": ["z"]}]},
    "bytes": {"B": b"\x00\xff"},
}


def store(table: str, **values: Any) -> None:
    current_transport().call("PutItem", {"TableName": table, "Item": {**KEY, **values}})


def stored(table: str) -> Any:
    return current_transport().call("GetItem", {"TableName": table, "Key": KEY})["Item"]


@pytest.fixture
def table(api: Client) -> str:
    """The table of plays, in which another play is all right."""
    Play.objects.create(listener="ada", moment=1, title="fine", size=7)
    return Play.Meta.table_name


@pytest.fixture
def maps_compare(database: str) -> None:
    """What a write has looked at is its condition, and dynalite compares no map by its contents."""
    if database == "dynalite":
        pytest.skip("to dynalite no map equals another one")


@pytest.mark.parametrize(("name", "value"), UNREADABLE)
def test_a_value_that_cannot_be_read_is_null_and_loses_nothing(
    api: Client, table: str, caplog: pytest.LogCaptureFixture, name: str, value: Any
) -> None:
    column = {"title_sort": "name"}.get(name, name)
    store(table, device={"S": "phone"}, **{column: value})

    listed = api.get("/api/play/", {"filters.listener": "ada", "order_by": "moment"})
    with caplog.at_level(logging.ERROR, "django_flex"):
        caplog.clear()
        got = api.get("/api/play/ada~2")
    edited = api.patch("/api/play/ada~2", {"device": "radio"}, "application/json")

    assert (200, 200, 200) == (listed.status_code, got.status_code, edited.status_code)
    fine, torn = listed.json()["results"].values()
    assert ("fine", 7) == (fine["title"], fine["size"])
    assert (None, "phone") == (torn[name], torn["device"])
    assert None is got.json()[name]
    assert f"1 of 1 stored values of '{name}' cannot be read" in caplog.text
    assert {**KEY, "device": {"S": "radio"}, column: value} == stored(table)


def test_a_value_that_cannot_be_read_is_not_changed_in_part(api: Client, table: str) -> None:
    store(table, size={"S": "many"}, tags={"S": "rock"})

    for change in ({"size": {"$inc": 1}}, {"tags": {"$append": "pop"}}):
        refused = api.patch("/api/play/ada~2", change, "application/json")
        assert 400 == refused.status_code, refused.content
        assert [*change] == [*refused.json()["fields"]]
    assert {**KEY, "size": {"S": "many"}, "tags": {"S": "rock"}} == stored(table)


@pytest.mark.usefixtures("maps_compare")
def test_keys_beside_the_written_one_keep_their_types(api: Client, table: str) -> None:
    store(table, extra={"M": {**BESIDE, "plain": {"N": "1"}}})

    written = api.patch("/api/play/ada~2", {"extra.plain": 2}, "application/json")

    assert 200 == written.status_code, written.content
    found = stored(table)["extra"]["M"]
    assert {"N": "2"} == found.pop("plain")
    assert {"SS": ["x", "y"]} == {"SS": sorted(found.pop("set")["SS"])}
    assert {name: one for name, one in BESIDE.items() if name != "set"} == found


@pytest.mark.usefixtures("maps_compare")
@pytest.mark.parametrize(
    ("change", "new"),
    [
        ({"extra.long": {"$inc": 0.5}}, {"N": "1234567890123456789.75"}),
        ({"extra.long": {"$inc": 1}}, {"N": "1234567890123456790.25"}),
        ({"extra.list": {"$remove": 0.1}}, {"L": [{"SS": ["z"]}]}),
        ({"extra.list": {"$append": "x"}}, {"L": [*BESIDE["list"]["L"], {"S": "x"}]}),
    ],
)
def test_numbers_and_lists_are_changed_exactly(
    api: Client, table: str, change: dict[str, Any], new: Any
) -> None:
    store(table, extra={"M": BESIDE})

    assert 200 == api.patch("/api/play/ada~2", change, "application/json").status_code
    [name] = (path.partition(".")[2] for path in change)
    assert new == stored(table)["extra"]["M"][name]


@pytest.mark.parametrize("value", [{"a": 1}, "text", 5, True])
def test_a_list_is_written_as_a_list(api: Client, table: str, value: Any) -> None:
    store(table, history={"L": []})

    refused = api.patch("/api/play/ada~2", {"history": value}, "application/json")

    assert (400, ["history"]) == (refused.status_code, [*refused.json()["fields"]])
    assert {"L": []} == stored(table)["history"]
