"""The errors for exceptions of Django REST framework that the code of a project raises.

REST framework is not imported: a project that does not use it cannot raise them.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django_flex.exceptions.base import FlexError
from django_flex.exceptions.general import (
    AccessDeniedError,
    AuthenticationFailedError,
    AuthenticationRequiredError,
    ConflictError,
    ObjectNotFoundError,
    RateLimitExceededError,
    UnavailableError,
    ValidationFailedError,
)

_OF_NO_FIELD = "__all__"
_UNKNOWN = 401
_SECONDS = 60


def of_rest_framework(error: Exception) -> FlexError | None:
    """Return the error for an exception of REST framework, or ``None`` for any other exception.

    The status is preserved: 400 with messages by field, 401, 403, 404, 409, 429 and 503. Any other
    status is a bug in the project, so it is ``None`` too.
    """
    exceptions = sys.modules.get("rest_framework.exceptions")
    if exceptions is None or not isinstance(error, exceptions.APIException):
        return None
    if isinstance(error, exceptions.NotAuthenticated) and error.status_code == _UNKNOWN:
        return AuthenticationRequiredError()
    meaning = _MEANINGS.get(error.status_code)
    return None if meaning is None else meaning(error)


def _text(error: Any) -> str:
    return " ".join(message for message, _ in _messages(error.detail))


def _invalid(error: Any) -> ValidationFailedError:
    detail = error.detail
    parts = detail if isinstance(detail, Mapping) else {_OF_NO_FIELD: detail}
    found: dict[str, list[tuple[str, str]]] = {}
    for name, errors in parts.items():
        field = _OF_NO_FIELD if name == "non_field_errors" else str(name)
        found.setdefault(field, []).extend(_messages(errors))
    return ValidationFailedError(
        {name: [text for text, _ in pairs] for name, pairs in found.items()},
        {name: [code for _, code in pairs] for name, pairs in found.items()},
    )


def _messages(detail: object) -> Iterator[tuple[str, str]]:
    """Yield messages and their codes; a detail may be nested like the data."""
    if isinstance(detail, Mapping):
        detail = list(detail.values())
    if isinstance(detail, list | tuple):
        for part in detail:
            yield from _messages(part)
    else:
        yield str(detail), str(getattr(detail, "code", None) or "invalid")


def _throttled(error: object) -> RateLimitExceededError:
    wait = getattr(error, "wait", None)
    return RateLimitExceededError(retry_after=math.ceil(wait or _SECONDS))


#: By status, because projects declare their own exceptions with one.
_MEANINGS: dict[int, Callable[[Any], FlexError]] = {
    400: _invalid,
    _UNKNOWN: lambda error: AuthenticationFailedError(_text(error)),
    403: lambda error: AccessDeniedError(_text(error)),
    404: lambda _: ObjectNotFoundError(),
    409: lambda error: ConflictError(_text(error)),
    429: _throttled,
    503: lambda error: UnavailableError(_text(error)),
}
