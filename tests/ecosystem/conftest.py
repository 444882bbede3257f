"""Everything of every model for everybody, asked of as a project's Python code asks."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps

from django_flex import FlexQuery

#: Projects of their own.
collect_ignore = ["geo", "oscar", "tenants"]
GRANT: dict[str, Any] = {
    "rows": "*",
    "fields": ["*"],
    "write_fields": ["*"],
    "filters": ["*"],
    "order_by": ["*"],
    "aggregates": ["*"],
    "ops": ["get", "list", "add", "edit", "delete", "aggregate", "bulk_edit", "bulk_delete"],
}


def expose(**entries: Any) -> dict[str, Any]:
    """Return settings that expose every model of the app, some by entries of their own."""
    names = [model._meta.model_name for model in apps.get_app_config("ecosystem").get_models()]
    every = {f"ecosystem.{name}": entries.get(str(name), {"anon": GRANT}) for name in names}
    tags = {"taggit.tag": {"anon": GRANT}, "taggit.taggeditem": {"anon": GRANT}}
    return {"REQUIRE_AUTHENTICATION": False, "EXPOSE": {**every, **tags}}


@pytest.fixture(autouse=True)
def exposed(db: None, settings: Any) -> None:
    settings.DJANGO_FLEX = expose()


def ask(model: str, action: str, user: Any = None, **spec: Any) -> tuple[int, Any]:
    """Ask, and return the status and the reply."""
    query = FlexQuery(model if "." in model else f"ecosystem.{model}")
    result = query.execute({"_action": action, **spec}, user=user)
    return result.status_code, result.to_dict()


def rows(model: str, fields: str = "*", **spec: Any) -> list[Any]:
    """Return the rows of a list, in the order of their keys unless another one is asked for.

    Each has its key only if that is among the fields.
    """
    asked = {"order_by": "id", "shape": "list", "fields": fields, **spec}
    status, reply = ask(model, "list", **asked)
    assert status == 200, reply
    keyed = not {"*", "id"}.isdisjoint(fields.split(", "))
    return [{n: v for n, v in row.items() if keyed or n != "id"} for row in reply["results"]]


def added(model: str, **values: Any) -> Any:
    """Add a row, and return it as the reply has it."""
    status, row = ask(model, "add", **values)
    assert status == 201, row
    return row


def edited(model: str, key: Any, **values: Any) -> Any:
    """Edit a row, and return it as the reply has it."""
    status, row = ask(model, "edit", id=key, **values)
    assert status == 200, row
    return row
