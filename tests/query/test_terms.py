"""The small grammar inside the strings of a query."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex.exceptions import FlexError, InvalidValueError, LimitExceededError, QueryError
from django_flex.query.ast import FieldTerm, OrderTerm
from django_flex.query.terms import excerpt, nearest, parse_fields, parse_order, parse_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("name", ("name",), id="one-segment"),
        pytest.param("customer.company.name", ("customer", "company", "name"), id="three"),
        pytest.param("metadata.a-b.0", ("metadata", "a-b", "0"), id="json-keys"),
        pytest.param("größe", ("größe",), id="letters-of-any-language"),
        pytest.param("sum(price)", ("price", "sum"), id="call"),
        pytest.param("sum( price.gross )", ("price", "gross", "sum"), id="call-of-a-path"),
        pytest.param("max(sum(price))", ("price", "sum", "max"), id="call-of-a-call"),
        pytest.param("count()", ("count",), id="call-of-nothing"),
        pytest.param(".".join("a" * 64), tuple("a" * 64), id="as-long-as-may-be"),
        pytest.param("a" * 64, ("a" * 64,), id="segment-as-long-as-may-be"),
    ],
)
def test_path_is_split(text: str, expected: tuple[str, ...]) -> None:
    assert parse_path(text, "fields") == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "a.",
        ".a",
        "a..b",
        "a b",
        "a'b",
        'a"b',
        "a%sb",
        "a;b",
        "a/b",
        "a\x00b",
        "a\nb",
        "?",
        "*",
        "a.*.b",
        "count(*)",
        "f(",
        "f(a",
        "f(a))",
        "f()()",
        "a" * 65,
        "\ud800",
    ],
)
def test_path_that_is_none_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_path(text, "filters.x")
    assert caught.value.path == "filters.x"
    assert caught.value.hint is not None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(".".join(["a"] * 65), id="segments"),
        pytest.param("f(" * 65 + ")" * 65, id="calls"),
        pytest.param("f(" * 100_000 + ")" * 100_000, id="calls-beyond-the-stack"),
        pytest.param("f(a." + "a." * 62 + "a)", id="both-together"),
    ],
)
def test_path_that_is_too_long_is_refused(text: str) -> None:
    with pytest.raises(LimitExceededError):
        parse_path(text, "fields")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("id, name", [FieldTerm(("id",)), FieldTerm(("name",))], id="comma-list"),
        pytest.param(["id", "a, b"], [FieldTerm((n,)) for n in ("id", "a", "b")], id="json-list"),
        pytest.param("*", [FieldTerm(("*",))], id="star"),
        pytest.param("customer.*", [FieldTerm(("customer", "*"))], id="relation-star"),
        pytest.param("-notes", [FieldTerm(("notes",), excluded=True)], id="exclusion"),
        pytest.param("who:customer.name", [FieldTerm(("customer", "name"), "who")], id="alias"),
        pytest.param("n:count(lines)", [FieldTerm(("lines", "count"), "n")], id="alias-of-call"),
    ],
)
def test_fields_are_read(value: Any, expected: list[FieldTerm]) -> None:
    assert parse_fields(value, 10, "fields") == tuple(expected)


@pytest.mark.parametrize(
    "value",
    ["", ",", "a,,b", [], [""], ["a", 1], 5, None, {}, True, "a:*", "-x:a", ":a", "a b:c"],
)
def test_invalid_fields_are_refused(value: Any) -> None:
    with pytest.raises(FlexError) as caught:
        parse_fields(value, 10, "fields")
    assert caught.value.path == "fields"


@pytest.mark.parametrize("value", ["a,b,c", ["a", "b", "c"], ["a,b", "c"], "a," * 2_000 + "a"])
def test_lists_are_counted_before_they_are_read(value: Any) -> None:
    for parse in (parse_fields, parse_order):
        with pytest.raises(LimitExceededError):
            parse(value, 2, "fields")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("name", OrderTerm(("name",)), id="ascending"),
        pytest.param("-name", OrderTerm(("name",), descending=True), id="descending"),
        pytest.param("a.b.nulls_last", OrderTerm(("a", "b"), nulls="last"), id="nulls-last"),
        pytest.param("-a.nulls_first", OrderTerm(("a",), True, "first"), id="nulls-first"),
        pytest.param("nulls_first", OrderTerm(("nulls_first",)), id="field-of-that-name"),
    ],
)
def test_orders_are_read(text: str, expected: OrderTerm) -> None:
    assert parse_order(text, 8, "order_by") == (expected,)
    assert str(expected) == text


@pytest.mark.parametrize("value", ["*", "?", "name desc", "name.", 1, {"name": 1}, [None]])
def test_invalid_orders_are_refused(value: Any) -> None:
    with pytest.raises((QueryError, InvalidValueError)) as caught:
        parse_order(value, 8, "order_by")
    assert caught.value.path == "order_by"


def test_excerpt_is_short_and_printable() -> None:
    assert excerpt("a" * 100) == "a" * 80 + "…"
    assert excerpt("a\nb\x00\ud800\u202e") == "a\\nb\\x00\\ud800\\u202e"


def test_nearest_names_one_choice_or_none() -> None:
    assert nearest("nmae", ["name", "id"]) == "did you mean 'name'?"
    assert nearest("xyz", ["name", "id"]) is None
    assert nearest("a" * 1_000_000, ["a" * 10]) is None
