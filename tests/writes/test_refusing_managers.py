"""A manager that raises or returns no queryset denies, as an entry's ``queryset`` does."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User

from django_flex import FlexQuery
from tests.wild.refusing import BrokenRow, DenyingRow, EmptyRow, Pointer, ScopedRow
from tests.writes.conftest import GRANT

MODELS: dict[str, Any] = {
    kind.__name__.lower(): kind for kind in (ScopedRow, DenyingRow, EmptyRow, BrokenRow)
}
NAMES = list(MODELS)
SPECS: list[Any] = [
    {"_action": "list"},
    {"_action": "get", "id": 1},
    {"_action": "list", "count": True, "cursor": True},
    {"_action": "list", "filters": {"name": "a"}, "order_by": "-name"},
    {"_action": "aggregate", "aggregate": "count"},
    {"_action": "add", "name": "b"},
    {"_action": "add", "_items": [{"name": "b"}, {"name": "c"}]},
    {"_action": "edit", "id": 1, "name": "b"},
    {"_action": "delete", "id": 1},
    {"_action": "bulk_edit", "filters": {"name": "a"}, "_set": {"name": "b"}},
    {"_action": "bulk_delete", "filters": {"name": "a"}},
    {"_action": "upsert", "_match": "name", "name": "a"},
]
RELATED: list[Any] = [
    {"_action": "list", "fields": "id,{}.name"},
    {"_action": "list", "filters": {"{}.name": "a"}},
    {"_action": "list", "order_by": "{}.name"},
    {"_action": "add", "{}": 1},
    {"_action": "edit", "id": 1, "{}": 1},
]


@pytest.fixture(autouse=True)
def exposed(open_to_everybody: None, configure: Callable[..., None]) -> None:
    grant = {**GRANT, "aggregates": "*", "ops": [*GRANT["ops"], "aggregate"]}
    configure({f"wild.{name}": {"anon": grant} for name in (*NAMES, "pointer")})
    for kind in MODELS.values():
        kind._base_manager.create(pk=1, name="a")
    Pointer.objects.create(pk=1, **{f"{name}_id": 1 for name in NAMES})


def ask(name: str, spec: Any, user: Any) -> Any:
    return FlexQuery(f"wild.{name}").execute(spec, user=user)


def stored(name: str) -> list[Any]:
    return list(MODELS[name]._base_manager.values())


@pytest.mark.parametrize("spec", SPECS, ids=json.dumps)
@pytest.mark.parametrize("name", NAMES)
def test_manager_that_refuses_denies(name: str, spec: Any) -> None:
    before = stored(name)
    for user, status in ((AnonymousUser(), 401), (User(pk=5, username="u", is_active=True), 403)):
        result = ask(name, spec, user)
        assert result.status_code == status, result.to_dict()
        assert "secret" not in json.dumps(result.to_dict())
    assert before == stored(name)


@pytest.mark.parametrize("spec", RELATED, ids=json.dumps)
@pytest.mark.parametrize("name", NAMES)
def test_manager_of_a_related_model_denies(name: str, spec: Any) -> None:
    spec = json.loads(json.dumps(spec).replace("{}", name))
    before = list(Pointer.objects.values())
    result = ask("pointer", spec, User(pk=5, username="u", is_active=True))
    assert result.status_code == 403, result.to_dict()
    assert "secret" not in json.dumps(result.to_dict())
    assert before == list(Pointer.objects.values())


def test_what_does_not_ask_the_manager_is_answered() -> None:
    assert ask("pointer", {"_action": "list", "fields": "id"}, AnonymousUser()).status_code == 200
