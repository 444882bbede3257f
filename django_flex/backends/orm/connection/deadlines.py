"""The time limit of a request, applied to each statement without changing the connection.

A request has one deadline. A statement may take the time that is left, which also shrinks while
Python runs in between; when no time is left, no further statement is sent.

| Database | What limits a read | What limits a write |
|---|---|---|
| PostgreSQL | ``statement_timeout`` of one statement | ``statement_timeout``, ``lock_timeout`` |
| MariaDB | ``max_statement_time`` of one statement | the same, ``innodb_lock_wait_timeout`` |
| MySQL | the hint ``MAX_EXECUTION_TIME`` | nothing: MySQL limits no other statement |
| SQLite | a progress handler | a progress handler |

On any other database a running statement is not limited, but no further one is sent.
"""

from __future__ import annotations

import math
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from django.db import Error, transaction

from django_flex.backends.orm.connection.time_zones import CONVERSION, check_conversion
from django_flex.backends.orm.django_internals.connections import (
    binds_on_client,
    interruptible,
    is_mariadb,
    must_roll_back,
    raises_djangos,
    raw_connection,
    raw_cursor,
)
from django_flex.exceptions import TimeLimitExceededError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from django.db.backends.base.base import BaseDatabaseWrapper

    Execute = Callable[..., object]
    Context = Mapping[str, Any]

# Steps of SQLite's machine between two looks at the clock: seldom enough to cost nothing, often
# enough to stop within milliseconds.
_SQLITE_STEPS = 10_000

# What reads begin with. A SAVEPOINT or SET that the project runs in between is left alone.
_READS = ("SELECT", "WITH", "(", "EXPLAIN", "ANALYZE")
_STATEMENTS = (*_READS, "INSERT", "UPDATE", "DELETE", "REPLACE")


class Deadline:
    """The time by which the statements of a request have to be finished."""

    __slots__ = ("_ends", "seconds")

    def __init__(self, seconds: float, started: float | None = None) -> None:
        """Start now, or at a time of ``time.monotonic()``."""
        self.seconds = seconds
        self._ends = (time.monotonic() if started is None else started) + seconds

    def begin(self) -> None:
        """Begin now."""
        self._ends = time.monotonic() + self.seconds

    def has_passed(self) -> bool:
        """Whether no time is left."""
        return time.monotonic() > self._ends

    def left(self) -> float:
        """Return the seconds that are left, in tenths of all, rounded up.

        In tenths, so that only a few different limits are sent to the database.

        Raises:
            TimeLimitExceededError: no time is left.
        """
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeLimitExceededError
        tenths = math.ceil(10 * left / self.seconds)
        return self.seconds if tenths >= 10 else self.seconds * tenths / 10  # noqa: PLR2004 - of ten


class ForEachStatement(Deadline):
    """The deadline for work that no client waits for: each statement has the full time."""

    __slots__ = ()

    def left(self) -> float:
        """Restart the clock and return the full time."""
        self.begin()
        return self.seconds


def read_deadline(
    connection: BaseDatabaseWrapper, deadline: Deadline
) -> AbstractContextManager[None]:
    """Return a context in which plain reads have to be done by a deadline.

    A server-side cursor (``iterator()`` on PostgreSQL) has no limit here.

    Raises:
        TimeLimitExceededError: no time is left.
    """
    match connection.vendor:
        case "postgresql" if binds_on_client(connection):
            return connection.execute_wrapper(_PostgresRead(connection, deadline))
        case "postgresql":
            return _postgres_read_transaction(connection, deadline)
        case "mysql":
            return connection.execute_wrapper(_mysql_read(connection, deadline))
        case "sqlite":
            return _interruptible(connection, deadline)
        case _:
            return connection.execute_wrapper(_Checked(deadline, _READS))


