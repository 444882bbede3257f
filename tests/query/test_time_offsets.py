"""The texts of ``$now``, and the times that they mean."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from django_flex import FlexQuery
from django_flex.binding.request_time import request_time
from django_flex.exceptions import InvalidValueError
from django_flex.query.time_offsets import parse_now
from tests.doors.fronts import EVERYTHING
from tests.testapp.models import Booking

#: A Saturday, in the leap year 2024.
NOW = datetime(2024, 8, 31, 15, 30, 20, 5, tzinfo=UTC)


def at(text: str, now: datetime = NOW, kind: str = "datetime") -> Any:
    with patch("django.utils.timezone.now", return_value=now):
        return request_time(parse_now(text, "x"), kind, "x")


@pytest.fixture
def berlin() -> Iterator[None]:
    with timezone.override(ZoneInfo("Europe/Berlin")):
        yield


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "2024-08-31T15:30:20.000005+00:00"),
        ("-7d", "2024-08-24T15:30:20.000005+00:00"),
        ("90s", "2024-08-31T15:31:50.000005+00:00"),
        (" 1 hour", "2024-08-31T16:30:20.000005+00:00"),
        ("-2 weeks", "2024-08-17T15:30:20.000005+00:00"),
        ("-1 month", "2024-07-31T15:30:20.000005+00:00"),
        ("-6 months", "2024-02-29T15:30:20.000005+00:00"),
        ("+6 months", "2025-02-28T15:30:20.000005+00:00"),
        ("1month", "2024-09-30T15:30:20.000005+00:00"),
        ("-1 quarter", "2024-05-31T15:30:20.000005+00:00"),
        ("-1 year", "2023-08-31T15:30:20.000005+00:00"),
        ("+16 months", "2025-12-31T15:30:20.000005+00:00"),
        ("start of day", "2024-08-31T00:00:00+00:00"),
        ("start of week", "2024-08-26T00:00:00+00:00"),
        ("start of month", "2024-08-01T00:00:00+00:00"),
        ("start of quarter", "2024-07-01T00:00:00+00:00"),
        ("start of year", "2024-01-01T00:00:00+00:00"),
        ("start of month -1 month", "2024-07-01T00:00:00+00:00"),
        ("start of day +9h", "2024-08-31T09:00:00+00:00"),
        ("start of year -1s", "2023-12-31T23:59:59+00:00"),
    ],
)
def test_texts_move_the_time_of_the_request(text: str, expected: str) -> None:
    assert expected == at(text).isoformat()


def test_a_leap_day_becomes_the_day_before() -> None:
    now = datetime(2024, 2, 29, tzinfo=UTC)
    assert date(2023, 2, 28) == at("-1 year", now, "date")
    assert date(2020, 2, 29) == at("-4 years", now, "date")


@pytest.mark.parametrize(
    ("month", "quarter"), [(1, 1), (3, 1), (4, 4), (6, 4), (7, 7), (9, 7), (10, 10), (12, 10)]
)
def test_quarters_start_in_four_months(month: int, quarter: int) -> None:
    now = datetime(2024, month, 30 if month != 2 else 29, 12, tzinfo=UTC)
    assert date(2024, quarter, 1) == at("start of quarter", now, "date")


@pytest.mark.parametrize("day", range(1, 15))
def test_weeks_start_on_monday(day: int) -> None:
    start = at("start of week", datetime(2024, 7, day, 23, 59, tzinfo=UTC), "date")
    assert (0, day - (day - 1) % 7) == (start.weekday(), start.day)  # 2024-07-01 is a Monday


def test_periods_start_in_the_zone_of_the_request(berlin: None) -> None:
    now = datetime(2024, 7, 31, 23, 30, tzinfo=UTC)  # half past one, the next day, in Berlin
    assert "2024-07-31T22:00:00+00:00" == at("start of month", now).isoformat()
    assert date(2024, 8, 1) == at("", now, "date")
    assert date(2024, 9, 1) == at("+1 month", now, "date")
    assert time(0) == at("start of day", now, "time")


def test_days_of_a_calendar_are_no_24_hours(berlin: None) -> None:
    now = datetime(2024, 3, 31, 12, tzinfo=UTC)  # the clock went forward in the night
    assert "2024-03-30T23:00:00+00:00" == at("start of day", now).isoformat()
    assert "2024-03-31T22:00:00+00:00" == at("start of day +1 day", now).isoformat()
    assert "2024-02-29T13:00:00+00:00" == at("-1 month", now).isoformat()


def test_without_zones_it_is_the_clock_on_the_wall(settings: Any) -> None:
    settings.USE_TZ = False
    now = NOW.replace(tzinfo=None)
    assert datetime(2024, 7, 1) == at("start of month -1 month", now)  # noqa: DTZ001 - naive
    assert datetime(2024, 7, 31, 15, 30, 20, 5) == at("-1 month", now)  # noqa: DTZ001 - naive


@pytest.mark.parametrize(
    "text",
    [
        "-9999 years",
        "+999999999 months",
        "start of year -2024 years",
        "999999999 weeks",
        "8000 years",
    ],
)
def test_what_no_calendar_has_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError):
        at(text)


@pytest.mark.parametrize("kind", ["integer", "text", "json"])
def test_other_fields_have_no_dates_or_times(kind: str) -> None:
    for text in ("", "-1 month", "start of day"):
        with pytest.raises(InvalidValueError):
            at(text, kind=kind)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("-1 mnth", "month"),
        ("start of mont", "month"),
        ("1 yeras", "years"),
        ("-1 M", "'-7d'"),
        ("5ms", "'-7d'"),
        ("5ds", "days"),
        ("start of", "'-7d'"),
        ("start of hour", "'-7d'"),
        ("start of month 1", "'-7d'"),
        ("start of month -1", "'-7d'"),
        ("start of monthx -1 day", "'-7d'"),
        ("month", "'-7d'"),
        ("1.5 days", "'-7d'"),
        ("1 day 2 hours", "'-7d'"),
        ("٣ days", "'-7d'"),
        ("yesterday", "'-7d'"),
    ],
)
def test_other_texts_are_told_what_was_meant(text: str, hint: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        parse_now(text, "x")
    assert hint in (caught.value.hint or "")


@pytest.mark.usefixtures("bookings")
def test_rows_are_found_by_the_calendar(configure: Any) -> None:
    configure({"booking": {"anon": EVERYTHING}})
    for key, day in {1: 31, 2: 1}.items():
        Booking.objects.filter(pk=key).update(
            created_at=NOW.replace(day=day), day=date(2024, 8, day)
        )
    Booking.objects.exclude(pk__in=[1, 2]).update(created_at=NOW.replace(month=7), day=None)

    def found(text: str, path: str = "created_at.gte") -> list[Any]:
        with patch("django.utils.timezone.now", return_value=NOW):
            spec = {"fields": "id", "shape": "list", "filters": {path: {"$now": text}}}
            rows = FlexQuery("booking").execute(spec).to_dict()["results"]
        return sorted(row["id"] for row in rows)

    assert [1, 2] == found("start of month")
    assert [1] == found("start of week")
    assert [1, 2, 3, 4, 5, 6] == found("start of month -1 month")
    assert [2] == found("start of month", "day")
    assert [1, 2] == found("-1 month", "created_at.gt")
