"""Aggregates that are not granted, or make no sense; groups that are too small to be shown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doors.fronts import AGGREGATING, Door

pytestmark = pytest.mark.usefixtures("bookings")


def may(model: str = "booking", **parts: Any) -> dict[str, Any]:
    """Return an EXPOSE in which everybody may ask for aggregates of one model."""
    return {model: {"anon": {**AGGREGATING, **parts}}}


SOME = may(
    fields=["status", "price", "customer.name"],
    filters=["status"],
    order_by=[],
    aggregates=["count", "price.sum", "lines.count"],
)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        pytest.param({"aggregate": "seats.sum"}, "field.denied", id="aggregate-not-granted"),
        pytest.param({"aggregate": "price.max"}, "field.denied", id="function-not-granted"),
        pytest.param({"aggregate": "nothing.sum"}, "field.denied", id="aggregate-unknown"),
        pytest.param({"aggregate": "price.median"}, "field.denied", id="function-unknown"),
        pytest.param({"aggregate": "price"}, "field.denied", id="no-function"),
        pytest.param({"aggregate": "lines.quantity.sum"}, "field.denied", id="related"),
        pytest.param({"group_by": "seats"}, "field.denied", id="key-not-readable"),
        pytest.param({"group_by": "nothing"}, "field.denied", id="key-unknown"),
        pytest.param({"group_by": "customer.email"}, "field.denied", id="key-of-a-relation"),
        pytest.param({"group_by": "created_at.year"}, "field.denied", id="part-not-readable"),
        pytest.param({"filters": {"price": 1}}, "filter.denied", id="filter"),
        pytest.param(
            {"group_by": "status", "having": {"seats.sum.gt": 1}}, "filter.denied", id="having"
        ),
        pytest.param(
            {"group_by": "status", "having": {"price.gt": 1}}, "filter.denied", id="having-no-key"
        ),
        pytest.param(
            {"group_by": "status", "having": {"nothing": 1}}, "filter.denied", id="having-unknown"
        ),
        pytest.param({"group_by": "status", "order_by": "seats.sum"}, "order.denied", id="order"),
        pytest.param(
            {"group_by": "status", "order_by": "price"}, "order.denied", id="order-no-key"
        ),
    ],
)
def test_what_is_not_granted_looks_unknown(role_door: Door, query: Any, code: str) -> None:
    reply = role_door.aggregate(query, expose=SOME)

    assert (403, code, 0) == (reply.status, reply.body["code"], reply.statements)


def test_denied_and_unknown_aggregates_answer_alike(role_door: Door) -> None:
    replies = [
        role_door.aggregate({"aggregate": f"{name}.sum"}, expose=SOME).body
        for name in ("seatz", "seats")
    ]

    assert replies[0] == {
        key: value.replace("seats", "seatz") if isinstance(value, str) else value
        for key, value in replies[1].items()
    }


def test_granted_aggregates_need_no_readable_field(role_door: Door) -> None:
    expose = may(fields=["id"], aggregates=["price.*"])
    reply = role_door.aggregate({"aggregate": "price.sum, price.max"}, expose=expose)

    assert {"results": {"price": {"sum": "701.49", "max": "250.50"}}} == reply.body


@pytest.mark.parametrize("query", [{"aggregate": "price.sum"}, {"aggregate": "count"}])
def test_everything_covers_readable_fields_only(role_door: Door, query: Any) -> None:
    expose = may(fields=["id"], aggregates=["*"])
    reply = role_door.aggregate(query, expose=expose)

    assert (200 if query["aggregate"] == "count" else 403) == reply.status


def test_operation_is_needed_for_the_action(role_door: Door) -> None:
    reply = role_door.aggregate({}, expose=may(ops=["get", "list"]))

    assert (401, "auth.required") == (reply.status, reply.body["code"])


def test_operation_is_needed_beside_a_list(role_door: Door) -> None:
    reply = role_door.list({"aggregate": "count"}, expose=may(ops=["get", "list"]))

    assert (403, "field.denied", "aggregate") == (
        reply.status,
        reply.body["code"],
        reply.body["path"],
    )


@pytest.mark.parametrize(
    ("query", "place"),
    [
        pytest.param({"aggregate": ""}, "aggregate", id="empty"),
        pytest.param({"aggregate": "*"}, "aggregate", id="wildcard"),
        pytest.param({"aggregate": "-price.sum"}, "aggregate", id="exclusion"),
        pytest.param({"aggregate": "status.sum"}, "aggregate", id="sum-of-texts"),
        pytest.param({"aggregate": "urgent.max"}, "aggregate", id="max-of-booleans"),
        pytest.param({"aggregate": "reference.min"}, "aggregate", id="min-of-uuids"),
        pytest.param({"aggregate": "lines.sum"}, "aggregate", id="sum-of-rows"),
        pytest.param({"aggregate": "lines.quantity.avg"}, "aggregate", id="mean-of-related"),
        pytest.param({"aggregate": "tags.bookings.count"}, "aggregate", id="two-relations"),
        pytest.param({"aggregate": "x:count, x:price.sum"}, "aggregate", id="alias-twice"),
        pytest.param({"aggregate": "count, count"}, "aggregate", id="twice"),
        pytest.param({"group_by": "price", "aggregate": "price.sum"}, "fields", id="both-nest"),
        pytest.param({"group_by": "lines.quantity"}, "group_by", id="key-over-to-many"),
        pytest.param({"group_by": "digest"}, "group_by", id="key-binary"),
        pytest.param({"group_by": "day.trunc_hour"}, "group_by", id="part-of-no-moment"),
        pytest.param({"group_by": "status.year"}, "group_by", id="part-of-a-text"),
        pytest.param({"group_by": "customer.metadata"}, "group_by", id="key-json"),
        pytest.param({"having": {"count": 1}}, "having", id="having-without-groups"),
        pytest.param({"order_by": "count"}, "order_by", id="order-without-groups"),
        pytest.param({"group_by": "status", "having": 1}, "having", id="having-no-object"),
        pytest.param({"group_by": "status", "having": {"count": "x"}}, "having.count", id="value"),
        pytest.param(
            {"group_by": "status", "having": {"count.contains": "x"}},
            "having.count.contains",
            id="operator",
        ),
        pytest.param(
            {"group_by": "status", "having": {"lines.some": {"quantity": 1}}},
            "having.lines.some",
            id="quantifier",
        ),
        pytest.param(
            {"group_by": "status", "having": {"price.sum": {"$field": "price"}}},
            "having.price.sum",
            id="other-column",
        ),
        pytest.param({"fields": "id"}, "fields", id="fields"),
        pytest.param({"cursor": True}, "cursor", id="cursor"),
        pytest.param({"shape": "list"}, "shape", id="shape"),
    ],
)
def test_aggregate_that_makes_no_sense_is_refused(query_door: Door, query: Any, place: str) -> None:
    reply = query_door.aggregate(query)

    assert (400, place, 0) == (reply.status, reply.body.get("path"), reply.statements), reply.body


def test_small_groups_are_left_out(role_door: Door) -> None:
    query = {"group_by": "status", "aggregate": "count, price.sum"}
    reply = role_door.aggregate(query, expose=may(min_group=2))

    assert [{"status": "pending", "count": 2, "price": {"sum": "501.00"}}] == reply.body["results"]


@pytest.mark.parametrize("status", ["completed", "nothing"])
def test_totals_over_few_rows_are_null_however_few(role_door: Door, status: str) -> None:
    query = {"aggregate": "count, price.sum, lines.count", "filters": {"status": status}}
    granted = ["count", "price.sum", "lines.count"]
    reply = role_door.aggregate(query, expose=may(min_group=2, aggregates=granted))

    assert {
        "results": {"count": None, "price": {"sum": None}, "lines": {"count": None}}
    } == reply.body


def test_few_related_rows_have_no_total(role_door: Door) -> None:
    expose = {**may(), "line": {"anon": {**AGGREGATING, "min_group": 3}}}
    query = {"group_by": "urgent", "aggregate": "lines.quantity.sum"}
    reply = role_door.aggregate(query, expose=expose)

    found = {row["urgent"]: row["lines"]["quantity"]["sum"] for row in reply.body["results"]}
    assert {True: None, False: 13} == found
