"""Refusals have the codes of Directus, and name the parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from django_flex.dialects.directus.clauses.relations import Level
from django_flex.schema.resources import Relation
from tests.dialects.directus.asking import GRANT, Server

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown": ({"foo": 1}, "foo"),
    "version": ({"version": "main"}, "version"),
    "brackets": ({"filter[a": "x"}, "filter[a"),
    "two-forms": ({"filter": "{}", "filter[id]": "1"}, "filter"),
    "no-number": ({"limit": "x"}, "limit"),
    "negative": ({"limit": "-2"}, "limit"),
    "negative-offset": ({"offset": "-1"}, "offset"),
    "twice": ({"limit": ["1", "2"]}, "limit"),
    "pages-of-all": ({"limit": "-1", "page": "2"}, "page"),
    "page-and-offset": ({"offset": "1", "page": "2"}, "page"),
    "no-json": ({"filter": "{"}, "filter"),
    "no-object": ({"filter": "[1]"}, "filter"),
    "fields-of-numbers": ({"fields": "[1]"}, "fields"),
    "empty-field": ({"fields": "id,,status"}, "fields"),
    "no-path": ({"fields": "a b"}, "fields"),
    "no-function": ({"fields": "yeer(created_at)"}, "fields"),
    "json-function": ({"fields": "json(metadata,level)"}, "fields"),
    "wildcard-in-front": ({"fields": "*.name"}, "fields"),
    "meta": ({"meta": "all"}, "meta"),
    "no-operator": ({"filter": {"id": {"_like": 1}}}, "filter.id._like"),
    "not": ({"filter": {"_not": {"id": 1}}}, "filter._not"),
    "geometry": ({"filter": {"id": {"_intersects": {}}}}, "filter.id._intersects"),
    "half-a-range": ({"filter": {"id": {"_between": [1]}}}, "filter.id._between"),
    "empty-list": ({"filter": {"id": {"_in": []}}}, "filter.id._in"),
    "no-boolean": ({"filter": {"id": {"_null": "x"}}}, "filter.id._null"),
    "no-list-of-conditions": ({"filter": {"_or": {"id": 1}}}, "filter._or"),
    "empty-condition": ({"filter": {"customer": {}}}, "filter.customer"),
    "operator-without-a-field": ({"filter": {"_eq": 1}}, "filter._eq"),
    "quantifier-of-a-column": ({"filter": {"status": {"_some": {"_eq": 1}}}}, "filter.status._some._eq"),
    "role": ({"filter": {"id": {"_eq": "$CURRENT_ROLE"}}}, "filter.id._eq"),
    "no-time": ({"filter": {"created_at": {"_eq": "$NOW(x)"}}}, "filter.created_at._eq"),
    "wrong-type": ({"filter": {"price": {"_gt": "zzz"}}}, "filter.price._gt"),
    "wrong-date": ({"filter": {"created_at": {"_gt": "zzz"}}}, "filter.created_at._gt"),
    "too-deep": ({"filter": {"_or": [{"_and": [{"_or": [{"_and": [{"_or": [{"_and": [{"_or": [{"_and": [{"_or": [{"_and": [{"id": 1}]}]}]}]}]}]}]}]}]}]}}, "filter._or._and._or._and._or._and._or._and._or._and"),
    "no-aggregate": ({"aggregate": {"median": "id"}}, "aggregate.median"),
    "sum-of-rows": ({"aggregate": {"sum": "*"}}, "aggregate.sum"),
    "no-aggregates": ({"aggregate": {}}, "aggregate"),
    "deep-aggregates": ({"aggregate": {"count": "*"}, "deep": {"lines": {"_limit": 1}}}, "deep"),
    "aggregates-in-deep": ({"deep": {"lines": {"_aggregate": {"count": "*"}}}}, "deep.lines._aggregate"),
    "deep-without-a-list": ({"deep": {"_limit": 1}}, "deep._limit"),
    "deep-without-sign": ({"deep": {"lines": {"_limit": "x"}}}, "deep.lines._limit"),
    "unused-deep": ({"fields": "id", "deep": {"lines": {"_filter": {"id": {"_x": 1}}}}}, "deep.lines._filter.id._x"),
    "alias-with-dots": ({"alias": {"a": "customer.name"}}, "alias.a"),
    "export": ({"export": "xml"}, "export"),
    "no-format": ({"export": "pdf"}, "export"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_said_is_an_error_that_names_it(name: str, server: Server) -> None:
    asked, path = REFUSED[name]
    found = server.get("items/booking", **asked)
    assert (400, "INVALID_QUERY", path) == (found.status, found.code, found.path), found.content
    assert 0 == found.statements


@pytest.mark.parametrize("name", ["filter", "sort", "limit", "search", "aggregate", "export"])
def test_a_single_item_takes_no_parameters_of_lists(name: str, server: Server) -> None:
    asked = {"filter": {"id": 1}, "aggregate": {"count": "*"}, "export": "csv"}.get(name, "1")
    found = server.get("items/booking/1", **{name: asked})
    assert (400, "INVALID_QUERY", name) == (found.status, found.code, found.path)


@pytest.mark.parametrize("stars", [7, 20, 21, 64, 5_000])
def test_wildcards_of_many_levels_are_refused_before_they_are_expanded(
    stars: int, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels = []
    relations = Level.relations

    def count(level: Level) -> Iterator[Relation]:
        levels.append(level)
        yield from relations(level)

    monkeypatch.setattr(Level, "relations", count)
    found = server.search("items/booking", fields=[".".join("*" * stars)])
    assert (400, "INVALID_QUERY", "fields") == (found.status, found.code, found.path)
    assert 0 == found.statements
    assert len(levels) <= 200


DENIED = [
    ("items/nothing", {}),
    ("items/nothing/1", {}),
    ("items/booking/999", {}),
    ("items/booking/x", {}),
    ("items/booking", {"fields": "nothing"}),
    ("items/booking", {"filter": {"nothing": 1}}),
    ("items/booking", {"sort": "nothing"}),
    ("items/booking", {"aggregate": {"max": "nothing"}}),
    ("items/booking", {"groupBy": "nothing"}),
    ("items/booking", {"alias": {"x": "nothing"}, "fields": "x"}),
    ("items/line", {"search": "x"}),
    ("users/me", {}),
]


@pytest.mark.parametrize(("path", "asked"), DENIED)
def test_all_that_is_not_there_has_one_reply(path: str, asked: Any, server: Server) -> None:
    found = server.get(path, **asked)
    assert 403 == found.status
    message = "You do not have permission to access this, or it does not exist"
    assert {"errors": [{"message": message, "extensions": {"code": "FORBIDDEN"}}]} == found.body


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "nothing", 404, "ROUTE_NOT_FOUND"),
        ("GET", "items", 404, "ROUTE_NOT_FOUND"),
        ("GET", "items/booking/1/2", 404, "ROUTE_NOT_FOUND"),
        ("GET", "server/specs", 404, "ROUTE_NOT_FOUND"),
        ("PUT", "items/booking/1", 405, "METHOD_NOT_ALLOWED"),
        ("SEARCH", "items/booking/1", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "server/ping", 405, "METHOD_NOT_ALLOWED"),
    ],
)
def test_urls_and_methods(method: str, path: str, status: int, code: str, server: Server) -> None:
    found = server.send(method, path)
    assert (status, code) == (found.status, found.code)
    assert (status == 405) is ("Allow" in found.headers)


VALUES = [
    ("company", {"name": None}, ("NOT_NULL_VIOLATION", "name")),
    ("company", {}, ("FAILED_VALIDATION", "name")),
    ("company", {"name": "x" * 101}, ("VALUE_TOO_LONG", "name")),
    ("customer", {"name": "x", "company": 99}, ("INVALID_FOREIGN_KEY", "company")),
    ("invoice", {"number": "x", "booking": 1}, ("RECORD_NOT_UNIQUE", "booking")),
    ("customer", {"name": "x", "email": "no"}, ("FAILED_VALIDATION", "email")),
]


@pytest.mark.parametrize(("name", "sent", "expected"), VALUES)
def test_a_wrong_value_names_its_field(
    name: str, sent: Any, expected: tuple[str, str], server: Server
) -> None:
    found = server.send("POST", f"items/{name}", sent)
    (error,) = found.body["errors"]
    extensions = error["extensions"]
    assert 400 == found.status
    assert expected == (extensions["code"], extensions["field"])


def test_bodies(server: Server) -> None:
    assert "INVALID_PAYLOAD" == server.send("POST", "items/company", b"{").code
    assert "INVALID_QUERY" == server.send("SEARCH", "items/company", {"foo": {}}).code
    large = server.send("POST", "items/company", b'"' + b"x" * 2_000_000 + b'"')
    assert (413, "CONTENT_TOO_LARGE") == (large.status, large.code)
    form = server.client.post("/api/items/company", {"name": "x"})
    assert 415 == form.status_code
    assert "UNSUPPORTED_MEDIA_TYPE" == form.json()["errors"][0]["extensions"]["code"]


def test_anonymous_callers_are_forbidden_what_needs_a_user(
    server: Server, expose: Callable[..., None]
) -> None:
    expose({"booking": {"authenticated": GRANT}}, REQUIRE_AUTHENTICATION=True)
    for path in ("items/booking", "items/nothing", "users/me"):
        assert (403, "FORBIDDEN") == (server.get(path).status, server.get(path).code)


def test_too_many_requests(server: Server, expose: Callable[..., None]) -> None:
    expose({"tag": {"anon": GRANT, "rate_limit": 1}})
    server.get("items/tag")
    found = server.get("items/tag")
    assert (429, "REQUESTS_EXCEEDED") == (found.status, found.code)
    assert found.headers["Retry-After"]
