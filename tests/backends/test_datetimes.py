"""Moments read quickly are those that Django reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from django_flex import FlexQuery
from django_flex.backends.orm.prepared.datetimes import load_datetimes_quickly
from tests.caching import statements
from tests.doors.fronts import grant
from tests.testapp.models import Booking

ON_POSTGRESQL = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="PostgreSQL only (DATABASE_URL)"
)
FIRST = datetime(2026, 1, 31, 12, 30, tzinfo=UTC)
MOMENTS = [
    FIRST,
    FIRST + timedelta(microseconds=1),
    FIRST + timedelta(milliseconds=500),
    FIRST.replace(year=1),
    FIRST.replace(year=9999, second=59, microsecond=999_999),
    FIRST.replace(year=1890),
]


def load(texts: list[str], *, quickly: bool) -> list[Any]:
    with connection.cursor() as cursor:
        if quickly:
            load_datetimes_quickly(cursor, connection)
        cursor.execute(" UNION ALL ".join(["SELECT %s::timestamptz"] * len(texts)), texts)
        return [row[0] for row in cursor.fetchall()]


@ON_POSTGRESQL
def test_datetimes_are_parsed_as_django_does(db: None) -> None:
    texts = [moment.isoformat() for moment in MOMENTS]
    quick = load(texts, quickly=True)

    assert quick == load(texts, quickly=False) == MOMENTS
    assert {moment.tzinfo for moment in quick} == {UTC}


@ON_POSTGRESQL
@pytest.mark.parametrize("text", ["infinity", "0044-03-15 12:00:00+00 BC", "10000-01-01"])
def test_a_datetime_beyond_python_fails_as_in_django(db: None, text: str) -> None:
    errors = []
    for quickly in (True, False):
        with pytest.raises(Exception, match="timestamp") as caught:
            load([text], quickly=quickly)
        errors.append((type(caught.value), str(caught.value)))

    assert errors[0] == errors[1]


@ON_POSTGRESQL
@pytest.mark.parametrize(
    "setting", ["timezone = 'Asia/Kolkata'", "datestyle = 'SQL, DMY'", "datestyle = 'German'"]
)
def test_other_zones_and_styles_are_left_to_django(db: None, setting: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL {setting}")
    replies = []
    for quickly in (True, False):
        try:
            replies.append(repr(load([FIRST.isoformat()], quickly=quickly)))
        except NotImplementedError as error:  # psycopg reads no other style
            replies.append(repr(error))

    assert replies[0] == replies[1]


@ON_POSTGRESQL
def test_other_cursors_read_as_before(db: None) -> None:
    with connection.cursor() as cursor:
        before = cursor.cursor.adapters.get_loader(1184, 0)
        load_datetimes_quickly(cursor, connection)
        assert cursor.cursor.adapters.get_loader(1184, 0) is not before
    with connection.cursor() as cursor:
        assert cursor.cursor.adapters.get_loader(1184, 0) is before


def test_a_driver_without_adapters_is_left_alone() -> None:
    cursor: Any = SimpleNamespace(cursor=object())
    utc: Any = SimpleNamespace(timezone=UTC)

    load_datetimes_quickly(cursor, utc)


def test_lists_have_the_datetimes_that_are_stored(bookings: None, configure: Any) -> None:
    configure(EXPOSE=grant())
    for booking, moment in zip(Booking.objects.order_by("pk"), MOMENTS, strict=True):
        Booking.objects.filter(pk=booking.pk).update(created_at=moment)
    query = {"_action": "list", "fields": "created_at"}
    for _ in range(2):  # compiled, and kept
        found = FlexQuery("booking").execute(query).data["results"].values()
        assert [row["created_at"] for row in found] == MOMENTS
    assert any(one.datetimes for one in statements())
