"""Three people with three roles, agents that may have two of these, and the calls of tools."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from django_flex.access.actor import Actor
from django_flex.conf import get_settings
from django_flex.mcp.callers import Caller, admit_caller
from django_flex.mcp.tools import run_tool

READ = {"fields": "*", "filters": "*", "order_by": "*", "ops": ["get", "list"]}
WRITES = ["get", "list", "add", "edit", "delete", "aggregate", "bulk_edit", "bulk_delete"]
EXPOSE: dict[str, Any] = {
    "booking": {
        "clerks": {**READ, "aggregates": "*", "ops": WRITES},
        "readers": {
            **READ,
            "rows": {"urgent": True},
            "fields": ["id", "status", "seats", "customer.name"],
            "filters": ["status", "seats.gte"],
            "order_by": ["id"],
        },
        "guests": READ,
    },
    "customer": {"clerks": READ, "readers": {**READ, "fields": ["id", "name"]}, "guests": READ},
    "line": {"clerks": READ, "guests": READ},
    "company": {"guests": READ},
    "product": {"clerks": {**READ, "ops": WRITES}},
}
AGENTS = {"roles": ["clerks", "readers"]}


@pytest.fixture
def agents(configure: Any, bookings: None) -> Callable[..., None]:
    """Switch agents on; what is passed overrides settings. Clara, Rosa and Gus are in three groups."""
    for n, (name, group) in enumerate(
        [("clara", "clerks"), ("rosa", "readers"), ("gus", "guests")], start=50
    ):
        user = get_user_model().objects.create_user(username=name, pk=n)
        user.groups.add(Group.objects.get_or_create(name=group)[0])

    def switch(**others: Any) -> None:
        configure(EXPOSE, **{"REQUIRE_AUTHENTICATION": True, "MCP": AGENTS, **others})

    switch()
    return switch


def caller(name: str, version: str | None = None) -> Caller:
    user = get_user_model().objects.get(username=name)
    return admit_caller(Actor(user), get_settings(version))


def run(name: str, tool: str, **arguments: Any) -> Any:
    """Return the data of a result."""
    result = run_tool(tool, arguments, caller(name))
    assert not result.is_error, result.text
    return json.loads(result.text)


def refuse(name: str, tool: str, **arguments: Any) -> Any:
    """Return the error of a refusal."""
    result = run_tool(tool, arguments, caller(name))
    assert result.is_error, result.text
    return json.loads(result.text)
