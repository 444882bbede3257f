"""What a database objects to becomes a reply that says so in words of ours."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

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

from django_flex import FlexQuery
from django_flex.backends.orm.connection.transactions import reading, writing
from django_flex.exceptions import (
    ConflictError,
    DuplicateError,
    FlexError,
    InvalidValueError,
    UnavailableError,
)
from django_flex.query.limits import Limits
from tests.backends.conftest import ON_A_SERVER, ON_SQLITE, connected, names
from tests.doors.fronts import Urls
from tests.testapp.models import Booking, Comment, Company, Customer, Tag

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


def of_sqlite(message: str, code: int) -> Exception:
    """Return an error as SQLite raises it; the lowest byte of its code is the kind."""
    cause = DriverError(None)
    cause.sqlite_errorcode = code  # type: ignore[attr-defined]
    return failure(OperationalError, message, cause=cause)


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
    "postgres-table": (of_postgres(ProgrammingError, "42P01"), 500, "internal", 500),
    "postgres-column": (of_postgres(ProgrammingError, "42703"), 500, "internal", 500),
    "postgres-schema": (of_postgres(ProgrammingError, "3F000"), 500, "internal", 500),
    "postgres-rights": (of_postgres(ProgrammingError, "42501"), 500, "internal", 500),
    "postgres-corrupt": (of_postgres(DatabaseError, "XX001"), 500, "internal", 500),
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
    "mariadb-types": (failure(OperationalError, 4078, "SECRET"), 400, "query.value", 400),
    "mariadb-table": (failure(ProgrammingError, 1146, "SECRET"), 500, "internal", 500),
    "mariadb-column": (failure(OperationalError, 1054, "SECRET"), 500, "internal", 500),
    "mariadb-rights": (failure(OperationalError, 1142, "SECRET"), 500, "internal", 500),
    "mariadb-view": (failure(OperationalError, 1288, "SECRET"), 500, "internal", 500),
    "mariadb-number": (failure(DataError, 1264, "SECRET"), 400, "query.value", 400),
    "mariadb-date": (failure(OperationalError, 1292, "SECRET"), 400, "query.value", 400),
    "mariadb-json": (failure(OperationalError, 4038, "SECRET"), 400, "query.value", 400),
    "mariadb-packet": (failure(OperationalError, 1153, "SECRET"), 400, "query.limit", 400),
    "mariadb-collation": (
        failure(OperationalError, 1267, "SECRET"),
        400,
        "query.unsupported",
        400,
    ),
    "mariadb-connections": (
        failure(OperationalError, 1040, "SECRET"),
        503,
        "backend.unavailable",
        503,
    ),
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
    "sqlite-overflow": (of_sqlite("integer overflow", 1), 400, "query.value", 400),
    # SQLite's words for an OverflowError in one of Django's functions, as for a date in no year.
    "sqlite-number": (of_sqlite("string or blob too big", 18), 400, "query.value", 400),
    "sqlite-json": (of_sqlite("malformed JSON", 1), 400, "query.value", 400),
    "sqlite-function": (of_sqlite("no such function: SECRET", 1), 400, "query.unsupported", 400),
    "sqlite-syntax": (of_sqlite('near "SECRET": syntax error', 1), 400, "query.unsupported", 400),
    "sqlite-joins": (of_sqlite("at most 64 tables in a join", 1), 400, "query.limit", 400),
    "sqlite-blob": (of_sqlite("SECRET", 18), 400, "query.limit", 400),
    "sqlite-table": (of_sqlite("no such table: SECRET", 1), 500, "internal", 500),
    "sqlite-column": (of_sqlite("no such column: SECRET", 1), 500, "internal", 500),
    "sqlite-columns": (of_sqlite("table SECRET has no column named x", 1), 500, "internal", 500),
    "sqlite-view": (
        of_sqlite("cannot modify SECRET because it is a view", 1),
        500,
        "internal",
        500,
    ),
    "sqlite-read-only": (of_sqlite("SECRET", 8), 500, "internal", 500),
    "sqlite-directory": (of_sqlite("SECRET", 8 | 6 << 8), 500, "internal", 500),
    "sqlite-corrupt": (of_sqlite("SECRET", 11), 500, "internal", 500),
    "sqlite-no-database": (of_sqlite("SECRET", 26), 500, "internal", 500),
    "sqlite-savepoint": (of_sqlite("no such savepoint: SECRET", 1), 500, "internal", 500),
    "sqlite-open": (of_sqlite("SECRET", 14), 503, "backend.unavailable", 503),
    "sqlite-io": (of_sqlite("SECRET", 10 | 1 << 8), 503, "backend.unavailable", 503),
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


@pytest.mark.one_in(3)
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


@pytest.fixture
def other_tables(db: None) -> None:
    """The table of companies has another name, and customers lack a column."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE testapp_company RENAME TO testapp_firm")
        cursor.execute("ALTER TABLE testapp_customer RENAME COLUMN vip TO important")


@ON_SQLITE  # where a table that changes is rolled back
@pytest.mark.parametrize(
    "query",
    [
        {"_model": "company", "fields": "id"},
        {"_model": "company", "_action": "aggregate", "aggregate": "count"},
        {"_model": "company", "_action": "add", "name": "Acme"},
        {"_model": "customer", "fields": "vip"},
        {"_model": "customer", "fields": "id", "filters": {"vip": True}},
        {"_model": "customer", "fields": "id", "filters": {"company.name": "Acme"}},
        {"_model": "customer", "_action": "add", "name": "Aisha", "vip": True},
    ],
)
def test_table_or_column_that_is_not_there_is_a_logged_500(
    other_tables: None, configure: Any, caplog: Any, query: dict[str, Any]
) -> None:
    configure()
    result = FlexQuery(query["_model"]).execute(query, user=None)
    assert (result.status_code, result.data["code"]) == (500, "internal")
    assert "Retry-After" not in result.headers
    assert "DATABASE_ROUTERS" in caplog.text


@ON_SQLITE
@pytest.mark.parametrize(
    "query",
    [
        {"aggregate": "seats.sum"},
        {"aggregate": "seats.sum", "group_by": "status"},
        {"aggregate": "seats.sum", "having": {"seats.sum.gt": 1}, "group_by": "status"},
    ],
)
def test_sum_that_is_too_large_is_refused(db: None, configure: Any, query: dict[str, Any]) -> None:
    configure()
    customer = Customer.objects.create(name="Aisha")
    Booking.objects.bulk_create(
        Booking(customer=customer, seats=2**63 - 1, reference=uuid4()) for _ in range(2)
    )
    result = FlexQuery("booking").execute({"_action": "aggregate", **query}, user=None)
    assert (result.status_code, result.data["code"]) == (400, "query.value")


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
