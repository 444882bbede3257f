"""Connections beyond their documented methods: what they are, and the driver's objects below them.

Uses of ``BaseDatabaseWrapper``: ``ops``, ``features``, ``connection``, ``Database``,
``ensure_connection``, ``in_atomic_block``, ``needs_rollback``, ``errors_occurred``,
``closed_in_transaction``, ``wrap_database_errors``, ``validate_no_broken_transaction``,
``timezone``, ``timezone_name``, ``execute_wrappers``, and of single databases
``mysql_is_mariadb``, ``isolation_level`` and ``transaction_mode``; of ``CursorWrapper`` the ``cursor``.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.backends.utils import split_tzname_delta
from django.db.models import CheckConstraint, UniqueConstraint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType

    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.base.features import BaseDatabaseFeatures
    from django.db.backends.utils import CursorWrapper
    from django.db.models import BaseConstraint


def connects_in_utc(connection: BaseDatabaseWrapper) -> bool:
    """Whether the datetimes of a connection are in UTC."""
    return connection.timezone is UTC


def type_adapters(cursor: CursorWrapper) -> Any:
    """Return what makes Python's values for a cursor of psycopg 3, ``None`` of another driver."""
    return getattr(cursor.cursor, "adapters", None)


def features(using: str) -> BaseDatabaseFeatures:
    """Return what a database can do."""
    return connections[using].features


def is_enforced(constraint: BaseConstraint, using: str) -> bool:
    """Whether a database has a constraint of a model: Django leaves out what it cannot express."""
    can = features(using)
    if isinstance(constraint, CheckConstraint):
        return bool(can.supports_table_check_constraints)
    if not isinstance(constraint, UniqueConstraint):
        return True
    needs = (
        (constraint.condition, can.supports_partial_indexes),
        (constraint.deferrable, can.supports_deferrable_unique_constraints),
        (getattr(constraint, "include", ()), can.supports_covering_indexes),
        (constraint.expressions, can.supports_expression_indexes),
        (
            constraint.nulls_distinct is not None,
            can.supports_nulls_distinct_unique_constraints,
        ),
    )
    return all(can_do for needed, can_do in needs if needed)


def is_in_transaction(connection: BaseDatabaseWrapper) -> bool:
    """Whether statements belong to a transaction that is open."""
    return connection.in_atomic_block or not connection.get_autocommit()


def must_roll_back(connection: BaseDatabaseWrapper) -> bool:
    """Whether the transaction that is open can only be rolled back."""
    return connection.needs_rollback


def check_transaction(connection: BaseDatabaseWrapper) -> None:
    """Refuse a transaction in which an error was caught that left it broken.

    Raises:
        TransactionManagementError: it can only be rolled back.
    """
    connection.validate_no_broken_transaction()


def drop_if_lost(connection: BaseDatabaseWrapper) -> None:
    """Let the next query have a new connection, if this one is broken.

    Django does so at the end of a request, which code without one never reaches. A transaction
    of the caller keeps the broken connection: to open another one would lose its writes silently.
    """
    if connection.in_atomic_block or not connection.errors_occurred:
        return
    if connection.connection is not None and not connection.is_usable():
        connection.close()


def raises_djangos(connection: BaseDatabaseWrapper) -> AbstractContextManager[None]:
    """Return a context in which errors of the driver become Django's."""
    return connection.wrap_database_errors


def raw_cursor(context: Mapping[str, Any]) -> Any:
    """Return the driver's cursor from the context of an ``execute_wrapper``."""
    return context["cursor"].cursor


def raw_connection(connection: BaseDatabaseWrapper) -> Any:
    """Return the driver's connection, which is opened if it is not."""
    connection.ensure_connection()
    return connection.connection


