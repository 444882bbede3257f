"""Renders a result as an HTTP reply: bytes, status and headers."""

from __future__ import annotations

import re
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from django.http import HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.utils.encoding import iri_to_uri
from django.utils.http import parse_etags

from django_flex.http.request import preferred_return
from django_flex.http.streaming import respond_with
from django_flex.plan.json_values import encode, entity_tag, tag_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.conf import Settings
    from django_flex.engine import Call
    from django_flex.plan.shape import FlexResult, PageInfo

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
VARY = "Accept, Authorization, Cookie, Prefer"
_PLACE = re.compile(r"(offset|cursor)=")
CACHE_CONTROL = "private, no-cache"


def render(
    request: HttpRequest,
    result: FlexResult,
    settings: Settings,
    asked: Call | None = None,
) -> HttpResponseBase:
    """Return the HTTP reply of a result.

    Args:
        request: the request.
        result: the result, or the error.
        settings: those of the API version.
        asked: the call, if the request could be decoded.
    """
    response: HttpResponseBase
    if result.error is not None:
        return _render_error(request, result, settings)
    if result.stream is not None:
        response = respond_with(request, result.stream, asked.resource if asked else "rows")
        _link_pages(request, result.paging, response)
    elif asked is not None and not asked.reads_only:
        response = _render_write(request, result, settings, asked)
    else:
        response = _render_read(request, result, settings)
    for name, value in result.headers.items():
        response.headers[name] = value
    return finish(response, settings)


def render_document(
    request: HttpRequest, data: object, headers: Mapping[str, str], settings: Settings
) -> HttpResponse:
    """Return a document that has no room for a status; a 304 if the client already has it.

    Args:
        request: the request.
        data: the document, as JSON values.
        headers: those of the reply, besides those of every reply.
        settings: those of the API version.
    """
    body = encode(data)
    etag = tag_of(body)
    response = HttpResponse(body, content_type=JSON)
    if not settings.always_http_200 and _matches(request, etag):
        response = HttpResponseNotModified()
    for name, value in {"ETag": etag, **headers}.items():
        response.headers[name] = value
    finish(response, settings)
    return response


def _render_read(request: HttpRequest, result: FlexResult, settings: Settings) -> HttpResponse:
    """Return the reply of a read; a 304 if the client already has it.

    A get has a strong entity tag, a list a weak one (RFC 9110), because the order of equal rows
    may differ between two databases with the same data.
    """
    body, etag = _encode(result, settings)
    response = HttpResponse(body, content_type=JSON, status=_status(result, settings))
    if result.paging is not None:
        etag = f"W/{etag}"
        _link_pages(request, result.paging, response)
    if not settings.always_http_200 and _matches(request, etag):
        response = HttpResponseNotModified()
    response.headers["ETag"] = etag
    return response


def _render_write(
    request: HttpRequest, result: FlexResult, settings: Settings, asked: Call
) -> HttpResponse:
    """Return the reply of a write, without the object if the client prefers that (RFC 7240).

    The tag of a written row is that of a get of the same fields.
    """
    preferred = preferred_return(request)
    body, etag = _encode(result, settings)
    if result.status_code == HTTPStatus.NO_CONTENT and not settings.always_http_200:
        body = b""
    if preferred == "minimal":
        # A row that was added is still a 201; a 200 without a body is a 204.
        status = 204 if result.status_code == HTTPStatus.OK else result.status_code
        result = replace(result, data={}, status_code=status)
        body = encode({_status_key(settings): status}) if settings.always_http_200 else b""
    response = HttpResponse(body, content_type=JSON, status=_status(result, settings))
    if not body:
        del response.headers["Content-Type"]
    if preferred is not None:
        response.headers["Preference-Applied"] = f"return={preferred}"
    if _is_of_one_row(asked):
        response.headers["ETag"] = etag
    return response


