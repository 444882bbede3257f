"""Each test that asks for a database meets every server that is installed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from django_flex.dynamodb.connection import empty
from django_flex.dynamodb.introspection import describe
from django_flex.dynamodb.models import dynamodb_model_classes
from django_flex.dynamodb.transport import forget_clients, written_tables
from tests.dynamodb.servers import running, servers


@dataclass
class Started:
    """The servers that run until the end, with their settings, and the tables that they have."""

    stack: ExitStack
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    tables: set[tuple[str, str]] = field(default_factory=set)


@pytest.fixture(scope="session")
def _started() -> Iterator[Started]:
    """Servers are not started for each test: tests come in any order, also on two workers."""
    with ExitStack() as stack:
        yield Started(stack)
    forget_clients()


@pytest.fixture(params=servers())
def server(request: pytest.FixtureRequest, _started: Started) -> Iterator[dict[str, Any]]:
    """The settings for a server, with a prefix of this process."""
    name = request.param
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    own = {"TABLE_PREFIX": f"flex-{worker}", "name": name}
    if name == "moto":
        # It is in this process, and would be in the way of the others.
        with running(name) as found:
            yield found | own
        _started.tables = {one for one in _started.tables if one[0] != name}
        return
    if name not in _started.settings:
        _started.settings[name] = _started.stack.enter_context(running(name))
    yield _started.settings[name] | own


@pytest.fixture
def database(server: dict[str, Any], _started: Started, settings: Any) -> Iterator[str]:
    """The name of the server; the tables of all models are there, and empty."""
    name = str(server["name"])
    settings.PYDJAMODB_DATABASE = {key: one for key, one in server.items() if key != "name"}
    for model in dynamodb_model_classes:
        table = (name, describe(model).table.name)
        if table not in _started.tables:
            model.create_table(wait=True, ignore_update_ttl_errors=True)
            _started.tables.add(table)
    yield name
    for model in dynamodb_model_classes:
        empty(model)
    written_tables.clear()
