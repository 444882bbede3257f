"""The starts of periods: a reply's own values find its groups again, in any time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from tests.doors.fronts import Door, Execute

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]
#: Starts that clocks skip or show twice: a zone, a unit, and an hour (UTC) before the change.
SKIPPED = [
    pytest.param("America/Sao_Paulo", "trunc_day", "2018-11-04T01", id="midnight"),
    pytest.param("Africa/Cairo", "trunc_day", "2023-04-27T20", id="midnight-by-law"),
    pytest.param("Asia/Beirut", "trunc_week", "2022-03-26T20", id="midnight-within-the-week"),
    pytest.param("America/Asuncion", "trunc_month", "2017-10-01T02", id="first-midnight"),
    pytest.param("America/Sao_Paulo", "trunc_hour", "2018-11-04T01", id="a-whole-hour"),
    pytest.param("Australia/Lord_Howe", "trunc_hour", "2024-10-05T13", id="half-an-hour"),
    pytest.param("Europe/Berlin", "trunc_hour", "2025-10-25T22", id="an-hour-twice"),
]
UNITS = ["trunc_year", "trunc_quarter", "trunc_month", "trunc_week", "trunc_day", "trunc_hour"]


@pytest.fixture(params=ZONES)
def zone(request: pytest.FixtureRequest) -> str:
    """A time zone; those with an offset need their tables on MariaDB, which tests do not load."""
    if request.param != "UTC" and connection.vendor == "mysql":
        pytest.skip("time zone tables are not loaded in a plain MariaDB")
    name: str = request.param
    return name


@pytest.fixture
def execute(settings: Any, db: None) -> Door:
    """Python's door: none of the others knows time zones by itself."""
    return Execute(settings)


def groups(execute: Door, unit: str, zone: str, **clauses: Any) -> list[Any]:
    query = {
        "group_by": f"start:created_at.{unit}",
        "aggregate": "n:count",
        "order_by": "start",
        "filters": {"created_at.isnull": False},
        **clauses,
    }
    found = execute.aggregate(query, TIME_ZONE=zone)
    assert 200 == found.status, found.body
    rows: list[Any] = found.body["results"]
    return rows


@pytest.mark.one_in(5)
@pytest.mark.parametrize("unit", UNITS)
def test_a_value_of_the_reply_finds_its_group(
    bookings: None, execute: Door, zone: str, unit: str
) -> None:
    every = groups(execute, unit, zone)
    assert every
    for number, group in enumerate(every):
        start = group["start"]

        assert [group] == groups(execute, unit, zone, having={"start": start})
        assert [group] == groups(execute, unit, zone, having={"start.in": [start]})
        assert every[number:] == groups(execute, unit, zone, having={"start.gte": start})
        assert every[:number] == groups(execute, unit, zone, having={"start.lt": start})
        rest = every[:number] + every[number + 1 :]
        assert rest == groups(execute, unit, zone, having={"start.ne": start})


@pytest.mark.parametrize(("zone_name", "unit", "first"), SKIPPED)
def test_starts_at_a_change_of_the_clocks_are_found(
    bookings: None, execute: Door, zone_name: str, unit: str, first: str
) -> None:
    from tests.testapp.models import Booking

    if connection.vendor == "mysql":
        pytest.skip("time zone tables are not loaded in a plain MariaDB")
    begin = datetime.fromisoformat(f"{first}:40").replace(tzinfo=UTC)
    for number, booking in enumerate(Booking.objects.order_by("pk")):
        booking.created_at = begin + number * timedelta(minutes=60)
        booking.save()

    every = groups(execute, unit, zone_name)

    for number, group in enumerate(every):
        start = group["start"]
        assert [group] == groups(execute, unit, zone_name, having={"start.in": [start]})
        assert every[number:] == groups(execute, unit, zone_name, having={"start.gte": start})
        assert every[:number] == groups(execute, unit, zone_name, having={"start.lt": start})


@pytest.mark.parametrize("zone_name", ZONES)
@pytest.mark.parametrize(
    ("time", "found"), [("0001-01-01T00:00:00Z", True), ("9999-12-31T23:59:59Z", False)]
)
def test_starts_are_compared_with_the_ends_of_the_calendar(
    bookings: None, execute: Door, zone_name: str, time: str, *, found: bool
) -> None:
    if zone_name != "UTC" and connection.vendor == "mysql":
        pytest.skip("time zone tables are not loaded in a plain MariaDB")

    assert found == bool(groups(execute, "trunc_day", zone_name, having={"start.gte": time}))


def test_evenings_are_no_starts_of_days(bookings: None, execute: Door) -> None:
    if connection.vendor == "mysql":
        pytest.skip("time zone tables are not loaded in a plain MariaDB")
    from tests.testapp.models import Booking

    Booking.objects.update(created_at=datetime(2024, 3, 31, 12, tzinfo=UTC))

    # Clocks went from 22:00 to 23:00: this one o'clock would have been midnight by the old offset.
    assert [] == groups(
        execute, "trunc_day", "America/Nuuk", having={"start.gte": "2024-03-31T01:00:00-01:00"}
    )


def test_parts_of_a_start_are_groups_of_their_own(bookings: None, execute: Door) -> None:
    query = {
        "group_by": "start:created_at.trunc_month",
        "aggregate": "count",
        "having": {"start.year": 2025},
    }

    reply = execute.aggregate(query)

    assert (400, "having.start.year") == (reply.status, reply.body["path"])
    assert "group by 'year'" in reply.body["hint"]
