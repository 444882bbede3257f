"""Rows with keys of several columns inside others, around others, and counted."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_flex import FlexQuery
from django_flex.schema.conversions.keys import key_text
from tests.keyed.conftest import ONE, TWO, exposed
from tests.keyed.models import SensorBadge

READINGS = [key_text(key) for key in ((ONE, ONE), (ONE, TWO), (TWO, ONE))]
BADGE = key_text((TWO, "red/~"))


def run(model: str, status: int = 200, **query: Any) -> Any:
    result = FlexQuery(f"keyed.{model}").execute({"_action": "list", "shape": "list", **query})
    reply = result.to_dict()
    assert status == result.status_code, reply
    return reply.get("results")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"fields": "lines"}, [["1~1", "1~2", "1~10"], ["2~1"], []]),
        ({"fields": "lines.pk"}, [["1~1", "1~2", "1~10"], ["2~1"], []]),
        (
            {"fields": "lines", "related": {"lines": {"order_by": "-pk", "limit": 2}}},
            [["1~10", "1~2"], ["2~1"], []],
        ),
        (
            {"fields": "lines.pk", "related": {"lines": {"filters": {"pk.in": ["1~2", "2~1"]}}}},
            [["1~2"], ["2~1"], []],
        ),
        (
            {"fields": "lines", "related": {"lines": {"order_by": "-amount", "offset": 1}}},
            [["1~1", "1~10"], [], []],
        ),
    ],
)
def test_lists_of_rows_in_one_statement(rows: None, query: Any, expected: Any) -> None:
    with CaptureQueriesContext(connection) as captured:
        found = run("waybill", order_by="id", **query)
    got = [[one["pk"] if isinstance(one, dict) else one for one in row["lines"]] for row in found]
    assert expected == got
    assert 2 == len([one for one in captured if "SELECT" in one["sql"]])


def test_lists_have_pages_and_counts(rows: None) -> None:
    related = {"lines": {"shape": "list", "limit": 1, "count": "exact"}}
    found = run("waybill", fields="lines.product", order_by="id", related=related)
    pages = [row["lines"]["pagination"] for row in found]
    assert [(3, True), (1, False), (0, False)] == [(p["count"], p["has_more"]) for p in pages]


def test_the_way_to_the_row_that_a_part_points_to(rows: None) -> None:
    found = run("waybillline", fields="pk, waybill.number", order_by="-waybill.number, line")
    assert ["2~1", "1~1", "1~2", "1~10"] == [row["pk"] for row in found]
    assert {"number": "w2"} == found[0]["waybill"]


def test_a_row_with_such_a_key_at_the_end_of_a_way(rows: None) -> None:
    found = run("sensor", fields="name, badge.pk, badge.text", order_by="name")
    assert [None, {"pk": BADGE, "text": "hot"}] == [row["badge"] for row in found]
    assert [None, BADGE] == [r["badge"] for r in run("sensor", fields="badge", order_by="name")]
    assert ["two"] == [r["name"] for r in run("sensor", filters={"badge": BADGE})]
    assert ["two"] == [r["name"] for r in run("sensor", filters={"badge.pk.in": [BADGE]})]
    assert ["one"] == [r["name"] for r in run("sensor", filters={"badge.isnull": True})]
    last = run("sensor", order_by="badge.pk.nulls_last")
    assert ["two", "one"] == [row["name"] for row in last]
    named = run("sensor", fields="sign:badge.pk", order_by="-name")
    assert [BADGE, None] == [row["sign"] for row in named]


def test_lists_inside_rows_with_such_keys(rows: None) -> None:
    found = run("sensorreading", fields="pk, remarks.text", order_by="pk")
    assert READINGS == [row["pk"] for row in found]
    assert [[], [], ["odd"]] == [[one["text"] for one in row["remarks"]] for row in found]
    found = run("readingremark", fields="reading.pk, reading.sensor.name")
    assert {"pk": READINGS[2], "sensor": {"name": "one"}} == found[0]["reading"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"lines": "1~2"}, [1]),
        ({"lines.pk.in": ["1~2", "2~1"]}, [1, 2]),
        ({"lines.product": "tin", "lines.amount.lt": 2}, [2]),
        ({"lines.isnull": True}, [3]),
        ({"lines.pk.ne": "2~1"}, [1]),
        ({"lines.none": {"pk": "1~1"}}, [2, 3]),
        ({"lines.count.gte": 2}, [1]),
    ],
)
def test_filters_over_rows_with_such_keys(rows: None, filters: Any, expected: Any) -> None:
    assert expected == [r["id"] for r in run("waybill", filters=filters, order_by="id")]


def test_aggregates_over_rows_with_such_keys(rows: None) -> None:
    found = run("waybill", fields="lines.count, lines.amount.sum", order_by="-lines.count")
    assert [3, 1, 0] == [row["lines"]["count"] for row in found]
    assert [15, 1, None] == [row["lines"]["amount"]["sum"] for row in found]
    (total,) = (
        FlexQuery("keyed.waybill")
        .execute({"_action": "aggregate", "aggregate": "lines.count, lines.amount.max"})
        .to_dict()["results"],
    )
    assert 4 == total["lines"]["count"]
    query = {"_action": "aggregate", "group_by": "waybill.number", "aggregate": "count"}
    groups = FlexQuery("keyed.waybillline").execute(query).to_dict()["results"]
    assert [1, 3] == sorted(one["count"] for one in groups)


@pytest.mark.parametrize(
    "query",
    [
        {"_action": "aggregate", "group_by": "pk", "aggregate": "count"},
        {"_action": "aggregate", "aggregate": "pk.max"},
        {"_action": "aggregate", "aggregate": "pk.count_distinct"},
        {"_action": "list", "distinct": True, "fields": "pk"},
        {"_action": "list", "distinct": "pk"},
        {"_action": "list", "filters": {"pk.gt": "1~1"}},
        {"_action": "list", "filters": {"pk": {"$field": "row"}}},
        {"_action": "list", "filters": {"row": {"$field": "pk"}}},
        {"_action": "list", "fields": "pk.len"},
        {"_action": "list", "search": "1~1"},
        {"_action": "list", "order_by": "pk.len"},
    ],
    ids=str,
)
def test_what_no_key_can_do_is_refused(rows: None, query: Any) -> None:
    result = FlexQuery("keyed.plotcell").execute(query)
    assert result.status_code in {400, 403}, result.to_dict()


@pytest.mark.parametrize("paths", [["crop"], ["row"], ["row", "crop"]], ids=str)
def test_the_first_row_of_each_value(rows: None, paths: list[str]) -> None:
    first = {"crop": ["-1~3", "1~1", "2~12"], "row": ["-1~3", "1~1", "2~1"]}
    expected = first.get(".".join(paths), ["-1~3", "1~1", "1~2", "2~1", "2~12"])
    found = run("plotcell", distinct=paths, order_by="pk", fields="pk")
    assert sorted(expected) == sorted(row["pk"] for row in found)


def test_a_missing_row_at_the_end_of_a_way_has_no_key(rows: None) -> None:
    SensorBadge.objects.all().delete()
    assert [None, None] == [row["badge"] for row in run("sensor", fields="badge")]


def test_keys_are_counted_where_the_rows_are_visible(rows: None, settings: Any) -> None:
    def counted(model: str, path: str) -> Any:
        query = {"_action": "aggregate", "aggregate": f"n:{path}"}
        return FlexQuery(f"keyed.{model}").execute(query).to_dict()["results"]["n"]

    assert 1 == counted("sensor", "badge.pk.count")
    assert 3 == counted("sensor", "readings.pk.count")
    assert 5 == counted("plotcell", "pk.count")
    exposed(settings, sensorbadge={"rows": {"colour": "x"}}, sensorreading={"rows": {"id.lt": 3}})
    assert 0 == counted("sensor", "badge.pk.count")
    assert 2 == counted("sensor", "readings.pk.count")
    assert [None, None] == [row["badge"] for row in run("sensor", fields="badge.pk, badge")]


def test_lists_are_paged_by_cursors(rows: None) -> None:
    def page(cursor: str) -> Any:
        related = {"lines": {"shape": "list", "limit": 2, "cursor": cursor}}
        found = run("waybill", fields="id, lines.pk", order_by="id", related=related)
        return found[0]["lines"]

    first = page("")
    assert ["1~1", "1~2"] == [one["pk"] for one in first["results"]]
    after = first["pagination"]["next"]["cursor"]
    related = {"lines": {"shape": "list", "limit": 2, "cursor": after}}
    (bill,) = run("waybill", fields="id, lines.pk", filters={"id": 1}, related=related)
    assert ["1~10"] == [one["pk"] for one in bill["lines"]["results"]]


def test_lists_have_the_first_row_of_each_value(rows: None) -> None:
    related = {"lines": {"distinct": "product", "order_by": "-pk"}}
    found = run("waybill", fields="lines.pk", order_by="id", related=related)
    assert [3, 1, 0] == [len(row["lines"]) for row in found]


@pytest.mark.parametrize("name", ["pk", "lines.pk"])
def test_a_refused_combination_of_lists_is_named_with_its_place(rows: None, name: str) -> None:
    entry = {"distinct": True} if "." in name else {"fields": name, "distinct": True}
    fields = name if "." in name else "number"
    query = {"_action": "list", "fields": fields, "related": {"lines": entry}}
    reply = FlexQuery("keyed.waybill").execute(query).to_dict()
    assert ("query.unsupported", "related.lines.distinct") == (reply["code"], reply["path"])
    assert "waybill, line" in reply["hint"]
