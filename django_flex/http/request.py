"""What an ``HttpRequest`` holds: its body, its parameters, its preferences."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from django.conf import settings  # noqa: TID251 - a setting of Django, as QueryDict uses it
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.core.handlers.wsgi import WSGIRequest
from django.http import RawPostDataException, UnreadablePostError

from django_flex.dialects.base import RawRequest
from django_flex.exceptions import (
    ContentTooLargeError,
    RequestError,
    UnsupportedMediaTypeError,
)
from django_flex.exceptions.places import Part, worded
from django_flex.http.forms import is_form, read_form
from django_flex.query.terms import excerpt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest

    from django_flex.query.limits import Limits

_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_FORM_METHODS = frozenset({"POST", "PUT", "PATCH"})
_WRITE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_BODY_METHODS = _WRITE_METHODS | {"QUERY"}
#: Characters of a query string whose pairs are cached; a longer one is parsed each time.
MAX_REMEMBERED = 1_024


def read(
    request: HttpRequest, limits: Limits, *, lists: bool = False, forms: bool = False
) -> RawRequest:
    """Return what was sent, for a dialect to decode.

    Args:
        request: the request.
        limits: the caps that apply.
        lists: whether the body may be a list.
        forms: whether the body may be a form with parts.

    Raises:
        RequestError: the body cannot be read, or there are too many parameters.
        ContentTooLargeError: the body is larger than ``MAX_BODY_BYTES``.
        UnsupportedMediaTypeError: the body is another form, or compressed.
    """
    form = None
    if is_form(request):
        if not forms or request.method not in _FORM_METHODS:
            raise no_form()
        _check_encoding(request)
        form = read_form(request, limits)
    return RawRequest(
        method=request.method or "GET",
        body=b"" if form is not None else _body(request, limits),
        parameters=parameters(request),
        lists=lists,
        form=form,
    )


def header(request: HttpRequest, name: str) -> str | None:
    """Return a header, ``None`` without it; ``request.headers`` copies all of them to say so."""
    found: str | None = request.META.get(f"HTTP_{name.upper().replace('-', '_')}")
    return found


def no_form() -> UnsupportedMediaTypeError:
    """Return the error for a form where only JSON is read."""
    return UnsupportedMediaTypeError(
        "Send the body as JSON",
        hint="Content-Type: application/json; forms are for adding and editing rows",
    )


def _body(request: HttpRequest, limits: Limits) -> bytes:
    declared = str(request.META.get("CONTENT_LENGTH") or "0")
    if not (declared.isascii() and declared.isdecimal()):
        raise RequestError("The Content-Length is not a number")
    # More digits than these are a number that int() refuses to read.
    if int(declared[:20]) > limits.max_body_bytes:
        raise _too_large(limits)
    if not int(declared[:20]) and isinstance(request, WSGIRequest):
        return b""  # Django reads as many bytes; under ASGI a body may come without its length
    try:
        body = request.body
    except RequestDataTooBig as error:
        raise _too_large(limits) from error
    except (UnreadablePostError, RawPostDataException) as error:
        raise RequestError("The body could not be read") from error
    if len(body) > limits.max_body_bytes:
        raise _too_large(limits)
    if body:
        _check_media_type(request)
    return body


def check_query(request: HttpRequest) -> None:
    """Refuse a QUERY without a body or a content type (RFC 10008, 2).

    Raises:
        RequestError: the body or its content type is missing.
    """
    if not request.body:
        raise RequestError(
            "QUERY needs a body",
            path="body",
            hint=worded('{{"{}": "*"}}; use GET to send only parameters', Part.FIELDS),
        )
    if not request.content_type:
        raise RequestError(
            "The body of a QUERY needs a content type",
            path="body",
            hint="Content-Type: application/json",
        )


def check_bare(request: HttpRequest) -> None:
    """Refuse a query where a GET only lists the models.

    Raises:
        RequestError: the request has parameters or a body.
    """
    names = [name for name, _ in parameters(request)]
    if names or request.META.get("CONTENT_LENGTH") not in {None, "", "0"}:
        raise RequestError(
            "This URL lists the models, and takes no query",
            path=excerpt(names[0]) if names else "body",
            hint="a list is at the URL of its model, as in /api/booking/?fields=id",
        )


def _too_large(limits: Limits) -> ContentTooLargeError:
    return ContentTooLargeError(
        "The body is too large", hint=worded("at most {} bytes", limits.max_body_bytes)
    )


def _check_media_type(request: HttpRequest) -> None:
    """Refuse form data and compressed bodies; no content type and ``text/plain`` mean JSON."""
    _check_encoding(request)
    if request.method in _BODY_METHODS and (request.content_type or "") in _FORMS:
        raise UnsupportedMediaTypeError(
            "Send the body as JSON", hint="Content-Type: application/json"
        )


def _check_encoding(request: HttpRequest) -> None:
    if (header(request, "Content-Encoding") or "").lower() not in {"", "identity"}:
        raise UnsupportedMediaTypeError("Send the body uncompressed")


def parameters(request: HttpRequest) -> list[tuple[str, list[str]]]:
    """Return each query parameter with all its values.

    Raises:
        RequestError: there are more than Django accepts.
    """
    raw = str(request.META.get("QUERY_STRING", ""))
    try:
        # What code before us has read or replaced decides.
        plain = "GET" not in vars(request) and request.encoding is None and raw.isascii()
        if plain:
            return _parsed(raw) if raw else []
        return [(name, [str(v) for v in values]) for name, values in request.GET.lists()]
    except (TooManyFieldsSent, SuspiciousOperation) as error:
        raise RequestError("There are too many parameters") from error


@lru_cache(maxsize=128)
def _pairs(raw: str, charset: str, most: int | None) -> tuple[tuple[str, str], ...]:
    """Return the pairs of a query string. They depend on nothing else, and clients repeat theirs."""
    return tuple(parse_qsl(raw, keep_blank_values=True, encoding=charset, max_num_fields=most))


def _parsed(raw: str) -> list[tuple[str, list[str]]]:
    """Return what ``request.GET`` would hold, in less than half the time of a ``QueryDict``."""
    most: int | None = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
    charset = settings.DEFAULT_CHARSET
    try:
        read_pairs = _pairs if len(raw) <= MAX_REMEMBERED else _pairs.__wrapped__
        pairs = read_pairs(raw, charset, most)
    except ValueError as error:
        raise TooManyFieldsSent from error
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return list(found.items())


def prefers(request: HttpRequest, preference: str) -> bool:
    """Whether a request has a preference; pass it in lower case."""
    return "HTTP_PREFER" in request.META and preference in preferences(request)


def preferences(request: HttpRequest) -> frozenset[str]:
    """Return the preferences of a request (RFC 7240), in lower case, without parameters."""
    header = str(request.META.get("HTTP_PREFER", ""))
    return frozenset(part.split(";")[0].strip().lower() for part in header.split(","))


def preferred_return(request: HttpRequest) -> str | None:
    """Return ``minimal`` or ``representation``, whichever is first in the header ``Prefer``."""
    if "HTTP_PREFER" not in request.META:
        return None
    found = (value.lower() for value in _preferred(request, "return"))
    return next((value for value in found if value in {"minimal", "representation"}), None)


def preferred_time_zone(request: HttpRequest) -> str | None:
    """Return the time zone in the header ``Prefer``, unchanged."""
    if "HTTP_PREFER" not in request.META:
        return None
    return next(_preferred(request, "timezone"), None)


def _preferred(request: HttpRequest, wanted: str) -> Iterator[str]:
    """Yield the values that the header ``Prefer`` gives to a name."""
    for part in str(request.META.get("HTTP_PREFER", "")).split(","):
        name, _, value = part.split(";")[0].partition("=")
        if name.strip().lower() == wanted:
            yield value.strip().strip('"')
