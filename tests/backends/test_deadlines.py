"""Reads end in time, and what limits them does not stay on the connection."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from django_flex import FlexQuery
from django_flex.backends.orm.connection import deadlines
from django_flex.backends.orm.connection.deadlines import (
    Deadline,
    ForEachStatement,
    read_deadline,
    write_deadline,
)
from django_flex.backends.orm.connection.transactions import reading, writing
from django_flex.exceptions import TimeLimitExceededError
from django_flex.query.limits import Limits
from tests.backends.conftest import (
    ENDLESS,
    ENDLESS_SECONDS,
    ON_POSTGRES,
    ON_SQLITE,
    SHORT,
    SLOW,
    connected,
    names,
    run,
)
from tests.testapp.models import Company

TINY = Limits(read_timeout=0.05, write_timeout=0.05, lock_timeout=0.05)


@pytest.fixture(params=["alone", "in-a-transaction"])
def caller(request: pytest.FixtureRequest, transactional_db: None) -> Any:
    """Who reads: code without a transaction, and code that has one open."""
    if request.param == "alone":
        yield
        return
    with transaction.atomic():
        yield


@pytest.mark.exhaustive
def test_slow_read_ends_in_time(caller: None) -> None:
    started = time.monotonic()
    with pytest.raises(TimeLimitExceededError) as caught, reading("default", SHORT):
        run(ENDLESS)
    assert time.monotonic() - started < ENDLESS_SECONDS
    assert caught.value.status == 503
    assert caught.value.headers == {"Retry-After": "1"}


@pytest.mark.exhaustive
def test_project_can_go_on_after_a_slow_read(caller: None) -> None:
    with pytest.raises(TimeLimitExceededError), reading("default", SHORT):
        run(ENDLESS)
    Company.objects.create(name="Acme")
    assert names() == {"Acme"}


@pytest.mark.exhaustive
@pytest.mark.parametrize("sql", ["SELECT 1", ENDLESS], ids=["quick", "stopped"])
def test_limit_of_a_read_does_not_stay(caller: None, sql: str) -> None:
    with suppress(TimeLimitExceededError), reading("default", TINY):
        run(sql)  # on a busy machine, the quick one may be stopped, too
    run(SLOW)


@pytest.mark.exhaustive
@pytest.mark.parametrize("fails", [False, True], ids=["stored", "undone"])
def test_limit_of_a_write_does_not_stay(caller: None, fails: bool) -> None:
    stored = set()
    with suppress(TimeLimitExceededError):
        with writing("default", TINY):
            Company.objects.create(name="Acme")
            if fails:
                run(ENDLESS)
        stored = {"Acme"}  # or not, on a busy machine
    run(SLOW)
    assert stored == names()
    assert not (fails and stored)


class Clock:
    """The time that deadlines go by, which passes when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(deadlines, "time", made)
    return made


TEN = Limits(read_timeout=10, write_timeout=10)


@pytest.mark.parametrize(
    ("passed", "left"),
    [(0, 10), (0.5, 10), (1.5, 9), (6.95, 4), (9.9, 1)],
)
def test_the_remaining_time_is_rounded_up_to_tenths_of_the_limit(
    clock: Clock, passed: float, left: float
) -> None:
    deadline = Deadline(10, started=clock.now)
    clock.now += passed

    assert left == deadline.left()
    assert not deadline.has_passed()


def test_nothing_is_left_of_a_deadline_that_has_passed(clock: Clock) -> None:
    deadline = Deadline(10, started=clock.now)
    clock.now += 10.1

    assert deadline.has_passed()
    with pytest.raises(TimeLimitExceededError):
        deadline.left()


@pytest.mark.parametrize("context", [reading, writing], ids=["read", "write"])
def test_no_statement_is_sent_when_the_time_is_over(
    caller: None, clock: Clock, context: Any
) -> None:
    sent: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        sent.append(sql)
        return execute(sql, *rest)

    def go_on() -> None:
        with context("default", TEN):
            run("SELECT 1")
            clock.now += 11
            with connection.execute_wrapper(note):
                run(ENDLESS)

    with pytest.raises(TimeLimitExceededError):
        go_on()
    assert ENDLESS not in sent
    assert names() == set()


def test_a_write_that_took_too_long_between_its_statements_is_undone(
    caller: None, clock: Clock
) -> None:
    def write() -> None:
        with writing("default", TEN):
            Company.objects.create(name="Acme")
            clock.now += 11

    with pytest.raises(TimeLimitExceededError):
        write()
    assert names() == set()


