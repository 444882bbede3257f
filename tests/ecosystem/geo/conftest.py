"""Everything of every model for everybody, asked of as a project's Python code asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps

from django_flex.backends.orm.prepared.statement_cache import StatementCache
from django_flex.conf import loading
from tests.ecosystem.conftest import GRANT, ask
from tests.ecosystem.geo.models import COMPUTED


def expose(**entries: Any) -> dict[str, Any]:
    """Return settings that expose every model of the app, some by entries of their own."""
    names = [str(model._meta.model_name) for model in apps.get_app_config("geo").get_models()]
    entries = {"survey": {"computed": COMPUTED, "anon": GRANT}, **entries}
    every = {f"geo.{name}": entries.get(name, {"anon": GRANT}) for name in names}
    # A busy machine fails no test.
    patience = {"READ_TIMEOUT": 60.0, "WRITE_TIMEOUT": 60.0}
    return {"REQUIRE_AUTHENTICATION": False, "EXPOSE": every, **patience}


@pytest.fixture(scope="session", autouse=True)
def checked_statements() -> Iterator[None]:
    """Compare every use of a cached statement with what Django compiles."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            loading, "StatementCache", lambda size, _checked: StatementCache(size, checked=True)
        )
        yield


@pytest.fixture(autouse=True)
def exposed(db: None, settings: Any) -> None:
    settings.DJANGO_FLEX = expose()


def names(model: str, **filters: Any) -> set[str]:
    """Return the names of the rows that a filter finds."""
    found = reply(model, "list", fields="name", shape="list", filters=filters)
    return {row["name"] for row in found["results"]}


def reply(model: str, action: str, **spec: Any) -> Any:
    """Return the reply to what is allowed."""
    status, data = ask(f"geo.{model}", action, **spec)
    assert status in {200, 201}, data
    return data


def refusal(model: str, action: str, **spec: Any) -> Any:
    """Return the reply to what is not allowed."""
    status, data = ask(f"geo.{model}", action, **spec)
    assert 400 == status, data
    return data
