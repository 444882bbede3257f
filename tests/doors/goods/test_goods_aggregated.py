"""Filtered aggregates of relations to oneself, by a code, from two tables and from a proxy."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_flex import FlexQuery
from tests.doors.fronts import AGGREGATING, touches_rows
from tests.wild.goods import Machine, Shelf

NAMES = ("good", "machine", "soldgood", "shelf")
HOUR = timedelta(hours=1)


@pytest.fixture
def ask(db: None, configure: Any) -> Any:
    """Ask for a list, of which each is one statement; return its rows."""
    configure({f"wild.{name}": {"anon": AGGREGATING} for name in NAMES})
    drill = Machine.objects.create(pk=1, code="drill", power=3)
    saw = Machine.objects.create(pk=2, code="saw", power=9)
    house = Shelf.objects.create(pk=1, name="house")
    for key, good, machine, cost, hours in [
        (2, "drill", saw, "2.50", 1),
        (3, "drill", drill, "3.25", 4),
        (4, "saw", saw, "0.05", 2),
    ]:
        Shelf.objects.create(
            pk=key,
            name=f"shelf {key}",
            inside=house,
            good_id=good,
            machine=machine,
            cost=cost,
            kept_for=hours * HOUR,
        )

    def rows(model: str, **spec: Any) -> list[Any]:
        sent = {"shape": "list", "order_by": "id", **spec}
        with CaptureQueriesContext(connection) as captured:
            result = FlexQuery(f"wild.{model}").execute(sent)
        assert 200 == result.status_code, result.to_dict()
        assert 1 == sum(touches_rows(one["sql"]) for one in captured.captured_queries)
        found: list[Any] = result.to_dict()["results"]
        return found

    return rows


def part(source: str, aggregate: str, **filters: Any) -> dict[str, Any]:
    return {"r": {"from": source, "aggregate": aggregate, "filters": filters}}


def test_rows_inside_of_their_own_model(ask: Any) -> None:
    related = part("shelves", "count, cost.sum, kept_for.max, long:kept_for.sum", **{"cost.gte": 1})
    found = ask("shelf", fields="id, r", related=related, filters={"inside.isnull": True})
    expected = {
        "count": 2,
        "cost": {"sum": "5.75"},
        "kept_for": {"max": "PT14400S"},
        "long": "PT18000S",
    }
    assert [{"id": 1, "r": expected}] == found


def test_rows_that_point_by_a_code(ask: Any) -> None:
    spec: dict[str, Any] = {"related": part("places", "count, cost.avg", **{"kept_for.gt": "PT1H"})}
    found = ask("good", fields="code, r.count", order_by="-r.cost.avg", **spec)
    assert ["drill", "saw"] == [row["code"] for row in found]
    assert [1, 1] == [row["r"]["count"] for row in found]
    assert ["saw"] == [
        row["code"] for row in ask("good", fields="code", filters={"r.cost.avg.lt": "1"}, **spec)
    ]


@pytest.mark.parametrize(("model", "key"), [("machine", [1, 2]), ("soldgood", [1, 2])])
def test_inherited_relations(ask: Any, model: str, key: list[int]) -> None:
    """The foreign key points to the model that the table belongs to."""
    found = ask(model, fields="id, r", related=part("places", "count", **{"inside.name": "house"}))
    assert dict(zip(key, [2, 1], strict=True)) == {row["id"]: row["r"]["count"] for row in found}


def test_relations_of_the_second_table(ask: Any) -> None:
    spec: dict[str, Any] = {
        "related": part("places_of_machine", "count, top:cost.max", **{"good.code": "drill"})
    }
    found = ask("machine", fields="power, r", order_by="-r.top", **spec)
    assert [(3, 1, "3.25"), (9, 1, "2.50")] == [
        (row["power"], row["r"]["count"], row["r"]["top"]) for row in found
    ]
    assert [] == ask("machine", filters={"r.count.gt": 1}, **spec)


def test_behind_rows_of_two_tables(ask: Any) -> None:
    related = part("machine.places", "count", name="shelf 2")
    found = ask("shelf", fields="id, r", related=related, filters={"machine.isnull": False})
    assert {2: 0, 3: 1, 4: 0} == {row["id"]: row["r"]["count"] for row in found}