def write_deadline(
    connection: BaseDatabaseWrapper, deadline: Deadline, lock_timeout: float, *, nested: bool
) -> AbstractContextManager[None]:
    """Return a context in which the statements of a write have to be done by a deadline.

    A transaction is open.

    Args:
        connection: where the transaction is.
        deadline: of the write.
        lock_timeout: seconds that a statement may wait for a lock.
        nested: whether the transaction goes on after ours, which is a savepoint of it.

    Raises:
        TimeLimitExceededError: no time is left.
    """
    match connection.vendor:
        case "postgresql":
            return _postgres_write(connection, deadline, lock_timeout, nested=nested)
        case "mysql":
            wrapper = _mysql_write(connection, deadline, lock_timeout)
            return connection.execute_wrapper(wrapper)
        case "sqlite":
            return _interruptible(connection, deadline)
        case _:
            return connection.execute_wrapper(_Checked(deadline, _STATEMENTS))


class _Checked:
    """Send no more statements after the deadline, except those that end a transaction."""

    __slots__ = ("_begins", "_deadline")

    def __init__(self, deadline: Deadline, begins: tuple[str, ...]) -> None:
        self._deadline = deadline
        self._begins = begins

    def __call__(
        self, execute: Execute, sql: str, params: object, many: object, context: Context
    ) -> object:
        if sql.startswith(self._begins):
            self._deadline.left()
        return execute(sql, params, many, context)


