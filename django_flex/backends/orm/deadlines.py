"""Time limits of statements, as each database has them, which leave the connection as it was.

| Database | What limits a read | What limits a write |
|---|---|---|
| PostgreSQL | ``statement_timeout`` of one statement | ``statement_timeout``, ``lock_timeout`` |
| MariaDB | ``max_statement_time`` of one statement | the same, ``innodb_lock_wait_timeout`` |
| MySQL | the hint ``MAX_EXECUTION_TIME`` | nothing: MySQL limits no other statement |
| SQLite | a progress handler | a progress handler |

Any other database has no limit that we know of.
"""

from __future__ import annotations

import math
import time
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

from django.db import Error, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from django.db.backends.base.base import BaseDatabaseWrapper

    from django_flex.query.limits import Limits

    Execute = Callable[..., Any]

# Steps of SQLite's machine between two looks at the clock: seldom enough to cost nothing, often
# enough to stop within milliseconds.
_SQLITE_STEPS = 10_000

# What reads begin with: a project's own SAVEPOINT or SET in between stays as it is.
_READS = ("SELECT", "WITH", "(", "EXPLAIN", "ANALYZE")
_STATEMENTS = (*_READS, "INSERT", "UPDATE", "DELETE", "REPLACE")


def read_deadline(connection: BaseDatabaseWrapper, limits: Limits) -> AbstractContextManager[None]:
    """Return a context in which each plain read may take ``read_timeout`` seconds.

    A server-side cursor (``iterator()`` on PostgreSQL) has no limit here.
    """
    match connection.vendor:
        case "postgresql" if _binds_on_client(connection):
            return connection.execute_wrapper(_PostgresRead(connection, limits.read_timeout))
        case "postgresql":
            return _postgres_read_transaction(connection, limits.read_timeout)
        case "mysql":
            return connection.execute_wrapper(_mysql_prefix(connection, limits, writing=False))
        case "sqlite":
            return _interrupted_read(connection, limits.read_timeout)
        case _:
            return nullcontext()


def stream_deadline(
    connection: BaseDatabaseWrapper, limits: Limits
) -> AbstractContextManager[None]:
    """Return a context in which each statement may take ``read_timeout``, server-side cursors too."""
    if connection.vendor == "postgresql":
        return _postgres_session(connection, limits.read_timeout)
    return read_deadline(connection, limits)


def write_deadline(
    connection: BaseDatabaseWrapper, limits: Limits, *, nested: bool
) -> AbstractContextManager[None]:
    """Return a context in which each statement of a write is limited; a transaction is open.

    Args:
        connection: where the transaction is.
        limits: with ``write_timeout`` and ``lock_timeout``.
        nested: whether the transaction goes on after ours, which is a savepoint of it.
    """
    match connection.vendor:
        case "postgresql":
            return _postgres_write(connection, limits, nested=nested)
        case "mysql":
            return connection.execute_wrapper(_mysql_prefix(connection, limits, writing=True))
        case "sqlite":
            return _interrupted(connection, limits.write_timeout)
        case _:
            return nullcontext()


