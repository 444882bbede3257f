"""What a database objects to becomes a reply that says so in words of ours."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    connection,
)
from django.db.models import ProtectedError, RestrictedError
from django.db.transaction import TransactionManagementError
from django.http import JsonResponse
from django.test import Client
from django.urls import path

from django_flex.backends.orm.connection.transactions import reading, writing
from django_flex.exceptions import (
    ConflictError,
    DuplicateError,
    FlexError,
    InvalidValueError,
    UnavailableError,
)
from django_flex.query.limits import Limits
from tests.backends.conftest import ON_A_SERVER, connected, names
from tests.doors.fronts import Urls
from tests.testapp.models import Comment, Company, Customer, Tag

LIMITS = Limits()


class DriverError(Exception):
    """What a driver raises: PostgreSQL's with a state, the others with arguments."""

    def __init__(self, state: str | None, attribute: str = "sqlstate") -> None:
        super().__init__()
        if state is not None:
            setattr(self, attribute, state)


def failure(kind: type[Exception], *args: Any, cause: DriverError | None = None) -> Exception:
    """Return an error as Django's database layer raises it."""
    error = kind(*args)
    error.__cause__ = cause
    return error


def of_postgres(kind: type[Exception], state: str | None, attribute: str = "sqlstate") -> Exception:
    return failure(kind, "SECRET of the database", cause=DriverError(state, attribute))


FAILURES = {
    # The error; status and code of a read, and of a write.
    "postgres-timeout": (of_postgres(OperationalError, "57014"), 503, "backend.timeout", 503),
    "postgres-psycopg2": (
        of_postgres(OperationalError, "57014", "pgcode"),
        503,
        "backend.timeout",
        503,
    ),
    "postgres-lock": (of_postgres(OperationalError, "55P03"), 503, "backend.unavailable", 409),
    "postgres-deadlock": (of_postgres(OperationalError, "40P01"), 503, "backend.unavailable", 409),
    "postgres-serialize": (of_postgres(OperationalError, "40001"), 503, "backend.unavailable", 409),
    "postgres-exclusion": (of_postgres(IntegrityError, "23P01"), 409, "write.duplicate", 409),
    "postgres-trigger": (of_postgres(DatabaseError, "P0001"), 409, "write.conflict", 409),
    "postgres-shutdown": (of_postgres(OperationalError, "57P01"), 503, "backend.unavailable", 503),
    "postgres-connections": (
        of_postgres(OperationalError, "53300"),
        503,
        "backend.unavailable",
        503,
    ),
    "postgres-read-only": (of_postgres(DatabaseError, "25006"), 503, "backend.unavailable", 503),
    "postgres-gone": (of_postgres(OperationalError, None), 503, "backend.unavailable", 503),
    "postgres-aborted": (of_postgres(DatabaseError, "25P02"), 500, "internal", 500),
    "postgres-stack": (of_postgres(OperationalError, "54001"), 400, "query.limit", 400),
    "postgres-value": (of_postgres(DataError, "22003"), 400, "query.value", 400),
    "postgres-function": (of_postgres(ProgrammingError, "42883"), 400, "query.unsupported", 400),
    "mariadb-timeout": (failure(OperationalError, 1969, "SECRET"), 503, "backend.timeout", 503),
    "mysql-timeout": (failure(OperationalError, 3024, "SECRET"), 503, "backend.timeout", 503),
    "mariadb-lock": (failure(OperationalError, 1205, "SECRET"), 503, "backend.unavailable", 409),
    "mariadb-deadlock": (
        failure(OperationalError, 1213, "SECRET"),
        503,
        "backend.unavailable",
        409,
    ),
    "mariadb-gone": (failure(OperationalError, 2006, "SECRET"), 503, "backend.unavailable", 503),
    "mariadb-pattern": (failure(OperationalError, 1139, "SECRET"), 400, "query.value", 400),
    "mysql-pattern": (failure(OperationalError, 3694, "SECRET"), 400, "query.value", 400),
    "mariadb-trigger": (failure(OperationalError, 1644, "SECRET"), 409, "write.conflict", 409),
    "sqlite-timeout": (failure(OperationalError, "interrupted"), 503, "backend.timeout", 503),
    "sqlite-lock": (
        failure(OperationalError, "database is locked"),
        503,
        "backend.unavailable",
        409,
    ),
    "sqlite-full": (
        failure(OperationalError, "database or disk is full"),
        503,
        "backend.unavailable",
        503,
    ),
    "sqlite-variables": (
        failure(OperationalError, "too many SQL variables"),
        400,
        "query.limit",
        400,
    ),
    "sqlite-trigger": (failure(IntegrityError, "SECRET"), 409, "write.conflict", 409),
    "no-such-function": (failure(NotSupportedError, "SECRET"), 400, "query.unsupported", 400),
    "closed": (failure(InterfaceError, "SECRET"), 503, "backend.unavailable", 503),
    "empty": (failure(DatabaseError), 503, "backend.unavailable", 503),
    "broken-transaction": (failure(TransactionManagementError, "SECRET"), 500, "internal", 500),
    "protected": (failure(ProtectedError, "SECRET", set()), 409, "write.conflict", 409),
    "restricted": (failure(RestrictedError, "SECRET", set()), 409, "write.conflict", 409),
    "validation": (failure(ValidationError, "SECRET"), 400, "query.value", 400),
    "overflow": (failure(OverflowError, "SECRET"), 400, "query.value", 400),
}


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
@pytest.mark.parametrize(("error", "status", "code", "written"), FAILURES.values(), ids=FAILURES)
def test_error_of_the_database_is_one_of_ours(
    db: None, error: Exception, status: int, code: str, written: int, writes: bool
) -> None:
    context = writing if writes else reading
    with pytest.raises(FlexError) as caught, context("default", LIMITS):
        raise error
    assert caught.value.status == (written if writes else status)
    waited = caught.value.status == 409 and code != "write.duplicate"
    assert caught.value.code == ("write.conflict" if waited else code)
    assert "SECRET" not in str(caught.value.to_dict())
    assert caught.value.__cause__ is error
    may_succeed_later = caught.value.status == 503 or (written == 409 and status == 503)
    assert ("Retry-After" in caught.value.headers) == may_succeed_later


