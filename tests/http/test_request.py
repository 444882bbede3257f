"""Requests decoded: body, ``q`` and parameters as one query object."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, QueryDict
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from django_flex.dialects.decoding import parse_json
from django_flex.dialects.flex import FLEX
from django_flex.exceptions import (
    ContentTooLargeError,
    QueryError,
    RequestError,
    UnsupportedMediaTypeError,
)
from django_flex.http.request import (
    MAX_REMEMBERED,
    parameters,
    preferences,
    preferred_return,
    read,
)
from django_flex.query.limits import Limits

LIMITS = Limits()


def decode(request: HttpRequest, limits: Limits, *, lists: bool = False) -> dict[str, Any]:
    return dict(FLEX.decode(read(request, limits, lists=lists), limits))


def ask(url: str = "/", body: Any = "", method: str = "POST", **options: Any) -> dict[str, Any]:
    options.setdefault("content_type", "application/json")
    return decode(RequestFactory().generic(method, url, body, **options), LIMITS)


@pytest.mark.parametrize(
    ("url", "body", "expected"),
    [
        pytest.param("/", "", {}, id="nothing"),
        pytest.param("/", '{"limit": 2}', {"limit": 2}, id="body"),
        pytest.param('/?q={"limit": 2}', "", {"limit": 2}, id="q"),
        pytest.param("/?limit=2", "", {"limit": "2"}, id="parameter"),
        pytest.param("/?fields=id&fields=name", "", {"fields": ["id", "name"]}, id="twice"),
        pytest.param('/?q={"limit": 2}', '{"limit": 1}', {"limit": 2}, id="q-over-body"),
        pytest.param('/?limit=3&q={"limit": 2}', "", {"limit": "3"}, id="parameter-over-q"),
        pytest.param(
            "/?filters.a=1",
            '{"filters": {"a": 2, "b": 3}}',
            {"filters": {"a": "1", "b": 3}},
            id="filters-merge",
        ),
        pytest.param("/", '{"limit": 1, "limit": 2}', {"limit": 2}, id="last-of-repeated-keys"),
        pytest.param("/", '{"name": "\\u00e9"}', {"name": "é"}, id="escapes"),
        pytest.param("/?name=%C3%A9", "", {"name": "é"}, id="utf-8-parameter"),
    ],
)
def test_parts_are_merged(url: str, body: str, expected: dict[str, Any]) -> None:
    assert expected == ask(url, body)


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "text/plain", "", "application/x"],
)
def test_body_is_json_whatever_it_is_called(content_type: str) -> None:
    assert {"limit": 2} == ask(body='{"limit": 2}', content_type=content_type)


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_forms_are_refused(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaTypeError):
        ask(body="limit=2", content_type=content_type)


@pytest.mark.parametrize(
    "text",
    ["{", "", "nul", "{'a': 1}", '{"a": NaN}', '{"a": Infinity}', '{"a": 1,}', "1 2", '"\\ud800"'],
)
def test_invalid_json_is_refused(text: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_json(text.encode(), LIMITS, "body")

    assert "body" == caught.value.path


def nested(depth: int) -> bytes:
    return b"[" * depth + b"1" + b"]" * depth


def test_nesting_up_to_the_cap_is_read() -> None:
    assert parse_json(nested(LIMITS.max_json_depth), LIMITS, "body")


@pytest.mark.parametrize("depth", [LIMITS.max_json_depth + 1, 5_000, 100_000])
def test_nesting_beyond_the_cap_is_refused(depth: int) -> None:
    with pytest.raises(RequestError, match="nested too deeply"):
        parse_json(nested(depth), LIMITS, "body")


def test_declared_length_is_believed_before_the_body_is_read() -> None:
    with pytest.raises(ContentTooLargeError):
        ask(body="{}", CONTENT_LENGTH="99999999")


def test_a_body_may_come_without_its_length() -> None:
    """In chunks, which only ASGI servers pass on; under WSGI Django reads no body then."""
    scope = {
        "type": "http",
        "method": "QUERY",
        "path": "/",
        "headers": [(b"content-type", b"application/json")],
    }

    assert {"limit": 2} == decode(ASGIRequest(scope, BytesIO(b'{"limit": 2}')), LIMITS)
    assert {} == ask(body='{"limit": 2}', CONTENT_LENGTH="")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("handling=lenient", {"handling=lenient"}),
        ("Handling=Lenient; x=1, return=minimal", {"handling=lenient", "return=minimal"}),
        ("", {""}),
    ],
)
def test_preferences_are_read(header: str, expected: set[str]) -> None:
    assert expected == preferences(RequestFactory().get("/", headers={"Prefer": header}))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("return=minimal", "minimal"),
        ("return=representation", "representation"),
        ('Return = "Minimal"; x=1', "minimal"),
        ("handling=lenient, return=minimal", "minimal"),
        ("return=minimal, return=representation", "minimal"),
        ("return=nothing", None),
        ("return", None),
        ("=minimal", None),
        ("", None),
        ("," * 9_000, None),
    ],
)
def test_first_preferred_return_counts(header: str, expected: str | None) -> None:
    request = RequestFactory().get("/", headers={"Prefer": header})

    assert expected == preferred_return(request)


@pytest.mark.parametrize("lists", [True, False])
def test_list_is_a_body_where_one_may_be_sent(lists: bool) -> None:
    request = RequestFactory().generic("POST", "/", "[{}]", content_type="application/json")
    if lists:
        assert {"_items": [{}]} == decode(request, LIMITS, lists=True)
    else:
        with pytest.raises(QueryError):
            decode(request, LIMITS)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("PUT", {"_match": "sku", "match": 1}),
        ("POST", {"_match": "sku", "match": 1}),
        ("GET", {"match": "sku"}),
        ("QUERY", {"match": "sku"}),
    ],
)
def test_match_in_the_url_of_a_write_is_a_control_key(method: str, expected: Any) -> None:
    assert expected == ask("/?match=sku", '{"match": 1}', method)


def test_match_is_named_once() -> None:
    with pytest.raises(QueryError, match="same parameter"):
        ask("/?match=sku&_match=name", "{}", "PUT")


def test_body_that_somebody_else_has_read_is_a_400() -> None:
    request = RequestFactory().generic("POST", "/", "{}", content_type="application/json")
    request.read()
    with pytest.raises(RequestError, match="could not be read"):
        decode(request, LIMITS)


QUERY_STRINGS = st.text(st.sampled_from("ab=&;+%25C3A9fF[].é\x00 ?#"), max_size=24)


@given(text=QUERY_STRINGS)
def test_parameters_are_those_of_djangos_query_dict(text: str) -> None:
    request = RequestFactory().get("/")
    request.META["QUERY_STRING"] = text.encode().decode("latin-1")  # as WSGI hands it over
    expected = [(name, list(values)) for name, values in QueryDict(text.encode()).lists()]
    assert expected == parameters(request)


def test_parameters_that_a_middleware_has_replaced_count() -> None:
    request = RequestFactory().get("/?limit=5")
    request.GET = QueryDict("limit=7&limit=8")  # as a project may do
    assert [("limit", ["7", "8"])] == parameters(request)


def test_parameters_in_another_encoding_are_decoded_by_django() -> None:
    request = RequestFactory().get("/?q=%E9")
    request.encoding = "latin-1"
    assert [("q", ["é"])] == parameters(request)


def test_more_parameters_than_django_accepts_are_refused(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 2
    assert 2 == len(parameters(RequestFactory().get("/?a=1&b=2")))
    with pytest.raises(RequestError):
        parameters(RequestFactory().get("/?a=1&b=2&c=3"))


@pytest.mark.parametrize("length", [10, MAX_REMEMBERED + 1])
def test_a_repeated_query_string_is_read_like_the_first(settings: Any, length: int) -> None:
    url = f"/?a=1&a=2&b={'x' * length}"
    expected = [("a", ["1", "2"]), ("b", ["x" * length])]

    parameters(RequestFactory().get(url))[0][1].append("of another request")
    assert expected == parameters(RequestFactory().get(url))

    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 2
    with pytest.raises(RequestError):
        parameters(RequestFactory().get(url))


def test_a_repeated_query_string_is_read_in_the_current_charset(settings: Any) -> None:
    request = RequestFactory().get("/")
    request.META["QUERY_STRING"] = "q=%E9"
    parameters(request)
    settings.DEFAULT_CHARSET = "latin-1"

    assert [("q", ["é"])] == parameters(request)
