"""A write to send, and processes to send it from."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.db import connection

from django_flex.idempotency.execution import APP
from tests.idempotency import worker
from tests.processes import start
from tests.testapp.models import Company

Send = Callable[..., Any]
Count = Callable[..., int]


def in_file(path: Path) -> dict[str, Any]:
    return {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)}}


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of SQLite with the tables in it: migrated once, copied for each test."""
    path = tmp_path_factory.mktemp("databases") / "empty.sqlite3"
    start(worker.migrate, {"databases": in_file(path), "caches": django_settings.CACHES}).end()
    return path


@pytest.fixture
def databases(
    request: pytest.FixtureRequest, transactional_db: None, tmp_path: Path
) -> dict[str, Any]:
    """The settings of a database that other processes can use, too, with the tables in it."""
    if connection.vendor != "sqlite":
        kept = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")
        return {"default": {name: connection.settings_dict[name] for name in kept}}
    path = tmp_path / "flex.sqlite3"
    shutil.copy(request.getfixturevalue("empty_file"), path)
    return in_file(path)


@pytest.fixture
def send(databases: dict[str, Any]) -> Send:
    """Return a function that sends writes from a process, with the database as the store."""

    def work(**job: Any) -> Any:
        job = {"caches": django_settings.CACHES, "name": "Acme", **job, "databases": databases}
        return start(worker.send_all, job).end(killed="die" in job)

    return work


@pytest.fixture
def count(databases: dict[str, Any]) -> Count:
    """Return a function that counts the companies of a name, in the database of the processes."""

    def rows(name: str = "Acme") -> int:
        if connection.vendor != "sqlite":
            return Company.objects.filter(name=name).count()
        with closing(sqlite3.connect(databases["default"]["NAME"])) as opened:
            query = "SELECT COUNT(*) FROM testapp_company WHERE name = ?"
            return int(opened.execute(query, [name]).fetchone()[0])

    return rows


@pytest.fixture
def shared_cache() -> None:
    """Skip what needs a cache that processes share, before anything is set up for it."""
    if not os.environ.get("REDIS_URL"):
        pytest.skip("a cache that processes share is needed: REDIS_URL")


@pytest.fixture
def send_cached(shared_cache: None, send: Send) -> Send:
    """Return a function that sends writes from a process, with Redis as the store."""
    others = [name for name in django_settings.INSTALLED_APPS if name != APP]
    return lambda **job: send(apps=others, **job)


@pytest.fixture(params=["send", "send_cached"], ids=["database", "cache"])
def any_send(request: pytest.FixtureRequest, databases: dict[str, Any]) -> Send:
    """Return the function that sends writes, for each store in turn.

    ``databases`` is named here, too: pytest-django empties the tables after a test only if the
    fixture that asks for it is there when the tests are collected.
    """
    chosen: Send = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture
def key() -> str:
    """A key that no other test has sent: the cache is not emptied between tests."""
    return uuid4().hex
