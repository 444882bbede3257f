"""Rows in a random order, where a grant allows it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doors.fronts import Door, grant

SHUFFLED = grant(fields=["*"], order_by=["id", "random"])


def test_rows_come_in_another_order_each_time(bookings: None, door: Door) -> None:
    orders = [
        tuple(door.list({"fields": "id", "order_by": "random"}, expose=SHUFFLED).ids)
        for _ in range(12)
    ]

    assert {(1, 2, 3, 4, 5, 6)} == {tuple(sorted(found)) for found in orders}
    assert len(set(orders)) > 1  # by chance all are equal once in 720 ** 11 runs


def test_random_may_come_after_other_orders(bookings: None, query_door: Door) -> None:
    query = {"fields": "id, urgent", "order_by": "urgent, random"}
    exposed = grant(fields=["*"], order_by=["urgent", "random"])

    reply = query_door.list({**query, "shape": "list"}, expose=exposed)

    assert [False] * 3 + [True] * 3 == [row["urgent"] for row in reply.body["results"]]


@pytest.mark.parametrize("order", ["random", "-random", "id, random"])
def test_all_paths_are_no_random_order(bookings: None, door: Door, order: str) -> None:
    reply = door.list({"order_by": order}, expose=grant(fields=["*"], order_by=["*"]))

    assert (403, "order.denied") == (reply.status, reply.body["code"])


def test_a_random_order_has_one_direction(bookings: None, door: Door) -> None:
    assert 403 == door.list({"order_by": "-random"}, expose=SHUFFLED).status


@pytest.mark.parametrize("clauses", [{"cursor": True}, {"distinct": "status"}])
def test_a_random_order_has_no_positions(
    bookings: None, door: Door, clauses: dict[str, Any]
) -> None:
    reply = door.list({"order_by": "random", **clauses}, expose=SHUFFLED)

    assert (400, "query.unsupported") == (reply.status, reply.body["code"])


def test_a_list_inside_a_row_is_shuffled_only_if_its_own_model_allows_it(
    bookings: None, query_door: Door
) -> None:
    query = {"fields": "id", "related": {"lines": {"fields": "id", "order_by": "random"}}}
    lines = grant("line", fields=["*"], order_by=["random"])

    reply = query_door.list(query, expose={**SHUFFLED, **lines}, statements=2)
    assert 200 == reply.status
    assert [1, 2] == sorted(row["id"] for row in reply.body["results"]["1"]["lines"])
    reply = query_door.list(query, expose={**SHUFFLED, **grant("line", fields=["*"])})
    assert 403 == reply.status
