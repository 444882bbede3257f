"""What is forbidden answers exactly as what does not exist: byte for byte.

Each query is sent twice: as things are, and with the forbidden name taken out of the schema.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client

from django_flex.schema.introspection import describe
from django_flex.schema.paths import resolve
from django_flex.schema.resources import Attribute, Relation, Resource
from tests.security.conftest import Ask, granted
from tests.testapp.models import Booking, Customer

pytestmark = pytest.mark.usefixtures("secrets")

EXPOSE = {
    "booking": granted(
        rows={"customer": 1},
        fields=["id", "status", "customer", "customer.name"],
        filters=["status.*", "customer.name"],
        order_by=["status"],
    ),
    "customer": granted(rows={"vip": True}, fields=["id", "name"]),
}


def _query(clause: str, path: str) -> dict[str, Any]:
    """Return a query that names a path in one clause."""
    clauses: dict[str, dict[str, Any]] = {
        "field": {"fields": f"id, {path}"},
        "field-list": {"fields": ["id", path]},
        "alias": {"fields": f"x:{path}"},
        "exclusion": {"fields": f"*, -{path}"},
        "wildcard": {"fields": f"{path}.*"},
        "json-key": {"fields": f"{path}.settings.theme"},
        "order": {"order_by": path},
        "order-descending": {"order_by": f"status, -{path}"},
        "order-nulls": {"order_by": f"{path}.nulls_last"},
        "filter": {"filters": {path: "x"}},
        "filter-operator": {"filters": {f"{path}.icontains": "x"}},
        "filter-transform": {"filters": {f"{path}.year.gte": 2020}},
        "filter-wrong-type": {"filters": {f"{path}.in": 5}},
        "filter-bad-pattern": {"filters": {f"{path}.regex": "("}},
        "filter-isnull": {"filters": {f"{path}.isnull": True}},
        "filter-null": {"filters": {path: None}},
        "filter-under-or": {"filters": {"or": [{"status": "x"}, {path: 1}]}},
        "filter-under-not": {"filters": {"not": {"and": [{path: 1}]}}},
        "filter-json-key": {"filters": {f"{path}.settings.theme": "x"}},
        "field-value": {"filters": {"status": {"$field": path}}},
        "some": {"filters": {f"{path}.some": {"id": 1}}},
        "every": {"filters": {f"{path}.every": {"not": {"id.gt": 1}}}},
        "none-of-none": {"filters": {f"{path}.none": {"tags.some": {"slug": "x"}}}},
        "some-of-or": {"filters": {f"{path}.some": {"or": {"x.every": {"id": 1}, "id": 1}}}},
        "beyond": {"filters": {f"{path}.id.gt": 1}},
        "far-beyond": {"filters": {f"{path}.booking.customer.company.services.id": 1}},
        "field-far-beyond": {"fields": f"{path}.booking.customer.company.id"},
        "order-beyond": {"order_by": f"{path}.id"},
    }
    return clauses[clause]


CLAUSES = [
    "field",
    "field-list",
    "alias",
    "exclusion",
    "wildcard",
    "json-key",
    "order",
    "order-descending",
    "order-nulls",
    "filter",
    "filter-operator",
    "filter-transform",
    "filter-wrong-type",
    "filter-bad-pattern",
    "filter-isnull",
    "filter-null",
    "filter-under-or",
    "filter-under-not",
    "filter-json-key",
    "field-value",
    "some",
    "every",
    "none-of-none",
    "some-of-or",
    "beyond",
    "far-beyond",
    "field-far-beyond",
    "order-beyond",
]
#: There and not granted, of each kind: the model whose name it is, and the path.
FORBIDDEN = {
    "column": (Booking, "internal_notes"),
    "number": (Booking, "seats"),
    "date": (Booking, "created_at"),
    "file": (Booking, "document"),
    "foreign-key": (Booking, "created_by"),
    "foreign-key-column": (Booking, "created_by_id"),
    "reverse": (Booking, "lines"),
    "many-to-many": (Booking, "tags"),
    "reverse-one-to-one": (Booking, "invoice"),
    "column-of-a-relation": (Customer, "customer.email"),
    "json-of-a-relation": (Customer, "customer.metadata"),
    "guarded-column": (Customer, "customer.api_token"),
    "relation-of-a-relation": (Customer, "customer.company"),
    "reverse-of-a-relation": (User, "created_by.teams"),
    "password": (User, "created_by.password"),
}


@pytest.fixture
def forget_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[type[Model], str], None]]:
    """Return a function that makes a name unknown on a model, as if it had never been there."""

    forgotten: set[tuple[str, str]] = set()
    attribute, relation, every_name = Resource.attribute, Resource.relation, Resource.names

    # Each schema has resources of its own, made of those that describe the models.
    def find_attribute(self: Resource, name: str) -> Attribute | None:
        return None if (self.label, name) in forgotten else attribute(self, name)

    def find_relation(self: Resource, name: str) -> Relation | None:
        return None if (self.label, name) in forgotten else relation(self, name)

    def names(self: Resource) -> Iterator[str]:
        return (name for name in every_name(self) if (self.label, name) not in forgotten)

    def forget(model: type[Model], name: str) -> None:
        forgotten.add((describe(model).label, name))
        monkeypatch.setattr(Resource, "attribute", find_attribute)
        monkeypatch.setattr(Resource, "relation", find_relation)
        monkeypatch.setattr(Resource, "names", names)
        resolve.cache_clear()

    yield forget
    monkeypatch.undo()
    resolve.cache_clear()


@pytest.mark.one_in(3)
@pytest.mark.sampled("path")
@pytest.mark.parametrize("clause", CLAUSES)
@pytest.mark.parametrize(
    ("model", "path"), [pytest.param(*case, id=name) for name, case in FORBIDDEN.items()]
)
def test_forbidden_path_answers_as_one_that_does_not_exist(
    ask: Ask, forget_names: Callable[..., None], clause: str, model: type[Model], path: str
) -> None:
    query = _query(clause, path)
    forbidden = ask(query, EXPOSE)
    forget_names(model, path.rpartition(".")[2])
    unknown = ask(query, EXPOSE)
    assert forbidden.status == 403, forbidden.content
    assert forbidden.content == unknown.content
    assert forbidden.statements == unknown.statements == []


@pytest.mark.parametrize("path", ["status", "customer.name"])
def test_names_are_really_forgotten(ask: Ask, forget_names: Callable[..., None], path: str) -> None:
    assert ask({"fields": path}, EXPOSE).status == 200
    forget_names(Customer if "." in path else Booking, path.rpartition(".")[2])
    assert ask({"fields": path}, EXPOSE).status != 200


def test_hints_name_only_what_is_granted(ask: Ask) -> None:
    for path in ("internal_note", "api_token", "customer.emails", "seat", "create_at", "line"):
        for clause in ("field", "filter", "order"):
            hint = ask(_query(clause, path), EXPOSE).body.get("hint", "")
            named = hint.removeprefix("did you mean '").removesuffix("'?").lstrip("-")
            assert named.split(".")[0] in {"", "id", "status", "customer"}, hint


@pytest.mark.parametrize("hidden", [2, 3])
def test_hidden_row_answers_as_one_that_does_not_exist(ask: Ask, hidden: int) -> None:
    refused, missing = (ask({}, EXPOSE, pk=pk) for pk in (hidden, 999))
    assert refused.status == 404
    assert refused.content == missing.content
    assert len(refused.statements) == len(missing.statements)


@pytest.mark.parametrize("method", ["GET", "QUERY", "OPTIONS", "POST", "DELETE", "HEAD", "PUT"])
@pytest.mark.parametrize("rest", ["", "/1", "/query", "/1/2"])
def test_model_without_entry_answers_as_one_that_does_not_exist(
    settings: Any, method: str, rest: str
) -> None:
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": EXPOSE}
    replies = [
        Client().generic(method, f"/api/{name}{rest}", "", "application/json")
        for name in ("company", "compani")
    ]
    assert replies[0].status_code in {404, 405}
    assert replies[0].status_code == replies[1].status_code
    assert replies[0].content == replies[1].content
    assert dict(replies[0].headers) == dict(replies[1].headers)


@pytest.mark.parametrize("name", ["company", "auth.user", "testapp.line", "session", "x"])
def test_single_endpoint_does_not_tell_models_apart(settings: Any, name: str) -> None:
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": EXPOSE}
    reply = Client().post("/api/", json.dumps({"_model": name}), "application/json")
    assert reply.status_code == 404
    assert reply.json() == {"error": "There is no such model", "code": "resource.not_found"}


@pytest.mark.parametrize("name", ["booking", "company", "nothing"])
def test_anonymous_callers_get_the_same_401_whatever_they_name(settings: Any, name: str) -> None:
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": True, "EXPOSE": EXPOSE}
    replies = {
        Client().generic(method, f"/api/{name}/{rest}", "", "application/json").content
        for method in ("GET", "QUERY", "OPTIONS", "DELETE")
        for rest in ("", "1", "?fields=internal_notes")
    }
    assert len(replies) == 1
    assert json.loads(replies.pop()) == {
        "error": "Authentication required",
        "code": "auth.required",
    }


def test_description_shows_nothing_that_is_not_granted(settings: Any) -> None:
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": EXPOSE}
    reply = Client().options("/api/booking/").json()
    assert set(reply["fields"]) == {"id", "status", "customer", "customer.name"}
    assert set(reply["order_by"]) == {"status"}
    assert {name.split(".")[0] for name in reply["filters"]} == {"status", "customer"}
    assert set(Client().options("/api/").json()["models"]) <= {"booking", "customer"}
