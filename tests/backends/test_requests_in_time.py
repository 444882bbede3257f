"""A request has one deadline, however many statements it takes, and reads take no lock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_flex import FlexQuery
from django_flex.backends.orm.connection import deadlines
from tests.doors.fronts import grant
from tests.testapp.models import Booking, Company

pytestmark = pytest.mark.django_db(transaction=True)

#: Seconds that pass after each statement in ``slowly``.
EACH = 15
LIMITS = {"READ_TIMEOUT": 2 * EACH - 0.1, "WRITE_TIMEOUT": 4 * EACH - 0.1}
TIMEOUT = {"error": "The request took too long", "code": "backend.timeout", "retry_after": 1}
READ = {"_model": "company", "_action": "list", "fields": "name"}


def added(name: str) -> dict[str, Any]:
    return {"_model": "company", "_action": "add", "name": name}


class Clock:
    """The time that deadlines go by: the real one, and what a test adds to it."""

    def __init__(self) -> None:
        self.more = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.more


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return a context in which some seconds pass after each statement; it gives their SQL."""
    clock = Clock()
    monkeypatch.setattr(deadlines, "time", clock)

    @contextmanager
    def context() -> Iterator[list[str]]:
        ran: list[str] = []

        def note(execute: Any, sql: str, *rest: Any) -> Any:
            result = execute(sql, *rest)
            if "testapp_" in sql:  # not what is asked about the connection
                ran.append(sql)
                clock.more += EACH
            return result

        with connection.execute_wrapper(note):
            yield ran

    return context


@pytest.fixture(autouse=True)
def granted(configure: Any) -> None:
    every = ["get", "list", "add", "edit", "aggregate"]
    expose = {**grant("company", ops=every), **grant("booking", ops=every)}
    configure(expose, **LIMITS)


MANY_STATEMENTS: dict[str, dict[str, Any]] = {
    "lists in rows": {"fields": "id, lines.product, tags.slug"},
    "a count and totals": {"fields": "id, lines.product", "count": True, "aggregate": "count"},
}


@pytest.mark.parametrize("query", MANY_STATEMENTS.values(), ids=MANY_STATEMENTS)
def test_a_read_of_many_statements_has_one_deadline(
    query: dict[str, Any], slowly: Any, bookings: None, configure: Any
) -> None:
    free = FlexQuery(Booking).unrestricted()
    assert free.execute(query).ok

    with slowly() as ran:
        result = free.execute(query)

    assert (503, TIMEOUT) == (result.status_code, result.data)
    assert 2 == len(ran)


@pytest.mark.parametrize("atomic", [{}, {"_atomic": True}])
def test_a_batch_of_reads_has_the_time_of_one_read(slowly: Any, atomic: dict[str, Any]) -> None:
    with slowly() as ran:
        result = FlexQuery("company").execute({"_batch": [READ] * 5, **atomic})

    assert (503, {**TIMEOUT, "path": "_batch[2]"}) == (result.status_code, result.data)
    assert result.error is not None
    assert {"Retry-After": "1"} == result.error.headers
    assert 2 == len(ran)


def test_what_comes_too_late_in_a_batch_is_told_for_itself(slowly: Any) -> None:
    with slowly() as ran:
        result = FlexQuery("company").execute({"_batch": [READ] * 4, "_atomic": False})

    assert [None, None, 503, 503] == [one.get("status_code") for one in result.data["results"]]
    assert 2 == len(ran)


def test_a_batch_that_writes_has_the_time_of_one_write(slowly: Any) -> None:
    with slowly():
        result = FlexQuery("company").execute(
            {"_batch": [added("one"), READ, added("two"), READ, added("three")]}
        )

    assert (503, "backend.timeout") == (result.status_code, result.data["code"])
    assert not Company.objects.exists()


def test_reads_among_writes_have_their_time(slowly: Any) -> None:
    with slowly():
        result = FlexQuery("company").execute(
            {"_batch": [READ, READ, READ, added("one")], "_atomic": False}
        )

    codes = [one.get("code") for one in result.data["results"]]
    assert [None, None, None] == codes[:3]


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "a-key"}], ids=["plain", "keyed"])
def test_a_batch_of_reads_is_no_transaction_and_writes_nothing(headers: dict[str, str]) -> None:
    Company.objects.create(name="Acme")
    client = Client(headers=headers)

    with CaptureQueriesContext(connection) as captured:
        reply = client.post("/api/", {"_batch": [READ] * 3}, content_type="application/json")

    assert (200, 3) == (reply.status_code, len(reply.json()["results"]))
    assert 3 == len(captured)
    assert [] == [one["sql"] for one in captured if one["sql"].startswith(("BEGIN", "SAVEPOINT"))]


def test_a_batch_of_reads_may_read_from_several_databases(monkeypatch: pytest.MonkeyPatch) -> None:
    from django_flex.engine import batch

    def refused(*_args: Any) -> str:
        raise AssertionError

    monkeypatch.setattr(batch, "_database", refused)

    assert FlexQuery("company").execute({"_batch": [READ, READ]}).ok
