"""A write to send, and processes to send it from."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.db import connection

ROOT = Path(__file__).parents[2]
Run = Callable[..., Any]


def in_file(path: Path) -> dict[str, Any]:
    return {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)}}


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of SQLite with the tables in it: migrated once, copied for each test."""
    path = tmp_path_factory.mktemp("databases") / "empty.sqlite3"
    work({"task": "migrate", "stored": True, "databases": in_file(path), "caches": {}})
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
def run(databases: dict[str, Any]) -> Run:
    """Return a function that runs a task in a process, with the database as the store."""

    def start(task: str, **job: Any) -> Any:
        job = {"stored": True, "caches": django_settings.CACHES, "name": "Acme", **job}
        return work({**job, "task": task, "databases": databases})

    return start


@pytest.fixture
def shared_cache() -> None:
    """Skip what needs a cache that processes share, before anything is set up for it."""
    if not os.environ.get("REDIS_URL"):
        pytest.skip("a cache that processes share is needed: REDIS_URL")


@pytest.fixture
def run_cached(shared_cache: None, run: Run) -> Run:
    """Return a function that runs a task in a process, with Redis as the store."""
    return lambda task, **job: run(task, stored=False, **job)


@pytest.fixture(params=["run", "run_cached"], ids=["database", "cache"])
def any_run(request: pytest.FixtureRequest, databases: dict[str, Any]) -> Run:
    """Return the function that runs a task, for each store in turn.

    ``databases`` is named here, too: pytest-django empties the tables after a test only if the
    fixture that asks for it is there when the tests are collected.
    """
    chosen: Run = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture
def key() -> str:
    """A key that no other test has sent: the cache is not emptied between tests."""
    return uuid4().hex


def work(job: dict[str, Any]) -> Any:
    """Run a job in a process; ``None`` if it was killed, as the job may ask for."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.idempotency.worker"],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if job.get("die"):
        assert -signal.SIGKILL == done.returncode, done.stderr
        return None
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)
