"""What a read and a write run in: a transaction, its time limits, and errors as errors of ours."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from django.db import connections, transaction

from django_flex.backends.orm.deadlines import (
    check_deferred,
    read_deadline,
    stream_deadline,
    write_deadline,
)
from django_flex.backends.orm.faults import translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.query.limits import Limits

# Connections with a write of ours under way: what is read or written in it has its limits already.
_writing: WeakSet[Any] = WeakSet()


@contextmanager
def reading(using: str, limits: Limits) -> Iterator[None]:
    """Run plain reads, each of which may take ``read_timeout`` seconds.

    The rows have to be fetched inside. Nothing of the limit stays on the connection, and a
    transaction of the caller goes on after a read that failed.

    Raises:
        UnavailableError: the database is away, or a read took too long (``backend.timeout``).
        QueryError: the database refuses the query.
    """
    connection = connections[using]
    if connection in _writing:
        yield  # the errors of the write are the write's to translate
        return
    with translated(connection), read_deadline(connection, limits):
        yield


@contextmanager
def streaming(using: str, limits: Limits) -> Iterator[None]:
    """Read one more lot of a stream; what is left of its time is ``read_timeout``.

    Raises:
        UnavailableError: the database is away, or the time is over (``backend.timeout``).
    """
    connection = connections[using]
    with translated(connection), stream_deadline(connection, limits):
        yield


@contextmanager
def writing(using: str, limits: Limits, *, dry_run: bool = False) -> Iterator[None]:
    """Write everything or nothing: a transaction, or a savepoint in that of the caller.

    A statement may take ``write_timeout`` seconds, and wait ``lock_timeout`` for a lock.

    Args:
        using: the database.
        limits: of the API version.
        dry_run: undo everything at the end; ``on_commit`` callbacks do not run.

    Raises:
        ConflictError: what is stored, or another write, stands against it.
        InvalidValueError: the database refuses a value.
        UnavailableError: the database is away, or a statement took too long.
    """
    connection = connections[using]
    nested = connection in _writing
    stored: list[bool] = []
    with ExitStack() as stack:
        stack.enter_context(translated(connection, writing=True, stored=stored))
        inside = connection.in_atomic_block or not connection.get_autocommit()
        with _lock_at_the_start(connection):
            stack.enter_context(transaction.atomic(using))
        if not inside:
            # The first callback. When one that the project has added fails, all is stored already.
            transaction.on_commit(partial(stored.append, True), using)
        if not nested:
            stack.enter_context(_marked(connection))
            stack.enter_context(write_deadline(connection, limits, nested=inside))
        yield
        # Code in between may have caught an error: nothing would be stored, and nobody told.
        connection.validate_no_broken_transaction()
        if dry_run or (inside and not nested):
            # Here, since the COMMIT that would tell does not come, or is the caller's.
            check_deferred(connection)
        if dry_run:
            transaction.set_rollback(True, using)


@contextmanager
def _marked(connection: Any) -> Iterator[None]:
    _writing.add(connection)
    try:
        yield
    finally:
        _writing.discard(connection)


@contextmanager
def _lock_at_the_start(connection: Any) -> Iterator[None]:
    """Let a transaction of SQLite that begins here take the write lock at once.

    Two transactions that read first and write then would both hold what the other one waits for,
    and SQLite fails one of them without waiting.
    """
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()  # connecting sets the mode of the settings
    former = connection.transaction_mode
    connection.transaction_mode = "EXCLUSIVE" if former == "EXCLUSIVE" else "IMMEDIATE"
    try:
        yield
    finally:
        connection.transaction_mode = former
