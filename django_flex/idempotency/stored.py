"""Replies in the database: the key, the write and the reply are committed together.

Whenever a process dies, either all of them are stored or none.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.db import connections, router
from django.db.transaction import on_commit
from django.utils import timezone

from django_flex.exceptions import ConflictError, FlexError, InFlightError, UnavailableError
from django_flex.idempotency.models import StoredReply
from django_flex.idempotency.replies import pack, replay, succeeded

if TYPE_CHECKING:
    from django_flex.conf import Settings
    from django_flex.idempotency.attempts import Perform, Transaction, WriteAttempt
    from django_flex.plan.shape import FlexResult

#: One write in sixteen looks for expired replies, and deletes up to this many.
SWEEP = 100
SWEEPS = ("0",)


def database() -> str:
    """Return the alias of the database that stores replies to writes of other backends."""
    return router.db_for_write(StoredReply)


def once(
    attempt: WriteAttempt,
    settings: Settings,
    using: str,
    transaction: Transaction,
    perform: Perform,
) -> FlexResult:
    """Run a write, or replay it; see ``execution.once``."""
    claiming = False
    try:
        with transaction():
            now = timezone.now()
            expires = now + timedelta(hours=settings.idempotency.hours)
            claiming = True
            found = _claim(attempt, using, now, expires)
            claiming = False
            if found is not None:
                return replay(attempt, *found)
            result = succeeded(perform)
            _store(attempt, result, using, expires)
    except FlexError as error:
        if not claiming or isinstance(error, UnavailableError):
            raise
        raise _of_the_claim(error) from error
    return result


def _of_the_claim(error: FlexError) -> FlexError:
    """Return the error for one that was raised before the write itself began."""
    if isinstance(error, ConflictError):
        # The wait for the row of another transaction took too long.
        return InFlightError()
    # The table is missing, or is not ours: nothing that the client could put right.
    return UnavailableError()


def _claim(
    attempt: WriteAttempt, using: str, now: datetime, expires: datetime
) -> tuple[str, bytes] | None:
    """Lock the row of a key, adding it if necessary; return the reply in it, if any.

    One statement inserts or locks. It waits for a transaction with the same key, and takes an
    exclusive lock immediately. A shared lock, as of a failed INSERT, would cause a deadlock when
    two waiting transactions upgrade it.
    """
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


def _store(attempt: WriteAttempt, result: FlexResult, using: str, expires: datetime) -> None:
    """Store a reply in the row of its key, which this transaction has added or taken over."""
    StoredReply.objects.using(using).filter(pk=attempt.id).update(
        fingerprint=attempt.fingerprint, reply=pack(attempt, result), expires=expires
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
