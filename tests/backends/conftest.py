"""A database that two connections can share, and what makes each kind of database slow."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, connections

from django_flex.query.limits import Limits
from tests.testapp.models import Company, Customer, Tag

VENDOR = connection.vendor
ON_POSTGRES = pytest.mark.skipif(VENDOR != "postgresql", reason="PostgreSQL only (DATABASE_URL)")
ON_MARIADB = pytest.mark.skipif(VENDOR != "mysql", reason="MariaDB only (DATABASE_URL)")
ON_SQLITE = pytest.mark.skipif(VENDOR != "sqlite", reason="SQLite only")
ON_A_SERVER = pytest.mark.skipif(VENDOR == "sqlite", reason="a server only (DATABASE_URL)")

#: The limits of most tests: short, so that the tests are.
SHORT = Limits(read_timeout=0.3, write_timeout=0.3, lock_timeout=0.3)

_COUNTING = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {steps})"
    " SELECT count(*) FROM n"
)
#: Seconds after which a test that waits for a thread or process gives up, on however slow a machine.
HUNG = 60
#: A statement of half a minute at least, which is ended long before, and one of a tenth of a second.
ENDLESS_SECONDS = 30
ENDLESS = {
    "postgresql": "SELECT pg_sleep(30)",
    "mysql": "SELECT SLEEP(30)",
    "sqlite": _COUNTING.format(steps=400_000_000),
}[VENDOR]
SLOW = {
    "postgresql": "SELECT pg_sleep(0.5)",
    "mysql": "SELECT SLEEP(0.5)",
    "sqlite": _COUNTING.format(steps=1_000_000),
}[VENDOR]


def run(sql: str, params: Any = None) -> Any:
    """Run a statement; return its first value, if it has any."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def names() -> set[str]:
    """Return the names of the companies that are stored."""
    return set(Company.objects.values_list("name", flat=True))


@contextmanager
def connected(**changes: Any) -> Iterator[None]:
    """Connect anew, in each thread, with other settings of the database."""
    usual, former = connection.settings_dict, connections["default"]
    connections.settings["default"] = {**usual, **changes}
    connections["default"] = connections.create_connection("default")
    try:
        yield
    finally:
        connection.close()
        connections.settings["default"] = usual
        connections["default"] = former


@pytest.fixture
def shared(transactional_db: None, tmp_path: Any) -> Iterator[None]:
    """A database that each thread has a connection of its own to: a file, for SQLite."""
    if VENDOR != "sqlite":
        yield
        return
    with connected(NAME=str(tmp_path / "shared.sqlite3"), OPTIONS={"timeout": 0.3}):
        with connection.schema_editor() as editor:
            for model in (Company, Customer, Tag):
                editor.create_model(model)
        yield


class Threads:
    """Runs functions at the same time, each on connections of its own."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    def start(self, work: Callable[[], Any]) -> Future[Any]:
        """Run a function; its result or error is that of the future."""

        def closing() -> Any:
            try:
                return work()
            finally:
                connections.close_all()

        return self._pool.submit(closing)

    def outcomes(self, *works: Callable[[], Any]) -> list[Any]:
        """Run functions at the same time; return what each gave, or the error that it raised."""
        futures = [self.start(work) for work in works]
        return [future.exception(timeout=HUNG) or future.result() for future in futures]


@pytest.fixture
def threads() -> Iterator[Threads]:
    with ThreadPoolExecutor(8) as pool:
        yield Threads(pool)


def barrier() -> threading.Barrier:
    """Return where two threads wait for each other; not for ever."""
    return threading.Barrier(2, timeout=HUNG)