def _is_of_one_row(asked: Call) -> bool:
    """Whether the reply of a write is a stored row."""
    one = asked.operation in {"add", "edit", "upsert"}
    return one and asked.dialect.writes_one_row(asked.payload)


def _status(result: FlexResult, settings: Settings) -> int:
    return HTTPStatus.OK if settings.always_http_200 else result.status_code


def _status_key(settings: Settings) -> str:
    return settings.policy.schema.shown("status_code")


def _encode(result: FlexResult, settings: Settings) -> tuple[bytes, str]:
    """Return the body of a reply and its tag, which does not depend on the status."""
    if not settings.always_http_200:
        body = encode(result.data)
        return body, tag_of(body)
    name = _status_key(settings)
    data = {key: value for key, value in result.data.items() if key != name}
    return encode({name: result.status_code, **result.data}), entity_tag(data)


def _render_error(request: HttpRequest, result: FlexResult, settings: Settings) -> HttpResponseBase:
    error, data, content_type = result.error, result.data, JSON
    if PROBLEM_JSON in request.headers.get("Accept", ""):
        content_type = PROBLEM_JSON
        data = problem({} if error is None else error.to_dict(), result.status_code)
    if settings.always_http_200:
        data = {_status_key(settings): result.status_code, **data}
    status = _status(result, settings)
    response = HttpResponse(encode(data), content_type=content_type, status=status)
    for name, value in {**result.headers, **(error.headers if error is not None else {})}.items():
        response.headers[name] = value
    return finish(response, settings)


def problem(data: dict[str, object], status: int) -> dict[str, object]:
    """Return an error as a problem document (RFC 9457), with our members added."""
    extra = {key: value for key, value in data.items() if key != "error"}
    return {"type": "about:blank", "title": data["error"], "status": status, **extra}


def finish(response: HttpResponseBase, settings: Settings) -> HttpResponseBase:
    """Add the headers of every reply, which keep it out of shared caches."""
    response.headers["Cache-Control"] = CACHE_CONTROL
    response.headers["Vary"] = VARY
    for name, value in settings.headers.items():
        response.headers[name] = value
    return response


def name_language(response: HttpResponseBase, language: str | None) -> None:
    """Say which language was chosen for a reply; with ``None`` that is up to ``LocaleMiddleware``."""
    if language is not None:
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ["Accept-Language"])


def _matches(request: HttpRequest, etag: str) -> bool:
    header = request.META.get("HTTP_IF_NONE_MATCH")
    if header is None or request.method not in {"GET", "HEAD", "QUERY"}:
        return False
    known = [tag.removeprefix("W/") for tag in parse_etags(header)]
    return "*" in known or etag.removeprefix("W/") in known


def _link_pages(request: HttpRequest, paging: PageInfo | None, response: HttpResponseBase) -> None:
    """Add ``Link: rel="next"`` and ``"prev"`` (RFC 8288) to a list that was requested by URL."""
    if paging is None or request.method not in {"GET", "HEAD"} or request.body:
        return
    links = [f'<{_page_url(request, place)}>; rel="{name}"' for name, place in _neighbours(paging)]
    if links:
        response.headers["Link"] = ", ".join(links)


def _neighbours(paging: PageInfo) -> Iterator[tuple[str, str]]:
    """Yield the relation type of each adjacent page, and the parameter that leads to it."""
    if paging.has_more and not paging.by_cursor:
        yield "next", f"offset={paging.offset + paging.limit}"
    if paging.after is not None:
        yield "next", f"cursor={paging.after}"
    if paging.before is not None:
        yield "prev", f"cursor={paging.before}"


def _page_url(request: HttpRequest, place: str) -> str:
    """Return the requested URL, with the offset or cursor of another page."""
    asked = [
        p for p in request.META.get("QUERY_STRING", "").split("&") if p and not _PLACE.match(p)
    ]
    # The header only gets text of the client that is valid in a URL.
    return iri_to_uri(f"{request.path}?{'&'.join([*asked, place])}")
