"""Parts of values (``created_at.year``, ``name.lower``) as fields and orders."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from tests.doors.fronts import Door, Execute, grant
from tests.testapp.models import Booking, Customer

NEEDS_ZONES = pytest.mark.skipif(
    connection.vendor == "mysql", reason="time zone tables are not loaded in a plain MariaDB"
)
FIRST = {"filters": {"id": 1}, "shape": "list"}
#: The first booking was made at 2025-01-15T09:30:15Z, a Wednesday.
PARTS = {
    "created_at.date": "2025-01-15",
    "created_at.time": "09:30:15",
    "created_at.year": 2025,
    "created_at.iso_year": 2025,
    "created_at.quarter": 1,
    "created_at.month": 1,
    "created_at.week": 3,
    "created_at.day": 15,
    "created_at.week_day": 4,
    "created_at.iso_week_day": 3,
    "created_at.hour": 9,
    "created_at.minute": 30,
    "created_at.second": 15,
    "created_at.trunc_year": "2025-01-01T00:00:00Z",
    "created_at.trunc_quarter": "2025-01-01T00:00:00Z",
    "created_at.trunc_month": "2025-01-01T00:00:00Z",
    "created_at.trunc_week": "2025-01-13T00:00:00Z",
    "created_at.trunc_day": "2025-01-15T00:00:00Z",
    "created_at.trunc_hour": "2025-01-15T09:00:00Z",
    "day.year": 2025,
    "day.trunc_month": "2025-01-01",
    "starts.hour": 9,
    "status.upper": "CONFIRMED",
    "status.lower": "confirmed",
    "status.len": 9,
    "customer.name.upper": "AISHA KHAN",
    "customer.name.len": 10,
}


@pytest.fixture
def execute(settings: Any, db: None) -> Door:
    """The door without HTTP."""
    return Execute(settings)


def nested(path: str, value: object) -> dict[str, Any]:
    """Return an object with a value at a path."""
    name, _, rest = path.partition(".")
    return {name: nested(rest, value) if rest else value}


def results(door: Door, query: dict[str, Any], **options: Any) -> list[Any]:
    reply = door.list({"shape": "list", **query}, **options)
    assert 200 == reply.status, reply.body
    rows: list[Any] = reply.body["results"]
    return rows


@pytest.mark.parametrize("path", PARTS)
def test_a_part_is_shown_under_its_path(bookings: None, execute: Door, path: str) -> None:
    [row] = results(execute, {"fields": path, **FIRST})

    assert nested(path, PARTS[path]) == {name: value for name, value in row.items() if name != "id"}


@pytest.mark.parametrize("path", ["created_at.year", "customer.name.upper", "status.len"])
def test_a_part_may_have_a_name_of_its_own(bookings: None, door: Door, path: str) -> None:
    [row] = results(door, {"fields": f"id, part:{path}", **FIRST})

    assert {"id": 1, "part": PARTS[path]} == row


def test_parts_of_one_value_are_shown_together(bookings: None, execute: Door) -> None:
    [row] = results(
        execute, {"fields": "created_at.year, created_at.month, at:created_at", **FIRST}
    )

    assert {"year": 2025, "month": 1} == row["created_at"]
    reply = execute.list({"fields": "created_at, created_at.year"})
    assert (400, "fields") == (reply.status, reply.body["path"])
    assert "alias" in reply.body["hint"]


def test_parts_are_shown_in_nested_lists(bookings: None, execute: Door) -> None:
    query = {
        "fields": "id, lines.product.upper",
        "related": {"lines": {"order_by": "-product.len, -id", "limit": 1}},
        "order_by": "id",
        "limit": 3,
    }

    rows = results(execute, query, statements=2)

    assert ["SWEEP", "MOP", "SWEEP"] == [row["lines"][0]["product"]["upper"] for row in rows]


@pytest.mark.parametrize(
    ("order", "key"),
    [
        (
            "created_at.month, id",
            lambda b: (b.created_at is None, b.created_at and b.created_at.month),
        ),
        (
            "-created_at.year, id",
            lambda b: (b.created_at is not None, -(b.created_at.year if b.created_at else 0)),
        ),
        ("status.len, id", lambda b: len(b.status)),
        ("-customer.name.lower, id", None),
        (
            "created_at.trunc_month, id",
            lambda b: (b.created_at is None, b.created_at and b.created_at.replace(day=1)),
        ),
    ],
)
def test_rows_are_sorted_by_a_part(bookings: None, execute: Door, order: str, key: Any) -> None:
    query = {"fields": "id", "order_by": order, "cursor": True}
    whole = execute.list(query).ids
    if key is not None:
        assert [b.pk for b in sorted(Booking.objects.order_by("pk"), key=key)] == whole
    pages, page = [], {**query, "limit": 2}
    while page:
        reply = execute.list(page)
        pages += reply.ids
        page = reply.body["pagination"].get("next")

    assert whole == pages


@pytest.mark.parametrize(("distinct", "expected"), [(True, [7, 9]), ("status", [7, 9, 9])])
def test_parts_go_with_distinct(
    bookings: None, execute: Door, distinct: object, expected: list[int]
) -> None:
    query = {"fields": "n:status.len", "order_by": "status.len", "distinct": distinct}

    assert expected == [row["n"] for row in results(execute, {"filters": {"id.lt": 4}, **query})]


def test_letters_of_all_alphabets_change(execute: Door) -> None:
    Customer.objects.create(id=1, name="Élodie Straße Ωμέγα")

    [row] = results(
        execute, {"fields": "name.lower, up:name.upper", "shape": "list"}, model="customer"
    )

    assert "élodie straße ωμέγα" == row["name"]["lower"]
    assert "ÉLODIE STRASSE ΩΜΈΓΑ".replace("SS", "ß") == row["up"]


@NEEDS_ZONES
def test_a_part_is_that_of_the_time_zone(execute: Door) -> None:
    Booking.objects.create(
        id=1,
        customer=Customer.objects.create(id=1, name="x"),
        created_at=datetime(2024, 12, 31, 20, tzinfo=UTC),
    )
    query = {"fields": "created_at.year, created_at.trunc_day", "shape": "list"}

    found = [
        results(execute, query, TIME_ZONE=zone)[0]["created_at"] for zone in ("UTC", "Asia/Tokyo")
    ]

    assert [
        {"year": 2024, "trunc_day": "2024-12-31T00:00:00Z"},
        {"year": 2025, "trunc_day": "2025-01-01T00:00:00+09:00"},
    ] == found


@NEEDS_ZONES
@pytest.mark.parametrize(
    ("zone", "order", "first"),
    [
        pytest.param(
            "America/Sao_Paulo", "created_at.trunc_day, id", "2018-11-04T01", id="midnight"
        ),
        pytest.param(
            "America/Sao_Paulo", "-created_at.trunc_day, id", "2018-11-04T01", id="falling"
        ),
        pytest.param(
            "Australia/Lord_Howe", "created_at.trunc_hour, id", "2024-10-05T13", id="hour"
        ),
        pytest.param("Europe/Berlin", "created_at.time, id", "2025-10-25T21", id="an-hour-twice"),
    ],
)
def test_pages_have_each_row_once_where_clocks_change(
    bookings: None, execute: Door, zone: str, order: str, first: str
) -> None:
    begin = datetime.fromisoformat(f"{first}:40").replace(tzinfo=UTC)
    for number, booking in enumerate(Booking.objects.order_by("pk")):
        booking.created_at = begin + number * timedelta(hours=1)
        booking.save()
    query = {"fields": "id", "order_by": order, "cursor": True}
    whole = execute.list(query, TIME_ZONE=zone).ids
    pages, page = [], {**query, "limit": 1}
    while page:
        reply = execute.list(page, TIME_ZONE=zone)
        pages += reply.ids
        page = reply.body["pagination"].get("next")

    assert whole == pages


@NEEDS_ZONES
def test_a_cursor_is_bound_to_the_time_zone_of_its_order(bookings: None, execute: Door) -> None:
    query = {"fields": "id", "order_by": "created_at.day", "cursor": True, "limit": 2}
    following = execute.list(query).body["pagination"]["next"]

    assert 200 == execute.list(following).status
    reply = execute.list(following, TIME_ZONE="Asia/Tokyo")
    assert (400, "cursor") == (reply.status, reply.body["path"])


@pytest.mark.parametrize(
    "path", ["price.year", "created_at.lower", "status.month", "customer.year", "id.len"]
)
@pytest.mark.parametrize("clause", ["fields", "order_by"])
def test_a_part_that_values_do_not_have_is_refused(
    bookings: None, execute: Door, clause: str, path: str
) -> None:
    reply = execute.list({clause: path})

    assert (400, clause) == (reply.status, reply.body["path"])


@pytest.mark.parametrize(
    "path", ["internal_notes.lower", "nothing.lower", "customer.secret.len", "status.nothing"]
)
def test_a_hidden_value_has_no_parts(bookings: None, door: Door, path: str) -> None:
    expose = grant(fields=["id", "status"], order_by=["*"])
    part = path.rpartition(".")[2]

    for clause in ("fields", "order_by"):
        reply = door.list({clause: path}, expose=expose)
        unknown = door.list({clause: f"unknown.{part}"}, expose=expose)
        assert 403 == reply.status == unknown.status
        told = (reply.body["code"], reply.body["error"].replace(path, ""))
        assert told == (unknown.body["code"], unknown.body["error"].replace(f"unknown.{part}", ""))


def test_a_part_of_what_may_only_be_sorted_by_cannot_be_sorted_by(
    bookings: None, execute: Door
) -> None:
    """The length of a text tells more than the order of texts."""
    expose = grant(fields=["id"], order_by=["status"])

    assert 200 == execute.list({"order_by": "status"}, expose=expose).status
    assert 403 == execute.list({"order_by": "status.len"}, expose=expose).status


def test_a_direction_that_is_not_granted_is_none_of_its_parts(
    bookings: None, execute: Door
) -> None:
    expose = grant(fields=["id", "created_at"], order_by=["-created_at"])

    assert 200 == execute.list({"order_by": "-created_at.year"}, expose=expose).status
    assert 403 == execute.list({"order_by": "created_at.year"}, expose=expose).status
