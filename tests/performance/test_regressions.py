"""What a request costs, in figures that no busy machine changes: statements, calls, memory.

Each is compared with the same request by hand, so that another Python or Django changes both. A
bound is about a tenth above what was measured when it was written: lower it after making things faster.
Times are no test; ``python -m tests.performance`` measures them.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests import counting
from tests.caching import begin_unchecked
from tests.conftest import continue_numbering
from tests.performance.asked import Asked, answered
from tests.performance.contenders import flex, tuples
from tests.performance.contenders.settings import FLEX
from tests.performance.data import fill
from tests.testapp.models import Booking

pytestmark = pytest.mark.django_db

#: Enough for 200 confirmed ones, and one that says there are more.
BOOKINGS = 320
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "get": ("get", {}),
    "list of 20": ("list", {"limit": 20}),
    "list of 200": ("list", {"limit": 200}),
    "nested 20": ("nested", {"limit": 20}),
    "nested 200": ("nested", {"limit": 200}),
    "add": ("add", {}),
}
#: What is not compared with a request by hand.
OURS_ALONE: dict[str, tuple[str, dict[str, Any]]] = {
    "add of 20": ("add many", {"count": 20}),
    "add of 200": ("add many", {"count": 200}),
    **{
        f"{form} of {limit}": ("stream", {"form": form, "limit": limit})
        for form in ("ndjson", "csv")
        for limit in (20, 200)
    },
}
#: SQL statements of ours. Adding looks the related rows up, and reads what it answers with.
STATEMENTS = {"get": 1, "list of 20": 1, "list of 200": 1, "nested 20": 3, "add": 5}
#: PostgreSQL is told how long statements may take, and within a transaction what was so before.
MORE_ON_POSTGRESQL = {"add": 3}
VENDORS = ("sqlite", "postgresql", "mysql")
#: Python and C calls of ours, as a part of those by hand; by database, for drivers take their own.
CALLS = {
    "get": (0.47, 0.51, 0.49),
    "list of 20": (0.49, 0.51, 0.52),
    "list of 200": (0.53, 0.99, 0.62),
    "nested 20": (0.46, 0.51, 0.53),
    "nested 200": (0.51, 0.66, 0.61),
    "add": (1.25, 1.43, 1.26),
}
#: Calls of ours for each row that a list or stream is longer, or that is added by one request.
CALLS_PER_ROW = {
    "list": (9.9, 9.2, 8.1),
    "nested": (37.5, 69, 49.5),
    "ndjson": (29.5, 9, 25.5),
    "csv": (175, 154, 171),
    "add": (885, 1_140, 1_020),
}
FEW_AND_MANY = {
    "list": ("list of 20", "list of 200"),
    "nested": ("nested 20", "nested 200"),
    "ndjson": ("ndjson of 20", "ndjson of 200"),
    "csv": ("csv of 20", "csv of 200"),
    "add": ("add of 20", "add of 200"),
}
#: Memory of a request at its peak, as a part of that by hand.
PEAK = {"list of 200": 1.11, "nested 200": 1.11}
#: Memory of a stream of CSV at its peak, as a part of that of NDJSON.
CSV_PEAK = 1
#: Memory blocks that may be more after a thousand requests; one for each would be a leak.
RETAINED = 200
REQUESTS = 1_000


@pytest.fixture(scope="module", autouse=True)
def rows(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Rows for all tests of this module: making them takes longer than measuring."""
    with django_db_blocker.unblock(), transaction.atomic():
        fill(BOOKINGS)
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def project(settings: Any, rows: None) -> None:
    """Ours as it is installed: without the check of cached statements."""
    settings.DJANGO_FLEX = FLEX
    continue_numbering()
    begin_unchecked()


def asked(name: str, contender: Any) -> Asked:
    """Return a case's request, having sent it until everything is warm."""
    case, wanted = {**CASES, **OURS_ALONE}[name]
    if case == "get":
        wanted = {"key": Booking.objects.order_by("pk").values_list("pk", flat=True)[5]}
    made: Asked = contender.ask(case, **wanted)
    for _ in range(4):
        reply = made.view(made.request())
        assert reply.status_code in {200, 201}, reply.content
    return made


def calls(made: Asked) -> int:
    """Return how many calls, of Python and of C, one request takes."""
    return counting.calls(partial(made.view, made.request()))


def peak(made: Asked) -> int:
    """Return the bytes that one request has allocated at its highest."""
    request = made.request()
    gc.collect()
    tracemalloc.start()
    try:
        made.view(request)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def bound(bounds: Sequence[float]) -> float:
    """Return the bound for the database of this run."""
    return bounds[VENDORS.index(connection.vendor)]


def within(what: str, figure: float, allowed: float) -> None:
    """Compare a figure with its bound, and say what is to do."""
    assert figure <= allowed, (
        f"{what}: {figure:.2f}, at most {allowed:.2f} is allowed. Find what a request does more than it "
        "did (cProfile), or raise the bound with a reason; it is no matter of a slow machine."
    )


@pytest.mark.parametrize("name", CASES)
def test_the_reply_equals_that_of_a_view_written_by_hand(name: str) -> None:
    case, _ = CASES[name]
    ours, by_hand = (asked(name, contender) for contender in (flex, tuples))

    expected = answered(case, by_hand.view(by_hand.request()).content)
    assert expected == answered(case, ours.view(ours.request()).content)


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_request_takes_no_more_statements(name: str) -> None:
    made = asked(name, flex)

    with CaptureQueriesContext(connection) as captured:
        made.view(made.request())

    more = MORE_ON_POSTGRESQL.get(name, 0) if connection.vendor == "postgresql" else 0
    assert len(captured) == STATEMENTS[name] + more, [one["sql"] for one in captured]


@pytest.mark.parametrize("name", CASES)
def test_a_request_takes_no_more_calls(name: str) -> None:
    ours, by_hand = (calls(asked(name, contender)) for contender in (flex, tuples))

    within(
        f"calls of ours in {name} ({ours}, by hand {by_hand})", ours / by_hand, bound(CALLS[name])
    )


@pytest.mark.parametrize("case", CALLS_PER_ROW)
def test_a_row_takes_no_more_calls(case: str) -> None:
    few, many = FEW_AND_MANY[case]
    each = (calls(asked(many, flex)) - calls(asked(few, flex))) / 180

    within(f"calls for each further row, {case}", each, bound(CALLS_PER_ROW[case]))


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", PEAK)
def test_a_request_takes_no_more_memory(name: str) -> None:
    ours, by_hand = (peak(asked(name, contender)) for contender in (flex, tuples))

    within(f"peak of memory in {name} ({ours:,}, by hand {by_hand:,})", ours / by_hand, PEAK[name])


@pytest.mark.exhaustive
def test_a_stream_of_csv_takes_no_more_memory_than_one_of_json() -> None:
    as_csv, as_json = (peak(asked(f"{form} of 200", flex)) for form in ("csv", "ndjson"))

    within(f"peak of memory of CSV ({as_csv:,}, JSON {as_json:,})", as_csv / as_json, CSV_PEAK)


@pytest.mark.exhaustive
def test_a_thousand_requests_leak_no_memory() -> None:
    made = [asked(name, flex) for name in ("get", "list of 20")]

    def kept_after_sending() -> int:
        for _ in range(REQUESTS // len(made)):
            for one in made:
                one.view(one.request())
        gc.collect()
        return sys.getallocatedblocks()

    before = kept_after_sending()  # fills caches and free lists

    within("blocks of memory kept", kept_after_sending() - before, RETAINED)
