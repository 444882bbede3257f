"""``explain``: the plan in place of the rows, for those who may see it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection

from django_flex import FlexQuery
from tests.doors.fronts import EVERYTHING, OPEN, Door, grant
from tests.testapp.models import Booking

pytestmark = pytest.mark.usefixtures("bookings")

OPS = ["get", "list", "explain"]
MAY = {**OPEN, **grant(ops=OPS)}


def explain(door: Door, query: dict[str, Any], expose: Any = None, **options: Any) -> Any:
    door.open("booking", expose or MAY, options)
    status, body, _ = door.send("list", "booking", None, {"explain": True, **query}, None)
    assert 200 == status, body
    return body["plan"]


def test_plan_comes_instead_of_the_rows(door: Door) -> None:
    plan = explain(door, {"fields": "id, status", "filters": {"status": "secret-value"}})

    (statement,) = plan["statements"]
    assert ("list", "booking") == (plan["operation"], plan["model"])
    assert {"estimated": 201, "max": 1_000_000} == plan["cost"]
    assert ("rows", 1) == (statement["reads"], statement["parameters"])
    assert statement["sql"].startswith("SELECT")
    assert "%s" in statement["sql"]
    assert "secret-value" not in statement["sql"]
    assert statement["database"]


def test_rules_say_which_line_of_expose_applied(role_door: Door) -> None:
    expose = {
        "booking": {"anon": {**EVERYTHING, "fields": ["*", "customer.*"], "ops": OPS}},
        "customer": {"anon": {**EVERYTHING, "rows": {"vip": True}}},
    }

    rules = explain(role_door, {"fields": "id, customer.name"}, expose)["rules"]

    assert [("booking", "anon", "all"), ("customer", "anon", "data")] == [
        (rule["model"], rule["role"], rule["rows"]) for rule in rules
    ]
    assert all("'anon'" in rule["source"] for rule in rules)


def test_each_list_is_a_statement(door: Door) -> None:
    query = {"fields": "id, lines.product, tags.date", "order_by": "status"}

    plan = explain(door, query)

    assert ["rows", "lines", "tags"] == [one["reads"] for one in plan["statements"]]


@pytest.mark.parametrize("order", ["digest", "internal_notes"])
def test_a_page_behind_a_long_value_is_explained(configure: Any, order: str) -> None:
    Booking.objects.update(digest=b"x" * 500, internal_notes="x" * 500, customer_id=1)
    configure({name: {"anon": {**EVERYTHING, "ops": OPS}} for name in ("booking", "customer")})
    entry: dict[str, Any] = {"fields": "id", "order_by": order, "limit": 1, "cursor": True}
    asked = {"_id": 1, "fields": "id", "related": {"booking": entry}}

    page = FlexQuery("booking").execute(entry).to_dict()["pagination"]["next"]
    lists = FlexQuery("customer").execute(asked).to_dict()["booking"]
    entry |= lists["pagination"]["next"]
    for model, query in (("booking", page), ("customer", asked)):
        reply = FlexQuery(model).execute({**query, "explain": True}).to_dict()
        assert "plan" in reply, reply


def test_nothing_is_read_unless_asked(door: Door) -> None:
    seen: list[str] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        plan = explain(door, {"fields": "id"})

    assert "rows" not in plan["cost"]
    assert all("EXPLAIN" in sql or "SAVEPOINT" in sql or sql.startswith("SET") for sql in seen), (
        seen
    )


def test_analyze_runs_the_query_and_measures(door: Door) -> None:
    plan = explain(door, {"fields": "id", "explain": "analyze", "filters": {"status": "pending"}})

    assert 2 == plan["cost"]["rows"]
    assert plan["cost"]["ms"] > 0


def test_get_can_be_explained(door: Door) -> None:
    door.open("booking", MAY, {})
    status, body, _ = door.send("get", "booking", 1, {"fields": "id", "explain": True}, None)

    assert (200, "get", 1) == (status, body["plan"]["operation"], len(body["plan"]["statements"]))


def test_query_that_costs_too_much_can_be_explained_but_not_analyzed(role_door: Door) -> None:
    plan = explain(role_door, {"fields": "id"}, MAX_COST=1)

    assert {"estimated": 50, "max": 1} == plan["cost"]
    reply = role_door.list({"fields": "id", "explain": "analyze"}, expose=MAY, MAX_COST=1)
    assert (400, "query.cost") == (reply.status, reply.body["code"])


@pytest.mark.parametrize("ops", ["*", ["get", "list"]])
def test_explain_needs_a_grant_of_its_own(role_door: Door, ops: Any) -> None:
    reply = role_door.list({"fields": "id", "explain": True}, expose=grant(ops=ops))

    assert (401, "Authentication required") == (
        reply.status,
        reply.body["error"],
    )


def test_explain_does_not_let_anybody_list(role_door: Door) -> None:
    reply = role_door.list({"explain": True}, expose=grant(ops=["explain", "get"]))

    assert (401, "auth.required") == (reply.status, reply.body["code"])


def test_explain_tells_nothing_of_denied_fields(role_door: Door) -> None:
    reply = role_door.list(
        {"fields": "price", "explain": True}, expose=grant(fields=["id"], ops=OPS)
    )

    assert (403, "field.denied") == (reply.status, reply.body["code"])


def test_values_of_rules_are_not_in_the_sql(role_door: Door) -> None:
    plan = explain(role_door, {"fields": "id"}, grant(ops=OPS, rows={"status": "tenant-7"}))

    assert "tenant-7" not in json.dumps([one["sql"] for one in plan["statements"]])


def test_what_the_planner_knows_of_hidden_rows_is_not_told(role_door: Door) -> None:
    hidden = grant(ops=OPS, rows={"status": "pending"})
    beyond = {**MAY, "customer": {"anon": {**EVERYTHING, "rows": {"vip": True}}}}

    for expose, query in ((hidden, {}), (beyond, {"filters": {"customer.name": "x"}})):
        (statement,) = explain(role_door, {"fields": "id", **query}, expose)["statements"]
        assert statement["sql"]
        assert statement["database"] is None


def test_counts_and_totals_are_statements_of_their_own(role_door: Door) -> None:
    expose = grant(ops=[*OPS, "aggregate"], aggregates=["*"])

    plan = explain(role_door, {"fields": "id", "count": True, "aggregate": "price.sum"}, expose)

    assert ["rows", "count", "aggregates"] == [one["reads"] for one in plan["statements"]]
    assert all(one["database"] for one in plan["statements"])


@pytest.mark.parametrize("query", [{}, {"group_by": "status", "explain": "analyze"}])
def test_aggregates_can_be_explained(configure: Any, query: dict[str, Any]) -> None:
    configure(grant(ops=["aggregate", "explain"], aggregates=["*"]))
    asked = {"_action": "aggregate", "aggregate": "price.sum", "explain": True, **query}

    plan = FlexQuery("booking").execute(asked).data["plan"]

    assert ("aggregate", ["groups"]) == (
        plan["operation"],
        [one["reads"] for one in plan["statements"]],
    )
    assert ("rows" in plan["cost"]) == ("group_by" in query)


def test_explaining_aggregates_needs_its_grant(configure: Any) -> None:
    configure(grant(ops=["aggregate"], aggregates=["*"]))

    result = FlexQuery("booking").execute({"_action": "aggregate", "explain": True})

    assert (401, "auth.required") == (result.status_code, result.data["code"])


def test_no_row_at_all_is_no_statement(role_door: Door) -> None:
    plan = explain(role_door, {"fields": "id", "filters": {"id.in": []}})

    assert [None] == [one["sql"] for one in plan["statements"]]


@pytest.mark.parametrize("value", [False, None])
def test_explain_can_be_switched_off(door: Door, value: Any) -> None:
    assert 6 == len(door.list({"fields": "id", "explain": value}).results)


@pytest.mark.parametrize("value", ["yes", 1, {}, "ANALYZE"])
def test_other_words_are_refused(query_door: Door, value: Any) -> None:
    reply = query_door.list({"explain": value}, expose=MAY)

    assert (400, "query.value", "explain") == (
        reply.status,
        reply.body["code"],
        reply.body["path"],
    )


def test_analyze_is_no_way_to_rows_of_others(role_door: Door) -> None:
    Booking.objects.filter(id__gt=2).update(status="tenant-8")

    plan = explain(
        role_door,
        {"fields": "id", "explain": "analyze"},
        grant(ops=OPS, rows={"status.ne": "tenant-8"}),
    )

    assert 2 == plan["cost"]["rows"]
