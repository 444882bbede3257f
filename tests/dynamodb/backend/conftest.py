"""Tables behind the doors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from django_flex.backends.dynamodb import DynamoBackend, Table
from django_flex.backends.dynamodb.tables import resource_of
from django_flex.backends.registry import registered
from tests.doors.fronts import FLEX_MIDDLEWARE, MIDDLEWARE
from tests.dynamodb.models import Account, Play

ALL = ["get", "list", "add", "edit", "delete", "upsert", "bulk_edit", "bulk_delete", "export"]
GRANT: dict[str, Any] = {
    "fields": ["*"],
    "filters": ["*"],
    "order_by": ["*"],
    "ops": ["get", "list", "add", "edit", "delete", "bulk_edit", "bulk_delete"],
}
EXPOSE: dict[str, Any] = {"play": {"anon": GRANT}, "account": {"anon": GRANT}}


@pytest.fixture
def backend() -> Iterator[DynamoBackend]:
    """Plays and accounts, in tables."""
    made = DynamoBackend()
    for model in (Play, Account):
        label = f"club.{model.__name__.lower()}"
        made.tables[label] = Table(model=model, resource=resource_of(model, label))
    with registered(made, *(one.resource for one in made.tables.values())):
        yield made


@pytest.fixture
def api(backend: DynamoBackend, database: str, settings: Any) -> Client:
    settings.MIDDLEWARE = [*MIDDLEWARE, FLEX_MIDDLEWARE]
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": EXPOSE}
    return Client()
