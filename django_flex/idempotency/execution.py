"""Run a write once, whichever store there is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, TypeAlias

from django.apps import apps

from django_flex.idempotency import cached

if TYPE_CHECKING:
    from django_flex.conf import Settings
    from django_flex.idempotency.attempts import Attempt
    from django_flex.plan.shape import FlexResult

APP = "django_flex.idempotency"
Transaction: TypeAlias = Callable[[], AbstractContextManager[None]]
Perform: TypeAlias = "Callable[[], FlexResult]"


def in_database() -> bool:
    """Whether the project has installed the app that keeps replies in the database."""
    return apps.is_installed(APP)


def once(
    attempt: Attempt,
    settings: Settings,
    using: str,
    transaction: Transaction,
    perform: Perform,
) -> FlexResult:
    """Run a write in a transaction, or answer as it was answered before.

    Only success is kept: after a failure the same key runs again. Not for dry runs, which are
    to leave the key free for the write itself.

    Args:
        attempt: what is sent.
        settings: of the API version.
        using: the alias of the database that is written to.
        transaction: opens the transaction (``atomic``) on that database.
        perform: the write; its result is what the first and every later sending gets.

    Raises:
        IdempotencyKeyReusedError: the key came with another request before.
        InFlightError: another process is at it.
        UnavailableError: the store is away; nothing was written.
        FlexError: what ``perform`` raises, or the error of its result.
    """
    if in_database():
        # Its model exists only where the app is installed.
        from django_flex.idempotency import stored

        return stored.once(attempt, settings, using, transaction, perform)
    return cached.once(attempt, settings, using, transaction, perform)
