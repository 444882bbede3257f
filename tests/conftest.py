"""Fixtures of the whole suite: the front doors, and a small set of rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.management.color import no_style
from django.db import connection

from django_flex.backends.orm import compiled
from django_flex.conf import loading
from tests.doors.fronts import (
    ALL_DOORS,
    DOORS,
    OPEN,
    ROLE_DOORS,
    SERVED_DOORS,
    UNLIKE_DOORS,
    Door,
    HttpDoor,
)


def _parametrised(doors: Mapping[str, Any]) -> list[Any]:
    return [pytest.param(door, id=name) for name, door in doors.items()]


def _for_this_database(doors: Mapping[str, Any]) -> list[Any]:
    """Return all doors on SQLite; no door knows the database, so a server is met by a few."""
    if connection.vendor == "sqlite":
        return _parametrised(doors)
    return _parametrised({name: door for name, door in doors.items() if name in UNLIKE_DOORS})


@pytest.fixture(scope="session", autouse=True)
def checked_statements() -> Iterator[None]:
    """Compare every use of a kept statement with what Django makes anew, where it is asked for."""
    if not os.environ.get("FLEX_CHECK_STATEMENTS"):
        yield
        return

    def configure(*, size: int, checked: bool) -> None:
        compiled.configure(size=size, checked=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "configure", configure)
        configure(size=512, checked=True)
        yield


@pytest.fixture(params=_for_this_database(DOORS))
def door(request: pytest.FixtureRequest, settings: Any, db: None) -> Door:
    """Each front door in turn."""
    made: Door = request.param(settings)
    return made


@pytest.fixture(params=_parametrised(ALL_DOORS))
def any_door(request: pytest.FixtureRequest, settings: Any, db: None) -> Door:
    """Each front door in turn, and each variant of it."""
    made: Door = request.param(settings)
    return made


@pytest.fixture(params=_for_this_database(ROLE_DOORS))
def role_door(request: pytest.FixtureRequest, settings: Any, db: None) -> Door:
    """Each front door that takes an entry with its roles: all but the decorators."""
    made: Door = request.param(settings)
    return made


@pytest.fixture(params=_parametrised(SERVED_DOORS))
def served(request: pytest.FixtureRequest, settings: Any, db: None) -> HttpDoor:
    """Each kind of URL that the package serves by itself, open to everybody; ``path`` is a list."""
    made: HttpDoor = request.param(settings)
    made.open("booking", OPEN, {})
    return made


@pytest.fixture
def configure(settings: Any) -> Callable[..., None]:
    """Return a function that writes ``DJANGO_FLEX``; anonymous callers are let in by default."""

    def write(expose: Mapping[str, Any] = OPEN, **others: Any) -> None:
        settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": expose, **others}

    return write


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


#: The INSERT statements of ``create_bookings``, kept since the ORM takes most of a test's time.
_INSERTS: list[tuple[str, Any]] = []


@pytest.fixture
def bookings(db: None) -> None:
    """Six bookings of four customers: with and without related rows, values, lines and tags."""

    def record(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("INSERT"):
            _INSERTS.append((sql, params))
        return execute(sql, params, many, context)

    if not _INSERTS:
        with connection.execute_wrapper(record):
            create_bookings()
        continue_numbering()
        return
    with connection.cursor() as cursor:
        for sql, params in _INSERTS:
            cursor.execute(sql, params)
    continue_numbering()


def continue_numbering() -> None:
    """Let PostgreSQL give new rows keys behind those that the fixture chose itself."""
    from tests.testapp import models

    numbered = [models.Company, models.Customer, models.Address, models.Booking, models.Line]
    statements = connection.ops.sequence_reset_sql(no_style(), [*numbered, models.Invoice])
    if statements:
        with connection.cursor() as cursor:
            cursor.execute(" ".join(statements))


def create_bookings() -> None:
    """Create the rows of ``bookings``."""
    from tests.testapp.models import (
        Address,
        Booking,
        Company,
        Customer,
        Invoice,
        Line,
        Tag,
    )

    Company.objects.bulk_create(
        [
            Company(id=1, name="Acme Corp", address="1 Main St", tax_id="T-1"),
            Company(id=2, name="Globex", address="2 Side St", tax_id="T-2"),
        ]
    )
    Customer.objects.bulk_create(
        [
            Customer(
                id=1,
                name="Aisha Khan",
                email="aisha@example.com",
                vip=True,
                company_id=1,
                metadata={
                    "settings": {"theme": "dark", "lang": "en"},
                    "tags": ["vip", "early"],
                    "level": 7,
                    "active": True,
                },
                api_token="s3cret",
            ),
            Customer(
                id=2,
                name="Omar Khan",
                email="omar@example.com",
                company_id=2,
                metadata={
                    "settings": {"theme": "light", "lang": "de"},
                    "tags": ["new"],
                    "level": 3,
                    "active": False,
                },
            ),
            Customer(id=3, name="Bob Stone", metadata={"level": None, "settings": {}}),
            Customer(id=4, name="Zoe", email="zoe@example.com", metadata={}),
        ]
    )
    Address.objects.bulk_create(
        [
            Address(id=1, street="Elm 1", city="Berlin"),
            Address(id=2, street="Oak 2", city="Paris"),
        ]
    )
    Booking.objects.bulk_create(
        [
            Booking(
                id=1,
                customer_id=1,
                address_id=1,
                status="confirmed",
                urgent=True,
                price="100.00",
                rating=4.5,
                seats=2,
                day=date(2025, 1, 15),
                starts=time(9, 30, 15),
                lasts=timedelta(hours=1, minutes=30),
                created_at=moment(2025, 1, 15, 9, 30, 15),
                closed_at=moment(2025, 1, 16),
                reference=UUID(int=1),
                internal_notes="call back",
            ),
            Booking(
                id=2,
                customer_id=2,
                address_id=2,
                status="pending",
                price="250.50",
                rating=3.0,
                seats=4,
                day=date(2025, 6, 30),
                starts=time(14, 0),
                lasts=timedelta(minutes=45),
                created_at=moment(2025, 6, 30, 14),
                closed_at=moment(2025, 6, 29),
                reference=UUID(int=2),
            ),
            Booking(
                id=3,
                customer_id=1,
                status="completed",
                price="99.99",
                day=date(2024, 12, 30),
                starts=time(23, 59, 59),
                lasts=timedelta(days=2),
                created_at=moment(2024, 12, 30, 23, 59, 59),
                reference=UUID(int=3),
            ),
            Booking(
                id=4,
                customer_id=3,
                status="cancelled",
                urgent=True,
                rating=5.0,
                seats=1,
                reference=UUID(int=4),
            ),
            Booking(id=5, customer_id=4, status="", price="0.50", reference=UUID(int=5)),
            Booking(
                id=6,
                customer_id=2,
                address_id=1,
                status="pending",
                urgent=True,
                price="250.50",
                seats=4,
                reference=UUID(int=6),
            ),
        ]
    )
    Line.objects.bulk_create(
        [
            Line(id=1, booking_id=1, product="sweep", quantity=2),
            Line(id=2, booking_id=1, product="mop", quantity=5, note="wet"),
            Line(id=3, booking_id=2, product="mop", quantity=1),
            Line(id=4, booking_id=3, product="sweep", quantity=5, note="dry"),
            Line(id=5, booking_id=3, product="sweep", quantity=7, note="dry"),
        ]
    )
    Invoice.objects.bulk_create(
        [
            Invoice(id=1, booking_id=1, number="A-1"),
            Invoice(id=2, booking_id=2, number="A-2"),
        ]
    )
    Tag.objects.bulk_create(
        [Tag(slug="red", date="today"), Tag(slug="blue", date="later"), Tag(slug="green")]
    )
    through = Booking.tags.through
    through.objects.bulk_create(
        [
            through(booking_id=1, tag_id="red"),
            through(booking_id=1, tag_id="blue"),
            through(booking_id=2, tag_id="red"),
        ]
    )
