"""Errors as Directus reports them: ``{"errors": [{"message": …, "extensions": {"code": …}}]}``.

What is hidden and what does not exist have the same reply, which names neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from django_flex import exceptions
from django_flex.dialects.directus.words import WORDS
from django_flex.exceptions import FlexError, RequestError, ValidationFailedError
from django_flex.exceptions.places import worded
from django_flex.languages import in_language
from django_flex.plan.shape import FlexResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FORBIDDEN, ROUTE = "FORBIDDEN", "ROUTE_NOT_FOUND"
DENIED = worded("You do not have permission to access this, or it does not exist")
#: The code and the status of each error; the first class that it belongs to decides.
_CODES: Sequence[tuple[type[FlexError], str, int]] = (
    (exceptions.ValidationFailedError, "FAILED_VALIDATION", 400),
    (exceptions.DuplicateError, "RECORD_NOT_UNIQUE", 400),
    (exceptions.ConflictError, "UNPROCESSABLE_CONTENT", 422),
    (exceptions.PreconditionFailedError, "UNPROCESSABLE_CONTENT", 422),
    (exceptions.IdempotencyKeyReusedError, "UNPROCESSABLE_CONTENT", 422),
    (exceptions.AuthenticationRequiredError, FORBIDDEN, 403),
    (exceptions.TokenExpiredError, "TOKEN_EXPIRED", 401),
    (exceptions.AuthenticationError, "INVALID_CREDENTIALS", 401),
    (exceptions.CsrfFailedError, "INVALID_TOKEN", 403),
    (exceptions.AccessDeniedError, FORBIDDEN, 403),
    (exceptions.ObjectNotFoundError, FORBIDDEN, 403),
    (exceptions.ResourceNotFoundError, FORBIDDEN, 403),
    (exceptions.NotFoundError, ROUTE, 404),
    (exceptions.MethodNotAllowedError, "METHOD_NOT_ALLOWED", 405),
    (exceptions.ContentTooLargeError, "CONTENT_TOO_LARGE", 413),
    (exceptions.UnsupportedMediaTypeError, "UNSUPPORTED_MEDIA_TYPE", 415),
    (exceptions.RateLimitExceededError, "REQUESTS_EXCEEDED", 429),
    (exceptions.UnavailableError, "SERVICE_UNAVAILABLE", 503),
    (exceptions.OutcomeUnknownError, "SERVICE_UNAVAILABLE", 503),
)
#: What Django's codes of a value mean, where Directus has a code for it.
_OF_VALUES: Mapping[str, str] = {
    "null": "NOT_NULL_VIOLATION",
    "required": "NOT_NULL_VIOLATION",
    "unique": "RECORD_NOT_UNIQUE",
    "unique_together": "RECORD_NOT_UNIQUE",
    "does_not_exist": "INVALID_FOREIGN_KEY",
    "max_length": "VALUE_TOO_LONG",
    "max_value": "VALUE_OUT_OF_RANGE",
    "min_value": "VALUE_OUT_OF_RANGE",
}
_BODY = frozenset({"body", "data", "keys"})


def reply_to_error(error: FlexError) -> FlexResult:
    """Return the reply that reports an error, in the active language."""
    error = error.in_words(WORDS, translate=gettext)
    code, status = code_of(error)
    if code == FORBIDDEN:
        told = [_told(in_language(DENIED), code)]
    elif isinstance(error, ValidationFailedError):
        told = list(_of_fields(error)) or [_told(error.message, code)]
    else:
        extensions = {"path": error.path, "reason": error.hint}
        known = {name: text for name, text in extensions.items() if text is not None}
        told = [_told(error.message, code, **known)]
    return FlexResult(data={"errors": told}, status_code=status, error=error)


def code_of(error: FlexError) -> tuple[str, int]:
    """Return the code of an error, and its status."""
    for kind, code, status in _CODES:
        if isinstance(error, kind):
            return code, status
    if error.status >= 500:  # noqa: PLR2004 - RFC 9110, 15.6
        return "INTERNAL_SERVER_ERROR", error.status
    first = (error.path or "").partition(".")[0].partition("[")[0]
    if first in _BODY or not first or (isinstance(error, RequestError) and first == "body"):
        return "INVALID_PAYLOAD", 400
    return "INVALID_QUERY", 400


def _told(message: str, code: str, **extensions: object) -> dict[str, Any]:
    return {"message": message, "extensions": {"code": code, **extensions}}


def _of_fields(error: ValidationFailedError) -> list[dict[str, Any]]:
    found = []
    for name, messages in error.fields.items():
        codes = error.codes.get(name, [])
        for position, message in enumerate(messages):
            kind = codes[position] if position < len(codes) else "invalid"
            code = _OF_VALUES.get(kind, "FAILED_VALIDATION")
            found.append(_told(message, code, field=name, type=kind))
    return found
