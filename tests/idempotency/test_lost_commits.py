"""A COMMIT whose answer is lost: whether it was carried out is not known, and said so."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connections, transaction
from django.test import Client

from django_flex.dynamodb.exceptions import RequestFailedError
from django_flex.idempotency import execution
from django_flex.signals import before_add
from tests.doors.fronts import FLEX_MIDDLEWARE
from tests.testapp.models import Tag

pytestmark = pytest.mark.django_db(transaction=True)

TAG: dict[str, Any] = {"fields": ["slug"], "write_fields": ["slug"], "ops": ["get", "add"]}


@pytest.fixture(autouse=True)
def tags(settings: Any, unused_caches: None) -> None:
    """Tags that anybody may add."""
    settings.MIDDLEWARE = [FLEX_MIDDLEWARE]
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": {"tag": {"anon": TAG}}}


@pytest.fixture(params=["database", "cache"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where replies are stored."""
    monkeypatch.setattr(execution, "in_database", lambda: request.param == "database")
    return str(request.param)


def add(slug: str, key: str | None = None) -> tuple[int, Any, Any]:
    """Add a tag; return the status, the code of an error and when to try again."""
    headers: Any = {} if key is None else {"Idempotency-Key": key}
    reply = Client().post("/api/tag/", {"slug": slug}, "application/json", headers=headers)
    return reply.status_code, reply.json().get("code"), reply.headers.get("Retry-After")


def lose(monkeypatch: pytest.MonkeyPatch, error: Exception, *, stored: bool) -> None:
    """Let the next COMMIT that is sent end in an error; ``stored`` says whether it arrived."""
    kind: Any = type(connections["default"])
    commit = kind._commit

    def lost(self: Any) -> None:
        monkeypatch.setattr(kind, "_commit", commit)
        if stored:
            commit(self)
        else:
            self.connection.rollback()
        raise error

    monkeypatch.setattr(kind, "_commit", lost)


def answered(state: str) -> OperationalError:
    """Return an error that PostgreSQL names."""
    error = OperationalError(f"the server says {state}")
    error.__cause__ = type("DriverError", (Exception,), {"sqlstate": state})()
    return error


def full() -> OperationalError:
    """Return what SQLite raises for a COMMIT that finds no room on the disk."""
    error = OperationalError("database or disk is full")
    error.__cause__ = type("DriverError", (Exception,), {"sqlite_errorcode": 13})()
    return error


LOST = [
    OperationalError("server closed the connection unexpectedly"),
    OperationalError(2013, "Lost connection to server during query"),
    InterfaceError(0, ""),
    answered("57P01"),
    answered("08006"),
    answered("40003"),
]
REFUSED = [answered("53100"), OperationalError(1041, "Out of memory"), answered("40001"), full()]


@pytest.mark.parametrize(
    ("error", "stored"), [(LOST[0], False), *((one, True) for one in LOST)], ids=str
)
def test_a_lost_commit_is_in_doubt(
    monkeypatch: pytest.MonkeyPatch, error: Exception, stored: bool
) -> None:
    lose(monkeypatch, error, stored=stored)

    assert (503, "write.unknown", None) == add("a")
    assert stored is Tag.objects.filter(slug="a").exists()


@pytest.mark.parametrize("error", REFUSED, ids=str)
def test_a_refused_commit_is_not(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    lose(monkeypatch, error, stored=False)
    status, code, after = add("a")

    assert code in {"backend.unavailable", "write.conflict"}
    assert (status in {409, 503}, "1") == (True, after)


@pytest.mark.parametrize("stored", [True, False])
def test_with_a_key_nothing_is_written_twice(
    store: str, monkeypatch: pytest.MonkeyPatch, stored: bool
) -> None:
    lose(monkeypatch, LOST[0], stored=stored)
    first, again = add("a", key="k"), add("a", key="k")

    if store == "database":  # where the key was committed with the write, or was not
        assert [(503, "backend.unavailable", "1"), (201, None, None)] == [first, again]
        assert Tag.objects.filter(slug="a").exists()
    else:
        assert [(503, "write.unknown", None)] * 2 == [first, again]
        assert stored is Tag.objects.filter(slug="a").exists()


def test_the_end_of_a_savepoint_is_no_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    kind: Any = type(connections["default"])

    def broken(self: Any, sid: str) -> None:
        raise LOST[0]

    with suppress(Exception), transaction.atomic():
        monkeypatch.setattr(kind, "_savepoint_commit", broken)
        assert (503, "backend.unavailable", "1") == add("a")
        transaction.set_rollback(True)
    assert not Tag.objects.exists()


def test_what_a_hook_may_have_written_elsewhere_is_in_doubt(store: str) -> None:
    calls: list[str] = []

    def counts(**_kwargs: Any) -> None:
        calls.append("increment")
        raise RequestFailedError("DynamoDB did not answer UpdateItem", in_doubt=True)

    before_add.connect(counts, sender=Tag)
    try:
        assert (503, "write.unknown", None) == add("a", key="k") == add("a", key="k")
        assert (422, "idempotency.reused", None) == add("b", key="k")
    finally:
        before_add.disconnect(counts, sender=Tag)
    assert ["increment"] == calls
    assert not Tag.objects.exists()
