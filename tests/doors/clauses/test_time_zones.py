"""The zone in which parts of times are meant: of the request, of the settings, of the project."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from tests.doors.fronts import OPEN, SERVED_DOORS

pytestmark = pytest.mark.usefixtures("bookings")

# Booking 3 was made a second before midnight UTC on the last but one day of 2024.
LATE = {"fields": "id", "filters": {"created_at.day": 31, "created_at.year": 2024}}
URL = "booking/?fields=id&filters.created_at.day=31&filters.created_at.year=2024"

needs_zones = pytest.mark.skipif(
    connection.vendor == "mysql", reason="time zone tables are not loaded in a plain MariaDB"
)


@needs_zones
def test_the_setting_says_where_a_day_begins(door) -> None:
    assert [] == door.list(LATE).ids
    assert [3] == door.list(LATE, TIME_ZONE="Asia/Tokyo").ids


@pytest.fixture
def ask(settings: Any, db: None) -> Any:
    """Ask the middleware with a preference."""
    door = SERVED_DOORS["middleware"](settings)
    door.open("booking", OPEN, {"TIME_ZONE": "America/New_York"})
    return lambda prefer: door.request("GET", f"/api/{URL}", headers={"Prefer": prefer})


@needs_zones
@pytest.mark.parametrize("prefer", ["timezone=Asia/Tokyo", 'return=minimal, timezone="Asia/Tokyo"'])
def test_the_request_goes_before_the_setting(ask, prefer) -> None:
    assert ["3"] == list(ask(prefer).json()["results"])


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "../etc/passwd", "/etc/localtime", "a" * 300, " "]
)
def test_a_zone_that_does_not_exist_is_a_400(ask, zone) -> None:
    response = ask(f"timezone={zone}")
    assert (400, "Prefer") == (response.status_code, response.json()["path"])


@pytest.mark.skipif(connection.vendor != "mysql", reason="the other databases know all zones")
def test_a_database_without_zones_says_so_instead_of_finding_nothing(ask) -> None:
    response = ask("timezone=Asia/Tokyo")
    assert (500, "backend.misconfigured") == (response.status_code, response.json()["code"])
    assert "Retry-After" not in response.headers
    assert "mysql_tzinfo_to_sql" in response.json()["hint"]
