"""Replies in a cache: once, unless a process dies between the commit and the storing of the reply.

A marker holds the key while the write runs. It lapses by itself, so a process that died does not
block the key for long; after that the same key runs the write again.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from math import ceil
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from django.core.cache import caches
from django.db import connections
from django.db.transaction import on_commit

from django_flex.exceptions import InFlightError, UnavailableError
from django_flex.idempotency.replies import pack, replay, succeeded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.conf import Settings
    from django_flex.idempotency.attempts import Attempt
    from django_flex.idempotency.execution import Perform, Transaction
    from django_flex.plan.shape import FlexResult

logger = logging.getLogger("django_flex")
#: A marker lives as long as this many statements may take, each with its wait for a lock.
STATEMENTS = 10
#: fingerprint, whose marker it is, and the reply once there is one
_Kept = tuple[str, str, bytes | None]


class _Place:
    """Where one key is kept, and what is there."""

    __slots__ = ("cache", "committed", "marker", "name", "settings", "using")

    def __init__(self, attempt: Attempt, settings: Settings, using: str) -> None:
        self.name = f"flex:idempotency:{attempt.id}"
        self.marker: _Kept = (attempt.fingerprint, token_hex(8), None)
        self.settings = settings
        self.using = using
        self.committed = False
        with _unavailable():
            self.cache: Any = caches[settings.idempotency.cache]

    def claim(self) -> _Kept | None:
        """Put the marker; return what is there instead.

        Raises:
            UnavailableError: the cache can neither be written nor read.
        """
        limits = self.settings.limits
        life = ceil(STATEMENTS * (limits.write_timeout + limits.lock_timeout))
        with _unavailable():
            for _ in range(2):
                if self.cache.add(self.name, self.marker, life):
                    return None
                found: _Kept | None = self.cache.get(self.name)
                if found is not None:
                    return found
        # Something that hides its errors, or forgets at once, cannot tell who was first.
        raise UnavailableError

    def keep(self, reply: bytes) -> None:
        """Replace the marker by the reply; the write is committed, so nothing may fail here."""
        self.committed = True
        try:
            seconds = self.settings.idempotency.hours * 3_600
            self.cache.set(self.name, (*self.marker[:2], reply), seconds)
        except Exception:
            logger.exception("A reply could not be kept for its Idempotency-Key")

    def release(self) -> None:
        """Take the marker away, if it is still ours."""
        try:
            if self.cache.get(self.name) == self.marker:
                self.cache.delete(self.name)
        except Exception:
            logger.exception("An Idempotency-Key stays taken until its marker lapses")


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        logger.exception("The cache of Idempotency-Keys is away")
        raise UnavailableError from error


def once(
    attempt: Attempt, settings: Settings, using: str, transaction: Transaction, perform: Perform
) -> FlexResult:
    """Run a write, or replay it; see ``execution.once``."""
    place = _Place(attempt, settings, using)
    found = place.claim()
    if found is None:
        return _run(place, transaction, perform)
    fingerprint, _, reply = found
    if fingerprint == attempt.fingerprint and reply is None:
        raise InFlightError
    return replay(attempt, fingerprint, reply or b"")


def _run(place: _Place, transaction: Transaction, perform: Perform) -> FlexResult:
    reply = b""
    # Inside a transaction of somebody else's it is theirs whether the write is committed.
    inside = connections[place.using].in_atomic_block
    succeeded_here = False
    try:
        with transaction():
            # Before the hooks that the write may register: one that raises must not undo this.
            on_commit(lambda: place.keep(reply), using=place.using)
            result = succeeded(perform)
            reply = pack(result)
        succeeded_here = True
    finally:
        if not (place.committed or (inside and succeeded_here)):
            place.release()
    return result
