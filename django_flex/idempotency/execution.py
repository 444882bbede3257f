"""Runs a write once, with either store."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.apps import apps

from django_flex.idempotency import cached

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from django_flex.conf import Settings
    from django_flex.idempotency.attempts import Perform, Transaction, WriteAttempt
    from django_flex.plan.shape import FlexResult

APP = "django_flex.idempotency"


def in_database() -> bool:
    """Whether the app that stores replies in the database is installed."""
    return apps.is_installed(APP)


def once(
    attempt: WriteAttempt,
    settings: Settings,
    using: str,
    transaction: Transaction,
    perform: Perform,
    apart: Transaction | None = None,
) -> FlexResult:
    """Run a write in a transaction, or return its stored reply.

    Only successful replies are stored: after a failure the same key runs again. Not for dry runs,
    which have to leave the key free for the write itself.

    Args:
        attempt: the request.
        settings: those of the API version.
        using: the alias of the database that is written to.
        transaction: opens the transaction (``atomic``) on that database.
        perform: runs the write; the first and every later request gets its result.
        apart: opens another transaction there, which is not late if that of the write was;
            ``None`` for one like that.

    Raises:
        IdempotencyKeyReusedError: the key was used for another request.
        InFlightError: another process is running the write.
        UnavailableError: the store is unavailable, and nothing was written; or the answer to the
            COMMIT was lost, and a repetition finds out.
        OutcomeUnknownError: whether this request, or the first one with its key, has written is not
            known: code in it has written somewhere else, or the reply is not stored with the write.
        FlexError: what ``perform`` raises, or the error of its result.
    """
    if in_database():
        # Imported here because its model exists only if the app is installed.
        from django_flex.idempotency import stored

        return stored.once(attempt, settings, using, transaction, perform, apart)
    return cached.once(attempt, settings, using, transaction, perform)


def once_apart(
    attempt: WriteAttempt,
    settings: Settings,
    transaction: Callable[[str], AbstractContextManager[None]],
    perform: Perform,
) -> FlexResult:
    """Run a write that no transaction of Django's holds, or return its stored reply.

    The reply is stored right after the write; if that fails, it is logged. If the process dies in
    between, the same key runs again. If the database did not say whether it has written, that is stored, and said to repetitions.

    Args:
        attempt: the request.
        settings: those of the API version.
        transaction: opens a transaction of Django's on the database of an alias, for the reply.
        perform: runs the write; when it returns, everything has been written.

    Raises:
        IdempotencyKeyReusedError: the key was used for another request.
        InFlightError: another process is running the write.
        UnavailableError: the store is unavailable; nothing was written.
        OutcomeUnknownError: whether this request, or the first one with its key, has written is not
            known.
        FlexError: what else ``perform`` raises.
    """
    if in_database():
        # Imported here because its model exists only if the app is installed.
        from django_flex.idempotency import stored

        using = stored.database()
        return stored.once_apart(attempt, settings, using, partial(transaction, using), perform)
    return cached.once_apart(attempt, settings, perform)