class interruptible:  # noqa: N801 - a context manager that is called like a function
    """Interrupt statements of SQLite, which allows one handler per connection and cannot return it.

    A class, and ``execute_wrappers`` themselves: each read enters it, and two generators would take
    as long as the rest of it.

    Args:
        connection: to SQLite.
        wrapper: the ``execute_wrapper`` of the statements.
        stop: whether they have to end.
        steps: how many steps SQLite's virtual machine runs between two calls.
    """

    __slots__ = ("_connection", "_raw", "_steps", "_stop", "_wrapper")

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        wrapper: Callable[..., object],
        stop: Callable[[], bool],
        steps: int,
    ) -> None:
        self._connection = connection
        self._wrapper = wrapper
        self._stop = stop
        self._steps = steps

    def __enter__(self) -> None:
        connection = self._connection
        connection.ensure_connection()
        self._raw = connection.connection
        with connection.wrap_database_errors:
            self._raw.set_progress_handler(self._stop, self._steps)
        connection.execute_wrappers.append(self._wrapper)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        connection, raw = self._connection, self._raw
        connection.execute_wrappers.pop()
        with connection.wrap_database_errors:
            # Nothing to take off a connection that was closed in between.
            if connection.connection is raw and not connection.closed_in_transaction:
                raw.set_progress_handler(None, 0)
        # With DEBUG Django asks SQLite how values are written, without making the errors its own.
        connection.wrap_database_errors.__exit__(kind, error, traceback)


def binds_on_client(connection: BaseDatabaseWrapper) -> bool:
    """Whether one string may hold several statements and values: with psycopg 3, as Django uses it.

    Not so with psycopg 2, which gives the last result only, nor with ``server_side_binding``.
    """
    factory = getattr(raw_connection(connection), "cursor_factory", None)
    on_client = getattr(connection.Database, "ClientCursor", None)  # type: ignore[attr-defined]  # of each backend
    return on_client is not None and isinstance(factory, type) and issubclass(factory, on_client)


def is_mariadb(connection: BaseDatabaseWrapper) -> bool:
    """Whether a connection of Django's backend for MySQL is one to MariaDB."""
    connection.ensure_connection()  # or to ask which one it is would connect for that alone
    return bool(getattr(connection, "mysql_is_mariadb", False))


def isolation_level(connection: BaseDatabaseWrapper) -> str | None:
    """Return the isolation level that the settings of MySQL or MariaDB name."""
    level: str | None = getattr(connection, "isolation_level", None)
    return level


@contextmanager
def sqlite_write_lock(connection: Any) -> Iterator[None]:
    """Let a transaction of SQLite that begins here take the write lock at once."""
    connection.ensure_connection()  # connecting sets the mode of the settings
    former = connection.transaction_mode
    connection.transaction_mode = "EXCLUSIVE" if former == "EXCLUSIVE" else "IMMEDIATE"
    try:
        yield
    finally:
        connection.transaction_mode = former


def explain_prefix(connection: BaseDatabaseWrapper, *, analyze: bool, as_json: bool) -> str:
    """Return the prefix of a statement that is to be explained."""
    options = {"analyze": True} if analyze else {}
    return connection.ops.explain_query_prefix("json" if as_json else None, **options)


def explains_in_json(connection: BaseDatabaseWrapper) -> bool:
    """Whether a database explains in JSON."""
    return "JSON" in connection.features.supported_explain_formats


def zone_of(connection: BaseDatabaseWrapper) -> str | None:
    """Return the time zone that datetimes are stored in, ``None`` without ``USE_TZ``."""
    return None if connection.timezone is None else connection.timezone_name


def zone_in_sql(name: str) -> str:
    """Return a time zone as MariaDB takes it: by its name, or an offset (``+02:00``)."""
    zone, sign, offset = split_tzname_delta(name)
    return f"{sign}{offset}" if offset else str(zone)


def converts_time_zone(connection: BaseDatabaseWrapper, name: str | None) -> bool:
    """Whether a database has to convert datetimes to a zone that is not the connection's."""
    return name not in {None, connection.timezone_name}
