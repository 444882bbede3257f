"""What the project hangs onto writes: signals and the callables of an entry."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from django_flex.backends.orm.validation import as_failure
from django_flex.exceptions import AccessDeniedError
from django_flex.signals import WRITE_SIGNALS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django_flex.backends.orm.work import Work
    from django_flex.permissions.authorized_writes import Rules

logger = logging.getLogger("django_flex")


def call(moment: str, work: Work, rules: Rules) -> None:
    """Call what is to run ``before`` or ``after`` a row is written, inside the transaction.

    Raises:
        AccessDeniedError: a hook raised ``PermissionDenied``.
        ValidationFailedError: a hook raised ``ValidationError``.
    """
    name = f"{moment}_{work.operation}"
    arguments = _arguments(work, rules, name)
    if arguments is None:
        return
    with _vetoes(work, rules):
        for hook in rules.entry.hooks.get(name, ()):
            hook(**arguments)
        WRITE_SIGNALS[name].send(sender=type(work.instance), **arguments)


def call_after_commit(work: Work, rules: Rules, using: str) -> None:
    """Have called what is to run when nothing can undo the write any more."""
    name = f"after_commit_{work.operation}"
    arguments = _arguments(work, rules, name)
    if arguments is None:
        return

    def run() -> None:
        for hook in rules.entry.hooks.get(name, ()):
            _safely(hook, name, arguments)
        WRITE_SIGNALS[name].send_robust(sender=type(work.instance), **arguments)

    transaction.on_commit(run, using=using)


def _arguments(work: Work, rules: Rules, name: str) -> dict[str, Any] | None:
    """Return what the hooks of a name are called with, ``None`` if there are none."""
    if name not in rules.entry.hooks and not WRITE_SIGNALS[name].has_listeners(type(work.instance)):
        return None
    actor = rules.access.actor
    return {
        "instance": work.instance,
        "user": actor.user,
        "request": actor.request,
        "changes": work.changes(),
    }


@contextmanager
def _vetoes(work: Work, rules: Rules) -> Iterator[None]:
    try:
        yield
    except PermissionDenied as error:
        raise AccessDeniedError(str(error) or "Access denied", path=work.place) from error
    except ValidationError as error:
        raise as_failure(error, work, rules) from error


def _safely(hook: Callable[..., Any], name: str, arguments: dict[str, Any]) -> None:
    """Call a hook that can change nothing any more: its failure must not look like the write's."""
    try:
        hook(**arguments)
    except Exception:
        logger.exception("The hook '%s' failed; the write is done", name)
