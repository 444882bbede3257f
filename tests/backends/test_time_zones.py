"""MariaDB without time zone tables: an error that names the cure, in place of no rows."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.db.models.functions import ExtractHour
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_flex import FlexQuery
from django_flex.backends.orm.connection import time_zones
from django_flex.checks import check_time_zones
from tests.backends.conftest import ON_MARIADB
from tests.doors.fronts import OPEN

pytestmark = pytest.mark.usefixtures("bookings")

#: What converts a moment to the zone of the request.
CONVERTING = {
    "date": "?filters.created_at.date=2025-01-15",
    "time": "?filters.created_at.time.gt=09:00",
    "month": "?filters.created_at.month=1",
    "hour": "?filters.created_at.hour=10",
    "week_day": "?filters.created_at.week_day.in=1,2",
    "part-and-operator": "?filters.created_at.year.in=2024,2025",
    "compared": '?q={"filters":{"closed_at.date":{"$field":"day"}}}',
    "related": "?filters.lines.some.booking.created_at.day=15",
    "count": "?count=true&filters.created_at.month=1",
    "group-date": "aggregate?group_by=created_at.date&aggregate=count",
    "group-month": "aggregate?group_by=created_at.month&aggregate=count",
    "group-trunc": "aggregate?group_by=created_at.trunc_day&aggregate=count",
    "rule": "?role=rule",
    "computed": "?fields=begins",
}
#: What does not.
PLAIN = {
    "rows": "?fields=id,created_at",
    "year": "?filters.created_at.year=2025",
    "range": "?filters.created_at.gte=2025-01-01",
    "day": "?filters.day.month=1",
    "group-day": "aggregate?group_by=day.trunc_month&aggregate=count",
}


def ask(settings: Any, query: str, **options: Any) -> Any:
    grant: Any = "*"
    if "role=rule" in query:
        grant = {"fields": "*", "ops": ["list"], "rows": Q(created_at__hour=10)}
    computed: dict[str, Any] = {}
    if "fields=begins" in query:
        grant = {"rows": "*", "fields": ["id", "begins"], "ops": ["list"]}
        computed = {"begins": ExtractHour("created_at")}
    booking = {"anon": grant, "computed": computed}
    options = {"TIME_ZONE": "Europe/Berlin", **options}
    expose = {**OPEN, "booking": booking}
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": expose, **options}
    return Client().get(f"/api/bookings/{query.replace('?role=rule', '')}")


@ON_MARIADB
@pytest.mark.parametrize("name", CONVERTING)
def test_what_needs_the_tables_says_so(settings: Any, caplog: Any, name: str) -> None:
    response = ask(settings, CONVERTING[name])
    body = response.json()
    assert (500, "backend.misconfigured") == (response.status_code, body["code"]), body
    assert "mysql_tzinfo_to_sql" in body["hint"]
    assert "Retry-After" not in response.headers
    assert "Europe/Berlin" in caplog.text


@pytest.mark.parametrize("name", PLAIN)
def test_what_needs_none_is_answered(settings: Any, name: str) -> None:
    assert ask(settings, PLAIN[name]).status_code == 200


@pytest.mark.parametrize("name", CONVERTING)
def test_nothing_is_converted_in_the_zone_of_the_database(settings: Any, name: str) -> None:
    assert ask(settings, CONVERTING[name], TIME_ZONE="UTC").status_code == 200


@ON_MARIADB
def test_a_write_that_filters_by_a_part_says_so(settings: Any) -> None:
    grant = {
        "rows": "*",
        "fields": "*",
        "filters": "*",
        "write_fields": ["seats"],
        "ops": ["bulk_edit"],
    }
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {"booking": {"anon": grant}},
        "TIME_ZONE": "Europe/Berlin",
    }
    write = {"_action": "bulk_edit", "_max_affected": 9, "_set": {"seats": 1}}
    result = FlexQuery("booking").execute({**write, "filters": {"created_at.month": 1}})
    assert (500, "backend.misconfigured") == (result.status_code, result.to_dict()["code"])


@ON_MARIADB
def test_a_database_that_knows_the_zone_is_asked_once(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_zones, "_TRY", "SELECT %s <> %s")
    monkeypatch.setattr(time_zones, "_known", set())
    counts = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as sent:
            assert ask(settings, CONVERTING["month"]).status_code == 200
        counts.append(sum("<>" in one["sql"] for one in sent))
    assert counts == [1, 0, 0]


def test_the_check_asks_the_database(settings: Any) -> None:
    ask(settings, "")
    found = [m.id for m in check_time_zones(databases=["default"])]
    assert found == (["django_flex.W028"] if connection.vendor == "mysql" else [])
    assert check_time_zones(databases=None) == []
    ask(settings, "", TIME_ZONE="UTC")
    assert check_time_zones(databases=["default"]) == []
