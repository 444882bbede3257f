"""Replies in the database: the key, the write and the reply are committed together.

Whenever a process dies, either all of them are stored or none.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING

from django.db import connections, router
from django.db.transaction import on_commit
from django.utils import timezone

from django_flex.exceptions import (
    ConflictError,
    FlexError,
    InFlightError,
    OutcomeUnknownError,
    UnavailableError,
)
from django_flex.idempotency.models import StoredReply
from django_flex.idempotency.replies import pack, pack_unknown, replay, succeeded

if TYPE_CHECKING:
    from django_flex.conf import Settings
    from django_flex.idempotency.attempts import Perform, Transaction, WriteAttempt
    from django_flex.plan.shape import FlexResult

logger = logging.getLogger("django_flex")
#: One write in sixteen looks for expired replies, and deletes up to this many.
SWEEP = 100
SWEEPS = ("0",)


def database() -> str:
    """Return the alias of the database that stores replies to writes of other backends."""
    return router.db_for_write(StoredReply)


class _Stage(Enum):
    """How far a write with a key has come."""

    CLAIM = auto()
    REPLAY = auto()
    WRITE = auto()
    COMMIT = auto()


def once(
    attempt: WriteAttempt,
    settings: Settings,
    using: str,
    transaction: Transaction,
    perform: Perform,
    apart: Transaction | None = None,
) -> FlexResult:
    """Run a write, or replay it; see ``execution.once``."""
    stage, expires = _Stage.CLAIM, _end(settings)
    try:
        with transaction():
            found = _claim(attempt, using, expires)
            if found is not None:
                stage = _Stage.REPLAY
                return replay(attempt, *found)
            stage = _Stage.WRITE
            result = succeeded(perform)
            _store(attempt, pack(attempt, result), using, expires)
            stage = _Stage.COMMIT
    except OutcomeUnknownError as error:
        if stage is _Stage.COMMIT:
            # The key was committed with the write, or not: a repetition finds out.
            raise UnavailableError from error
        if stage is _Stage.WRITE:
            _remember_doubt(attempt, settings, using, apart or transaction)
        raise
    except FlexError as error:
        if stage is not _Stage.CLAIM or isinstance(error, UnavailableError):
            raise
        raise _of_the_claim(error) from error
    return result


def once_apart(
    attempt: WriteAttempt,
    settings: Settings,
    using: str,
    transaction: Transaction,
    perform: Perform,
) -> FlexResult:
    """Run a write that this transaction does not hold, or replay it; see ``execution.once_apart``."""
    stage, expires = _Stage.CLAIM, _end(settings)
    result: FlexResult | OutcomeUnknownError = OutcomeUnknownError()
    try:
        with transaction():
            found = _claim(attempt, using, expires)
            if found is not None:
                stage = _Stage.REPLAY
                return replay(attempt, *found)
            stage = _Stage.WRITE
            result, reply = _performed_apart(attempt, perform)
            stage = _Stage.COMMIT
            _store(attempt, reply, using, expires)
    except FlexError as error:
        if stage is _Stage.CLAIM and not isinstance(error, UnavailableError):
            raise _of_the_claim(error) from error
        if stage is not _Stage.COMMIT:
            raise
        # It is written. An error would have it sent again, and written again.
        logger.exception("A reply could not be stored for its Idempotency-Key")
    if isinstance(result, OutcomeUnknownError):
        raise result
    return result


def _end(settings: Settings) -> datetime:
    return timezone.now() + timedelta(hours=settings.idempotency.hours)


def _performed_apart(
    attempt: WriteAttempt, perform: Perform
) -> tuple[FlexResult | OutcomeUnknownError, bytes]:
    """Run a write; return what came of it, and what is stored for the key.

    An unknown outcome is stored, too, and so must not roll back what stores it.
    """
    try:
        result = succeeded(perform)
    except OutcomeUnknownError as error:
        return error, pack_unknown(attempt)
    return result, pack(attempt, result)


def _remember_doubt(
    attempt: WriteAttempt, settings: Settings, using: str, transaction: Transaction
) -> None:
    """Store for a key that code of the project may have written somewhere else, or not."""
    expires = _end(settings)
    try:
        with transaction():
            if _claim(attempt, using, expires) is None:
                _store(attempt, pack_unknown(attempt), using, expires)
    except FlexError:
        logger.exception("An unknown outcome could not be stored for its Idempotency-Key")


def _of_the_claim(error: FlexError) -> FlexError:
    """Return the error for one that was raised before the write itself began."""
    if isinstance(error, ConflictError):
        # The wait for the row of another transaction took too long.
        return InFlightError()
    # The table is missing, or is not ours: nothing that the client could put right.
    return UnavailableError()


def _claim(attempt: WriteAttempt, using: str, expires: datetime) -> tuple[str, bytes] | None:
    """Lock the row of a key, adding it if necessary; return the reply in it, if any.

    One statement inserts or locks. It waits for a transaction with the same key, and takes an
    exclusive lock immediately. A shared lock, as of a failed INSERT, would cause a deadlock when
    two waiting transactions upgrade it.
    """
    now = timezone.now()
    target = connections[using].features.supports_update_conflicts_with_target
    rows = StoredReply.objects.using(using)
    rows.bulk_create(
        [
            StoredReply(
                id=attempt.id,
                fingerprint=attempt.fingerprint,
                reply=None,
                seen=now,
                expires=expires,
            )
        ],
        update_conflicts=True,
        update_fields=["seen"],
        unique_fields=["id"] if target else None,
    )
    # FOR UPDATE reads what is committed now, also where the transaction has an older snapshot.
    row = rows.select_for_update().get(pk=attempt.id)
    if row.reply is None or row.expires <= now:
        return None
    return row.fingerprint, bytes(row.reply)


def _store(attempt: WriteAttempt, reply: bytes, using: str, expires: datetime) -> None:
    """Store a reply in the row of its key, which this transaction has added or taken over."""
    StoredReply.objects.using(using).filter(pk=attempt.id).update(
        fingerprint=attempt.fingerprint, reply=reply, expires=expires
    )
    if attempt.id.startswith(SWEEPS):
        # After the commit, so that locked rows do not make this write wait. Django logs a failure.
        on_commit(partial(sweep, using), using=using, robust=True)


def sweep(using: str) -> None:
    """Delete some expired replies, the oldest first."""
    expired = StoredReply.objects.using(using).filter(expires__lte=timezone.now())
    oldest = list(expired.order_by("expires").values_list("pk", flat=True)[:SWEEP])
    # Checked again, because rows may have been taken over in the meantime.
    expired.filter(pk__in=oldest).delete()
