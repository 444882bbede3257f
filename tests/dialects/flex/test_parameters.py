"""Query parameters into the object that a body would be."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest

from django_flex.dialects.flex.parameters import merge, parse_parameters
from django_flex.exceptions import FlexError
from django_flex.query.values import json_scalar


def read(text: str) -> dict[str, Any]:
    return parse_parameters(parse_qs(text, keep_blank_values=True).items())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", {}, id="nothing"),
        pytest.param("fields=id,name&limit=5", {"fields": "id,name", "limit": "5"}, id="keys"),
        pytest.param("fields=id&fields=name", {"fields": ["id", "name"]}, id="repeated"),
        pytest.param("filters.a.b.gte=1", {"filters": {"a.b.gte": "1"}}, id="path"),
        pytest.param("filters.or.a=1", {"filters": {"or": {"a": "1"}}}, id="or-of-an-object"),
        pytest.param(
            "filters.or.1.b=2&filters.or.0.a=1",
            {"filters": {"or": [{"a": "1"}, {"b": "2"}]}},
            id="or-of-a-list-in-order",
        ),
        pytest.param(
            "filters.or.0.not.a.b=1", {"filters": {"or": [{"not": {"a.b": "1"}}]}}, id="nested"
        ),
        pytest.param(
            "filters.lines.some.a=1&filters.lines.some.b=2",
            {"filters": {"lines.some": {"a": "1", "b": "2"}}},
            id="quantifier",
        ),
        pytest.param(
            "filters.x.lines.none.or.a=1",
            {"filters": {"x.lines.none": {"or": {"a": "1"}}}},
            id="connector-in-a-quantifier",
        ),
        pytest.param("filters.a.or=1", {"filters": {"a.or": "1"}}, id="json-key-called-or"),
        pytest.param("filters.a.some=1", {"filters": {"a.some": "1"}}, id="json-key-called-some"),
        pytest.param(
            "filters.day.gte.$now=-7d", {"filters": {"day.gte": {"$now": "-7d"}}}, id="now"
        ),
        pytest.param(
            "filters.or.0.owner.$user=id&filters.or.1.a.b.lt.$field=c.d",
            {"filters": {"or": [{"owner": {"$user": "id"}}, {"a.b.lt": {"$field": "c.d"}}]}},
            id="user-and-field",
        ),
        pytest.param(
            "filters.lines.some.name.$value=%24now&filters.not.a.$now=",
            {"filters": {"lines.some": {"name": {"$value": "$now"}}, "not": {"a": {"$now": ""}}}},
            id="value",
        ),
        pytest.param("filters.$now=1", {"filters": {"$now": "1"}}, id="dynamic-without-a-path"),
        pytest.param("filters.a.$nowhere=1", {"filters": {"a.$nowhere": "1"}}, id="no-dynamic"),
        pytest.param("filters.$now.a=1", {"filters": {"$now.a": "1"}}, id="dynamic-in-front"),
        pytest.param(
            "having.total.gt.$value=5", {"having": {"total.gt": {"$value": "5"}}}, id="having"
        ),
        pytest.param(
            "related.lines.filters.day.$now=",
            {"related": {"lines": {"filters": {"day": {"$now": ""}}}}},
            id="dynamic-in-related",
        ),
        pytest.param("filters.m.0=1", {"filters": {"m.0": "1"}}, id="index-in-a-path"),
        pytest.param("related.lines.limit=3", {"related": {"lines": {"limit": "3"}}}, id="related"),
        pytest.param("=1", {"": "1"}, id="without-name"),
    ],
)
def test_parameters_unflatten(text: str, expected: dict[str, Any]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "filters=1&filters.a=1",
        "filters.a=1&filters=1",
        "filters.or=1&filters.or.a=1",
        "filters.or.a=1&filters.or=1",
        "limit=1&limit.a=1",
        "filters.a=1&filters.a.$now=",
        "filters.a.$now=&filters.a=1",
        "filters." + "or." * 64 + "a=1",
        "x" + ".x" * 100 + "=1",
    ],
)
def test_parameters_that_contradict_or_go_too_deep_are_refused(text: str) -> None:
    with pytest.raises(FlexError) as caught:
        read(text)
    assert caught.value.status == 400
    assert caught.value.path is not None


def test_payloads_merge_key_by_key() -> None:
    body = {"fields": "id", "filters": {"a": 1, "b": 2}, "limit": 5}
    over = {"fields": "name", "filters": {"b": 3, "c": 4}}
    expected = {"fields": "name", "filters": {"a": 1, "b": 3, "c": 4}, "limit": 5}
    assert merge(body, over) == expected
    assert merge({"filters": 5}, over)["filters"] == over["filters"]
    assert body["filters"] == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", 1),
        ("-5", -5),
        ("1.5", 1.5),
        ("1e2", 100.0),
        ("true", True),
        ("false", False),
        ("null", None),
        ("True", "True"),
        ("01", "01"),
        ("1_0", "1_0"),
        ("\uff11", "\uff11"),
        ("NaN", "NaN"),
        ("1e999", "1e999"),
        ("9" * 30, "9" * 30),
        ("", ""),
        ('"a"', '"a"'),
    ],
)
def test_text_of_a_parameter_is_read_as_json_where_it_is_a_scalar(text: str, expected: Any) -> None:
    found = json_scalar(text)
    assert found == expected
    assert type(found) is type(expected)
