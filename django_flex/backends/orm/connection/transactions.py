"""What reads and writes run in: a transaction with time limits, whose errors are translated."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from django.db import connections, transaction

from django_flex.backends.orm.connection.database_errors import translated
from django_flex.backends.orm.connection.deadlines import (
    Deadline,
    check_deferred,
    read_deadline,
    write_deadline,
)
from django_flex.backends.orm.connection.stored_files import files_kept
from django_flex.backends.orm.django_internals.connections import (
    check_transaction,
    is_in_transaction,
    sqlite_write_lock,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from django.db.backends.base.base import BaseDatabaseWrapper

    from django_flex.query.limits import Limits

# Connections on which one of our writes is running: statements inside it are already limited.
_writing: WeakSet[Any] = WeakSet()


@contextmanager
def reading(using: str, limits: Limits, started: float | None = None) -> Iterator[None]:
    """Run plain reads, which all together may take ``read_timeout`` seconds.

    The rows have to be fetched inside. Nothing of the limit stays on the connection, and a
    transaction of the caller goes on after a read that failed.

    Args:
        using: the database.
        limits: with ``read_timeout``.
        started: when the request began (``time.monotonic()``), if its time does not begin now.

    Raises:
        UnavailableError: the database is away, or the reads took too long (``backend.timeout``).
        QueryError: the database refuses the query.
    """
    connection = connections[using]
    if connection in _writing:
        yield  # the errors of the write are the write's to translate
        return
    deadline = Deadline(limits.read_timeout, started)
    with translated(connection), read_deadline(connection, deadline):
        yield


@contextmanager
def writing(
    using: str, limits: Limits, *, dry_run: bool = False, deadline: Deadline | None = None
) -> Iterator[None]:
    """Write everything or nothing: a transaction, or a savepoint in that of the caller.

    All of it may take ``write_timeout`` seconds, and a statement may wait ``lock_timeout`` for a
    lock.

    Args:
        using: the database.
        limits: of the API version.
        dry_run: undo everything at the end; ``on_commit`` callbacks do not run.
        deadline: of the request, if its time does not begin now. On SQLite it begins with the lock,
            since the setting of the database says how long that is waited for.

    Raises:
        ConflictError: it conflicts with stored data or with another write.
        InvalidValueError: the database refuses a value.
        UnavailableError: the database is away, or the write took too long.
        OutcomeUnknownError: the answer to the COMMIT was lost.
    """
    connection = connections[using]
    nested = connection in _writing
    ended: list[bool] = []
    stored: list[bool] = []
    with ExitStack() as stack:
        stack.enter_context(files_kept(using, stored, dry_run=dry_run))
        stack.enter_context(translated(connection, writing=True, ended=ended, stored=stored))
        inside = is_in_transaction(connection)
        with _lock_at_the_start(connection):
            stack.enter_context(transaction.atomic(using))
        if not inside:
            # The first callback. When one that the project has added fails, all is stored already.
            transaction.on_commit(partial(stored.append, True), using)
        if not nested:
            _writing.add(connection)
            stack.callback(_writing.discard, connection)
            deadline = deadline or Deadline(limits.write_timeout)
            if connection.vendor == "sqlite":
                deadline.begin()
            limited = write_deadline(connection, deadline, limits.lock_timeout, nested=inside)
            stack.enter_context(limited)
        yield
        # Code in between may have caught an error, and then nothing would be stored, silently.
        check_transaction(connection)
        if dry_run or (inside and not nested):
            # Here, since the COMMIT that would tell does not come, or is the caller's.
            check_deferred(connection)
        if dry_run:
            transaction.set_rollback(True, using)
        if deadline is not None and not nested:
            # Whatever took so long (perhaps the project's code), do not hold its locks any longer.
            deadline.left()
        if not (inside or dry_run):
            ended.append(True)


def _lock_at_the_start(connection: BaseDatabaseWrapper) -> AbstractContextManager[None]:
    """Let a transaction of SQLite that begins here take the write lock at once.

    Two transactions that read first and write then would both hold what the other one waits for,
    and SQLite fails one of them without waiting.
    """
    return sqlite_write_lock(connection) if connection.vendor == "sqlite" else nullcontext()
