"""Reads end in time, and what limits them does not stay on the connection."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction

from django_flex import FlexQuery
from django_flex.backends.orm.deadlines import read_deadline, write_deadline
from django_flex.backends.orm.transactions import reading, writing
from django_flex.exceptions import TimeLimitExceededError
from django_flex.query.limits import Limits
from tests.backends.conftest import (
    ENDLESS,
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
def caller(request: pytest.FixtureRequest) -> Any:
    """Who reads: code without a transaction, and code that has one open."""
    if request.param == "alone":
        request.getfixturevalue("transactional_db")
        yield
        return
    request.getfixturevalue("db")
    with transaction.atomic():
        yield


def test_slow_read_ends_in_time(caller: None) -> None:
    started = time.monotonic()
    with pytest.raises(TimeLimitExceededError) as caught, reading("default", SHORT):
        run(ENDLESS)
    assert time.monotonic() - started < 0.3 + 0.5
    assert caught.value.status == 503
    assert caught.value.headers == {"Retry-After": "1"}


def test_project_can_go_on_after_a_slow_read(caller: None) -> None:
    with pytest.raises(TimeLimitExceededError), reading("default", SHORT):
        run(ENDLESS)
    Company.objects.create(name="Acme")
    assert names() == {"Acme"}


@pytest.mark.parametrize("sql", ["SELECT 1", ENDLESS], ids=["quick", "stopped"])
def test_limit_of_a_read_does_not_stay(caller: None, sql: str) -> None:
    try:
        with reading("default", TINY):
            run(sql)
    except TimeLimitExceededError:
        assert sql == ENDLESS
    started = time.monotonic()
    run(SLOW)
    assert time.monotonic() - started > 2 * TINY.read_timeout


@pytest.mark.parametrize("fails", [False, True], ids=["stored", "undone"])
def test_limit_of_a_write_does_not_stay(caller: None, fails: bool) -> None:
    try:
        with writing("default", TINY):
            Company.objects.create(name="Acme")
            if fails:
                run(ENDLESS)
    except TimeLimitExceededError:
        assert fails
    run(SLOW)
    assert names() == (set() if fails else {"Acme"})


def test_each_statement_of_a_write_has_its_own_time(transactional_db: None) -> None:
    started = time.monotonic()
    run(SLOW)
    enough = 4 * (time.monotonic() - started)  # for one on this machine now, not for eight
    with writing("default", Limits(write_timeout=enough)):
        for _ in range(8):
            run(SLOW)


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


def test_slow_query_is_a_503_at_the_door(db: None, settings: Any) -> None:
    settings.DJANGO_FLEX = {"EXPOSE": {}, "READ_TIMEOUT": 0.3}

    def slowly(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        return execute(ENDLESS, (), many, context)

    started = time.monotonic()
    with connection.execute_wrapper(slowly):
        result = FlexQuery(get_user_model()).unrestricted().execute({})
    assert time.monotonic() - started < 0.3 + 0.5
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
    try:
        with context("default", TINY):
            run(sql)
    except TimeLimitExceededError:
        assert sql == ENDLESS
    assert (run("SHOW statement_timeout"), run("SHOW lock_timeout")) == ("7s", "6s")


@ON_POSTGRES
def test_limits_hold_inside(transactional_db: None) -> None:
    with reading("default", Limits(read_timeout=1.5)):
        assert run("SELECT current_setting('statement_timeout')") == "1500ms"
    with writing("default", Limits(write_timeout=4, lock_timeout=0.0001)):
        assert run("SHOW statement_timeout") == "4s"
        assert run("SHOW lock_timeout") == "1ms"
    assert (run("SHOW statement_timeout"), run("SHOW lock_timeout")) == ("0", "0")


@ON_POSTGRES
@pytest.mark.parametrize("sql", ["SELECT 1", ENDLESS], ids=["quick", "stopped"])
def test_limit_holds_where_values_are_bound_on_the_server(transactional_db: None, sql: str) -> None:
    with connected(OPTIONS={"server_side_binding": True}):
        try:
            with reading("default", SHORT):
                assert run("SELECT current_setting('statement_timeout')") == "300ms"
                assert not Company.objects.filter(name="a value").exists()
                run(sql)
        except TimeLimitExceededError:
            assert sql == ENDLESS
        assert run("SHOW statement_timeout") == "0"
        with writing("default", SHORT):
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
def test_connection_may_be_closed_in_between(shared: None) -> None:
    with reading("default", Limits()):
        connection.close()
    assert names() == set()


# --- Others ---------------------------------------------------------------------------------------


def imagined(vendor: str, **facts: Any) -> Any:
    """Return what a connection to a database that is not here says of itself."""
    wrappers: list[Any] = []
    return SimpleNamespace(
        vendor=vendor,
        ensure_connection=lambda: None,
        execute_wrapper=wrappers.append,
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
    read_deadline(made, Limits(read_timeout=1.5))
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
    limits = Limits(read_timeout=1.5, write_timeout=4, lock_timeout=0.4)
    if writes:
        write_deadline(made, limits, nested=False)
    else:
        read_deadline(made, limits)
    (wrapper,) = made.added
    assert wrapper(lambda sql, *rest: sql, sql, (), False, {}) == sent


def test_other_databases_have_no_limit() -> None:
    made = imagined("oracle")
    with read_deadline(made, Limits()), write_deadline(made, Limits(), nested=False):
        assert made.added == []
