"""How many related rows there are, beside the page of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doors.fronts import Door

LINES = {"1": 2, "2": 1, "3": 2, "4": 0, "5": 0, "6": 0}


def counted(door: Door, query: dict[str, Any] | None = None, **lines: Any) -> dict[str, Any]:
    asked = {
        "fields": "id",
        "related": {"lines": {"fields": "id", "count": True, **lines}},
        **(query or {}),
    }
    reply = door.list(asked, statements=2)
    assert 200 == reply.status, reply.body
    rows: dict[str, Any] = reply.body["results"]
    return {key: row["lines"] for key, row in rows.items()}


def numbers(found: dict[str, Any]) -> dict[str, int]:
    return {key: page["pagination"]["count"] for key, page in found.items()}


def test_each_list_says_how_many_there_are(bookings: None, door: Door) -> None:
    found = counted(door, limit=1)

    assert numbers(found) == LINES
    first = found["1"]
    assert first == {
        "pagination": {
            "offset": 0,
            "limit": 1,
            "has_more": True,
            "count": 2,
            "count_kind": "exact",
        },
        "results": [{"id": 1}],
    }


@pytest.mark.parametrize("offset", [1, 2, 50])
def test_pages_behind_the_first_count_the_same_rows(
    bookings: None, query_door: Door, offset: int
) -> None:
    found = counted(query_door, offset=offset, limit=1, order_by="id")

    assert numbers(found) == LINES
    assert (
        [[2], [], [5]]
        if offset == 1
        else [[], [], []] == [[row["id"] for row in found[key]["results"]] for key in "123"]
    )


@pytest.mark.parametrize("filters", [{"id": 1}, {"id": 4}])
def test_the_list_of_one_row_is_counted(bookings: None, query_door: Door, filters: Any) -> None:
    key = str(filters["id"])

    assert {key: LINES[key]} == numbers(counted(query_door, {"filters": filters}, offset=1))


def test_what_is_filtered_is_what_is_counted(bookings: None, query_door: Door) -> None:
    found = counted(query_door, filters={"product": "sweep"}, limit=1)

    assert {**LINES, "1": 1, "2": 0} == numbers(found)


def test_rows_by_a_many_to_many_relation_are_counted(bookings: None, query_door: Door) -> None:
    reply = query_door.list(
        {"fields": "id", "related": {"tags": {"fields": "slug", "count": True, "limit": 1}}},
        statements=2,
    )

    found = {key: row["tags"] for key, row in reply.body["results"].items()}
    assert {"1": 2, "2": 1, "3": 0, "4": 0, "5": 0, "6": 0} == numbers(found)


@pytest.mark.parametrize("count", ["estimated", "capped:3", "many", 3])
def test_related_rows_are_only_counted_exactly(bookings: None, door: Door, count: object) -> None:
    reply = door.list({"fields": "id", "related": {"lines": {"count": count}}})

    assert (400, "related.lines.count") == (reply.status, reply.body["path"])


def test_a_list_that_is_not_counted_has_no_number(bookings: None, door: Door) -> None:
    reply = door.list(
        {"fields": "id", "related": {"lines": {"count": False, "shape": "list"}}}, statements=2
    )

    assert "count" not in reply.body["results"]["1"]["lines"]["pagination"]
