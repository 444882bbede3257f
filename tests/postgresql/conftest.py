"""Rows of PostgreSQL, and the door without HTTP to ask for them."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from tests.doors.fronts import AGGREGATING, Door, Execute

GRANT = {
    **AGGREGATING,
    "ops": ["get", "list", "add", "edit", "aggregate"],
    "fields": ["*", "parent.*", "children.*"],
}
MODELS = ("postgresql.span", "postgresql.basket", "postgresql.parcel")
OPEN = {name: {"anon": GRANT} for name in MODELS}


def pytest_ignore_collect(collection_path: Any) -> bool | None:
    """Leave the tests out where no such columns exist."""
    is_test = collection_path.name.startswith("test_")
    return True if is_test and connection.vendor != "postgresql" else None


class Asked:
    """One model, and what is asked of it; every status is that which is expected."""

    def __init__(self, door: Door, name: str) -> None:
        self.door = door
        self.name = name
        self.model: Any = apps.get_model(name)

    def names(self, filters: Any, **more: Any) -> set[str]:
        """Return the names of the rows that a filter finds."""
        query = {"fields": "name", "filters": filters, "limit": 200, **more}
        reply = self.door.list(query, expose=OPEN, model=self.name)
        assert reply.status == 200, (filters, reply.body)
        return {row["name"] for row in reply.results}

    def refusal(self, filters: Any) -> str:
        """Return what is wrong with a filter, and what would be right."""
        query = {"fields": "name", "filters": filters}
        reply = self.door.list(query, expose=OPEN, model=self.name)
        assert reply.status == 400, (filters, reply.body)
        return f"{reply.body['error']}: {reply.body.get('hint', '')}"

    def add(self, **values: Any) -> Any:
        """Add a row, and return it."""
        reply = self.door.write("add", None, values, expose=OPEN, model=self.name)
        assert reply.status == 201, (values, reply.body)
        return reply.body

    def refused(self, name: str, value: Any) -> str:
        """Return what is wrong with a value of a new row."""
        reply = self.door.write("add", None, {name: value}, expose=OPEN, model=self.name)
        assert reply.status == 400, (name, value, reply.body)
        assert [name] == list(reply.body["fields"]), (value, reply.body)
        (message,) = reply.body["fields"][name]
        return str(message)


@pytest.fixture
def execute(settings: Any, db: None) -> Door:
    """The door without HTTP."""
    return Execute(settings)


@pytest.fixture
def baskets(execute: Door) -> Asked:
    """Rows of arrays."""
    return Asked(execute, "postgresql.basket")


@pytest.fixture
def spans(execute: Door) -> Asked:
    """Rows of ranges."""
    return Asked(execute, "postgresql.span")


@pytest.fixture
def labels(execute: Door) -> Asked:
    """Rows of texts by their keys."""
    return Asked(execute, "postgresql.parcel")
