"""Project code that runs around writes: signals and the callables of an entry."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.core.exceptions import (
    PermissionDenied,
    SuspiciousFileOperation,
    ValidationError,
)
from django.db import transaction
from django.http import Http404

from django_flex.backends.orm.writing.validation import as_failure
from django_flex.exceptions import (
    AccessDeniedError,
    FlexError,
    ObjectNotFoundError,
    ValidationFailedError,
)
from django_flex.exceptions.foreign import of_rest_framework
from django_flex.signals import WRITE_SIGNALS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django_flex.backends.orm.writing.pending_rows import PendingRow
    from django_flex.resolved import WriteRules

logger = logging.getLogger("django_flex")

REFUSED_NAME = "The name of a file is not accepted."
REFUSED = "The object does not accept these values."


def call(when: str, pending: PendingRow, rules: WriteRules) -> None:
    """Call the hooks ``before`` or ``after`` a row is written, inside the transaction.

    Raises:
        AccessDeniedError: a hook raised ``PermissionDenied``.
        ValidationFailedError: a hook raised ``ValidationError``.
    """
    name = f"{when}_{pending.operation}"
    arguments = _arguments(pending, rules, name)
    if arguments is None:
        return
    with vetoes(pending, rules):
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


@contextmanager
def vetoes(pending: PendingRow, rules: WriteRules) -> Iterator[None]:
    """Run code of the project's about a row: a hook, ``save``, ``delete``, a receiver of a signal.

    Raises:
        AccessDeniedError: it raised ``PermissionDenied``.
        ValidationFailedError: it raised ``ValidationError``, or ``ValueError`` whose text is not shown.
        ObjectNotFoundError: it raised ``Http404``.
        FlexError: what an exception of REST framework means.
    """
    try:
        yield
    except FlexError:
        raise
    except PermissionDenied as error:
        raise AccessDeniedError(str(error) or "Access denied", path=pending.place) from error
    except ValidationError as error:
        raise as_failure(error, pending, rules) from error
    except Http404 as error:
        raise ObjectNotFoundError(path=pending.place) from error
    except SuspiciousFileOperation as error:
        logger.warning("A storage refused the name of a file", exc_info=error)
        raise as_failure(ValidationError(REFUSED_NAME, "invalid_name"), pending, rules) from error
    except Exception as error:
        known = of_rest_framework(error)
        if known is None and isinstance(error, ValueError):
            # Its text is written for developers, and may tell of rows that the caller may not see.
            logger.warning("'%s' refused a write", type(pending.instance).__name__, exc_info=error)
            raise as_failure(ValidationError(REFUSED, "refused"), pending, rules) from error
        if known is None:
            raise
        if isinstance(known, ValidationFailedError):
            raise as_failure(_as_django(known), pending, rules) from error
        raise known.with_path(pending.place) from error


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
