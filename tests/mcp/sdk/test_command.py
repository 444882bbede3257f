"""``manage.py flex_mcp`` refuses to start, unless agents may act as somebody."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from django_flex.mcp import stdio
from django_flex.tokens.static import create
from tests.mcp.conftest import AGENTS

REFUSALS = {
    "nobody": ([], "Whom does the agent act as"),
    "unknown-user": (["--user=nobody"], "There is no user 'nobody'"),
    "inactive": (["--user=ina"], "Authentication required"),
    "role": (["--user=gus"], "agents may not act with your role"),
    "token": (["--token=flex_wrong"], "The token is invalid"),
    "scheme": (["--token=Nonsense x"], "Authentication required"),
    "both": (["--token=x", "--user=clara"], "not allowed with argument"),
    "version": (["--user=clara", "--api-version=v9"], "There is no version 'v9'"),
}


@pytest.fixture(autouse=True)
def started(agents: Any, monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], Any]]:
    """How the callers are found for whom a server has started."""
    found: list[Callable[[], Any]] = []
    monkeypatch.setattr(stdio, "serve_stdio", found.append)
    monkeypatch.setattr(stdio, "close_old_connections", lambda: None)
    monkeypatch.delenv("DJANGO_FLEX_TOKEN", raising=False)
    get_user_model().objects.create_user(username="ina", is_active=False)
    return found


@pytest.mark.parametrize(("arguments", "text"), REFUSALS.values(), ids=REFUSALS)
def test_it_does_not_start_without_somebody_to_act_as(
    arguments: list[str], text: str, started: list[Any]
) -> None:
    with pytest.raises(CommandError, match=text):
        call_command("flex_mcp", *arguments)

    assert [] == started


@pytest.mark.parametrize("arguments", [["--user=clara"], ["--token=x"], []])
def test_it_does_not_start_where_agents_may_do_nothing(
    arguments: list[str], agents: Callable[..., None], started: list[Any]
) -> None:
    agents(MCP=None)

    with pytest.raises(CommandError, match="The setting MCP names no roles"):
        call_command("flex_mcp", *arguments)

    assert [] == started


@pytest.mark.parametrize("arguments", [["--user=rosa"], ["--user=51"]])
def test_it_acts_as_a_user(arguments: list[str], started: list[Any]) -> None:
    call_command("flex_mcp", *arguments)

    assert ["rosa"] == [find().actor.user.username for find in started]


@pytest.mark.parametrize("prefix", ["", "Bearer "])
def test_it_acts_as_the_user_of_a_token(prefix: str, started: list[Any]) -> None:
    token = create(get_user_model().objects.get(username="rosa"), "agent").token
    call_command("flex_mcp", f"--token={prefix}{token}")
    (find,) = started

    assert "rosa" == find().actor.user.username


def test_a_user_who_is_named_goes_before_the_environment(
    started: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_FLEX_TOKEN", "flex_wrong")
    call_command("flex_mcp", "--user=rosa")

    assert ["rosa"] == [find().actor.user.username for find in started]


def test_a_version_has_agents_of_its_own(agents: Callable[..., None], started: list[Any]) -> None:
    agents(MCP=None, VERSIONS={"v2": {"path": "/v2/", "MCP": AGENTS}})
    call_command("flex_mcp", "--user=rosa", "--api-version=v2")

    assert ["v2"] == [find().settings.version for find in started]


def test_without_the_sdk_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "django_flex.mcp.stdio", None)

    with pytest.raises(CommandError, match="install the extra 'mcp'"):
        call_command("flex_mcp", "--user=clara")
