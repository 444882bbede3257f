"""A small page is read as a large one is: in the order of an index, not by sorting all rows."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_flex import FlexQuery
from tests.doors.fronts import grant
from tests.performance.data import INDEX, analyze, fill

SIZES = (1, 2, 3, 4, 5, 20, 100)
FIELDS = ("id, status", "id, status, customer.name, address.city")
FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"status": "confirmed"},
    {"status.in": ["confirmed", "pending"]},
    {"customer": 5},
    {"customer.name": "Customer 7"},
    {"created_at.gte": "2026-01-01T20:00:00Z"},
    {"id.gt": 1500},
    {"or": [{"customer": 5}, {"status": "pending"}]},
)
ORDERS = ("id", "-created_at", "status, created_at", "customer", "customer.name, -id")
#: What `ANALYZE` finds in 20,000 bookings of two states: an index, and rows for each value of it.
STATISTICS = {
    "performance": "20000 10000 1 1",
    "testapp_booking_customer_id_6837538e": "20000 200",
    "testapp_booking_address_id_f0c48d57": "20000 200",
}


@pytest.fixture(params=["estimated", "analyzed"])
def statistics(request: pytest.FixtureRequest, db: None) -> None:
    """Bookings with an index, as SQLite guesses how many there are, and as it knows it."""
    if connection.vendor != "sqlite":
        pytest.skip("the statistics of other databases cannot be written")
    with connection.cursor() as cursor:
        cursor.execute(INDEX)
        if request.param == "estimated":
            return
        cursor.execute("ANALYZE")
        rows = [("testapp_booking", name, text) for name, text in STATISTICS.items()]
        cursor.executemany("INSERT INTO sqlite_stat1 VALUES (%s, %s, %s)", rows)
        cursor.execute("ANALYZE sqlite_master")


def statement(**query: Any) -> str:
    """Return the statement that reads a page of bookings."""
    with CaptureQueriesContext(connection) as captured:
        reply = FlexQuery("booking").execute({"_action": "list", **query})
    assert reply.status_code == 200, reply.to_dict()
    [sql] = [one["sql"] for one in captured if "testapp_booking" in one["sql"]]
    found: str = sql[sql.index("SELECT") :]  # MariaDB has the time limit in front of it
    return found


def explained(sql: str) -> list[Any]:
    prefixes = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN (FORMAT JSON)"}
    with connection.cursor() as cursor:
        cursor.execute(f"{prefixes.get(connection.vendor, 'EXPLAIN')} {sql}")
        return [*cursor.fetchall()]


def pages(**query: Any) -> dict[int, str]:
    """Return how the database reads pages of each size of a list."""
    return {size: json.dumps(explained(statement(limit=size, **query))) for size in SIZES}


@pytest.fixture
def exposed(configure: Any) -> None:
    configure(EXPOSE=grant(fields=["*", "*.*"], filters=["*", "*.*"], order_by=["*", "*.*"]))


@pytest.mark.parametrize("cursor", [False, True], ids=["offset", "cursor"])
@pytest.mark.parametrize("fields", FIELDS)
def test_sqlite_plans_pages_of_any_size_alike(exposed, statistics, fields, cursor):
    for filters, order_by in product(FILTERS[1:3], ORDERS[:2]):
        found = pages(fields=fields, filters=filters, order_by=order_by, cursor=cursor)
        assert len(set(found.values())) == 1, found


@pytest.mark.parametrize("statistics", ["analyzed"], indirect=True)
def test_a_page_of_one_row_is_read_in_the_order_of_the_key(exposed, statistics):
    """For `LIMIT 2` SQLite would read and sort all confirmed bookings."""
    plan = str(explained(statement(fields=FIELDS[1], filters=FILTERS[1], limit=1)))

    assert "SCAN testapp_booking" in plan
    assert plan.count("TEMP B-TREE") == 1  # of the page


@pytest.mark.exhaustive
@pytest.mark.parametrize("cursor", [False, True], ids=["offset", "cursor"])
def test_sqlite_plans_all_pages_of_any_size_alike(exposed, statistics, cursor):
    for fields, filters, order_by in product(FIELDS, FILTERS, ORDERS):
        found = pages(fields=fields, filters=filters, order_by=order_by, cursor=cursor)
        assert len(set(found.values())) == 1, (fields, filters, order_by, found)


@pytest.fixture
def many_bookings(transactional_db: None) -> Any:
    fill()
    with connection.cursor() as cursor:
        cursor.execute(INDEX)
    analyze()
    yield
    drop = "DROP INDEX performance"
    with connection.cursor() as cursor:
        cursor.execute(f"{drop} ON testapp_booking" if connection.vendor == "mysql" else drop)


def sorts(plan: str) -> bool:
    """Whether a plan sorts rows, other than those that an index has in order by their first values."""
    sort = {"sqlite": "TEMP B-TREE FOR ORDER BY", "postgresql": '"Node Type": "Sort"'}
    return sort.get(connection.vendor, "filesort") in plan


@pytest.mark.exhaustive
def test_no_database_sorts_rows_for_a_small_page_alone(exposed, many_bookings):
    for fields, filters, order_by, cursor in product(FIELDS, FILTERS, ORDERS, [False, True]):
        found = pages(fields=fields, filters=filters, order_by=order_by, cursor=cursor)
        sorted_sizes = [size for size, plan in found.items() if sorts(plan)]
        others = [size for size, plan in found.items() if not sorts(plan)]
        case = (fields, filters, order_by, cursor)
        assert max(others, default=0) <= min(sorted_sizes, default=SIZES[-1]), (case, found)
