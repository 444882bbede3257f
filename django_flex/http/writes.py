"""What a write needs of its HTTP request: JSON, values in the body, a proof of where it is from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.exceptions import RequestError, UnsupportedMediaTypeError
from django_flex.http.csrf import check_csrf
from django_flex.http.request import parameters
from django_flex.query.terms import excerpt

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_flex.permissions.roles import Actor

MAX_KEY_LENGTH = 255
#: Control keys that hold values; the rest of them may stand in the URL.
_VALUES = frozenset({"_set", "_items", "_batch"})


def check_write(request: HttpRequest, actor: Actor) -> None:
    """Refuse a write that is not sent as writes are.

    Raises:
        UnsupportedMediaTypeError: the body is not declared to be JSON.
        RequestError: the URL has values.
        CsrfFailedError: the caller's identity is that of a cookie, and the token is not there.
    """
    _check_media_type(request, actor)
    _check_parameters(request)
    if actor.needs_csrf:
        check_csrf(request)


def _check_media_type(request: HttpRequest, actor: Actor) -> None:
    """Want JSON by name: no form of another site can send that without asking first (CORS)."""
    declared = (request.content_type or "").lower()
    if declared == "application/json" or declared.endswith("+json") or not request.body:
        return
    if declared or actor.needs_csrf:
        raise UnsupportedMediaTypeError(
            "Send the body of a write as JSON", hint="Content-Type: application/json"
        )


def _check_parameters(request: HttpRequest) -> None:
    for name, _ in parameters(request):
        key = name.partition(".")[0]
        if key in _VALUES or not (key.startswith("_") or key == "match"):
            raise RequestError(
                f"'{excerpt(name)}' cannot be a parameter of a write",
                path=excerpt(name),
                hint="values go into the body, as JSON",
            )


def read_idempotency_key(request: HttpRequest) -> str | None:
    """Return the header ``Idempotency-Key``, as it was sent.

    Raises:
        RequestError: it is empty, too long, or not plain text.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not key.strip() or len(key) > MAX_KEY_LENGTH or not (key.isascii() and key.isprintable()):
        raise RequestError(
            "The Idempotency-Key is unusable",
            path="Idempotency-Key",
            hint=f"1 to {MAX_KEY_LENGTH} letters and digits, such as a UUID",
        )
    return key
