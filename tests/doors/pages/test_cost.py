"""What a read may cost, and the caps of one role."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex import FlexQuery
from django_flex.conf import get_settings
from tests.doors.fronts import EVERYTHING, OPEN, Door, HttpDoor, grant
from tests.testapp.models import Booking

pytestmark = pytest.mark.usefixtures("bookings")

COSTS: dict[str, tuple[dict[str, Any], int]] = {
    "values-of-a-page": ({"fields": "id, status"}, 50 * 2),
    "limit": ({"fields": "id, status", "limit": 10}, 10 * 2),
    "offset": ({"fields": "id", "limit": 10, "offset": 40}, 10 + 40),
    "filter-by-an-index": ({"fields": "id", "limit": 1, "filters": {"id": 1}}, 1 + 1),
    "filter-by-several": ({"fields": "id", "limit": 1, "filters": {"id.in": [1, 2]}}, 1 + 2),
    "filter-that-scans": ({"fields": "id", "limit": 1, "filters": {"status": "x"}}, 1 + 101),
    "pattern": ({"fields": "id", "limit": 1, "filters": {"status.icontains": "x"}}, 1 + 101),
    "not-and-or": (
        {"fields": "id", "limit": 1, "filters": {"not": {"or": {"id": 1, "customer": 2}}}},
        1 + 2,
    ),
    "related-rows": (
        {"fields": "id", "limit": 1, "filters": {"lines.product": "mop"}},
        1 + 50 + 101,
    ),
    "order-by-an-index": ({"fields": "id", "limit": 1, "order_by": "-customer"}, 1 + 1),
    "order-that-sorts": ({"fields": "id", "limit": 1, "order_by": "status"}, 1 + 200),
    "lists": (
        {"fields": "id, lines.product", "limit": 10, "related": {"lines": {"limit": 5}}},
        10 * (1 + 5 * 2) + 50,
    ),
    "count": ({"fields": "id", "limit": 1, "count": True}, 1 + 1_000),
    "totals": ({"fields": "id", "limit": 1, "aggregate": "count"}, 1 + 1_000),
    "one-total": ({"_action": "aggregate", "aggregate": "count"}, 1_000 + 1),
    "groups": (
        {"_action": "aggregate", "aggregate": "count", "group_by": "status", "limit": 5},
        1_000 + 2 * 5 + 200,
    ),
    "get": ({"_action": "get", "_id": 1, "fields": "id, status"}, 2),
}


@pytest.mark.parametrize(("query", "expected"), COSTS.values(), ids=COSTS)
def test_reply_says_what_the_query_costs(query: dict[str, Any], expected: int, configure) -> None:
    configure({**OPEN, "booking": {"anon": {**EVERYTHING, "ops": "*", "aggregates": "*"}}})

    result = FlexQuery(Booking).execute(query)

    assert (None, str(expected)) == (result.error, result.headers["Flex-Cost"])


def test_cost_is_in_a_header(door: Door) -> None:
    reply = door.list({"fields": "id"})

    if isinstance(door, HttpDoor) and reply.headers and "ETag" in reply.headers:
        assert "50" == reply.headers["Flex-Cost"]


def test_cost_is_the_same_whatever_rows_there_are(configure) -> None:
    configure()
    query = {"fields": "id, customer.name, lines.product", "filters": {"status": "pending"}}
    before = FlexQuery(Booking).execute(query).headers["Flex-Cost"]
    Booking.objects.all().delete()

    assert before == FlexQuery(Booking).execute(query).headers["Flex-Cost"]


NESTED: dict[str, Any] = {"fields": "id, lines.product", "limit": 1, "count": True}


@pytest.mark.parametrize("debug", [False, True], ids=["granted", "development"])
def test_statements_are_counted_for_those_who_may_see_them(
    debug: bool, configure: Any, settings: Any
) -> None:
    settings.DEBUG = debug
    ops = ["list"] if debug else ["list", "explain"]
    configure({**OPEN, "booking": {"anon": {**EVERYTHING, "ops": ops}}})
    first, again = (FlexQuery(Booking).execute(NESTED).headers for _ in range(2))

    assert "3; kept=0" == first["Flex-Statements"]
    # A count is compiled each time.
    assert "3; kept=2" == again["Flex-Statements"]
    nothing = FlexQuery(Booking).execute({"fields": "id", "filters": {"id.in": []}})
    assert nothing.ok
    assert "Flex-Statements" not in nothing.headers


def test_statements_are_not_told_to_others(configure: Any) -> None:
    configure({**OPEN, "booking": {"anon": {**EVERYTHING, "ops": ["list", "get", "edit"]}}})

    assert "Flex-Statements" not in FlexQuery(Booking).execute(NESTED).headers


def test_a_write_counts_no_statements(configure: Any) -> None:
    ops = ["list", "get", "edit", "explain"]
    configure({**OPEN, "booking": {"anon": {**EVERYTHING, "ops": ops}}})
    key = Booking.objects.values_list("pk", flat=True)[0]
    result = FlexQuery(Booking).execute({"_action": "edit", "_id": key, "status": "paid"})

    assert result.ok, result.data
    assert "Flex-Statements" not in result.headers


@pytest.mark.parametrize("caps", [{"MAX_COST": 99}, {"expose": grant(limits={"cost": 99})}])
def test_query_beyond_the_cap_is_refused(role_door: Door, caps: dict[str, Any]) -> None:
    reply = role_door.list({"fields": "id, status"}, **caps)

    assert (400, "query.cost", 100, 99) == (
        reply.status,
        reply.body["code"],
        reply.body["cost"],
        reply.body["max_cost"],
    )
    assert 0 == reply.statements
    assert 200 == role_door.list({"fields": "id"}, **caps).status


def test_role_may_have_more_than_others(role_door: Door) -> None:
    expose = grant(limits={"max_limit": 5, "default_limit": 3, "cost": 1_000})

    reply = role_door.list({"fields": "id"}, expose=expose, MAX_LIMIT=2, MAX_COST=1)

    assert [1, 2, 3] == reply.ids
    assert (
        5 == role_door.list({"fields": "id", "limit": 9}, expose=expose).body["pagination"]["limit"]
    )


CAPS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "fields": ({"max_fields": 1}, {"fields": "id, status"}, "query.limit"),
    "orders": ({"max_orders": 1}, {"order_by": "id, status"}, "query.limit"),
    "offset": ({"max_offset": 0}, {"offset": 1}, "query.limit"),
    "conditions": ({"max_conditions": 1}, {"filters": {"id": 1, "status": ""}}, "query.limit"),
    "in": ({"max_in_items": 1}, {"filters": {"id.in": [1, 2]}}, "query.limit"),
    "depth": ({"max_relation_depth": 0}, {"fields": "customer.name"}, "query.limit"),
}


@pytest.mark.parametrize(("limits", "query", "code"), CAPS.values(), ids=CAPS)
def test_caps_of_a_role_hold(limits, query, code, configure) -> None:
    expose = {**OPEN, "booking": {"anon": {**grant()["booking"]["anon"], "limits": limits}}}
    configure(expose)

    result = FlexQuery(Booking).execute(query)

    assert (400, code) == (result.status_code, result.data["code"])
    assert FlexQuery("customer").execute({"fields": "id, name", "order_by": "id, name"}).ok


def test_options_say_the_caps_of_the_role(served: HttpDoor) -> None:
    served.open("booking", grant(limits={"max_limit": 7, "default_limit": 4}), {})

    reply = served.request("OPTIONS", served.path).json()

    assert (4, 7) == (reply["limits"]["default"], reply["limits"]["max"])


BROKEN: dict[str, tuple[Any, str]] = {
    "unknown": ({"max_limits": 3}, "django_flex.E005"),
    "of-the-version": ({"max_body_bytes": 3}, "django_flex.E005"),
    "text": ({"max_limit": "3"}, "django_flex.E009"),
    "boolean": ({"cost": True}, "django_flex.E009"),
    "zero": ({"max_limit": 0}, "django_flex.E009"),
    "fraction": ({"max_limit": 1.5}, "django_flex.E009"),
    "no-object": (5, "django_flex.E009"),
    "empty": ({}, "django_flex.E009"),
}


@pytest.mark.parametrize(("limits", "identifier"), BROKEN.values(), ids=BROKEN)
def test_broken_caps_are_reported_and_let_nothing_through(limits, identifier, configure) -> None:
    configure(grant(limits=limits))

    problems = get_settings().problems
    result = FlexQuery("booking").execute({"fields": "id", "limit": 1})

    assert [identifier] == [f"django_flex.{problem.id}" for problem in problems]
    assert (401, "auth.required") == (result.status_code, result.data["code"])


def test_time_limits_may_be_fractions(configure) -> None:
    configure(grant(limits={"read_timeout": 0.5}))

    assert () == get_settings().problems
    assert FlexQuery("booking").execute({"fields": "id"}).ok