def test_work_that_nobody_waits_for_has_its_time_for_each_statement(
    caller: None, clock: Clock
) -> None:
    with writing("default", TEN, deadline=ForEachStatement(10)):
        for name in ("one", "two", "three"):
            clock.now += 9
            Company.objects.create(name=name)

    assert names() == {"one", "two", "three"}


def test_a_deadline_may_have_begun_before(transactional_db: None, clock: Clock) -> None:
    started = clock.now - 11

    with pytest.raises(TimeLimitExceededError), reading("default", TEN, started):
        run("SELECT 1")


@pytest.mark.parametrize("context", [reading, writing], ids=["read", "write"])
def test_the_database_is_told_what_is_left(caller: None, clock: Clock, context: Any) -> None:
    with context("default", TEN):
        for left in (10, 3):
            clock.now = 1_000 + 10 - left
            if connection.vendor == "postgresql":
                assert f"{left}s" == run("SELECT current_setting('statement_timeout')")
            elif connection.vendor == "mysql":
                assert left == run("SELECT @@max_statement_time")


@pytest.mark.exhaustive
def test_reads_of_a_write_have_the_time_of_the_write(transactional_db: None) -> None:
    with writing("default", Limits(read_timeout=0.05)), reading("default", TINY):
        run(SLOW)
    outer, inner = writing("default", SHORT), reading("default", Limits())
    with pytest.raises(TimeLimitExceededError), outer, inner:
        run(ENDLESS)


@pytest.mark.parametrize("rows", [1, 3], ids=["one", "three"])
def test_reads_give_their_rows(caller: None, rows: int) -> None:
    Company.objects.bulk_create(Company(name=f"{n}%") for n in range(rows))
    with reading("default", Limits()):
        assert names() == {f"{n}%" for n in range(rows)}
        assert Company.objects.filter(name__contains="%").count() == rows


