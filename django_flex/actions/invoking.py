"""The code of an action, called: with a row that is as it has to be, and with errors of ours."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.db.models import ProtectedError, RestrictedError
from django.http import Http404

from django_flex.actions.finding import why_not
from django_flex.actions.inputs import Surroundings
from django_flex.engine import acting
from django_flex.engine.writing import check_tag
from django_flex.exceptions import (
    AccessDeniedError,
    ActionError,
    ActionFailedError,
    ActionUnavailableError,
    FlexError,
    ObjectNotFoundError,
    PreconditionFailedError,
    ValidationFailedError,
)
from django_flex.plan.planner import make_plan

if TYPE_CHECKING:
    from django_flex.actions.runs import Run

logger = logging.getLogger("django_flex.actions")
#: What the database says of a row that stands against the action, or of its own state.
_OF_THE_DATABASE = (
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProtectedError,
    RestrictedError,
)


def check_row(one: Run, row: Any) -> None:
    """Hold a locked row against what the caller and the action say it has to be like.

    Raises:
        PreconditionFailedError: it is not what the caller thinks it is.
        ActionUnavailableError: the action makes no sense for it.
    """
    if one.call.if_match is not None:
        plan = None if one.shown is None else make_plan(one.shown)
        check_tag(one.call.if_match, plan, one.using, row.pk)
    if one.wanted is not None and not acting.satisfies(one.reach, one.wanted, row.pk, one.using):
        failed = PreconditionFailedError()
        failed.path = "_if"
        raise failed
    reason = why_not(one.definition, one.context, row)
    if reason is not None:
        raise ActionUnavailableError(reason)


def read_input(one: Run, target: Any) -> Any:
    """Return what the code of the action gets of the input.

    Raises:
        ValidationFailedError: some values do not fit.
    """
    around = Surroundings(one.context, target, acting.Referable(one.reach, one.using))
    return one.definition.input.clean(one.call.values, around)


def invoke(one: Run, target: Any, data: Any) -> Any:
    """Call the code of the action; what it raises becomes an error of ours.

    Raises:
        FlexError: what the code refuses; that it failed.
    """
    one.began = True
    try:
        return one.definition.handler(one.context, target, data)
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
        known = _of_rest_framework(error)
        if known is None:
            logger.exception("The action '%s' failed", one.definition.id)
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


def _of_rest_framework(error: Exception) -> FlexError | None:
    """Return what an exception of REST framework means, where the project uses that."""
    exceptions = sys.modules.get("rest_framework.exceptions")
    if exceptions is None or not isinstance(error, exceptions.APIException):
        return None
    text, status = str(error.detail), error.status_code
    if isinstance(error, exceptions.ValidationError):
        return ValidationFailedError({NON_FIELD_ERRORS: [text]})
    known = {403: AccessDeniedError, 404: ObjectNotFoundError, 409: ActionError}
    kind: Any = known.get(status)
    if kind is ObjectNotFoundError:
        return ObjectNotFoundError()
    found: FlexError | None = None if kind is None else kind(text)
    return found
