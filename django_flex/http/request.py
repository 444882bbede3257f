"""An ``HttpRequest`` decoded: its JSON body, ``q`` and parameters as one query object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.http import RawPostDataException, UnreadablePostError

from django_flex.exceptions import (
    ContentTooLargeError,
    QueryError,
    RequestError,
    UnsupportedMediaTypeError,
)
from django_flex.query.parser import as_mapping
from django_flex.query.querystring import merge, parse_parameters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest

    from django_flex.query.limits import Limits

_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_WRITE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_BODY_METHODS = _WRITE_METHODS | {"QUERY"}


def decode(request: HttpRequest, limits: Limits, *, lists: bool = False) -> dict[str, Any]:
    """Return the query object of a request: body, then ``q``, then parameters over it.

    Args:
        request: what was sent.
        limits: the caps that apply.
        lists: whether the body may be a list, which becomes ``_items``.

    Raises:
        RequestError: the body is no JSON, the encoding is wrong, a parameter makes no sense.
        ContentTooLargeError: the body is larger than ``MAX_BODY_BYTES``.
        UnsupportedMediaTypeError: the body is a form, or compressed.
        QueryError: body or ``q`` is JSON, but no object.
    """
    payload = dict(_body(request, limits, lists=lists))
    given = parse_parameters(parameters(request))
    if request.method in _WRITE_METHODS and "match" in given:
        if "_match" in given:
            raise QueryError("'match' and '_match' are the same parameter", path="match")
        given["_match"] = given.pop("match")
    if "q" in given:
        whole = given.pop("q")
        if not isinstance(whole, str):
            raise RequestError("'q' is one JSON object", path="q")
        payload = merge(
            payload, as_mapping(parse_json(whole.encode(errors="replace"), limits, "q"), "q")
        )
    return merge(payload, given)


def _body(request: HttpRequest, limits: Limits, *, lists: bool) -> Any:
    declared = str(request.META.get("CONTENT_LENGTH") or "0")
    if not (declared.isascii() and declared.isdecimal()):
        raise RequestError("The Content-Length is no number")
    # More digits than these are a number that int() refuses to read.
    if int(declared[:20]) > limits.max_body_bytes:
        raise _too_large(limits)
    try:
        body = request.body
    except RequestDataTooBig as error:
        raise _too_large(limits) from error
    except (UnreadablePostError, RawPostDataException) as error:
        raise RequestError("The body could not be read") from error
    if len(body) > limits.max_body_bytes:
        raise _too_large(limits)
    if not body:
        return {}
    _check_media_type(request)
    value = parse_json(body, limits, "body")
    if lists and isinstance(value, list):
        return {"_items": value}
    return as_mapping(value, "body")


def _too_large(limits: Limits) -> ContentTooLargeError:
    return ContentTooLargeError(
        "The body is too large", hint=f"at most {limits.max_body_bytes} bytes"
    )


def _check_media_type(request: HttpRequest) -> None:
    """Refuse forms and compressed bodies; a body without a type, or as text, is read as JSON."""
    if request.headers.get("Content-Encoding", "identity").lower() not in {"", "identity"}:
        raise UnsupportedMediaTypeError("Send the body uncompressed")
    if request.method in _BODY_METHODS and (request.content_type or "") in _FORMS:
        raise UnsupportedMediaTypeError(
            "Send the body as JSON", hint="Content-Type: application/json"
        )


def parse_json(text: bytes, limits: Limits, place: str) -> Any:
    """Decode JSON strictly (RFC 8259): UTF-8, no NaN, no overflow, bounded nesting.

    Raises:
        RequestError: it is no JSON, or nested too deeply.
    """
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise RequestError("This is not valid JSON", path=place) from error
    except RecursionError as error:
        raise _too_deep(limits, place) from error
    if _deeper_than(value, limits.max_json_depth):
        raise _too_deep(limits, place)
    return value


def _too_deep(limits: Limits, place: str) -> RequestError:
    return RequestError(
        "The JSON is nested too deeply", path=place, hint=f"at most {limits.max_json_depth} levels"
    )


def _deeper_than(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth + 1):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        level = inner
        if not level:
            return False
    return True


def parameters(request: HttpRequest) -> list[tuple[str, list[str]]]:
    """Return each query parameter with all its values.

    Raises:
        RequestError: there are more than Django accepts.
    """
    try:
        return [(name, [str(v) for v in values]) for name, values in request.GET.lists()]
    except (TooManyFieldsSent, SuspiciousOperation) as error:
        raise RequestError("There are too many parameters") from error


def prefers(request: HttpRequest, preference: str) -> bool:
    """Whether a request has a preference, which is given in lower case."""
    return "HTTP_PREFER" in request.META and preference in preferences(request)


def preferences(request: HttpRequest) -> frozenset[str]:
    """Return the preferences of a request (RFC 7240), in lower case, without parameters."""
    header = str(request.META.get("HTTP_PREFER", ""))
    return frozenset(part.split(";")[0].strip().lower() for part in header.split(","))


def preferred_return(request: HttpRequest) -> str | None:
    """Return ``minimal`` or ``representation``, the first that the header ``Prefer`` has."""
    found = (value.lower() for value in _preferred(request, "return"))
    return next((value for value in found if value in {"minimal", "representation"}), None)


def preferred_time_zone(request: HttpRequest) -> str | None:
    """Return the time zone that the header ``Prefer`` names, as it is written there."""
    return next(_preferred(request, "timezone"), None)


def _preferred(request: HttpRequest, wanted: str) -> Iterator[str]:
    """Yield the values that the header ``Prefer`` gives to a name."""
    for part in str(request.META.get("HTTP_PREFER", "")).split(","):
        name, _, value = part.split(";")[0].partition("=")
        if name.strip().lower() == wanted:
            yield value.strip().strip('"')
