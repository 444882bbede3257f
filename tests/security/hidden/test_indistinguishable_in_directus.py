"""In the wire form of Directus, too, forbidden answers as unknown: byte for byte."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Model

from tests.dialects.directus.asking import Server
from tests.security.conftest import granted
from tests.security.hidden import test_indistinguishable
from tests.security.hidden.test_indistinguishable import EXPOSE, FORBIDDEN
from tests.testapp.models import Booking, Customer

pytestmark = pytest.mark.usefixtures("secrets")
POINT = {"type": "Point", "coordinates": [1, 2]}
forget_names = test_indistinguishable.forget_names  # the fixture


def nested(path: str, value: Any) -> Any:
    for name in reversed(path.split(".")):
        value = {name: value}
    return value


def _query(clause: str, path: str) -> dict[str, Any]:
    """Return a query that names a path in one parameter."""
    head, _, last = path.rpartition(".")
    prefix = f"{head}." if head else ""
    few = {"_limit": 1, "_sort": "id", "_filter": {"id": {"_gt": 0}}}
    clauses: dict[str, dict[str, Any]] = {
        "field": {"fields": f"id,{path}"},
        "inside": {"fields": f"{path}.x"},
        "key": {"fields": f"{path}.id"},
        "wildcard": {"fields": f"{path}.*"},
        "wildcards": {"fields": f"{path}.*.*"},
        "function": {"fields": f"{prefix}year({last})"},
        "count": {"fields": f"{prefix}count({last})"},
        "function-inside": {"fields": f"{path}.year(created_at)"},
        "function-of-two": {"fields": f"year({path}),id"},
        "alias": {"fields": "x", "alias": {"x": path.partition(".")[0]}},
        "alias-inside": {"fields": "x.id", "alias": {"x": path.partition(".")[0]}},
        "deep": {"fields": path, "deep": nested(path, few)},
        "deep-inside": {"fields": f"{path}.id", "deep": nested(path, few)},
        "deep-page": {"fields": f"{path}.id", "deep": nested(path, {"_limit": 1, "_page": 9})},
        "deep-search": {"fields": f"{path}.id", "deep": nested(path, {"_search": "x"})},
        "deep-wrong": {"fields": f"{path}.id", "deep": nested(path, {"_filter": {"x": {"_gt": "z"}}})},
        "sort": {"sort": path},
        "sort-descending": {"sort": f"status,-{path}"},
        "sort-function": {"sort": f"{prefix}year({last})"},
        "sort-count": {"sort": f"-{prefix}count({last})"},
        "eq": {"filter": nested(path, {"_eq": "x"})},
        "bare": {"filter": nested(path, "x")},
        "neq": {"filter": nested(path, {"_neq": "x"})},
        "null": {"filter": nested(path, {"_null": True})},
        "empty": {"filter": nested(path, {"_empty": True})},
        "nempty": {"filter": nested(path, {"_nempty": True})},
        "in": {"filter": nested(path, {"_in": ["x"]})},
        "between": {"filter": nested(path, {"_between": ["x", "y"]})},
        "ncontains": {"filter": nested(path, {"_ncontains": "x"})},
        "intersects": {"filter": nested(path, {"_intersects": POINT})},
        "box": {"filter": nested(path, {"_nintersects_bbox": json.dumps(POINT)})},
        "beyond": {"filter": nested(path, {"id": {"_gt": 1}})},
        "two-beyond": {"filter": nested(path, {"id": {"_gt": 1}, "x": {"_lt": 1}})},
        "or-beyond": {"filter": nested(path, {"_or": [{"id": 1}, {"x": 1}]})},
        "and-beyond": {"filter": nested(path, {"_and": [{"id": {"_neq": 1}}]})},
        "some": {"filter": nested(path, {"_some": {"id": 1}})},
        "none": {"filter": nested(path, {"_none": {"id": 1}})},
        "some-column": {"filter": nested(path, {"_some": {"_eq": 1}, "_null": False})} if head else {"filter": nested(path, {"_some": {"id": {"_eq": 1}}, "_null": False})},
        "or": {"filter": {"_or": [{"status": "x"}, nested(path, 1)]}},
        "year": {"filter": nested(f"{prefix}year({last})", 2020) if not head else nested(head, {f"year({last})": 2020})},
        "filter-count": {"filter": {f"count({last})": {"_gt": 0}} if not head else nested(head, {f"count({last})": 1})},
        "aggregate": {"aggregate": {"max": path}},
        "aggregate-count": {"aggregate": {"count": ["*", path]}},
        "group": {"groupBy": path},
        "group-function": {"groupBy": f"{prefix}year({last})"},
        "group-sort": {"groupBy": "status", "aggregate": {"count": "*"}, "sort": path},
        "export": {"export": "csv", "fields": f"id,{path}"},
        "meta": {"meta": "*", "filter": nested(path, {"_nnull": True}), "limit": 0},
    }  # fmt: skip
    return clauses[clause]


CLAUSES = [
    *("field", "inside", "key", "wildcard", "wildcards", "function", "count", "function-inside"),
    *("function-of-two", "alias", "alias-inside", "deep", "deep-inside", "deep-page"),
    *("deep-search", "deep-wrong", "sort", "sort-descending", "sort-function", "sort-count", "eq"),
    *("bare", "neq", "null", "empty", "nempty", "in", "between", "ncontains", "beyond"),
    *("intersects", "box"),
    *("two-beyond", "or-beyond", "and-beyond", "some", "none", "some-column", "or", "year"),
    *("filter-count", "aggregate", "aggregate-count", "group", "group-function", "group-sort"),
    *("export", "meta"),
]


OPENED = {
    name: {
        "anon": {
            **entry["anon"],
            "ops": ["get", "list", "aggregate", "edit", "delete"],
            "aggregates": ["count", "status.count_distinct"],
            "search": ["status"] if name == "booking" else [],
        }
    }
    for name, entry in EXPOSE.items()
}


@pytest.fixture
def renew(settings: Any) -> Callable[..., None]:
    """Return a function that makes the API anew, so that nothing is cached."""

    def write(**more: Any) -> None:
        settings.DJANGO_FLEX = {
            "REQUIRE_AUTHENTICATION": False,
            "DIALECT": "directus",
            "EXPOSE": {**OPENED, **more},
        }

    return write


@pytest.fixture
def server(db: None, renew: Callable[..., None]) -> Server:
    renew()
    return Server()


@pytest.mark.one_in(3)
@pytest.mark.sampled("path")
@pytest.mark.parametrize("clause", CLAUSES)
@pytest.mark.parametrize(
    ("model", "path"), [pytest.param(*case, id=name) for name, case in FORBIDDEN.items()]
)
def test_forbidden_path_answers_as_one_that_does_not_exist(
    server: Server,
    renew: Callable[..., None],
    forget_names: Callable[..., None],
    clause: str,
    model: type[Model],
    path: str,
) -> None:
    query = _query(clause, path)
    forbidden = server.search("items/booking", **query)
    in_url = server.get("items/booking", **query)
    forget_names(model, path.rpartition(".")[2])
    renew()
    unknown = server.search("items/booking", **query)
    assert forbidden.content == unknown.content == in_url.content
    assert forbidden.statements == unknown.statements
    if "." not in path or not clause.startswith("alias"):
        assert forbidden.status in {400, 403}, forbidden.content
        assert forbidden.statements == 0


@pytest.mark.parametrize("path", ["status", "customer.name"])
def test_names_are_really_forgotten(
    server: Server, renew: Callable[..., None], forget_names: Callable[..., None], path: str
) -> None:
    assert server.get("items/booking", fields=path).status == 200
    forget_names(Customer if "." in path else Booking, path.rpartition(".")[2])
    renew()
    assert server.get("items/booking", fields=path).status == 403


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_hidden_row_answers_as_one_that_does_not_exist(server: Server, method: str) -> None:
    body = {"status": "x"} if method == "PATCH" else None
    replies = [server.send(method, f"items/booking/{key}", body) for key in (2, 999)]
    assert 403 == replies[0].status
    assert replies[0].content == replies[1].content


@pytest.mark.parametrize("method", ["GET", "SEARCH", "POST", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("rest", ["", "/1"])
def test_what_a_role_may_not_do_looks_like_what_is_not_there(
    server: Server, renew: Callable[..., None], method: str, rest: str
) -> None:
    """Unlike our own dialect, which tells an exposed model from one that is not."""
    renew(line={"anon": {}}, tag=granted(ops=[]))
    body: Any = {"query": {}} if method == "SEARCH" else {"x": 1} if method == "POST" else None
    if method in {"PATCH", "DELETE"}:
        body = {"x": 1} if rest else {"keys": [1], "data": {"x": 1}}
        body = {"keys": [1]} if method == "DELETE" and not rest else body
    replies = {
        name: server.send(method, f"items/{name}{rest}", body)
        for name in ("nothing", "company", "line", "tag")
    }
    assert {403, 405} >= {reply.status for reply in replies.values()}
    assert 1 == len({(reply.status, reply.content) for reply in replies.values()})
    assert "errors" in json.loads(replies["line"].content)
