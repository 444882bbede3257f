"""Actions on the rows of ``bookings``, granted as each test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from django_flex.actions.declare.registry import registry
from tests.actions import handlers
from tests.actions.doors import DOORS, ActionDoor, HttpActionDoor

Configure = Callable[..., None]


@pytest.fixture(autouse=True)
def actions() -> Iterator[None]:
    """Register the actions of the tests, and forget them afterwards."""
    with registry.isolated():
        handlers.register()
        yield


def _doors() -> list[Any]:
    """Return all doors on SQLite; no door knows the database, so a server is met by a few."""
    few = None if connection.vendor == "sqlite" else {"rest", "single", "aexecute"}
    return [pytest.param(door, id=n) for n, door in DOORS.items() if few is None or n in few]


@pytest.fixture(params=_doors())
def door(request: pytest.FixtureRequest, settings: Any, bookings: None) -> ActionDoor:
    """Each door in turn."""
    made: ActionDoor = request.param(settings)
    return made


@pytest.fixture
def rest(settings: Any, bookings: None) -> HttpActionDoor:
    """The door of URLs."""
    return HttpActionDoor(settings)


@pytest.fixture
def grant(settings: Any) -> Configure:
    """Return a function that grants everybody actions on bookings."""

    def write(*ops: str, others: Any = None, **parts: Any) -> None:
        flex = parts.pop("flex", {})
        role = {"fields": ["id", "status", "seats"], "ops": ["get", *ops], **parts}
        expose = {"booking": {"anon": role}, **(others or {})}
        settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": expose, **flex}

    return write


@pytest.fixture
def user(db: None) -> Any:
    """Somebody who is signed in."""
    return get_user_model().objects.create_user("vera")