def check_deferred(connection: BaseDatabaseWrapper) -> None:
    """Check what PostgreSQL would only check at COMMIT, and let it be checked then once more.

    The savepoint puts back which constraints are deferred, so a caller's own transaction is none
    the wiser. Other databases check at once, or (SQLite) at COMMIT only.
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


def _binds_on_client(connection: BaseDatabaseWrapper) -> bool:
    """Tell whether one string may hold several statements and values: psycopg 3, as Django uses it.

    Not so with psycopg 2, which gives the last result only, nor with ``server_side_binding``.
    """
    connection.ensure_connection()
    factory = getattr(connection.connection, "cursor_factory", None)
    on_client = getattr(connection.Database, "ClientCursor", None)  # type: ignore[attr-defined]  # of each backend
    return on_client is not None and isinstance(factory, type) and issubclass(factory, on_client)


def _skip(cursor: Any, results: int) -> None:
    """Leave the results of the statements that were sent before the read."""
    for _ in range(results):
        cursor.nextset()


class _PostgresRead:
    """Send the limit and the read in one round trip, as one transaction that ends with the read.

    Inside a transaction of the caller a savepoint is that transaction: going back to it puts the
    caller's own limit back.
    """

    __slots__ = ("_connection", "_limit")

    def __init__(self, connection: BaseDatabaseWrapper, seconds: float) -> None:
        self._connection = connection
        self._limit = f"{_NO_JIT}; SET LOCAL statement_timeout = {_milliseconds(seconds)}; "

    def __call__(self, execute: Execute, sql: str, params: Any, many: Any, context: Any) -> Any:
        raw = context["cursor"].cursor
        if many or not sql.startswith(_READS) or getattr(raw, "name", None):
            return execute(sql, params, many, context)
        if self._connection.get_autocommit():
            result = execute(self._limit + sql, params, many, context)
            _skip(raw, 2)
            return result
        try:
            result = execute(
                f"SAVEPOINT flex_read; {self._limit}{sql};"
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
        with suppress(Error), self._connection.wrap_database_errors:
            self._connection.connection.execute(
                "ROLLBACK TO SAVEPOINT flex_read; RELEASE SAVEPOINT flex_read"
            )


@contextmanager
def _postgres_read_transaction(connection: BaseDatabaseWrapper, seconds: float) -> Iterator[None]:
    """Limit reads where a statement cannot carry its limit; rolling back puts the old one back."""
    with transaction.atomic(connection.alias):
        with connection.cursor() as cursor:
            cursor.execute(f"{_NO_JIT}; SET LOCAL statement_timeout = {_milliseconds(seconds)}")
        yield
        transaction.set_rollback(True, connection.alias)


@contextmanager
def _postgres_session(connection: BaseDatabaseWrapper, seconds: float) -> Iterator[None]:
    """Limit the statements of the session for a while: a cursor cannot carry a limit of its own."""
    change = (
        "SELECT current_setting('statement_timeout'), set_config('statement_timeout', %s, false)"
    )
    with connection.cursor() as cursor:
        cursor.execute(change, [str(_milliseconds(seconds))])
        former = cursor.fetchone()[0]
    try:
        yield
    finally:
        # Fails in a transaction that an error has ended: going back there puts it back, too.
        with suppress(Error), connection.cursor() as cursor:
            cursor.execute(change, [former])


@contextmanager
def _postgres_write(
    connection: BaseDatabaseWrapper, limits: Limits, *, nested: bool
) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('statement_timeout'), current_setting('lock_timeout'),"
            " set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true)",
            [str(_milliseconds(limits.write_timeout)), str(_milliseconds(limits.lock_timeout))],
        )
        former = cursor.fetchone()[:2]
    yield
    # After an error the savepoint is rolled back, and the settings with it.
    if nested and not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('statement_timeout', %s, true),"
                " set_config('lock_timeout', %s, true)",
                former,
            )


# --- MariaDB and MySQL ----------------------------------------------------------------------------


class _Prefixed:
    """Put a limit before each statement: it is of that statement alone, and costs no round trip."""

    __slots__ = ("_begins", "_prefix", "_replaced")

    def __init__(self, prefix: str, begins: tuple[str, ...], replaced: int = 0) -> None:
        self._prefix = prefix
        self._begins = begins
        self._replaced = replaced

    def __call__(self, execute: Execute, sql: str, params: Any, many: Any, context: Any) -> Any:
        if not many and sql.startswith(self._begins):
            sql = self._prefix + sql[self._replaced :]
        return execute(sql, params, many, context)


def _mysql_prefix(connection: Any, limits: Limits, *, writing: bool) -> _Prefixed:
    seconds = limits.write_timeout if writing else limits.read_timeout
    connection.ensure_connection()  # or to ask which one it is would connect for that alone
    if not connection.mysql_is_mariadb:
        hint = f"SELECT /*+ MAX_EXECUTION_TIME({_milliseconds(seconds)}) */ "
        return _Prefixed(hint, ("SELECT ",), len("SELECT "))
    limit = f"max_statement_time={max(seconds, 0.001):.3f}"
    if not writing:
        return _Prefixed(f"SET STATEMENT {limit} FOR ", _READS)
    lock = f"innodb_lock_wait_timeout={max(1, math.ceil(limits.lock_timeout))}"
    return _Prefixed(f"SET STATEMENT {limit}, {lock} FOR ", _STATEMENTS)


# --- SQLite ---------------------------------------------------------------------------------------


class _Deadline:
    """When the statement that runs has to stop; each new statement starts anew."""

    __slots__ = ("_at", "_seconds")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._at = time.monotonic() + seconds

    def __call__(self, execute: Execute, sql: str, params: Any, many: Any, context: Any) -> Any:
        self._at = time.monotonic() + self._seconds
        return execute(sql, params, many, context)

    def has_passed(self) -> bool:
        return time.monotonic() > self._at


@contextmanager
def _interrupted(connection: BaseDatabaseWrapper, seconds: float) -> Iterator[None]:
    """Interrupt statements of SQLite, which knows one handler per connection, and no way to ask."""
    connection.ensure_connection()
    raw = connection.connection
    deadline = _Deadline(seconds)
    with connection.execute_wrapper(deadline):
        raw.set_progress_handler(deadline.has_passed, _SQLITE_STEPS)
        try:
            yield
        finally:
            # Nothing to take off a connection that was closed in between.
            if connection.connection is raw and not connection.closed_in_transaction:
                raw.set_progress_handler(None, 0)


@contextmanager
def _interrupted_read(connection: BaseDatabaseWrapper, seconds: float) -> Iterator[None]:
    """Interrupt a read of SQLite: one statement, whose time begins here, so nothing wraps it."""
    connection.ensure_connection()
    raw = connection.connection
    end = time.monotonic() + seconds
    raw.set_progress_handler(lambda: time.monotonic() > end, _SQLITE_STEPS)
    try:
        yield
    finally:
        # Nothing to take off a connection that was closed in between.
        if connection.connection is raw and not connection.closed_in_transaction:
            raw.set_progress_handler(None, 0)
