"""Project code that runs around writes: signals and the callables of an entry."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.exceptions import (
    PermissionDenied,
    SuspiciousFileOperation,
    ValidationError,
)
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext_lazy

from django_flex.backends.orm.on_error import OnError
from django_flex.backends.orm.writing.checks.failures import as_failure
from django_flex.backends.orm.writing.checks.new_values import lack_named
from django_flex.backends.orm.writing.trees import refused_move
from django_flex.exceptions import (
    AccessDeniedError,
    FlexError,
    ObjectNotFoundError,
    ValidationFailedError,
)
from django_flex.exceptions.foreign import of_rest_framework
from django_flex.signals import WRITE_SIGNALS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from django_flex.backends.orm.writing.pending_rows import PendingRow
    from django_flex.resolved import WriteRules

logger = logging.getLogger("django_flex")

REFUSED_NAME = gettext_lazy("The name of a file is not accepted.")
REFUSED = gettext_lazy("The object does not accept these values.")


def concern(when: str, pending_rows: Iterable[PendingRow], rules: WriteRules) -> bool:
    """Whether there are hooks or receivers for some rows of one operation, so that they are called."""
    name = f"{when}_{rules.operation}"
    if name in rules.code.hooks:
        return True
    models = {type(pending.instance) for pending in pending_rows}
    return any(map(WRITE_SIGNALS[name].has_listeners, models))


def call(when: str, pending: PendingRow, rules: WriteRules) -> None:
    """Call the hooks ``before`` or ``after`` a row is written, inside the transaction.

    Raises:
        AccessDeniedError: a hook raised ``PermissionDenied``.
        ValidationFailedError: a hook raised ``ValidationError``, or stumbled over a missing value.
    """
    name = f"{when}_{pending.operation}"
    arguments = _arguments(pending, rules, name)
    if arguments is None:
        return
    with vetoes(pending, rules), lack_named(pending, rules):
        for hook in rules.code.hooks.get(name, ()):
            hook(**arguments)
        WRITE_SIGNALS[name].send(sender=type(pending.instance), **arguments)


def call_after_commit(pending: PendingRow, rules: WriteRules, using: str) -> None:
    """Schedule the hooks and the signal that come once the write can no longer be undone."""
    name = f"after_commit_{pending.operation}"
    arguments = _arguments(pending, rules, name)
    if arguments is None:
        return

    def run() -> None:
        for hook in rules.code.hooks.get(name, ()):
            _safely(hook, name, arguments)
        WRITE_SIGNALS[name].send_robust(sender=type(pending.instance), **arguments)

    transaction.on_commit(run, using=using)


def _arguments(pending: PendingRow, rules: WriteRules, name: str) -> dict[str, object] | None:
    """Return what the hooks of a name are called with, ``None`` if there are none."""
    if name not in rules.code.hooks and not WRITE_SIGNALS[name].has_listeners(
        type(pending.instance)
    ):
        return None
    return {
        "instance": pending.instance,
        "user": rules.code.user,
        "request": rules.code.request,
        "changes": pending.changes(),
    }


def vetoes(pending: PendingRow, rules: WriteRules) -> AbstractContextManager[None]:
    """Run code of the project's about a row: a hook, ``save``, ``delete``, a receiver of a signal.

    Raises:
        AccessDeniedError: it raised ``PermissionDenied``.
        ValidationFailedError: it raised ``ValidationError``, or ``ValueError`` whose text is not shown.
        ObjectNotFoundError: it raised ``Http404``.
        FlexError: what an exception of REST framework means.
    """
    return OnError(partial(_raise_meant, pending, rules))


def _raise_meant(pending: PendingRow, rules: WriteRules, error: Exception) -> None:
    refusal = None if isinstance(error, FlexError) else _meaning(error, pending, rules)
    if refusal is not None:
        raise refusal from error


def _meaning(error: Exception, pending: PendingRow, rules: WriteRules) -> FlexError | None:
    """Return what an exception of the project's code means, ``None`` for a fault."""
    match error:
        case PermissionDenied():
            return AccessDeniedError(str(error) or "Access denied", path=pending.place)
        case ValidationError():
            return as_failure(error, pending, rules)
        case Http404():
            return ObjectNotFoundError(path=pending.place)
        case SuspiciousFileOperation():
            logger.warning("A storage refused the name of a file", exc_info=error)
            return as_failure(ValidationError(REFUSED_NAME, "invalid_name"), pending, rules)
        case _:
            return _refusal(error, pending, rules)


def _refusal(error: Exception, pending: PendingRow, rules: WriteRules) -> FlexError | None:
    """Return what an exception of another package or of Python means, ``None`` for a fault."""
    refused_by_tree = refused_move(error, type(pending.instance))
    if refused_by_tree is not None:
        return as_failure(refused_by_tree, pending, rules)
    known = of_rest_framework(error)
    if isinstance(known, ValidationFailedError):
        return as_failure(_as_django(known), pending, rules)
    if known is not None:
        return known.with_path(pending.place)
    if not isinstance(error, ValueError):
        return None
    # Its text is written for developers, and may tell of rows that the caller may not see.
    logger.warning("'%s' refused a write", type(pending.instance).__name__, exc_info=error)
    return as_failure(ValidationError(REFUSED, "refused"), pending, rules)


def _as_django(error: ValidationFailedError) -> ValidationError:
    return ValidationError(
        {
            name: [
                ValidationError(text, code)
                for text, code in zip(messages, error.codes[name], strict=True)
            ]
            for name, messages in error.fields.items()
        }
    )


def _safely(hook: Callable[..., Any], name: str, arguments: dict[str, object]) -> None:
    """Call a hook after the commit; its failure must not look like a failure of the write."""
    try:
        hook(**arguments)
    except Exception:
        logger.exception("The hook '%s' failed; the write is done", name)
