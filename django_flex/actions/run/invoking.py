"""Calls the handler of an action, and translates its exceptions."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.db.models import ProtectedError, RestrictedError
from django.http import Http404

from django_flex.actions.declare.definitions import InputContext
from django_flex.actions.run.finding import why_not
from django_flex.actions.run.referring import ReferableRows
from django_flex.engine.writing import check_tag
from django_flex.exceptions import (
    AccessDeniedError,
    ActionError,
    ActionFailedError,
    ActionUnavailableError,
    ConflictError,
    FlexError,
    ObjectNotFoundError,
    PreconditionFailedError,
    ValidationFailedError,
)
from django_flex.exceptions.foreign import of_rest_framework
from django_flex.exceptions.places import Part
from django_flex.plan.planner import make_plan

if TYPE_CHECKING:
    from django_flex.actions.run.runs import Run

logger = logging.getLogger("django_flex.actions")
#: Database errors, which the transaction around the run translates.
_OF_THE_DATABASE = (
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProtectedError,
    RestrictedError,
)


def check_row(run: Run, row: Any) -> None:
    """Check a locked row against the caller's preconditions and the action's conditions.

    Raises:
        PreconditionFailedError: the row does not match the caller's preconditions.
        ActionUnavailableError: a condition of the action does not allow it.
    """
    if run.parsed.if_match is not None:
        plan = None if run.shown is None else make_plan(run.shown, run.can)
        most = run.settings.limits.max_reply_bytes
        check_tag(run.parsed.if_match, run.backend, plan, run.using, most, row.pk)
    wanted = run.condition
    if wanted is not None and not run.backend.satisfies(
        run.entry.resource, wanted, row.pk, run.using
    ):
        raise PreconditionFailedError(Part.CONDITION)
    reason = why_not(run.definition, run.context, row)
    if reason is not None:
        raise ActionUnavailableError(reason)


def read_input(run: Run, target: Any) -> Any:
    """Return the validated input, as the handler takes it.

    Raises:
        ValidationFailedError: some values are invalid.
    """
    info = InputContext(run.context, target, ReferableRows(run))
    return run.definition.input.clean(run.parsed.values, info)


def invoke(run: Run, target: Any, data: Any) -> Any:
    """Call the handler; its exceptions become a ``FlexError``.

    Raises:
        FlexError: the code refused or failed.
    """
    run.called = True
    try:
        return run.definition.handler(run.context, target, data)
    except FlexError:
        raise
    except PermissionDenied as error:
        raise AccessDeniedError(str(error) or "Access denied") from error
    except ValidationError as error:
        raise _invalid(error) from error
    except Http404 as error:
        raise ObjectNotFoundError from error
    except _OF_THE_DATABASE:
        raise
    except Exception as error:
        known = of_rest_framework(error)
        if type(known) is ConflictError:
            known = ActionError(str(known))
        if known is None:
            logger.exception("The action '%s' failed", run.definition.id)
        raise known or ActionFailedError from error


def _invalid(error: ValidationError) -> ValidationFailedError:
    if hasattr(error, "error_dict"):
        parts = error.error_dict.items()
    else:
        parts = {NON_FIELD_ERRORS: error.error_list}.items()
    found = {
        name: [(text, e.code) for e in errors for text in e.messages] for name, errors in parts
    }
    return ValidationFailedError(
        {name: [str(text) for text, _ in pairs] for name, pairs in found.items()},
        {name: [str(code or "invalid") for _, code in pairs] for name, pairs in found.items()},
    )
