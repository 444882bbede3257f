"""How many rows there are: exact, up to a number, or as the database estimates."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from tests.doors.fronts import Door, Execute, grant
from tests.testapp.models import Booking, Line, Service

pytestmark = pytest.mark.usefixtures("bookings")
POSTGRESQL = connection.vendor == "postgresql"


@pytest.fixture
def execute(settings: Any, db: None) -> Door:
    """The door without HTTP."""
    return Execute(settings)


def counted(reply: Any) -> tuple[int | None, str | None]:
    pagination = reply.body["pagination"]
    return pagination.get("count"), pagination.get("count_kind")


@pytest.mark.parametrize("count", [True, "exact"])
def test_rows_are_counted_by_one_more_statement(any_door: Door, count: Any) -> None:
    query = {"fields": "id", "filters": {"urgent": True}, "limit": 1, "count": count}

    assert (3, "exact") == counted(any_door.list(query, statements=2))


@pytest.mark.parametrize("page", [{"offset": 3}, {"offset": 90}, {"cursor": True, "limit": 2}])
def test_count_is_of_all_pages(door: Door, page: dict[str, Any]) -> None:
    assert (6, "exact") == counted(door.list({"fields": "id", "count": True, **page}, statements=2))


@pytest.mark.parametrize(
    ("most", "expected"),
    [(1, (1, "capped")), (5, (5, "capped")), (6, (6, "exact")), (7, (6, "exact"))],
)
def test_counting_stops_at_the_cap(door: Door, most: int, expected: tuple[int, str]) -> None:
    query = {"fields": "id", "count": f"capped:{most}"}

    assert expected == counted(door.list(query, statements=2))


@pytest.mark.sql
def test_no_more_rows_are_read_than_the_cap_needs(execute: Door) -> None:
    with CaptureQueriesContext(connection) as captured:
        execute.list({"fields": "id", "count": "capped:3"}, statements=2)

    (sql,) = [q["sql"] for q in captured if "COUNT(" in q["sql"]]
    assert "LIMIT 4" in sql


def test_next_counts_again(door: Door) -> None:
    query = {"fields": "id", "limit": 4, "count": "capped:5"}
    following = door.list(query, statements=2).body["pagination"]["next"]

    assert "capped:5" == following["count"]
    assert (5, "capped") == counted(door.list(following, statements=2))


@pytest.mark.parametrize("count", [False, None])
def test_nothing_is_counted_unasked(execute: Door, count: Any) -> None:
    assert (None, None) == counted(execute.list({"fields": "id", "count": count}))


@pytest.mark.parametrize(
    "count",
    ["", "all", "capped", "capped:", "capped:0", "capped:-1", "capped:x", "capped:1e9", 5, [], {}],
)
def test_count_that_makes_no_sense_is_refused(execute: Door, count: Any) -> None:
    reply = execute.list({"fields": "id", "count": count})

    assert (400, "query.value", "count") == (reply.status, reply.body["code"], reply.body["path"])


@pytest.mark.parametrize("count", [True, "estimated", "capped:4"])
def test_hidden_rows_do_not_count(door: Door, count: Any) -> None:
    expose = grant(rows=lambda user: Q(urgent=True))

    assert (3, "exact") == counted(
        door.list({"fields": "id", "count": count}, expose=expose, statements=2)
    )


def test_rows_that_the_manager_hides_do_not_count(execute: Door) -> None:
    for number in range(3):
        Service.everything.create(name="a", company_id=1, deleted=bool(number))
    query = {"fields": "id", "count": "estimated"}

    assert (1, "exact") == counted(execute.list(query, model="service", statements=2))


HIDING = [
    pytest.param({"filters": {"customer.name.icontains": "a"}}, id="relation"),
    pytest.param({"filters": {"not": {"customer.vip": True}}}, id="complement"),
    pytest.param({"filters": {"lines.some": {"quantity.gte": 5}}}, id="to-many"),
    pytest.param({"filters": {"lines.some": {"booking.customer.vip": False}}}, id="within"),
]


@pytest.mark.parametrize("query", HIDING)
def test_estimate_tells_nothing_of_hidden_related_rows(execute: Door, query: Any) -> None:
    everything = grant()["booking"]["anon"]
    ruled = {**everything, "rows": lambda user: Q(pk__gte=2)}
    paths = ("customer.name", "customer.vip", "lines.quantity", "lines.booking.customer.vip")
    expose = {
        "booking": {"anon": {**everything, "filters": [f"{path}.*" for path in paths]}},
        "customer": {"anon": ruled},
        "line": {"anon": ruled},
    }
    reply = execute.list(
        {"fields": "id", "count": "estimated", **query},
        expose=expose,
        statements=2,
        MAX_RELATION_DEPTH=3,
    )
    exact = execute.list(
        {"fields": "id", "count": True, **query}, expose=expose, statements=2, MAX_RELATION_DEPTH=3
    )

    assert counted(exact) == counted(reply)


def test_estimate_is_the_planners_where_all_rows_are_visible(execute: Door) -> None:
    Line.objects.bulk_create(Line(booking_id=1, product="x") for _ in range(2_000))
    if POSTGRESQL:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE testapp_line")
    query = {"fields": "id", "filters": {"product": "x"}, "limit": 1, "count": "estimated"}
    number, kind = counted(execute.list(query, model="line", statements=2))

    assert ("estimated" if POSTGRESQL else "exact") == kind
    assert number is not None
    assert 1_500 < number < 2_500


@pytest.mark.exhaustive
def test_estimate_elsewhere_stops_counting(execute: Door) -> None:
    if POSTGRESQL:
        pytest.skip("there it is an estimate")
    Line.objects.bulk_create(Line(booking_id=1, product="x") for _ in range(10_001))
    query = {"fields": "id", "count": "estimated", "limit": 1}

    assert (10_000, "capped") == counted(execute.list(query, model="line", statements=2))


def test_count_of_rows_behind_joins_is_right(execute: Door) -> None:
    query = {
        "fields": "id, customer.name, lines.quantity",
        "filters": {"or": {"lines.quantity.gte": 1, "tags.slug": "red"}},
        "count": True,
    }

    assert (3, "exact") == counted(execute.list(query, statements=3))
    assert 6 == Booking.objects.count()
