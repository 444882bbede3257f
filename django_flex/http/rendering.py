"""A result into bytes, status and headers."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, HttpResponseNotModified
from django.utils.encoding import iri_to_uri
from django.utils.http import parse_etags

from django_flex.plan.json_values import encode

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_flex.conf import Settings
    from django_flex.plan.shape import FlexResult

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
VARY = "Accept, Authorization, Cookie, Prefer"
_OFFSET = re.compile(r"(?:^|&)offset=[^&]*")
CACHE_CONTROL = "private, no-cache"


def render(request: HttpRequest, result: FlexResult, settings: Settings) -> HttpResponse:
    """Return the HTTP reply of a result; ``304`` if the client has it already.

    A get has a strong entity tag, a list a weak one (RFC 9110): the order of equal rows may differ
    between two databases that hold the same data.
    """
    if result.error is not None:
        return _render_error(request, result, settings)
    data: Any = result.data
    if settings.always_http_200:
        data = {"status_code": result.status_code, **data}
    body = encode(data)
    response = HttpResponse(
        body, content_type=JSON, status=200 if settings.always_http_200 else result.status_code
    )
    etag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
    if "results" in result.data and "pagination" in result.data:
        etag = f"W/{etag}"
        _link_next(request, result.data["pagination"], response)
    if not settings.always_http_200 and _matches(request, etag):
        response = HttpResponseNotModified()
    response.headers["ETag"] = etag
    return finish(response, settings)


def _render_error(request: HttpRequest, result: FlexResult, settings: Settings) -> HttpResponse:
    error, data, content_type = result.error, result.data, JSON
    if PROBLEM_JSON in request.headers.get("Accept", ""):
        content_type = PROBLEM_JSON
        data = problem(result.data, result.status_code)
    if settings.always_http_200:
        data = {"status_code": result.status_code, **data}
    status = 200 if settings.always_http_200 else result.status_code
    response = HttpResponse(encode(data), content_type=content_type, status=status)
    for name, value in (error.headers if error is not None else {}).items():
        response.headers[name] = value
    return finish(response, settings)


def problem(data: dict[str, Any], status: int) -> dict[str, Any]:
    """Return an error as a problem document (RFC 9457), with our members beside the standard."""
    extra = {key: value for key, value in data.items() if key != "error"}
    return {"type": "about:blank", "title": data["error"], "status": status, **extra}


def finish(response: HttpResponse, settings: Settings) -> HttpResponse:
    """Add the headers that every reply has: nothing of a caller may end in a shared cache."""
    response.headers["Cache-Control"] = CACHE_CONTROL
    response.headers["Vary"] = VARY
    for name, value in settings.headers.items():
        response.headers[name] = value
    return response


def _matches(request: HttpRequest, etag: str) -> bool:
    header = request.headers.get("If-None-Match")
    if header is None:
        return False
    known = [tag.removeprefix("W/") for tag in parse_etags(header)]
    return "*" in known or etag.removeprefix("W/") in known


def _link_next(request: HttpRequest, pagination: dict[str, Any], response: HttpResponse) -> None:
    """Add ``Link: rel="next"`` (RFC 8288) to a list that was asked for by URL alone."""
    if pagination["has_more"] and request.method in {"GET", "HEAD"} and not request.body:
        asked = _OFFSET.sub("", request.META.get("QUERY_STRING", ""))
        offset = f"offset={pagination['offset'] + pagination['limit']}"
        target = (
            f"{request.path}?{asked.strip('&')}&{offset}" if asked else f"{request.path}?{offset}"
        )
        # A header holds no text of the client but what a URL may hold.
        response.headers["Link"] = f'<{iri_to_uri(target)}>; rel="next"'
