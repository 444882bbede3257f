"""A filter by many keys is one condition, whatever their columns are."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_flex import FlexQuery
from django_flex.plan.cost import COST
from django_flex.schema.conversions.keys import key_text
from tests.keyed.conftest import DAY, ONE, SYMBOLS, TWO, exposed
from tests.keyed.models import SensorBadge

CELLS = [f"{n}~{n}" for n in range(3, 400)]
READINGS = [key_text((UUID(int=n), UUID(int=n))) for n in range(1, 400)]
QUOTES = [key_text((symbol, DAY)) for symbol in SYMBOLS if len(symbol) != 1]
DAYS = [f"{n}~2020-01-01" for n in range(400)]


def found(model: str, **query: Any) -> list[Any]:
    result = FlexQuery(f"keyed.{model}").execute({"_action": "list", "order_by": "pk", **query})
    assert result.ok, result.to_dict()
    return list(result.to_dict()["results"])


@pytest.mark.parametrize(
    ("model", "some", "others"),
    [
        ("plotcell", ["-1~3", "2~12"], CELLS),
        ("waybillline", ["1~1", "1~10", "2~1"], ["0~0", "-1~1", *CELLS]),
        ("sensorreading", [key_text((ONE, TWO)), READINGS[0]], READINGS),
        ("pricequote", QUOTES, DAYS),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_many_keys_find_what_few_find(
    rows: None, model: str, some: list[str], others: list[str]
) -> None:
    everything = found(model)
    with CaptureQueriesContext(connection) as captured:
        assert sorted(some) == sorted(found(model, filters={"pk.in": [*others, *some]}))
    (read,) = [one["sql"] for one in captured if "SELECT" in one["sql"]]
    assert " OR " not in read
    rest = [key for key in everything if key not in some]
    assert rest == found(model, filters={"pk.nin": [*others, *some]})
    assert rest == found(model, filters={"not": {"pk.in": [*others, *some]}})
    both = {"or": [{"pk.in": [*others, some[0]]}, {"pk": some[1]}]}
    assert sorted(some[:2]) == sorted(found(model, filters=both))


def test_many_keys_behind_a_relation(rows: None) -> None:
    badge = key_text((TWO, "red/~"))
    keys = [*READINGS, badge]
    assert [str(TWO)] == found("sensor", filters={"badge.pk.in": keys})
    assert [str(ONE)] == found("sensor", filters={"badge.pk.nin": keys})
    assert ["1"] == found("waybill", filters={"lines.pk.in": [*CELLS, "1~2"]})
    SensorBadge.objects.all().delete()
    assert [] == found("sensor", filters={"badge.pk.in": keys})
    assert [str(ONE), str(TWO)] == found("sensor", filters={"badge.pk.nin": keys})


def test_many_keys_behind_a_relation_find_no_hidden_row(rows: None, settings: Any) -> None:
    exposed(settings, sensorbadge={"rows": {"colour": "blue"}})
    keys = [*READINGS, key_text((TWO, "red/~"))]
    assert [] == found("sensor", filters={"badge.pk.in": keys})
    assert [str(ONE), str(TWO)] == found("sensor", filters={"badge.pk.nin": keys})


def test_many_keys_in_a_rule(rows: None, settings: Any) -> None:
    exposed(settings, plotcell={"rows": {"pk.in": [*CELLS, "1~2", "2~1"]}})
    assert ["1~2", "2~1"] == found("plotcell")


def test_many_keys_cost_more_than_few(rows: None) -> None:
    def cost(keys: list[str]) -> int:
        query = {"_action": "list", "filters": {"pk.in": keys}}
        return int(FlexQuery("keyed.plotcell").execute(query).headers[COST])

    # Each column of each key.
    assert 2 * 200 == cost(CELLS[:300]) - cost(CELLS[:100])


def test_a_filter_by_many_keys_makes_one_node(rows: None) -> None:
    from django_flex.binding.keys import compared_key
    from django_flex.resolved import Column, Predicate
    from django_flex.schema.introspection import describe
    from tests.keyed.models import PlotCell

    column = Column((), describe(PlotCell).pk)
    assert isinstance(compared_key(column, "in", [(n, n) for n in range(1_000)]), Predicate)
    assert not isinstance(compared_key(column, "in", [(n, n) for n in range(20)]), Predicate)
