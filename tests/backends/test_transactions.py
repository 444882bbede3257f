"""A write is stored as a whole or not at all, whatever happens to it; the next one works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F

from django_flex.backends.orm.connection.transactions import reading, writing
from django_flex.exceptions import (
    ConflictError,
    FlexError,
    InternalError,
    ObjectNotFoundError,
    OutcomeUnknownError,
    TimeLimitExceededError,
    UnavailableError,
)
from django_flex.query.limits import Limits
from tests.backends.conftest import (
    ENDLESS,
    ENDLESS_SECONDS,
    HUNG,
    ON_A_SERVER,
    ON_POSTGRES,
    ON_SQLITE,
    SHORT,
    VENDOR,
    Threads,
    barrier,
    connected,
    names,
    run,
)
from tests.testapp.models import Company, Customer, Tag

LIMITS = Limits()


def add(name: str, **values: Any) -> None:
    Company.objects.create(name=name, **values)


def adding(name: str) -> Callable[[], None]:
    return partial(add, name)


def failing(error: Any) -> Callable[[], None]:
    """Return a step that raises an error."""

    def fail() -> None:
        raise error

    return fail


def refer_to_nobody() -> None:
    Customer.objects.create(name="Aisha", company_id=404)


def write(*steps: Callable[[], Any], limits: Limits = LIMITS, dry_run: bool = False) -> None:
    """Do some steps in one write."""
    with writing("default", limits, dry_run=dry_run):
        for step in steps:
            step()


def works() -> bool:
    """Tell whether the next write is stored."""
    write(adding("next"))
    with reading("default", LIMITS):
        return "next" in names()


# --- All or nothing -------------------------------------------------------------------------------


def test_write_is_stored(shared: None) -> None:
    write(adding("one"), adding("two"))
    assert names() == {"one", "two"}


@pytest.mark.parametrize("error", [ObjectNotFoundError, RuntimeError], ids=["ours", "of-code"])
def test_error_undoes_everything(shared: None, error: Any) -> None:
    with pytest.raises(error):
        write(adding("one"), failing(error))
    assert names() == set()
    assert works()


@pytest.mark.exhaustive
def test_transaction_of_the_caller_goes_on(shared: None) -> None:
    with transaction.atomic():
        add("of the caller")
        with pytest.raises(ObjectNotFoundError):
            write(adding("undone"), failing(ObjectNotFoundError))
        write(adding("stored"))
        with pytest.raises(TimeLimitExceededError), reading("default", SHORT):
            run(ENDLESS)
    assert names() == {"of the caller", "stored"}


def test_transaction_of_the_caller_decides(shared: None) -> None:
    with transaction.atomic():
        write(adding("one"))
        transaction.set_rollback(True)
    assert names() == set()


def test_writes_may_nest(shared: None) -> None:
    with writing("default", LIMITS):
        add("one")
        with pytest.raises(ObjectNotFoundError):
            write(adding("two"), failing(ObjectNotFoundError))
        write(adding("three"))
    assert names() == {"one", "three"}


def test_error_that_code_has_caught_does_not_lose_the_write_silently(shared: None) -> None:
    def careless() -> None:
        with suppress(IntegrityError), transaction.atomic(savepoint=False):
            Tag.objects.bulk_create([Tag(slug="red"), Tag(slug="red")])

    with pytest.raises(InternalError):
        write(adding("one"), careless)
    assert names() == set()
    assert works()


@pytest.mark.exhaustive
def test_write_that_takes_too_long_is_undone(shared: None) -> None:
    started = time.monotonic()
    with pytest.raises(TimeLimitExceededError):
        write(adding("one"), partial(run, ENDLESS), limits=SHORT)
    assert time.monotonic() - started < ENDLESS_SECONDS
    assert names() == set()
    assert works()


def test_callbacks_run_after_the_write(shared: None) -> None:
    ran: list[str] = []
    with writing("default", LIMITS):
        transaction.on_commit(lambda: ran.append("stored"))
        add("one")
        assert ran == []
    assert ran == ["stored"]


def test_fault_of_a_callback_is_not_one_of_the_write(shared: None) -> None:
    fail = failing(IntegrityError("a callback failed"))
    with pytest.raises(IntegrityError):
        write(partial(transaction.on_commit, fail), adding("one"))
    assert names() == {"one"}
    assert works()


# --- Dry runs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("outer", ["alone", "in-a-transaction", "in-a-write"])
def test_dry_run_stores_nothing(shared: None, outer: str) -> None:
    ran: list[str] = []
    around = {
        "alone": None,
        "in-a-transaction": transaction.atomic(),
        "in-a-write": writing("default", LIMITS),
    }[outer]
    with around or nullcontext(), writing("default", LIMITS, dry_run=True):
        transaction.on_commit(lambda: ran.append("stored"))
        add("one")
        assert names() == {"one"}
    assert names() == set()
    assert ran == []
    assert works()


@ON_POSTGRES
@pytest.mark.parametrize("dry_run", [False, True], ids=["in-a-transaction", "dry-run"])
def test_what_a_commit_would_refuse_is_refused_at_once(shared: None, dry_run: bool) -> None:
    with transaction.atomic():
        with pytest.raises(ConflictError):
            write(refer_to_nobody, dry_run=dry_run)
        add("of the caller")
    assert names() == {"of the caller"}
    assert not Customer.objects.exists()


@ON_POSTGRES
def test_constraints_of_the_caller_stay_deferred(shared: None) -> None:
    with transaction.atomic():
        with writing("default", LIMITS):
            add("one")
        aisha = Customer.objects.create(name="Aisha", company_id=404)
        Company.objects.create(id=404, name="late")
        aisha.refresh_from_db()
    assert aisha.company_id == 404


# --- What the database refuses --------------------------------------------------------------------


def test_broken_reference_is_a_conflict_at_the_latest_when_it_is_stored(shared: None) -> None:
    with pytest.raises(ConflictError) as caught:
        write(adding("one"), refer_to_nobody)
    assert caught.value.status == 409
    assert names() == set()
    assert works()


def test_one_of_two_that_add_the_same_is_told(shared: None, threads: Threads) -> None:
    both_checked = barrier()

    def add_red() -> str:
        with writing("default", LIMITS):
            if VENDOR != "sqlite":  # which lets in one at a time
                both_checked.wait()
            Tag(slug="red").save(force_insert=True)
        return "stored"

    outcomes = threads.outcomes(add_red, add_red)
    (error,) = [outcome for outcome in outcomes if outcome != "stored"]
    assert isinstance(error, ConflictError)
    assert Tag.objects.count() == 1


@ON_SQLITE
def test_a_write_that_reads_first_waits_for_the_other(shared: None, threads: Threads) -> None:
    tag = Tag.objects.create(slug="red", date="0")

    def count() -> str:
        for _ in range(5):
            with writing("default", LIMITS):
                seen = int(Tag.objects.get(pk=tag.pk).date)
                time.sleep(0.01)  # the others come in between, if they can
                Tag.objects.filter(pk=tag.pk).update(date=str(seen + 1))
        return "stored"

    with connected(OPTIONS={"timeout": 20}):
        assert threads.outcomes(count, count, count) == ["stored"] * 3
        tag.refresh_from_db()
    assert tag.date == "15"


@pytest.mark.exhaustive
def test_wait_for_a_lock_ends_in_time(shared: None, threads: Threads) -> None:
    add("one")
    held, tried = barrier(), barrier()

    def hold() -> None:
        with writing("default", Limits(lock_timeout=5)):
            Company.objects.update(tax_id="theirs")
            held.wait()
            tried.wait()

    holding = threads.start(hold)
    held.wait()
    ours = partial(Company.objects.update, tax_id="ours")
    with pytest.raises(ConflictError) as caught:
        write(adding("two"), ours, limits=Limits(lock_timeout=0.3))
    tried.wait()  # the other still holds its lock
    holding.result(timeout=HUNG)
    assert caught.value.headers == {"Retry-After": "1"}
    assert list(Company.objects.values_list("name", "tax_id")) == [("one", "theirs")]
    assert works()


@ON_A_SERVER
def test_one_of_two_that_wait_for_each_other_is_told(shared: None, threads: Threads) -> None:
    for name in ("one", "two"):
        add(name, tax_id="0")
    both_hold = barrier()

    def change(*order: str) -> str:
        with writing("default", Limits(lock_timeout=5)):
            for name in order:
                Company.objects.filter(name=name).update(tax_id=F("name"))
                if name == order[0]:
                    both_hold.wait()
        return "stored"

    outcomes = threads.outcomes(lambda: change("one", "two"), lambda: change("two", "one"))
    (error,) = [outcome for outcome in outcomes if outcome != "stored"]
    assert isinstance(error, ConflictError)
    assert error.headers == {"Retry-After": "1"}
    assert set(Company.objects.values_list("name", "tax_id")) == {("one", "one"), ("two", "two")}


@ON_A_SERVER
@pytest.mark.parametrize("nested", [False, True], ids=["alone", "in-a-transaction"])
def test_deadlock_leaves_no_half_of_a_transaction(
    shared: None, threads: Threads, nested: bool
) -> None:
    for name in ("one", "two"):
        add(name)
    both_hold = barrier()

    def change(*order: str) -> str:
        with transaction.atomic() if nested else nullcontext():
            if nested:
                add(f"of the caller, {order[0]} first")
            try:
                with writing("default", Limits(lock_timeout=5)):
                    Company.objects.filter(name=order[0]).update(tax_id=order[0])
                    both_hold.wait()
                    Company.objects.filter(name=order[1]).update(tax_id=order[0])
            except ConflictError:
                return "told"
        return f"{order[0]} first"

    outcomes = set(threads.outcomes(lambda: change("one", "two"), lambda: change("two", "one")))
    (winner,) = outcomes - {"told"}
    stored = names() - {"one", "two"}
    # MariaDB undoes the whole transaction of the one that it picks, PostgreSQL its savepoint.
    assert not nested or f"of the caller, {winner}" in stored
    assert len(set(Company.objects.filter(name__in=["one", "two"]).values_list("tax_id"))) == 1


@ON_POSTGRES
@pytest.mark.parametrize("level", ["REPEATABLE_READ", "SERIALIZABLE"])
def test_write_that_saw_what_is_no_longer_so_is_told(
    shared: None, threads: Threads, level: str
) -> None:
    from psycopg import IsolationLevel

    add("one", tax_id="0")
    add("two", tax_id="0")
    both_read = barrier()

    def change(name: str) -> str:
        with writing("default", LIMITS):
            assert Company.objects.filter(tax_id="0").count() == 2
            both_read.wait()
            wanted = Company.objects.all()
            if level == "SERIALIZABLE":  # different rows: only the COMMIT can tell
                wanted = wanted.filter(name=name)
            wanted.update(tax_id=name)
            add(f"by {name}")
        return name

    with connected(OPTIONS={"isolation_level": IsolationLevel[level]}):
        outcomes = threads.outcomes(lambda: change("one"), lambda: change("two"))
    (error,) = [outcome for outcome in outcomes if not isinstance(outcome, str)]
    (winner,) = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert isinstance(error, ConflictError)
    assert error.headers == {"Retry-After": "1"}
    assert names() == {"one", "two", f"by {winner}"}


# --- Connections and processes that end -----------------------------------------------------------


def kill_connection(threads: Threads) -> None:
    """End the connection of this thread, as an operator or a restart of the server does."""
    if VENDOR == "postgresql":
        pid = run("SELECT pg_backend_pid()")
        threads.start(lambda: run("SELECT pg_terminate_backend(%s, 5000)", [pid])).result(HUNG)
    else:
        pid = run("SELECT CONNECTION_ID()")
        threads.start(lambda: run(f"KILL {int(pid)}")).result(HUNG)
        time.sleep(0.1)


@ON_A_SERVER
@pytest.mark.parametrize("moment", ["between-statements", "before-the-commit"])
def test_lost_connection_stores_nothing(shared: None, threads: Threads, moment: str) -> None:
    steps: list[Callable[[], Any]] = [adding("one"), partial(kill_connection, threads)]
    if moment == "between-statements":
        steps.append(adding("two"))
    # The answer to a COMMIT could have been lost as well: that may not be sent again.
    expected: dict[str, tuple[type[FlexError], dict[str, str]]] = {
        "between-statements": (UnavailableError, {"Retry-After": "1"}),
        "before-the-commit": (OutcomeUnknownError, {}),
    }
    kind, headers = expected[moment]
    with pytest.raises(kind) as caught:
        write(*steps)
    assert (503, headers) == (caught.value.status, caught.value.headers)
    assert works()
    assert names() == {"next"}


@ON_A_SERVER
def test_lost_connection_of_a_read(shared: None, threads: Threads) -> None:
    add("one")
    kill_connection(threads)
    with pytest.raises(UnavailableError), reading("default", LIMITS):
        names()
    with reading("default", LIMITS):
        assert names() == {"one"}
    kill_connection(threads)
    with pytest.raises(UnavailableError):
        write(adding("two"))
    assert works()


@ON_A_SERVER
@pytest.mark.parametrize("context", [reading, writing], ids=["read", "write"])
def test_lost_connection_undoes_the_transaction_of_the_caller(
    shared: None, threads: Threads, context: Any
) -> None:
    # Django says so at the end of the block, if it still holds the connection.
    with suppress(DatabaseError), transaction.atomic():
        add("of the caller")
        kill_connection(threads)
        with pytest.raises(UnavailableError), context("default", LIMITS):
            names()
        with pytest.raises(FlexError), context("default", LIMITS):
            names()
        with pytest.raises(DatabaseError):
            add("more of the caller")
    assert works()
    assert names() == {"next"}


KILLED = """
import sys, time
import django
from django.conf import settings
settings.configure(
    DATABASES={"default": __import__("ast").literal_eval(sys.argv[1])},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "tests.testapp"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()
from django_flex.backends.orm.connection.transactions import writing
from django_flex.query.limits import Limits
from tests.testapp.models import Company
with writing("default", Limits()):
    for part in range(10):
        Company.objects.bulk_create(Company(name=f"{part} {n}") for n in range(100))
    print("written", flush=True)
    time.sleep(60)
"""


@pytest.mark.exhaustive
def test_killed_process_stores_nothing(shared: None) -> None:
    facts = {
        key: connection.settings_dict[key]
        for key in ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")
    }
    command = [sys.executable, "-c", KILLED, repr(facts)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ}) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=HUNG)
    assert names() == set()
    assert works()
