"""Values at the ends of their types are shown, sent back and found, and exceed nothing unnamed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from django_flex import FlexQuery
from tests.doors.fronts import AGGREGATING
from tests.wild.goods import Extreme, Good

GRANT = {**AGGREGATING, "ops": ["get", "list", "add", "edit", "aggregate"], "write_fields": ["*"]}
VALUES: list[Any] = [
    ("fraction", "0.00000", "0.00000"),
    ("fraction", 0, "0.00000"),
    ("fraction", "-0.99999", "-0.99999"),
    ("fraction", "1e-5", "0.00001"),
    ("whole", "999999999999", "999999999999"),
    ("whole", "1E+3", "1000"),
    ("real", 1e300, 1e300),
    ("real", -1e-300, -1e-300),
    ("big", 2**63 - 1, 2**63 - 1),
    ("big", -(2**63), -(2**63)),
    ("day", "9999-12-31", "9999-12-31"),
    ("day", "1000-01-01", "1000-01-01"),
    ("clock", "23:59:59.999999", "23:59:59.999999"),
    ("span", "-00:00:00.000001", "-PT0.000001S"),
    ("address", "ffff:0:0::ffff", "ffff::ffff"),
]


@pytest.fixture(autouse=True)
def exposed(db: None, configure: Any) -> None:
    configure({f"wild.{name}": {"anon": GRANT} for name in ("extreme", "good")})


def ask(action: str, /, *, model: str = "extreme", **spec: Any) -> tuple[int, Any]:
    result = FlexQuery(f"wild.{model}").execute({"_action": action, **spec})
    return result.status_code, result.to_dict()


@pytest.mark.parametrize(("name", "sent", "shown"), VALUES, ids=[f"{n}-{v}" for n, v, _ in VALUES])
def test_a_value_is_shown_sent_back_and_found(name: str, sent: Any, shown: Any) -> None:
    status, row = ask("add", **{name: sent})
    assert (201, shown) == (status, row.get(name)), row
    assert (200, row) == ask("edit", _id=row["id"], **{name: shown})
    for filters in ({name: shown}, {f"{name}.in": [shown]}, {f"{name}.gte": shown}):
        _, reply = ask("list", filters=filters, fields="id", shape="list")
        assert [{"id": row["id"]}] == reply["results"], filters
    _, reply = ask("aggregate", aggregate=f"{name}.max")
    assert {name: {"max": shown}} == reply["results"]


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("fraction", "1"),
        ("fraction", "0.000001"),
        ("whole", "0.5"),
        ("real", "1.8e308"),
        ("big", 2**63),
        ("big", -(2**63) - 1),
        ("day", "10000-01-01"),
        ("clock", "24:00"),
        ("span", "P999999999999D"),
    ],
)
def test_a_value_beyond_them_is_refused_by_name(name: str, sent: Any) -> None:
    status, reply = ask("add", **{name: sent})
    assert (400, [name]) == (status, list(reply["fields"]))
    status, reply = ask("list", filters={name: sent})
    assert (400, f"filters.{name}") == (status, reply["path"])
    assert not Extreme.objects.exists()


@pytest.mark.parametrize("address", ["10.0.0.1", "::1"])
def test_an_address_has_the_parts_of_its_text(address: str) -> None:
    _, row = ask("add", address=address)
    _, shown = ask("list", fields="address.len, address.upper", shape="list")
    parts = {"len": len(address), "upper": address.upper()}
    assert [{"id": row["id"], "address": parts}] == shown["results"]
    _, found = ask("list", filters={"address.len": len(address)}, fields="id", shape="list")
    assert [{"id": row["id"]}] == found["results"]
    groups = ask("aggregate", aggregate="count", group_by="address.len")[1]["results"]
    assert [{"address": {"len": len(address)}, "count": 1}] == groups


@pytest.mark.skipif(connection.vendor != "sqlite", reason="Python computes dates for SQLite only")
def test_a_date_that_is_in_no_year_elsewhere_is_said_to_be_outside_the_range() -> None:
    Good.objects.create(code="a", sold_at=datetime(1, 1, 1, tzinfo=UTC))
    with timezone.override("America/Chicago"):
        status, reply = ask("list", model="good", fields="sold_at.date")
    assert (400, "query.value") == (status, reply["code"])
    assert reply["error"] == "A number or a result is outside the range of the database"
