from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from django_flex.dialects.flex.actions import call_to_json, parse_call
from django_flex.dialects.flex.parameters import parse_parameters
from django_flex.dialects.flex.parser import parse_query
from django_flex.dialects.flex.serializer import serialize
from django_flex.query.ast import ParameterText, Query
from django_flex.query.limits import Limits
from tests.random_search import some

LIMITS = Limits(max_nesting=20)
EXAMPLES = 1_000

names = st.sampled_from(["id", "status", "price", "customer", "name", "metadata", "lines", "or_x"])
paths = st.lists(names, min_size=1, max_size=4).map(".".join)
operators = st.sampled_from(["", ".gte", ".in", ".icontains", ".isnull", ".created.year.lt"])
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-999, 999), st.text("abcü %'\"\\._-", max_size=8)
)
dynamic = st.one_of(
    st.sampled_from([{"$now": "-7d"}, {"$now": ""}, {"$user": "id"}, {"$field": "customer.name"}]),
    st.one_of(scalars, st.lists(scalars, max_size=3)).map(lambda value: {"$value": value}),
)
values = st.one_of(scalars, st.lists(scalars, max_size=4), dynamic)


conditions = st.dictionaries(
    st.builds("{}{}".format, paths, operators), values, min_size=1, max_size=3
)


# Composites rather than `recursive`: their names stay short where hypothesis prints them.
@st.composite
def filters(draw: st.DrawFn, depth: int = 1) -> dict[str, Any]:
    written = dict(draw(conditions))
    inner = filters(depth - 1) if depth else conditions
    for connector in draw(st.sets(st.sampled_from(["or", "and", "not"]), max_size=1)):
        written[connector] = draw(st.one_of(inner, st.lists(inner, min_size=1, max_size=2)))
    if draw(st.booleans()):
        quantifier = draw(st.sampled_from([".some", ".every", ".none"]))
        written[f"{draw(paths)}{quantifier}"] = draw(inner)
    return written


fields = st.lists(
    st.one_of(
        paths,
        st.just("*"),
        paths.map("{}.*".format),
        paths.map("-{}".format),
        paths.map("x:{}".format),
    ),
    min_size=1,
    max_size=5,
)
orders = st.lists(
    st.builds(
        "{}{}{}".format, st.sampled_from(["", "-"]), paths, st.sampled_from(["", ".nulls_last"])
    ),
    min_size=1,
    max_size=4,
)
payloads = st.fixed_dictionaries(
    {},
    optional={
        "fields": st.one_of(fields, fields.map(", ".join)),
        "filters": filters(),
        "order_by": st.one_of(orders, orders.map(",".join)),
        "limit": st.integers(1, 500),
        "offset": st.integers(0, 1000),
        "shape": st.sampled_from(["map", "list"]),
    },
)


def parse(payload: dict[str, Any]) -> Query:
    return parse_query(payload, LIMITS, resource="booking")


@pytest.mark.exhaustive
@settings(max_examples=some(EXAMPLES))
@given(payloads)
@example({"filters": {"not": [{"a": 1}, {"b": 2}]}})
@example({"filters": {"and": {"and": [{"a": 1}, {"b": 2}]}}})
@example({"filters": {"or": {"a": 1, "and": {"b": 2}}}})
@example({"filters": {"not": {"and": {"a": 1}}}})
def test_a_query_parses_to_itself_again(payload: dict[str, Any]) -> None:
    query = parse(payload)
    assert query == parse(serialize(query))


def flatten(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, list[str]]]:
    """Write a payload as query parameters, as a front end would."""
    if isinstance(value, dict):
        return [pair for key, part in value.items() for pair in flatten(part, (*path, key))]
    if isinstance(value, list) and path[-1] in {"or", "and", "not"}:
        return [
            pair for index, part in enumerate(value) for pair in flatten(part, (*path, str(index)))
        ]
    return [
        (".".join(path), [str(part) for part in (value if isinstance(value, list) else [value])])
    ]


def as_text(value: Any) -> Any:
    """Return a body as parameters can say it: values are texts, a list of one is that one."""
    if isinstance(value, dict):
        return {key: as_text(part) for key, part in value.items()}
    if isinstance(value, list):
        texts = [as_text(part) for part in value]
        return texts[0] if len(texts) == 1 and not isinstance(texts[0], dict) else texts
    return ParameterText(value)


texts = st.text("abcü 1.-", min_size=1, max_size=6)
text_values = st.one_of(texts, st.lists(texts, min_size=2, max_size=3))
text_filters = st.recursive(
    st.dictionaries(
        st.builds("{}{}".format, paths, operators), text_values, min_size=1, max_size=3
    ),
    lambda inner: st.builds(
        lambda connector, some: {connector: some},
        st.sampled_from(["or", "and", "not"]),
        st.one_of(inner, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=6,
)


@pytest.mark.exhaustive
@settings(max_examples=some(EXAMPLES))
@given(text_filters)
def test_parameters_say_what_a_body_says(written: dict[str, Any]) -> None:
    body = {"filters": as_text(written), "limit": 20}
    parameters = parse_parameters([*flatten({"filters": written}), ("limit", ["20"])])
    assert parse(body) == parse(parameters)


@pytest.mark.parametrize(
    ("scope", "sent"),
    [
        (
            "instance",
            {"_id": 2, "note": "x", "_if_match": '"abc"', "_fields": "id, who:customer.name"},
        ),
        ("instance", {"id": "a", "_if": {"status": "pending"}, "_input": {"_private": 1}}),
        ("bulk", {"_ids": [1, "b"], "_expect": 2}),
        ("bulk", {"_filters": {"or": [{"status.in": ["a", "b"]}, {"not": {"seats.gte": 2}}]}}),
        ("bulk", {"_filters": {}}),
        ("collection", {"factor": 2, "nested": {"a": [None]}}),
    ],
)
def test_a_call_of_an_action_can_be_written_down_and_read_again(
    scope: str, sent: dict[str, Any]
) -> None:
    def read(payload: Any) -> Any:
        found = parse_call(payload, LIMITS, name="x", scope=scope)
        return {one.name: getattr(found, one.name) for one in dataclasses.fields(found)}, found

    parsed, call = read(sent)

    again, _ = read(json.loads(json.dumps(call_to_json(call, scope))))
    assert parsed == again
