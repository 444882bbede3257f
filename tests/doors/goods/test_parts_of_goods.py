"""Parts of values, calendar times and random orders, for rows that are more than one plain table."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client

from django_flex import FlexQuery
from tests.doors.fronts import EVERYTHING
from tests.wild.goods import Good, Machine, Shelf

#: A leap day that is a Thursday, and the first Monday of an ISO year that has begun in December.
LEAP, MONDAY = date(2024, 2, 29), datetime(2024, 12, 30, 5, 6, 7, tzinfo=UTC)
PARTS: dict[str, Any] = {
    "made_on.quarter": 1,
    "made_on.week": 9,
    "made_on.iso_week_day": 4,
    "made_on.week_day": 5,
    "made_on.trunc_quarter": "2024-01-01",
    "opens_at.minute": 4,
    "sold_at.iso_year": 2025,
    "sold_at.week": 1,
    "sold_at.iso_week_day": 1,
    "sold_at.trunc_week": "2024-12-30T00:00:00Z",
    "name.lower": "äbc",
    "name.upper": "ÄBC",
    "name.len": 3,
    "code.len": 5,
    "sha256_sum.len": 0,
}
NAMES = ("good", "machine", "soldgood", "shelf")
NOW = datetime(2024, 3, 31, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def goods(db: None, configure: Any) -> None:
    shuffled = {**EVERYTHING, "order_by": ["*", "random"]}
    configure({f"wild.{name}": {"anon": shuffled} for name in NAMES})
    values = {"made_on": LEAP, "opens_at": time(3, 4), "sold_at": MONDAY, "name": "ÄbC"}
    machine = Machine.objects.create(pk=1, code="drill", **values)
    Shelf.objects.create(pk=1, name="top", machine=machine, good=machine)
    Good.objects.create(pk=2, code="nail", made_on=date(2024, 3, 1), sold=5, lead_time=timedelta(1))


def rows(model: str, **spec: Any) -> list[Any]:
    result = FlexQuery(f"wild.{model}").execute({"shape": "list", **spec})
    assert 200 == result.status_code, result.to_dict()
    found: list[Any] = result.to_dict()["results"]
    return found


@pytest.mark.parametrize("path", PARTS)
@pytest.mark.parametrize("model", ["machine", "soldgood"])
def test_inherited_values_have_parts(model: str, path: str) -> None:
    (row,) = rows(model, fields=f"part:{path}", order_by=f"-{path}", filters={"code": "drill"})
    assert PARTS[path] == row["part"]


@pytest.mark.parametrize("path", ["made_on.iso_week_day", "name.lower", "code.len"])
@pytest.mark.parametrize("relation", ["machine", "good"])
def test_values_behind_a_key_or_a_code_have_parts(relation: str, path: str) -> None:
    (row,) = rows("shelf", fields=f"part:{relation}.{path}", order_by=f"{relation}.{path}, id")
    assert PARTS[path] == row["part"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"made_on.iso_week_day": 4}, [1]),
        ({"made_on.iso_week_day.gt": 4}, [2]),
        ({"made_on.iso_week_day.in": [4, 5]}, [1, 2]),
        ({"sold_at.iso_week_day.lte": 1}, [1]),
        ({"not": {"sold_at.iso_week_day": 1}}, [2]),
        ({"made_on.lt": {"$now": "start of month"}}, [1]),
        ({"made_on.gte": {"$now": "-1 month"}}, [1, 2]),
        ({"made_on.gt": {"$now": "start of quarter +2 months"}}, []),
        ({"sold_at.lt": {"$now": "+9 months"}}, [1]),
        ({"sold_at.lt": {"$now": "+1 week"}}, []),
        ({"opens_at.lt": {"$now": "-8 hours"}}, [1]),
        ({"sold.gt": {"$field": "in_stock"}}, [2]),
        ({"made_on.lt": {"$field": "made_on"}}, []),
        ({"lead_time.gte": {"$field": "lead_time"}}, [2]),
    ],
)
def test_rows_are_found_by_the_calendar_and_by_each_other(filters: Any, found: list[int]) -> None:
    with patch("django.utils.timezone.now", return_value=NOW):
        assert found == [row["id"] for row in rows("good", filters=filters, order_by="id")]


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ("filters.made_on.lt.$now=start%20of%20month", [1]),
        ("filters.made_on.gte.$now=-1%20month", [1, 2]),
        ("filters.sold_at.lt.$now=%2B9%20months", [1]),
        ("filters.sold_at.gt.$now", [1]),
        ("filters.sold.gt.$field=in_stock", [2]),
        ("filters.not.sold.$field=in_stock", [2]),
        ("filters.lead_time.gte.$field=lead_time", [2]),
        ("filters.or.0.sold_at.gt.$now&filters.or.1.sold.gt.$field=in_stock", [1, 2]),
    ],
)
def test_parameters_have_dynamic_values(parameters: str, found: list[int]) -> None:
    with patch("django.utils.timezone.now", return_value=NOW):
        reply = Client().get(f"/api/wild.good/?shape=list&order_by=id&fields=id&{parameters}")
    assert (200, found) == (reply.status_code, [row["id"] for row in reply.json()["results"]])


@pytest.mark.parametrize("sent", ["1 fortnight", "-1 mnth", "5", "-9999 years"])
def test_parameters_that_are_no_times_are_named(sent: str) -> None:
    reply = Client().get("/api/wild.good/", {"filters.sold_at.lt.$now": sent})
    assert (400, "filters.sold_at.lt") == (reply.status_code, reply.json()["path"])


@pytest.mark.parametrize("model", ["good", "machine", "soldgood"])
def test_rows_of_each_kind_are_shuffled(model: str) -> None:
    keys = {"good": [1, 2], "machine": [1], "soldgood": [1, 2]}[model]
    assert keys == sorted(row["id"] for row in rows(model, fields="id", order_by="random"))