def check_deferred(connection: BaseDatabaseWrapper) -> None:
    """Check what PostgreSQL would only check at COMMIT, and let it be checked then once more.

    The savepoint restores which constraints are deferred, so a transaction of the caller is not
    affected. Other databases check at once, or (SQLite) only at COMMIT.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SAVEPOINT flex_check; SET CONSTRAINTS ALL IMMEDIATE;"
                " ROLLBACK TO SAVEPOINT flex_check; RELEASE SAVEPOINT flex_check"
            )


# --- PostgreSQL -----------------------------------------------------------------------------------

# Compiling a query to machine code takes up to a second. PostgreSQL does it by the cost that it
# estimates, and reads of a page, with their subqueries, look more costly than they are.
_NO_JIT = "SET LOCAL jit = off"


def _milliseconds(seconds: float) -> int:
    return max(1, math.ceil(seconds * 1_000))  # 0 would mean no limit


def _skip(cursor: Any, results: int) -> None:
    """Leave the results of the statements that were sent before the read."""
    for _ in range(results):
        cursor.nextset()


def _set(deadline: Deadline) -> str:
    return f"SET LOCAL statement_timeout = {_milliseconds(deadline.left())}"


class _PostgresRead:
    """Send the limit and the read in one round trip, as one transaction that ends with the read.

    Inside a transaction of the caller a savepoint is that transaction: going back to it puts the
    caller's own limit back.
    """

    __slots__ = ("_connection", "_deadline")

    def __init__(self, connection: BaseDatabaseWrapper, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline

    def __call__(
        self, execute: Execute, sql: str, params: object, many: object, context: Context
    ) -> object:
        raw = raw_cursor(context)
        if many or not sql.startswith(_READS) or getattr(raw, "name", None):
            return execute(sql, params, many, context)
        limit = f"{_NO_JIT}; {_set(self._deadline)}; "
        if self._connection.get_autocommit():
            result = execute(limit + sql, params, many, context)
            _skip(raw, 2)
            return result
        try:
            result = execute(
                f"SAVEPOINT flex_read; {limit}{sql};"
                " ROLLBACK TO SAVEPOINT flex_read; RELEASE SAVEPOINT flex_read",
                params,
                many,
                context,
            )
        except Error:
            self._go_back()
            raise
        _skip(raw, 3)
        return result

    def _go_back(self) -> None:
        """Make the transaction of the caller usable again after a read that failed."""
        # Where this fails, too, the connection is lost: the read's error is raised, and says so.
        with suppress(Error), raises_djangos(self._connection):
            raw_connection(self._connection).execute(
                "ROLLBACK TO SAVEPOINT flex_read; RELEASE SAVEPOINT flex_read"
            )


class _PostgresLess:
    """Lower the time limit of a transaction whenever less time is left."""

    __slots__ = ("_deadline",)

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline

    def __call__(
        self, execute: Execute, sql: str, params: object, many: object, context: Context
    ) -> object:
        raw = raw_cursor(context)
        limited = sql.startswith(_STATEMENTS) and not getattr(raw, "name", None)
        # Each time, since rolling back a savepoint also restores the old limit.
        if limited and self._deadline.left() < self._deadline.seconds:
            with raises_djangos(context["connection"]):
                raw.execute(_set(self._deadline))
        return execute(sql, params, many, context)


@contextmanager
def _postgres_read_transaction(
    connection: BaseDatabaseWrapper, deadline: Deadline
) -> Iterator[None]:
    """Limit reads where a statement cannot carry its limit; rolling back puts the old one back."""
    with transaction.atomic(connection.alias):
        with connection.cursor() as cursor:
            cursor.execute(f"{_NO_JIT}; {_set(deadline)}")
        with connection.execute_wrapper(_PostgresLess(deadline)):
            yield
        transaction.set_rollback(True, connection.alias)


@contextmanager
def _postgres_write(
    connection: BaseDatabaseWrapper, deadline: Deadline, lock_timeout: float, *, nested: bool
) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('statement_timeout'), current_setting('lock_timeout'),"
            " set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true)",
            [str(_milliseconds(deadline.left())), str(_milliseconds(lock_timeout))],
        )
        former = cursor.fetchone()[:2]
    with connection.execute_wrapper(_PostgresLess(deadline)):
        yield
    # After an error the savepoint is rolled back, and the settings with it.
    if nested and not must_roll_back(connection):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('statement_timeout', %s, true),"
                " set_config('lock_timeout', %s, true)",
                former,
            )


# --- MariaDB and MySQL ----------------------------------------------------------------------------


class _Prefixed:
    """Put a limit before each statement: it is of that statement alone, and costs no round trip.

    ``prefix`` has a place for what ``unit`` makes of the seconds that are left.
    """

    __slots__ = ("_begins", "_deadline", "_prefix", "_replaced", "_unit")

    def __init__(
        self,
        deadline: Deadline,
        prefix: str,
        unit: Callable[[float], str],
        begins: tuple[str, ...],
        replaced: int = 0,
    ) -> None:
        self._deadline = deadline
        self._prefix = prefix
        self._unit = unit
        self._begins = begins
        self._replaced = replaced

    def __call__(
        self, execute: Execute, sql: str, params: object, many: object, context: Context
    ) -> object:
        if sql.startswith(self._begins):
            left = self._deadline.left()
            if CONVERSION in sql:
                check_conversion(context["connection"])
            if not many:
                sql = self._prefix % self._unit(left) + sql[self._replaced :]
        return execute(sql, params, many, context)


def _mysql_read(connection: BaseDatabaseWrapper, deadline: Deadline) -> _Prefixed:
    if is_mariadb(connection):
        return _Prefixed(deadline, "SET STATEMENT max_statement_time=%s FOR ", _seconds, _READS)
    return _hinted(deadline)


def _mysql_write(
    connection: BaseDatabaseWrapper, deadline: Deadline, lock_timeout: float
) -> _Prefixed:
    if not is_mariadb(connection):
        return _hinted(deadline)
    lock = f"innodb_lock_wait_timeout={max(1, math.ceil(lock_timeout))}"
    prefix = f"SET STATEMENT max_statement_time=%s, {lock} FOR "
    return _Prefixed(deadline, prefix, _seconds, _STATEMENTS)


def _hinted(deadline: Deadline) -> _Prefixed:
    hint = "SELECT /*+ MAX_EXECUTION_TIME(%s) */ "
    return _Prefixed(deadline, hint, lambda s: str(_milliseconds(s)), ("SELECT ",), len("SELECT "))


def _seconds(seconds: float) -> str:
    return f"{max(seconds, 0.001):.3f}"


# --- SQLite ---------------------------------------------------------------------------------------


def _interruptible(
    connection: BaseDatabaseWrapper, deadline: Deadline
) -> AbstractContextManager[None]:
    checked = _Checked(deadline, _STATEMENTS)
    return interruptible(connection, checked, deadline.has_passed, _SQLITE_STEPS)
