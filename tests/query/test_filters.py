"""One JSON object into one tree of conditions."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex.exceptions import FlexError, LimitExceededError
from django_flex.query.ast import (
    And,
    Comparison,
    Condition,
    Constant,
    FieldValue,
    Not,
    Now,
    ObjectValue,
    Or,
    Quantified,
    UserValue,
)
from django_flex.query.filters import check_conditions, parse_filters
from django_flex.query.limits import Limits

LIMITS = Limits()
A, B = Comparison(("a",), 1), Comparison(("b",), 2)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        pytest.param({}, None, id="nothing"),
        pytest.param({"a": 1}, And((A,)), id="one"),
        pytest.param({"a": 1, "b": 2}, And((A, B)), id="keys-are-and-ed"),
        pytest.param({"or": {"a": 1, "b": 2}}, And((Or((A, B)),)), id="or-of-an-object"),
        pytest.param(
            {"or": [{"a": 1}, {"b": 2}]}, And((Or((And((A,)), And((B,)))),)), id="or-of-a-list"
        ),
        pytest.param({"and": {"a": 1}}, And((And((A,)),)), id="and-of-an-object"),
        pytest.param(
            {"and": [{"a": 1}, {"b": 2}]}, And((And((And((A,)), And((B,)))),)), id="and-of-a-list"
        ),
        pytest.param({"not": {"a": 1, "b": 2}}, And((Not(And((A, B))),)), id="not-of-an-object"),
        pytest.param(
            {"not": [{"a": 1}, {"b": 2}]},
            And((Not(And((And((A,)), And((B,))))),)),
            id="not-of-a-list",
        ),
        pytest.param(
            {"lines.some": {"a": 1}},
            And((Quantified(("lines",), "some", And((A,))),)),
            id="quantifier",
        ),
        pytest.param(
            {"a.some": 1}, And((Comparison(("a", "some"), 1),)), id="quantifier-without-an-object"
        ),
        pytest.param({"some": 1}, And((Comparison(("some",), 1),)), id="field-called-some"),
        pytest.param({"a": [1, 2]}, And((Comparison(("a",), (1, 2)),)), id="list"),
        pytest.param(
            {"a": {"$now": "-7d"}}, And((Comparison(("a",), Now(-604_800, "-7d")),)), id="now"
        ),
        pytest.param({"a": {"$now": ""}}, And((Comparison(("a",), Now(0, "")),)), id="now-itself"),
        pytest.param(
            {"a": {"$now": "start of year +2 quarters"}},
            And((Comparison(("a",), Now(0, "start of year +2 quarters", 6, "year")),)),
            id="now-of-the-calendar",
        ),
        pytest.param(
            {"a": {"$user": "id"}}, And((Comparison(("a",), UserValue(("id",))),)), id="user"
        ),
        pytest.param(
            {"a": {"$field": "b.c"}}, And((Comparison(("a",), FieldValue(("b", "c"))),)), id="field"
        ),
        pytest.param(
            {"a": {"$value": {"b": 1}}}, And((Comparison(("a",), Constant({"b": 1})),)), id="value"
        ),
        pytest.param(
            {"a": {"$value": [1]}}, And((Comparison(("a",), Constant((1,))),)), id="value-of-a-list"
        ),
        pytest.param(
            {"a": {"lower": 1, "upper": None}},
            And((Comparison(("a",), ObjectValue({"lower": 1, "upper": None})),)),
            id="range",
        ),
        pytest.param(
            {"a.contained_by": {"b": 1}},
            And((Comparison(("a", "contained_by"), ObjectValue({"b": 1})),)),
            id="object-behind-an-operator",
        ),
        pytest.param(
            {"a.contains": {}},
            And((Comparison(("a", "contains"), ObjectValue({})),)),
            id="empty-document",
        ),
        pytest.param(
            {"a.overlap": {"$user": "id"}},
            And((Comparison(("a", "overlap"), UserValue(("id",))),)),
            id="user-behind-an-operator",
        ),
    ],
)
def test_filters_are_read(filters: Any, expected: Condition | None) -> None:
    assert parse_filters(filters, LIMITS, "filters") == expected


@pytest.mark.parametrize(
    ("filters", "place"),
    [
        pytest.param([], "filters", id="list"),
        pytest.param("a=1", "filters", id="text"),
        pytest.param(None, "filters", id="null"),
        pytest.param(0, "filters", id="number"),
        pytest.param({1: 2}, "filters", id="name-that-is-no-text"),
        pytest.param({"or": {}}, "filters.or", id="empty-or"),
        pytest.param({"or": []}, "filters.or", id="empty-list"),
        pytest.param({"and": [{}]}, "filters.and[0]", id="empty-part"),
        pytest.param({"not": None}, "filters.not", id="not-of-null"),
        pytest.param({"or": [{"a": 1}, 5]}, "filters.or[1]", id="part-that-is-no-object"),
        pytest.param({"or": [[{"a": 1}]]}, "filters.or[0]", id="list-in-a-list"),
        pytest.param({"lines.some": {}}, "filters.lines.some", id="empty-some"),
        pytest.param({"a": {}}, "filters.a", id="empty-object"),
        pytest.param({"a": {"gte": 1}}, "filters.a", id="object-under-a-field"),
        pytest.param({"a": {"lower": 1, "b": 2}}, "filters.a", id="object-that-is-no-range"),
        pytest.param({"a.gte": {"b": 1}}, "filters.a.gte", id="object-behind-a-comparison"),
        pytest.param({"a": {"$now": "x"}}, "filters.a", id="offset-that-is-none"),
        pytest.param({"a": {"$now": 5}}, "filters.a", id="offset-as-number"),
        pytest.param({"a": {"$now": "-1234567890d"}}, "filters.a", id="offset-too-long"),
        pytest.param({"a": {"$now": "٣d"}}, "filters.a", id="offset-in-other-digits"),
        pytest.param({"a": {"$user": "a b"}}, "filters.a", id="path-that-is-none"),
        pytest.param({"a": {"$field": ["b"]}}, "filters.a", id="path-as-list"),
        pytest.param({"a": {"$value": 1, "$now": ""}}, "filters.a", id="two-dynamic-values"),
        pytest.param({"or": [{"not": {"a b": 1}}]}, "filters.or[0].not.a b", id="deep"),
    ],
)
def test_an_invalid_condition_is_refused_with_its_place(filters: Any, place: str) -> None:
    with pytest.raises(FlexError) as caught:
        parse_filters(filters, LIMITS, "filters")
    assert caught.value.path == place


@pytest.mark.parametrize("connector", ["and", "or", "not", "x.some", "x.none"])
def test_nesting_is_capped(connector: str) -> None:
    filters: dict[str, Any] = {"a": 1}
    for _ in range(3):
        filters = {connector: filters}
    assert parse_filters(filters, Limits(max_nesting=3), "filters") is not None
    with pytest.raises(LimitExceededError):
        parse_filters(filters, Limits(max_nesting=2), "filters")


def test_conditions_are_counted_wherever_they_stand() -> None:
    filters = {"a": 1, "or": [{"b": 1}, {"not": {"c": 1}}], "x.some": {"d": 1, "e": 1}}
    condition = parse_filters(filters, Limits(), "filters")
    assert condition is not None
    found = check_conditions(condition, Limits(max_conditions=5), "filters")
    assert [one.path[-1] for one in found] == ["a", "b", "c", "d", "e"]
    with pytest.raises(LimitExceededError):
        check_conditions(condition, Limits(max_conditions=4), "filters")
