"""Replies in a cache: once, unless a process dies between the commit and the storing of the reply.

A marker holds the key while the write runs. It expires, so a process that died does not block the
key for long; after that a repetition with the same key writes again.

Inside a transaction of the project the marker stays until the transaction ends. A repetition in the
same transaction sees what was written, and gets the reply; others wait for the commit.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from math import ceil
from secrets import token_hex
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from django.core.cache import caches
from django.db import connections
from django.db.transaction import on_commit

from django_flex.exceptions import InFlightError, OutcomeUnknownError, UnavailableError
from django_flex.idempotency.replies import pack, pack_unknown, replay, succeeded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.conf import Settings
    from django_flex.idempotency.attempts import Perform, Transaction, WriteAttempt
    from django_flex.plan.shape import FlexResult

logger = logging.getLogger("django_flex")
#: A marker expires after the time of this many statements, each with its wait for a lock.
STATEMENTS = 10
#: the fingerprint, the owner of the marker, and the reply if there is one
_Stored = tuple[str, str, bytes | None]


class _KeyEntry:
    """The cache entry of one key."""

    __slots__ = ("attempt", "cache", "committed", "marker", "name", "reply", "settings")

    def __init__(self, attempt: WriteAttempt, settings: Settings) -> None:
        self.attempt = attempt
        self.name = f"flex:idempotency:{attempt.id}"
        self.marker: _Stored = (attempt.fingerprint, token_hex(8), None)
        self.settings = settings
        self.committed = False
        self.reply = b""
        with _unavailable():
            self.cache: Any = caches[settings.idempotency.cache]

    def claim(self) -> _Stored | None:
        """Add the marker, or return the existing cache entry.

        Raises:
            UnavailableError: the cache can neither be written nor read.
        """
        limits = self.settings.limits
        life = ceil(STATEMENTS * (limits.write_timeout + limits.lock_timeout))
        with _unavailable():
            for _ in range(2):
                if self.cache.add(self.name, self.marker, life):
                    return None
                found: _Stored | None = self.cache.get(self.name)
                if found is not None:
                    return found
        # A cache that hides errors, or evicts at once, cannot tell who was first.
        raise UnavailableError

    def store(self) -> None:
        """Replace the marker with the reply; must not fail, as the write is committed."""
        self.committed = True
        try:
            seconds = self.settings.idempotency.hours * 3_600
            self.cache.set(self.name, (*self.marker[:2], self.reply), seconds)
        except Exception:
            logger.exception("A reply could not be stored for its Idempotency-Key")

    def release(self) -> None:
        """Delete the marker, if it is still ours."""
        try:
            if self.cache.get(self.name) == self.marker:
                self.cache.delete(self.name)
        except Exception:
            logger.exception("An Idempotency-Key stays taken until its marker expires")


class _KeyEntryOfTransaction(_KeyEntry):
    """The cache entry of the key of a write in a transaction of Django's."""

    __slots__ = ("using",)

    def __init__(self, attempt: WriteAttempt, settings: Settings, using: str) -> None:
        super().__init__(attempt, settings)
        self.using = using

    def store(self) -> None:
        """Replace the marker with the reply, once the transaction is committed."""
        _unfinished.get(connections[self.using], {}).pop(self.name, None)
        super().store()

    def waits(self) -> bool:
        """Whether the transaction of the write is still open; a rollback discards its callbacks."""
        waiting = connections[self.using].run_on_commit
        return any(callback == self.store for _, callback, *_ in waiting)


#: Writes inside a transaction of the project, by the name of the key.
_unfinished: WeakKeyDictionary[Any, dict[str, _KeyEntryOfTransaction]] = WeakKeyDictionary()


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        logger.exception("The cache of Idempotency-Keys is unavailable")
        raise UnavailableError from error


def once(
    attempt: WriteAttempt,
    settings: Settings,
    using: str,
    transaction: Transaction,
    perform: Perform,
) -> FlexResult:
    """Run a write, or replay it; see ``execution.once``."""
    entry = _KeyEntryOfTransaction(attempt, settings, using)
    earlier = _earlier(entry)
    if earlier is not None:
        return replay(attempt, earlier.marker[0], earlier.reply)
    found = entry.claim()
    return _run(entry, transaction, perform) if found is None else _replay(attempt, found)


def once_apart(attempt: WriteAttempt, settings: Settings, perform: Perform) -> FlexResult:
    """Run a write that no transaction of Django's holds, or replay it."""
    entry = _KeyEntry(attempt, settings)
    found = entry.claim()
    if found is not None:
        return _replay(attempt, found)
    try:
        result = perform()
    except OutcomeUnknownError:
        entry.reply = pack_unknown(entry.attempt)
        entry.store()
        raise
    except BaseException:
        entry.release()
        raise
    entry.reply = pack(entry.attempt, result)
    entry.store()
    return result


def _replay(attempt: WriteAttempt, found: _Stored) -> FlexResult:
    fingerprint, _, reply = found
    if fingerprint == attempt.fingerprint and reply is None:
        raise InFlightError
    return replay(attempt, fingerprint, reply or b"")


def _earlier(entry: _KeyEntryOfTransaction) -> _KeyEntryOfTransaction | None:
    """Return the same write, if it was done in the current transaction.

    Keys of writes whose transaction or savepoint was rolled back are freed.
    """
    unfinished = _unfinished.get(connections[entry.using], {})
    for name, one in list(unfinished.items()):
        if not one.waits():
            del unfinished[name]
            one.release()
    return unfinished.get(entry.name)


def _run(entry: _KeyEntryOfTransaction, transaction: Transaction, perform: Perform) -> FlexResult:
    connection = connections[entry.using]
    # Inside a transaction of the project, the project decides whether the write is committed.
    inside = connection.in_atomic_block or not connection.get_autocommit()
    succeeded_here = False
    try:
        with transaction():
            # Before the hooks that the write may register: one that raises must not prevent this.
            on_commit(entry.store, using=entry.using)
            result = succeeded(perform)
            entry.reply = pack(entry.attempt, result)
        succeeded_here = True
    except OutcomeUnknownError:
        entry.reply = pack_unknown(entry.attempt)
        entry.store()
        raise
    finally:
        if not (entry.committed or (inside and succeeded_here)):
            entry.release()
    if inside and not entry.committed:
        _unfinished.setdefault(connection, {})[entry.name] = entry
    return result
