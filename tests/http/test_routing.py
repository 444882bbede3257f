"""Paths below a prefix, taken apart."""

from __future__ import annotations

import pytest

from django_flex.exceptions import MethodNotAllowedError, NotFoundError
from django_flex.http.routing import (
    COLLECTION,
    ENDPOINT,
    OBJECT,
    QUERY_WORD,
    Route,
    model_route,
    model_url,
    route,
    view_url,
)


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("", Route(None, None, ENDPOINT)),
        ("booking", Route("booking", None, COLLECTION)),
        ("booking/", Route("booking", None, COLLECTION)),
        ("shop.booking/", Route("shop.booking", None, COLLECTION)),
        ("booking/1", Route("booking", "1", OBJECT)),
        ("booking/1/", Route("booking", "1", OBJECT)),
        ("booking/a b", Route("booking", "a b", OBJECT)),
        ("booking/query", Route("booking", None, QUERY_WORD)),
        ("booking/query/", Route("booking", None, QUERY_WORD)),
    ],
)
def test_path_leads_somewhere(rest: str, expected: Route) -> None:
    assert expected == route(rest)


@pytest.mark.parametrize("rest", ["/", "//", "booking//", "booking/1/2", "/booking", "booking//1"])
def test_path_that_leads_nowhere_is_a_404(rest: str) -> None:
    with pytest.raises(NotFoundError):
        route(rest)


@pytest.mark.parametrize(
    ("rest", "method", "operation"),
    [
        ("", "POST", None),
        ("", "QUERY", None),
        ("booking", "GET", "list"),
        ("booking", "HEAD", "list"),
        ("booking", "QUERY", "list"),
        ("booking/query", "POST", "list"),
        ("booking/1", "GET", "get"),
        ("booking/1", "HEAD", "get"),
        ("booking/1", "QUERY", "get"),
        ("booking", "POST", "add"),
        ("booking", "PUT", "upsert"),
        ("booking/1", "PUT", "edit"),
        ("booking/1", "PATCH", "edit"),
        ("booking/1", "DELETE", "delete"),
    ],
)
def test_method_means_an_operation(rest: str, method: str, operation: str | None) -> None:
    assert operation == route(rest).meaning(method).operation


@pytest.mark.parametrize(
    ("rest", "method", "allow"),
    [
        ("", "GET", "OPTIONS, POST, QUERY"),
        ("booking/query", "GET", "OPTIONS, POST, QUERY"),
        ("booking/1", "POST", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT, QUERY"),
        ("booking", "TRACE", "GET, HEAD, OPTIONS, POST, QUERY"),
        ("booking", "PUT", "GET, HEAD, OPTIONS, POST, QUERY"),
        ("booking", "PATCH", "GET, HEAD, OPTIONS, POST, QUERY"),
        ("booking", "DELETE", "GET, HEAD, OPTIONS, POST, QUERY"),
    ],
)
def test_method_that_is_not_served_says_which_are(rest: str, method: str, allow: str) -> None:
    with pytest.raises(MethodNotAllowedError) as caught:
        route(rest).without_upsert().meaning(method)

    assert {"Allow": allow} == caught.value.headers


@pytest.mark.parametrize(
    ("pk", "method", "operation"),
    [
        (None, "GET", "list"),
        (None, "POST", "list"),
        (None, "QUERY", "list"),
        (1, "GET", "get"),
        (1, "POST", "get"),
    ],
)
def test_view_with_a_model_always_reads(pk: object, method: str, operation: str) -> None:
    assert operation == model_route(pk).meaning(method).operation
