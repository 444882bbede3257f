"""The keys of a query object."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex.dialects.flex.parser import parse_operation, parse_query
from django_flex.exceptions import FlexError, QueryError, UnknownKeyError
from django_flex.query.ast import FieldTerm, PageRequest, ParameterText, Query
from django_flex.query.limits import Limits
from django_flex.query.operations import OPERATIONS
from django_flex.query.operators import OPERATORS, TRANSFORMS, operators_for

LIMITS = Limits(default_limit=50, max_limit=200)


def parse(payload: dict[str, Any], operation: str = "list", **options: Any) -> Query:
    return parse_query(payload, LIMITS, resource="booking", operation=operation, **options)


def test_defaults_apply() -> None:
    assert parse({}) == Query(
        resource="booking",
        operation="list",
        page=PageRequest(limit=50),
        fields=(FieldTerm(("*",)),),
    )


@pytest.mark.parametrize(
    ("payload", "page"),
    [
        pytest.param({"limit": 5, "offset": 10}, PageRequest(limit=5, offset=10), id="numbers"),
        pytest.param({"limit": 10**18}, PageRequest(limit=10**18), id="not-capped-yet"),
        pytest.param({"limit": ParameterText("7")}, PageRequest(limit=7), id="parameter"),
    ],
)
def test_page_is_read(payload: dict[str, Any], page: PageRequest) -> None:
    assert parse(payload).page == page


@pytest.mark.parametrize("key", ["limit", "offset"])
@pytest.mark.parametrize(
    "value",
    [-1, True, 1.0, None, "5", [], {}, ParameterText("2.0"), ParameterText("\uff11")],
)
def test_invalid_page_is_refused(key: str, value: Any) -> None:
    with pytest.raises(FlexError) as caught:
        parse({key: value})
    assert caught.value.path == key


@pytest.mark.parametrize("value", ["MAP", "", None, 1, [], {}])
def test_invalid_shape_is_refused(value: Any) -> None:
    with pytest.raises(FlexError) as caught:
        parse({"shape": value})
    assert caught.value.path == "shape"


@pytest.mark.parametrize(
    ("payload", "operation", "hint"),
    [
        pytest.param({"field": "id"}, "list", "did you mean 'fields'?", id="near"),
        pytest.param({"xyzzy": 1}, "list", "to filter by a field: ", id="far"),
        pytest.param({"filters": {}}, "get", None, id="of-another-operation"),
        pytest.param({"_id": 1}, "list", None, id="key-of-a-row-in-a-list"),
        pytest.param({"\x00": 1}, "list", "one of ", id="unprintable"),
    ],
)
def test_unknown_key_is_refused(payload: dict[str, Any], operation: str, hint: str | None) -> None:
    with pytest.raises(UnknownKeyError) as caught:
        parse(payload, operation)
    assert caught.value.status == 400
    assert (caught.value.hint or "").startswith(hint or "")
    assert (caught.value.path or "").isprintable()


@pytest.mark.parametrize("key_name", ["id", "pk", "code"])
@pytest.mark.parametrize("lenient", [False, True])
def test_a_get_needs_the_key_of_its_row(key_name: str, lenient: bool) -> None:
    with pytest.raises(QueryError, match="'get' needs the key of a row") as caught:
        parse({"fields": "status"}, "get", key_name=key_name, lenient=lenient)
    assert "_id" == caught.value.path


@pytest.mark.parametrize("payload", [{"_id": 1}, {"code": 1}, {"_id": None}, {"code": None}])
def test_a_key_that_is_null_is_one_that_no_row_has(payload: dict[str, Any]) -> None:
    assert parse(payload, "get", key_name="code").pk is next(iter(payload.values()))


def test_lenient_leaves_unknown_keys_out() -> None:
    assert parse({"xyzzy": 1}, lenient=True) == parse({})


@pytest.mark.parametrize("name", OPERATIONS)
def test_synonyms_of_operations_are_one(name: str) -> None:
    assert parse_operation({"_action": name}, "list") == OPERATIONS[name]


@pytest.mark.parametrize("value", ["LIST", "", "lst", 5, [], {}, True])
def test_action_that_is_none_is_refused(value: Any) -> None:
    with pytest.raises(FlexError) as caught:
        parse_operation({"_action": value}, "list")
    assert caught.value.path == "_action"


def test_operators_and_transforms_have_different_names() -> None:
    assert set(OPERATORS) & set(TRANSFORMS) == set()
    assert all(row.help and row.kinds for row in OPERATORS.values())
    assert all(row.help and row.kinds for row in TRANSFORMS.values())


@pytest.mark.parametrize(
    ("kind", "some", "none"),
    [
        pytest.param("text", {"icontains", "regex", "len"}, {"year", "has_key"}, id="text"),
        pytest.param("integer", {"gte", "range", "in"}, {"contains", "len"}, id="integer"),
        pytest.param("boolean", {"exact", "isnull"}, {"lt", "contains"}, id="boolean"),
        pytest.param("datetime", {"year", "date", "hour"}, {"regex"}, id="datetime"),
        pytest.param("date", {"year", "week_day"}, {"date", "hour"}, id="date"),
        pytest.param("json", {"has_key", "len", "contained_by"}, {"year"}, id="json"),
        pytest.param("binary", {"isnull"}, {"exact", "contains"}, id="binary"),
        pytest.param("year", {"gte", "in"}, {"year"}, id="derived"),
    ],
)
def test_operators_go_by_kind(kind: str, some: set[str], none: set[str]) -> None:
    assert some <= set(operators_for(kind))
    assert none & set(operators_for(kind)) == set()
