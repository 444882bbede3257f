"""A result into bytes, status and headers."""

from __future__ import annotations

import re
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, HttpResponseNotModified
from django.utils.encoding import iri_to_uri
from django.utils.http import parse_etags

from django_flex.engine import READ_OPERATIONS
from django_flex.http.request import preferred_return
from django_flex.http.streaming import respond_with
from django_flex.plan.json_values import encode, entity_tag, tag_of

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.conf import Settings
    from django_flex.engine import FlexRequest
    from django_flex.plan.shape import FlexResult

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
VARY = "Accept, Authorization, Cookie, Prefer"
_PLACE = re.compile(r"(offset|cursor)=")
CACHE_CONTROL = "private, no-cache"


def render(
    request: HttpRequest,
    result: FlexResult,
    settings: Settings,
    asked: FlexRequest | None = None,
) -> HttpResponseBase:
    """Return the HTTP reply of a result.

    Args:
        request: what is answered.
        result: the answer, or the error.
        settings: of the API version.
        asked: what was asked for, where the request was understood.
    """
    response: HttpResponseBase
    if result.error is not None:
        return _render_error(request, result, settings)
    if result.stream is not None:
        response = respond_with(request, result.stream, asked.resource if asked else "rows")
        _link_pages(request, result.data["pagination"], response)
    elif asked is not None and asked.operation not in READ_OPERATIONS:
        response = _render_write(request, result, settings, asked)
    else:
        response = _render_read(request, result, settings)
    for name, value in result.headers.items():
        response.headers[name] = value
    return finish(response, settings)


def _render_read(request: HttpRequest, result: FlexResult, settings: Settings) -> HttpResponse:
    """Return the reply of a read; ``304`` if the client has it already.

    A get has a strong entity tag, a list a weak one (RFC 9110): the order of equal rows may differ
    between two databases that hold the same data.
    """
    body, etag = _encode(result, settings)
    response = HttpResponse(body, content_type=JSON, status=_status(result, settings))
    if "results" in result.data and "pagination" in result.data:
        etag = f"W/{etag}"
        _link_pages(request, result.data["pagination"], response)
    if not settings.always_http_200 and _matches(request, etag):
        response = HttpResponseNotModified()
    response.headers["ETag"] = etag
    return response


def _render_write(
    request: HttpRequest, result: FlexResult, settings: Settings, asked: FlexRequest
) -> HttpResponse:
    """Return the reply of a write, without its object for clients that prefer so (RFC 7240).

    The tag of a row that was written is that of a get of the same fields.
    """
    preferred = preferred_return(request)
    body, etag = _encode(result, settings)
    if preferred == "minimal":
        # A row that was made stays a 201; a 200 has nothing to show any more.
        status = 204 if result.status_code == HTTPStatus.OK else result.status_code
        result = replace(result, data={}, status_code=status)
        body = encode({"status_code": status}) if settings.always_http_200 else b""
    response = HttpResponse(body, content_type=JSON, status=_status(result, settings))
    if not body:
        del response.headers["Content-Type"]
    if preferred is not None:
        response.headers["Preference-Applied"] = f"return={preferred}"
    if _is_of_one_row(asked):
        response.headers["ETag"] = etag
    return response


def _is_of_one_row(asked: FlexRequest) -> bool:
    """Say whether a write's reply is a row as it is stored now."""
    whole = {"_items", "_dry_run"}.isdisjoint(asked.payload)
    return whole and asked.operation in {"add", "edit", "upsert"}


def _status(result: FlexResult, settings: Settings) -> int:
    return HTTPStatus.OK if settings.always_http_200 else result.status_code


def _encode(result: FlexResult, settings: Settings) -> tuple[bytes, str]:
    """Return the body of a reply and its tag, which is that of the object without its status."""
    if not settings.always_http_200:
        body = encode(result.data)
        return body, tag_of(body)
    data = {key: value for key, value in result.data.items() if key != "status_code"}
    return encode({"status_code": result.status_code, **result.data}), entity_tag(data)


def _render_error(request: HttpRequest, result: FlexResult, settings: Settings) -> HttpResponseBase:
    error, data, content_type = result.error, result.data, JSON
    if PROBLEM_JSON in request.headers.get("Accept", ""):
        content_type = PROBLEM_JSON
        data = problem(result.data, result.status_code)
    if settings.always_http_200:
        data = {"status_code": result.status_code, **data}
    status = _status(result, settings)
    response = HttpResponse(encode(data), content_type=content_type, status=status)
    for name, value in {**result.headers, **(error.headers if error is not None else {})}.items():
        response.headers[name] = value
    return finish(response, settings)


def problem(data: dict[str, Any], status: int) -> dict[str, Any]:
    """Return an error as a problem document (RFC 9457), with our members beside the standard."""
    extra = {key: value for key, value in data.items() if key != "error"}
    return {"type": "about:blank", "title": data["error"], "status": status, **extra}


def finish(response: HttpResponseBase, settings: Settings) -> HttpResponseBase:
    """Add the headers that every reply has: nothing of a caller may end in a shared cache."""
    response.headers["Cache-Control"] = CACHE_CONTROL
    response.headers["Vary"] = VARY
    for name, value in settings.headers.items():
        response.headers[name] = value
    return response


def _matches(request: HttpRequest, etag: str) -> bool:
    header = request.META.get("HTTP_IF_NONE_MATCH")
    if header is None or request.method not in {"GET", "HEAD", "QUERY"}:
        return False
    known = [tag.removeprefix("W/") for tag in parse_etags(header)]
    return "*" in known or etag.removeprefix("W/") in known


def _link_pages(
    request: HttpRequest, pagination: dict[str, Any], response: HttpResponseBase
) -> None:
    """Add ``Link: rel="next"`` and ``"prev"`` (RFC 8288) to a list that was asked for by URL alone."""
    if request.method not in {"GET", "HEAD"} or request.body:
        return
    links = [
        f'<{_page_url(request, pagination[name])}>; rel="{name}"'
        for name in ("next", "prev")
        if name in pagination
    ]
    if links:
        response.headers["Link"] = ", ".join(links)


def _page_url(request: HttpRequest, query: dict[str, Any]) -> str:
    """Return the URL that was asked for, with the place of another page."""
    asked = [
        p for p in request.META.get("QUERY_STRING", "").split("&") if p and not _PLACE.match(p)
    ]
    key = "cursor" if "cursor" in query else "offset"
    # A header holds no text of the client but what a URL may hold.
    return iri_to_uri(f"{request.path}?{'&'.join([*asked, f'{key}={query[key]}'])}")
