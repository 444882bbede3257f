"""Paths below a prefix, taken apart."""

from __future__ import annotations

from urllib.parse import unquote

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
        ("", "PUT", "GET, HEAD, OPTIONS, POST, QUERY"),
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


@pytest.mark.parametrize(
    ("actions", "pk", "methods"),
    [
        (["get", "list"], None, {"GET", "HEAD", "POST", "QUERY"}),
        (["get", "list"], "1", {"GET", "HEAD", "POST", "QUERY"}),
        (["add", "edit"], None, {"GET", "HEAD", "POST", "PUT", "QUERY"}),
        (["add"], None, {"GET", "HEAD", "POST", "QUERY"}),
        (["edit"], "1", {"GET", "HEAD", "PATCH", "POST", "PUT", "QUERY"}),
        (["delete"], "1", {"DELETE", "GET", "HEAD", "POST", "QUERY"}),
        (None, "1", {"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT", "QUERY"}),
    ],
)
def test_view_serves_the_methods_of_its_actions(actions, pk, methods) -> None:
    assert methods == {*model_route(pk, actions).methods}


@pytest.mark.parametrize(
    ("method", "hint"),
    [
        ("POST", None),
        ("PUT", "…/?match=field"),
        ("PATCH", "PATCH of one row goes to …/{key}"),
        ("DELETE", "DELETE of one row goes to …/{key}"),
    ],
)
def test_hint_says_where_the_method_is_served(method: str, hint: str | None) -> None:
    found = route("booking").without_upsert()
    if hint is None:
        found = route("booking/1")
        hint = "…/query by POST"
    with pytest.raises(MethodNotAllowedError) as caught:
        found.meaning(method)

    assert hint in str(caught.value.hint)


@pytest.mark.parametrize(
    ("key", "url"),
    [
        (7, "/api/booking/7"),
        ("a b", "/api/booking/a%20b"),
        ("é", "/api/booking/%C3%A9"),
        ("a/b", None),
        ("50%25", "/api/booking/50%2525"),
        ("x%41", "/api/booking/x%2541"),
        ("%2F", "/api/booking/%252F"),
        ("a?b#c", "/api/booking/a%3Fb%23c"),
        ("a\r\nb", "/api/booking/a%0D%0Ab"),
        ("query", None),
        ("..", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("path", ["/api/booking/", "/api/booking"])
def test_url_of_a_row_leads_back_to_its_key(path: str, key: object, url: str | None) -> None:
    assert url == model_url(path, key)
    if url is not None:
        # What a server makes of it before the path reaches us.
        rest = unquote(url).removeprefix("/api/")
        assert str(key) == route(rest).pk


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/own/", "/own/a%2Fb/"),
        ("/own", "/own/a%2Fb"),
        ("/", "/a%2Fb/"),
        ("/ö\n/", "/%C3%B6%0A/a%2Fb/"),
    ],
)
def test_url_of_a_row_of_a_view_ends_as_that_of_the_list(path: str, url: str) -> None:
    assert url == view_url(path, "a/b")
