"""Texts by their keys: in and out, their keys in fields and filters, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doors.fronts import Door
from tests.postgresql.conftest import GRANT, Asked

ROWS: dict[str, dict[str, str | None]] = {
    "red": {"color": "Red", "size": "L"},
    "blue": {"color": "blue", "keys": "7", "contains": "x"},
    "none": {"color": None},
    "odd": {"a,b": "\"\\'", "": "empty", "é": "ß"},
    "empty": {},
}


@pytest.fixture
def stored(labels: Asked) -> Asked:
    for name, attributes in ROWS.items():
        labels.model.objects.create(name=name, attributes=attributes)
    return labels


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"attributes.color": "Red"}, {"red"}),
        ({"attributes.color.iexact": "BLUE"}, {"blue"}),
        ({"attributes.color.in": ["Red", "blue"]}, {"red", "blue"}),
        ({"attributes.color.isnull": True}, {"none", "odd", "empty"}),
        ({"attributes.color.ne": "Red"}, {"blue", "none", "odd", "empty"}),
        ({"not": {"attributes.color": "Red"}}, {"blue", "none", "odd", "empty"}),
        ({"attributes.color.startswith": "b"}, {"blue"}),
        ({"attributes.keys": "7"}, {"blue"}),
        ({"attributes.contains": {"color": "Red"}}, {"red"}),
        ({"attributes.contains": {}}, set(ROWS)),
        ({"attributes.contains": {"color": None}}, {"none"}),
        ({"attributes.contained_by": {"color": "Red", "size": "L", "x": "y"}}, {"red", "empty"}),
        ({"attributes.has_key": "color"}, {"red", "blue", "none"}),
        ({"attributes.has_key": "a,b"}, {"odd"}),
        ({"attributes.has_keys": ["color", "size"]}, {"red"}),
        ({"attributes.has_any_keys": ["size", "keys"]}, {"red", "blue"}),
        ({"attributes": {"$value": {}}}, {"empty"}),
        ({"attributes": {"$value": {"color": None}}}, {"none"}),
        ({"extra.isnull": True}, set(ROWS)),
        ({"extra.color": "x"}, set()),
    ],
)
def test_rows_are_found_by_keys_and_by_parts(stored: Asked, filters: Any, found: set[str]) -> None:
    assert found == stored.names(filters)
    assert found == stored.names(filters)  # by a cached statement, too


@pytest.mark.parametrize(
    "value", ["x", 5, [1], {"a": 1}, {"a": ["b"]}, {"a": "x\0"}, {"a": {"b": "c"}}, True]
)
def test_what_is_no_object_of_texts_is_refused(labels: Asked, value: Any) -> None:
    assert "This has to be an object with texts and nulls." == labels.refused("attributes", value)


@pytest.mark.parametrize(
    "filters",
    [
        {"attributes.contains": "x"},
        {"attributes.contains": {"a": 1}},
        {"attributes.contained_by": [1]},
        {"attributes.has_key": 5},
        {"attributes": "x"},
        {"attributes.color": 5},
    ],
)
def test_comparands_of_another_shape_are_refused(labels: Asked, filters: Any) -> None:
    assert "The value does not fit" in labels.refusal(filters)


@pytest.mark.parametrize("attributes", ROWS.values(), ids=[*ROWS])
def test_what_was_sent_is_read(labels: Asked, attributes: dict[str, str | None]) -> None:
    assert attributes == labels.add(name="x", attributes=attributes)["attributes"]


def ask(door: Door, fields: str, **grant: Any) -> Any:
    expose = {"postgresql.parcel": {"anon": {**GRANT, **grant}}}
    query = {"fields": fields, "filters": {"name": "red"}}
    return door.list(query, expose=expose, model="postgresql.parcel")


def test_keys_are_fields(stored: Asked) -> None:
    (row,) = ask(stored.door, "attributes.color, big:attributes.size").results

    assert {"attributes": {"color": "Red"}, "big": "L"} == {
        name: value for name, value in row.items() if name != "id"
    }


def test_keys_that_are_excluded_are_hidden(stored: Asked) -> None:
    hidden = {"exclude": ["attributes.color"]}

    assert 403 == ask(stored.door, "attributes.color", **hidden).status
    assert 403 == ask(stored.door, "x:attributes.color", **hidden).status
    assert 403 == ask(stored.door, "attributes", **hidden).status
    assert all("attributes" not in row for row in ask(stored.door, "*", **hidden).results)


def test_their_keys_are_not_sorted(stored: Asked) -> None:
    expose = {"postgresql.parcel": {"anon": GRANT}}
    reply = stored.door.list(
        {"order_by": "attributes.color"}, expose=expose, model="postgresql.parcel"
    )

    assert 403 == reply.status


@pytest.mark.parametrize("operator", ["$append", "$remove", "$inc"])
def test_they_are_not_changed_in_place(labels: Asked, operator: str) -> None:
    row = labels.model.objects.create(attributes={"a": "b"})
    values = {"attributes": {operator: "a"}}
    expose = {labels.name: {"anon": GRANT}}
    reply = labels.door.write("edit", row.pk, values, expose=expose, model=labels.name)

    assert 400 == reply.status, reply.body
    row.refresh_from_db()
    assert {"a": "b"} == row.attributes