@pytest.mark.parametrize(
    ("error", "level"),
    [
        pytest.param(failure(OperationalError, "disk I/O error"), logging.ERROR, id="failed"),
        pytest.param(failure(OperationalError, "interrupted"), logging.WARNING, id="stopped"),
        pytest.param(failure(IntegrityError, "UNIQUE constraint failed: a.b"), None, id="conflict"),
    ],
)
def test_the_log_has_the_database_error_that_the_reply_omits(
    db: None, caplog: Any, error: Exception, level: int | None
) -> None:
    with pytest.raises(FlexError), writing("default", LIMITS):
        raise error
    logged = [(record.levelno, record.exc_info[1]) for record in caplog.records if record.exc_info]
    assert logged == ([] if level is None else [(level, error)])


def add_twice() -> None:
    Tag.objects.bulk_create([Tag(slug="red"), Tag(slug="red")])


def leave_out() -> None:
    Company.objects.create(name=None)  # type: ignore[misc]  # what the database is to refuse


def break_check() -> None:
    content_type = ContentType.objects.get_for_model(Company)
    Comment.objects.create(text="x", content_type=content_type, object_id=-1)


def break_reference() -> None:
    Customer.objects.create(name="Aisha", company_id=404)


def overflow() -> None:
    Tag.objects.create(slug="x" * 60)


REFUSED = [
    pytest.param(add_twice, DuplicateError, id="unique"),
    pytest.param(leave_out, InvalidValueError, id="not-null"),
    pytest.param(break_check, InvalidValueError, id="check"),
    pytest.param(break_reference, ConflictError, id="reference"),
    pytest.param(overflow, InvalidValueError, id="too-long", marks=ON_A_SERVER),
]


@pytest.mark.parametrize(("write", "error"), REFUSED)
def test_refused_write_has_our_error_format(
    transactional_db: None, write: Any, error: type[FlexError]
) -> None:
    def two_steps() -> None:
        with writing("default", LIMITS):
            Company.objects.create(name="undone")
            write()

    with pytest.raises(FlexError) as caught:
        two_steps()
    assert type(caught.value) is error
    for word in ("testapp", "red", "404", "constraint", "null", "object_id", "slug"):
        assert word not in caught.value.message
    with writing("default", LIMITS):
        Company.objects.create(name="next")
    assert names() == {"next"}


@pytest.mark.parametrize(("write", "error"), REFUSED)
def test_refused_write_leaves_what_the_view_has_written(
    transactional_db: None, settings: Any, monkeypatch: Any, write: Any, error: type[FlexError]
) -> None:
    if write is break_reference and connection.vendor == "sqlite":
        pytest.skip("SQLite finds a broken reference at the COMMIT, which is the project's here")

    def view(request: Any) -> JsonResponse:
        status = 200
        Company.objects.create(name="of the view")
        try:
            with writing("default", LIMITS):
                Company.objects.create(name="undone")
                write()
        except FlexError as caught:
            status = caught.status
        return JsonResponse({}, status=status)

    settings.ROOT_URLCONF = Urls(path("own", view))
    settings.MIDDLEWARE = []
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    response = Client().get("/own")
    assert response.status_code == error.status
    assert names() == {"of the view"}


@ON_A_SERVER
@pytest.mark.parametrize("context", [reading, writing], ids=["read", "write"])
def test_database_that_is_away_is_a_503(transactional_db: None, context: Any) -> None:
    with connected(PORT="1"), ExitStack() as stack, pytest.raises(UnavailableError):
        stack.enter_context(context("default", LIMITS))
    assert names() == set()
