"""What the HTTP request of a write needs: JSON, values in the body, and a CSRF token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.exceptions import UnsupportedMediaTypeError, UnsupportedQueryError
from django_flex.http.csrf import check_csrf, check_origin
from django_flex.http.forms import is_form
from django_flex.http.request import header
from django_flex.idempotency.attempts import HEADER, parse_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    from django_flex.access.actor import Actor


def check_write(request: HttpRequest, actor: Actor, check_parameters: Callable[[], None]) -> None:
    """Refuse a write whose HTTP request does not meet the requirements.

    Args:
        request: the write.
        actor: the caller.
        check_parameters: refuses parameters that a write may not have.

    Raises:
        UnsupportedMediaTypeError: the content type is not JSON.
        CsrfFailedError: the caller is authenticated by a cookie, and the token is missing.
    """
    _check_media_type(request, actor)
    check_parameters()
    if actor.needs_csrf:
        check_csrf(request)


def _check_media_type(request: HttpRequest, actor: Actor) -> None:
    """Require a JSON content type, which a form of another site cannot send (CORS)."""
    declared = (request.content_type or "").lower()
    if is_form(request):
        # Another site can send one. For a session the token is checked as well.
        check_origin(request)
        return
    if declared == "application/json" or declared.endswith("+json") or not request.body:
        return
    if declared or actor.needs_csrf:
        raise UnsupportedMediaTypeError(
            "Send the body of a write as JSON", hint="Content-Type: application/json"
        )


def read_idempotency_key(request: HttpRequest) -> str | None:
    """Return the header ``Idempotency-Key``, unchanged.

    Raises:
        RequestError: it is empty, too long, or not printable ASCII.
    """
    key = header(request, HEADER)
    if key is not None:
        parse_key(key)  # also if it is not used, as for a read
    return key


def refuse_unkept_condition(request: HttpRequest) -> None:
    """Refuse a write on a condition that nothing keeps (RFC 9110, 13.1.2).

    Raises:
        UnsupportedQueryError: it has ``If-None-Match``.
    """
    if header(request, "If-None-Match") is not None:
        raise UnsupportedQueryError(
            "Writes do not support 'If-None-Match'",
            hint="'If-Match' edits or deletes a row only if it has not changed",
        )