@pytest.mark.exhaustive
def test_slow_query_is_a_503_at_the_door(db: None, settings: Any) -> None:
    settings.DJANGO_FLEX = {"EXPOSE": {}, "READ_TIMEOUT": 0.3}

    def slowly(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        return execute(ENDLESS, (), many, context)

    started = time.monotonic()
    with connection.execute_wrapper(slowly):
        result = FlexQuery(get_user_model()).unrestricted().execute({})
    assert time.monotonic() - started < ENDLESS_SECONDS
    assert result.status_code == 503
    assert result.data == {
        "error": "The request took too long",
        "code": "backend.timeout",
        "retry_after": 1,
    }


class Replicas:
    """A router as the documentation of Django shows it: another replica each time."""

    asked: ClassVar[list[Any]] = []

    def db_for_read(self, model: Any, **hints: Any) -> str:
        self.asked.append(model)
        return "default" if len(self.asked) == 1 else "somewhere else"


def test_router_is_asked_once_so_that_the_limit_is_where_the_read_is(
    db: None, settings: Any
) -> None:
    settings.DATABASE_ROUTERS = ["tests.backends.test_deadlines.Replicas"]
    settings.DJANGO_FLEX = {"EXPOSE": {}}
    Replicas.asked.clear()
    assert FlexQuery(Company).unrestricted().execute({}).ok
    assert Replicas.asked == [Company]


# --- PostgreSQL -----------------------------------------------------------------------------------


@ON_POSTGRES
@pytest.mark.parametrize("sql", ["SELECT 1", ENDLESS], ids=["quick", "stopped"])
@pytest.mark.parametrize("context", [reading, writing], ids=["read", "write"])
def test_transaction_keeps_its_own_limits(db: None, sql: str, context: Any) -> None:
    run("SET LOCAL statement_timeout = '7s'")
    run("SET LOCAL lock_timeout = '6s'")
    with suppress(TimeLimitExceededError), context("default", TINY):
        run(sql)  # on a busy machine, the quick one may be stopped, too
    assert (run("SHOW statement_timeout"), run("SHOW lock_timeout")) == ("7s", "6s")


@ON_POSTGRES
def test_limits_hold_inside(transactional_db: None, clock: Clock) -> None:
    with reading("default", Limits(read_timeout=1.5)):
        assert run("SELECT current_setting('statement_timeout')") == "1500ms"
    with writing("default", Limits(write_timeout=4, lock_timeout=0.0001)):
        assert run("SHOW statement_timeout") == "4s"
        assert run("SHOW lock_timeout") == "1ms"
    assert (run("SHOW statement_timeout"), run("SHOW lock_timeout")) == ("0", "0")


@ON_POSTGRES
@pytest.mark.parametrize("sql", ["SELECT 1", ENDLESS], ids=["quick", "stopped"])
def test_limit_holds_where_values_are_bound_on_the_server(
    transactional_db: None, sql: str, clock: Clock
) -> None:
    with connected(OPTIONS={"server_side_binding": True}):
        with suppress(TimeLimitExceededError), reading("default", SHORT):
            assert run("SELECT current_setting('statement_timeout')") == "300ms"
            assert not Company.objects.filter(name="a value").exists()
            run(sql)
        assert run("SHOW statement_timeout") == "0"
        with writing("default", Limits()):
            Company.objects.create(name="Acme")
        assert names() == {"Acme"}


@ON_POSTGRES
def test_other_statements_and_cursors_stay_as_they_are(transactional_db: None) -> None:
    Company.objects.create(name="Acme")
    with transaction.atomic(), reading("default", Limits()):
        with transaction.atomic():
            names()
        assert [row.name for row in Company.objects.iterator(chunk_size=1)] == ["Acme"]
    assert names() == {"Acme"}


# --- SQLite ---------------------------------------------------------------------------------------


@ON_SQLITE
@pytest.mark.parametrize("context", [reading, writing], ids=["read", "write"])
def test_what_django_asks_for_its_log_of_queries_may_be_what_comes_too_late(
    caller: None, clock: Clock, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadlines, "_SQLITE_STEPS", 1)  # the clock is looked at all the time

    def slowly(execute: Any, *statement: Any) -> Any:
        result = execute(*statement)
        clock.now += 11
        return result

    def ask() -> None:
        with context("default", TEN), connection.execute_wrapper(slowly):
            run("SELECT %s", ["a value that is written out in the log"])

    with CaptureQueriesContext(connection), pytest.raises(TimeLimitExceededError):
        ask()


@ON_SQLITE
def test_connection_may_be_closed_in_between(shared: None) -> None:
    with reading("default", Limits()):
        connection.close()
    assert names() == set()


# --- Others ---------------------------------------------------------------------------------------


def imagined(vendor: str, **facts: Any) -> Any:
    """Return what a connection to a database that is not here says of itself."""
    wrappers: list[Any] = []

    @contextmanager
    def execute_wrapper(wrapper: Any) -> Iterator[None]:
        wrappers.append(wrapper)
        yield

    return SimpleNamespace(
        vendor=vendor,
        ensure_connection=lambda: None,
        execute_wrapper=execute_wrapper,
        added=wrappers,
        **facts,
    )


@pytest.mark.parametrize(
    ("sql", "sent"),
    [
        pytest.param(
            "SELECT a FROM b", "SELECT /*+ MAX_EXECUTION_TIME(1500) */ a FROM b", id="read"
        ),
        pytest.param("SAVEPOINT a", "SAVEPOINT a", id="other"),
    ],
)
def test_mysql_is_limited_by_a_hint(sql: str, sent: str) -> None:
    made = imagined("mysql", mysql_is_mariadb=False)
    with read_deadline(made, Deadline(1.5)):
        (wrapper,) = made.added
        assert wrapper(lambda sql, *rest: sql, sql, (), False, {}) == sent


@pytest.mark.parametrize(
    ("sql", "writes", "sent"),
    [
        pytest.param(
            "SELECT 1", False, "SET STATEMENT max_statement_time=1.500 FOR SELECT 1", id="read"
        ),
        pytest.param("UPDATE a", False, "UPDATE a", id="no-read"),
        pytest.param(
            "UPDATE a",
            True,
            "SET STATEMENT max_statement_time=4.000, innodb_lock_wait_timeout=1 FOR UPDATE a",
            id="write",
        ),
        pytest.param("RELEASE SAVEPOINT a", True, "RELEASE SAVEPOINT a", id="no-write"),
    ],
)
def test_mariadb_is_limited_statement_by_statement(sql: str, writes: bool, sent: str) -> None:
    made = imagined("mysql", mysql_is_mariadb=True)
    write, read = write_deadline(made, Deadline(4), 0.4, nested=False), Deadline(1.5)
    with write if writes else read_deadline(made, read):
        (wrapper,) = made.added
        assert wrapper(lambda sql, *rest: sql, sql, (), False, {}) == sent


@pytest.mark.parametrize("sql", ["SELECT 1", "ROLLBACK TO SAVEPOINT a"], ids=["read", "other"])
def test_other_databases_are_sent_nothing_when_the_time_is_over(sql: str, clock: Clock) -> None:
    made = imagined("oracle")
    with read_deadline(made, Deadline(4)):
        (wrapper,) = made.added
        assert wrapper(lambda sql, *rest: sql, sql, (), False, {}) == sql
        clock.now += 5
        try:
            wrapper(lambda sql, *rest: sql, sql, (), False, {})
        except TimeLimitExceededError:
            assert sql == "SELECT 1"
