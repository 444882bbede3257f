"""Aggregates of some related rows: entries of ``related`` with ``aggregate``."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Q

from django_flex import FlexQuery
from tests.doors.fronts import AGGREGATING, Door

pytestmark = pytest.mark.usefixtures("bookings")

BOTH = {name: {"anon": AGGREGATING} for name in ("booking", "line", "tag", "customer")}
MANY = {"many": {"from": "lines", "filters": {"quantity.gte": 5}, "aggregate": "count"}}


def by_id(reply: Any, name: str) -> dict[int, Any]:
    return {int(key): row[name] for key, row in reply.body["results"].items()}


def test_only_matching_rows_are_aggregated(role_door: Door) -> None:
    aggregate = "count, quantity.sum, most:quantity.max"
    related = {"many": {**MANY["many"], "aggregate": aggregate}}
    reply = role_door.list({"fields": "id, lines.count", "related": related})
    found = by_id(reply, "many")
    assert {"count": 1, "quantity": {"sum": 5}, "most": 5} == found[1]
    assert {"count": 0, "quantity": {"sum": None}, "most": None} == found[2]
    assert {"count": 2, "quantity": {"sum": 12}, "most": 7} == found[3]
    assert {1: 2, 2: 1, 3: 2, 4: 0, 5: 0, 6: 0} == {
        key: value["count"] for key, value in by_id(reply, "lines").items()
    }


def test_it_is_one_statement(role_door: Door) -> None:
    query = {
        "fields": "id",
        "related": MANY,
        "filters": {"many.count.gte": 1},
        "order_by": "-many.count, id",
    }
    reply = role_door.list(query, statements=1)
    assert [3, 1] == [int(key) for key in reply.body["results"]]


@pytest.mark.parametrize(
    ("filters", "keys"),
    [
        ({"many.count": 2}, [3]),
        ({"many.count.lt": 1}, [2, 4, 5, 6]),
        ({"many.count.in": [1, 2]}, [1, 3]),
        ({"or": {"many.count": 1, "id": 6}}, [1, 6]),
        ({"not": {"many.count": 0}}, [1, 3]),
        ({"lines.count": 2, "many.count": 1}, [1]),
    ],
)
def test_rows_are_filtered_by_its_name(role_door: Door, filters: Any, keys: list[int]) -> None:
    reply = role_door.list({"fields": "id", "related": MANY, "filters": filters})
    assert keys == sorted(by_id(reply, "id"))


def test_rows_are_filtered_and_sorted_by_its_alias(role_door: Door) -> None:
    related = {"many": {**MANY["many"], "aggregate": "top:quantity.max"}}
    query = {"fields": "id", "related": related, "filters": {"many.top.gt": 0}}
    for sign, keys in {"": [1, 3], "-": [3, 1]}.items():
        reply = role_door.list({**query, "order_by": f"{sign}many.top"})
        assert keys == [int(key) for key in reply.body["results"]]


def test_fields_may_name_and_rename_it(role_door: Door) -> None:
    query = {"fields": "n:many.count, many.count, many.*", "related": MANY, "filters": {"id": 3}}
    assert {"n": 2, "many": {"count": 2}} == role_door.list(query).first
    reply = role_door.list({**query, "fields": "many.quantity.sum"})
    assert 400 == reply.status
    assert "one of many.count" == reply.body["hint"]


def test_conditions_inside_mean_one_related_row(role_door: Door) -> None:
    related = {
        "a": {
            "from": "lines",
            "filters": {"product": "mop", "quantity.gt": 4},
            "aggregate": "count",
        },
        "b": {
            "from": "lines",
            "filters": {"or": [{"product": "mop"}, {"quantity": 7}]},
            "aggregate": "count",
        },
        "c": {"from": "lines", "filters": {"booking.status": "none"}, "aggregate": "count"},
        "d": {"from": "lines", "aggregate": "count"},
    }
    found = role_door.list({"fields": "id", "related": related}).body["results"]
    counts = {int(key): [row[name]["count"] for name in "abcd"] for key, row in found.items()}
    assert {1: [1, 1, 0, 2], 2: [0, 1, 0, 1], 3: [0, 1, 0, 2]} == {n: counts[n] for n in (1, 2, 3)}


def test_links_count_once(role_door: Door) -> None:
    related = {"reds": {"from": "tags", "filters": {"slug": "red"}, "aggregate": "count"}}
    reply = role_door.list({"fields": "id", "related": related})
    assert [1, 1, 0] == [by_id(reply, "reds")[key]["count"] for key in (1, 2, 3)]


def test_it_may_belong_to_a_related_row(role_door: Door) -> None:
    related = {
        "others": {"from": "customer.booking", "filters": {"id.ne": 1}, "aggregate": "count"}
    }
    reply = role_door.list({"fields": "id", "related": related}, expose=BOTH)
    plain = role_door.list({"fields": "id, n:customer.booking.count"}, expose=BOTH)
    assert by_id(plain, "n")[1] - 1 == by_id(reply, "others")[1]["count"]


def test_lists_inside_have_their_own(role_door: Door) -> None:
    related = {
        "booking": {
            "fields": "id",
            "related": MANY,
            "filters": {"many.count.gte": 1},
            "order_by": "-many.count",
        }
    }
    query = {"fields": "id", "related": related}
    reply = role_door.list(query, model="customer", expose=BOTH, statements=2)
    rows = [row for one in reply.body["results"].values() for row in one["booking"]]
    assert {1: 1, 3: 2} == {row["id"]: row["many"]["count"] for row in rows}


def test_values_change_without_another_statement(role_door: Door) -> None:
    for least, count in ((1, 2), (5, 2), (6, 1), (8, 0)):
        related = {
            "some": {"from": "lines", "filters": {"quantity.gte": least}, "aggregate": "count"}
        }
        reply = role_door.list({"fields": "id", "related": related, "filters": {"id": 3}})
        assert {"count": count} == reply.first["some"]


def test_the_next_page_asks_the_same(role_door: Door) -> None:
    query = {
        "fields": "id",
        "related": MANY,
        "filters": {"many.count.lte": 1},
        "order_by": "-many.count, id",
        "limit": 2,
        "shape": "list",
    }
    for start in ({}, {"cursor": True}):
        seen, body = [], {**query, **start}
        while body:
            reply = role_door.list(body).body
            seen += [row["id"] for row in reply["results"]]
            body = reply["pagination"].get("next")
        assert [1, 2, 4, 5, 6] == seen


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        ({"aggregate": "count", "limit": 3}, "related.x.limit"),
        ({"aggregate": "count", "fields": "id"}, "related.x.fields"),
        ({"aggregate": "count, count"}, "related.x.aggregate"),
        ({"aggregate": "n:count, n:quantity.sum"}, "related.x.aggregate"),
        ({"aggregate": "*"}, "related.x.aggregate"),
        ({"aggregate": "product.sum"}, "related.x.aggregate"),
        ({"aggregate": 5}, "related.x.aggregate"),
        ({"aggregate": ["count", "-count"]}, "related.x.aggregate"),
        ({"aggregate": ["count"] * 201}, "related.x.aggregate"),
        (
            {"aggregate": "count", "filters": {"quantity.gte": "x"}},
            "related.x.filters.quantity.gte",
        ),
        ({"aggregate": "count", "from": "customer"}, "related.x"),
    ],
)
def test_mistakes_are_named(role_door: Door, entry: Any, path: str) -> None:
    related = {"x": {"from": "lines", **entry}}
    reply = role_door.list({"fields": "id", "related": related})
    assert (400, path) == (reply.status, reply.body["path"]), reply.body


def test_a_path_is_no_name(role_door: Door) -> None:
    related = {"customer.booking": {"aggregate": "count"}}
    reply = role_door.list({"fields": "id", "related": related}, expose=BOTH)
    assert (400, "related.customer.booking") == (reply.status, reply.body["path"])


GRANTED: dict[str, Any] = {
    "fields": ["id"],
    "aggregates": ["lines.count"],
    "filters": ["lines.quantity.gte", "lines.count.gte"],
    "order_by": ["lines.count"],
    "ops": ["list", "aggregate"],
    "rows": "*",
}


@pytest.mark.parametrize(
    ("parts", "without"),
    [
        ({}, {}),
        ({"filters": {"many.count.gte": 1}, "order_by": "many.count"}, {}),
        ({}, {"aggregates": ["lines.quantity.sum"]}),
        ({}, {"filters": ["lines.count.gte"]}),
        ({}, {"ops": ["list"]}),
        ({"filters": {"many.count.gte": 1}}, {"filters": ["lines.quantity.gte"]}),
        ({"filters": {"many.count.lt": 1}}, {}),
        ({"order_by": "-many.count"}, {}),
    ],
)
def test_it_needs_the_grants_of_its_parts(door: Door, parts: Any, without: Any) -> None:
    fine = not without and parts in (
        {},
        {"filters": {"many.count.gte": 1}, "order_by": "many.count"},
    )
    expose = {"booking": {"anon": {**GRANTED, **without}}}
    query = {"fields": "id", "related": MANY, **parts}
    assert (200 if fine else 403) == door.list(query, expose=expose).status


def test_hidden_and_unknown_look_the_same(door: Door) -> None:
    expose = {"booking": {"anon": GRANTED}}
    replies = []
    for name in ("invoice", "nothing"):
        for entry in ({"from": name}, {"from": "lines", "filters": {f"{name}.gte": 1}}):
            related = {"x": {"aggregate": "count", **entry}}
            reply = door.list({"fields": "id", "related": related}, expose=expose)
            assert 403 == reply.status
            replies.append(str(reply.body).replace(name, ""))
    assert replies[:2] == replies[2:]


def test_only_visible_rows_count(door: Door) -> None:
    lines = {"anon": {**AGGREGATING, "rows": Q(product="sweep")}}
    expose = {"booking": {"anon": AGGREGATING}, "line": lines}
    reply = door.list({"fields": "id", "related": MANY}, expose=expose)
    assert [0, 0, 2] == [by_id(reply, "many")[key]["count"] for key in (1, 2, 3)]


def test_few_rows_are_hidden_by_min_group(door: Door) -> None:
    expose = {**BOTH, "line": {"anon": {**AGGREGATING, "min_group": 2}}}
    reply = door.list({"fields": "id", "related": MANY}, expose=expose)
    assert [None, None, 2] == [by_id(reply, "many")[key]["count"] for key in (1, 2, 3)]


def test_it_costs_more_than_one_of_all_rows(configure: Any) -> None:
    configure(BOTH)
    costs = []
    for entry in ({}, {"filters": {"quantity.gte": 5}}):
        related = {"x": {"from": "lines", "aggregate": "count", **entry}}
        result = FlexQuery("booking").execute({"fields": "id", "related": related})
        costs.append(int(result.headers["Flex-Cost"]))
    assert costs[0] < costs[1]
