"""Combinations of fields, and the first row of each value: the same on every database."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Q

from tests.doors.fronts import Door, Execute, grant
from tests.testapp.models import Customer

pytestmark = pytest.mark.usefixtures("bookings")


@pytest.fixture
def execute(settings: Any, db: None) -> Door:
    """The door without HTTP."""
    return Execute(settings)


COMBINATIONS: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "one": (
        {"fields": "status"},
        [{"status": s} for s in ("", "cancelled", "completed", "confirmed", "pending")],
    ),
    "descending": (
        {"fields": "status", "order_by": "-status", "limit": 2},
        [{"status": "pending"}, {"status": "confirmed"}],
    ),
    "two": (
        {"fields": "urgent, seats", "order_by": "urgent, -seats.nulls_last"},
        [
            {"urgent": False, "seats": 4},
            {"urgent": False, "seats": None},
            {"urgent": True, "seats": 4},
            {"urgent": True, "seats": 2},
            {"urgent": True, "seats": 1},
        ],
    ),
    "nulls": (
        {"fields": "price"},
        [{"price": p} for p in ("0.50", "99.99", "100.00", "250.50", None)],
    ),
    "relation": (
        {"fields": "customer.company.name", "order_by": "customer.company.name.nulls_first"},
        [
            {"customer": {"company": None}},
            {"customer": {"company": {"name": "Acme Corp"}}},
            {"customer": {"company": {"name": "Globex"}}},
        ],
    ),
    "missing-row": (
        {"fields": "address.city"},
        [{"address": {"city": "Berlin"}}, {"address": {"city": "Paris"}}, {"address": None}],
    ),
    "key-and-name": (
        {"fields": "address, address.city", "limit": 1},
        [{"address": {"id": 1, "city": "Berlin"}}],
    ),
    "raw-key": ({"fields": "address"}, [{"address": 1}, {"address": 2}, {"address": None}]),
    "alias": (
        {"fields": "who:customer.vip, again:customer.vip"},
        [{"who": False, "again": False}, {"who": True, "again": True}],
    ),
    "filtered": ({"fields": "status", "filters": {"seats": 4}}, [{"status": "pending"}]),
    "offset": ({"fields": "status", "offset": 4}, [{"status": "pending"}]),
}


@pytest.mark.parametrize("name", COMBINATIONS)
def test_each_combination_comes_once(query_door: Door, name: str) -> None:
    query, expected = COMBINATIONS[name]
    reply = query_door.list({"distinct": True, **query})

    assert (200, expected) == (reply.status, reply.body["results"])
    assert "ids" not in reply.body["pagination"]


def test_combinations_through_every_door(any_door: Door) -> None:
    reply = any_door.list({"fields": "urgent", "distinct": True, "shape": "list"})

    assert [{"urgent": False}, {"urgent": True}] == reply.body["results"]


def test_pages_of_combinations_make_the_whole_list(door: Door) -> None:
    query = {"fields": "urgent, address.city", "distinct": True, "count": True}
    whole = door.list(query, statements=2).body
    found: list[Any] = []
    following: Any = {**query, "limit": 1}
    while following is not None:
        body = door.list(following, statements=2).body
        found += body["results"]
        following = body["pagination"].get("next")

    assert whole["results"] == found
    assert len(found) == whole["pagination"]["count"] == 4


def test_customers_of_one_name_are_one_combination(execute: Door) -> None:
    Customer.objects.update(name="Same")
    query = {"fields": "customer.name", "distinct": True}

    assert [{"customer": {"name": "Same"}}] == execute.list(query).body["results"]


def test_object_without_a_name_is_no_missing_object(execute: Door) -> None:
    query = {"fields": "invoice.number", "filters": {"id.in": [1, 3]}, "distinct": True}

    assert [{"invoice": {"number": "A-1"}}, {"invoice": None}] == execute.list(query).body[
        "results"
    ]


EVERYTHING = grant()["booking"]["anon"]
RULED = {
    "booking": {"anon": {**EVERYTHING, "fields": ["*", "customer.name", "customer.company.name"]}},
    "customer": {"anon": {**EVERYTHING, "rows": lambda user: Q(vip=True)}},
}


@pytest.mark.parametrize("fields", ["customer.name", "customer.company.name", "who:customer.name"])
def test_hidden_related_rows_are_one_combination(execute: Door, fields: str) -> None:
    reply = execute.list(
        {"fields": fields, "distinct": True, "count": True}, expose=RULED, statements=2
    )

    assert (2, 2) == (len(reply.body["results"]), reply.body["pagination"]["count"])
    assert None in [value for row in reply.body["results"] for value in row.values()]


def test_hidden_rows_make_no_combination(door: Door) -> None:
    expose = grant(rows=lambda user: Q(urgent=True))
    query = {"fields": "status", "distinct": True}

    assert ["cancelled", "confirmed", "pending"] == [
        row["status"] for row in door.list(query, expose=expose).body["results"]
    ]


@pytest.mark.parametrize(
    ("query", "code", "path"),
    [
        pytest.param(
            {"fields": "status", "order_by": "id"}, "query.invalid", "order_by", id="order"
        ),
        pytest.param(
            {"fields": "customer.name", "order_by": "customer"},
            "query.invalid",
            "order_by",
            id="order-by-key",
        ),
        pytest.param({"fields": "customer.metadata"}, "query.unsupported", "distinct", id="json"),
        pytest.param(
            {"fields": "customer.metadata.level"}, "query.unsupported", "distinct", id="json-key"
        ),
        pytest.param({"fields": "id, lines.quantity"}, "query.unsupported", "distinct", id="list"),
        pytest.param({"fields": "id", "cursor": True}, "query.unsupported", "cursor", id="cursor"),
        pytest.param({"fields": "id", "distinct": 5}, "query.value", "distinct", id="number"),
        pytest.param({"fields": "id", "distinct": ""}, "query.value", "distinct", id="empty"),
        pytest.param({"fields": "id", "distinct": []}, "query.value", "distinct", id="empty-list"),
        pytest.param(
            {"fields": "id", "distinct": "a b"}, "query.invalid", "distinct", id="no-path"
        ),
        pytest.param(
            {"fields": "id", "distinct": "lines.quantity"}, "query.invalid", "distinct", id="many"
        ),
        pytest.param({"fields": "id", "distinct": "tags"}, "query.invalid", "distinct", id="keys"),
        pytest.param(
            {"fields": "id", "distinct": "customer.metadata.level"},
            "query.unsupported",
            "distinct",
            id="path-of-json",
        ),
        pytest.param(
            {"fields": "id", "distinct": "nothing"}, "field.denied", "distinct", id="unknown"
        ),
    ],
)
def test_distinct_that_makes_no_sense_is_refused(
    query_door: Door, query: Any, code: str, path: str
) -> None:
    reply = query_door.list({"distinct": True, **query})

    assert (code, path) == (reply.body["code"], reply.body["path"])


FIRST: dict[str, tuple[dict[str, Any], list[int]]] = {
    "key": ({"distinct": "status"}, [1, 2, 3, 4, 5]),
    "by-order": ({"distinct": "status", "order_by": "-id"}, [6, 5, 4, 3, 1]),
    "nulls-are-largest": ({"distinct": "customer", "order_by": "-price"}, [4, 2, 1, 5]),
    "nulls-last": ({"distinct": "customer", "order_by": "-seats.nulls_last"}, [2, 1, 4, 5]),
    "two": ({"distinct": "customer, urgent"}, [1, 2, 3, 4, 5, 6]),
    "null-is-a-value": ({"distinct": "address"}, [1, 2, 3]),
    "relation": ({"distinct": "customer.company.name", "order_by": "-id"}, [6, 5, 3]),
    "order-by-relation": ({"distinct": ["urgent"], "order_by": "-customer.name, -id"}, [5, 6]),
    "filtered": ({"distinct": "urgent", "filters": {"seats": 4}}, [2, 6]),
    "json-order": ({"distinct": "urgent", "order_by": "-customer.metadata.level"}, [4, 5]),
}


@pytest.mark.parametrize("name", FIRST)
def test_first_row_of_each_value(query_door: Door, name: str) -> None:
    query, expected = FIRST[name]
    reply = query_door.list({"fields": "id", **query})

    assert (200, expected) == (reply.status, reply.ids)


def test_first_rows_are_paged_and_counted(door: Door) -> None:
    query = {"fields": "id", "distinct": "status", "order_by": "-id", "limit": 2, "count": True}
    first = door.list(query, statements=2)
    second = door.list(first.body["pagination"]["next"], statements=2)

    assert ([6, 5], [4, 3]) == (first.ids, second.ids)
    assert 5 == second.body["pagination"]["count"]


def test_first_rows_are_paged_by_cursor(door: Door) -> None:
    query = {"fields": "id", "distinct": "status", "order_by": "-seats", "cursor": True, "limit": 2}
    found: list[int] = []
    following: Any = query
    while following is not None:
        reply = door.list(following)
        found += reply.ids
        following = reply.body["pagination"].get("next")

    assert [3, 5, 2, 1, 4] == found


def test_first_rows_hold_lists_and_json(execute: Door) -> None:
    query = {"fields": "customer.metadata, lines.quantity", "distinct": "urgent", "limit": 1}
    reply = execute.list(query, statements=2)

    assert [{"quantity": 2}, {"quantity": 5}] == reply.first["lines"]


def test_hidden_related_rows_are_one_value(execute: Door) -> None:
    query = {"fields": "id", "distinct": "customer.name"}

    assert [1, 2] == execute.list(query, expose=RULED).ids


def test_values_that_may_not_be_read_tell_no_rows_apart(door: Door) -> None:
    expose = grant(fields=["id"], filters=["status"], order_by=["status"])
    unknown = door.list({"fields": "id", "distinct": "nothing"}, expose=expose)
    denied = door.list({"fields": "id", "distinct": "status"}, expose=expose)

    assert (403, 403) == (unknown.status, denied.status)
    assert {**unknown.body, "error": ""} == {**denied.body, "error": ""}


def test_hidden_rows_are_nobodys_first(door: Door) -> None:
    expose = grant(rows=lambda user: Q(pk__gte=2))

    assert [2, 3, 4, 5] == door.list({"fields": "id", "distinct": "status"}, expose=expose).ids
