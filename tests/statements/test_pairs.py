"""Each kind of column, each lookup, each two values: compiled with one, used with the other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import EmptyResultSet
from django.db.models import Q

from django_flex.backends.orm.expressions.conditions import visible_rows
from django_flex.backends.orm.prepared.binders import comparable
from django_flex.backends.orm.prepared.cache_keys import UncacheableError, cache_key_of
from django_flex.backends.orm.prepared.statements import StatementSource, bind, compile_statement
from django_flex.resolved import Rows
from django_flex.schema.introspection import describe
from tests.random_search import SEED
from tests.statements.edges import FIELDS, kind_of, values_of
from tests.statements.size import AGAIN, VALUES
from tests.testapp.kinds import Sample

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:DateTimeField .* received a naive datetime"),
]
SAMPLE = describe(Sample)
#: A value in four places at once: beside another condition, of a related row, and denied of rows.
CONTEXTS: dict[str, Callable[[str, Any], Q]] = {
    "or": lambda name, value: Q((name, value)) | Q((f"parent__{name}", value)) | Q(whole=7),
    "not": lambda name, value: ~Q((name, value), name="x") & ~Q((f"children__{name}", value)),
}


def query_of(rows: Rows, using: str) -> Any:
    return visible_rows(rows, using).order_by().values_list("pk").query


def sources_of(rule: Callable[[str, Any], Q], name: str, values: list[Any]) -> Iterator[Any]:
    """Yield the shape, what a statement is made of, and Django's own of each value."""
    for value in values:
        plan = Rows(SAMPLE, q=rule(name, value))
        try:
            shape, taken = cache_key_of(plan)
        except UncacheableError:
            continue
        source = StatementSource(plan, query_of, taken, None, "default")
        yield shape, source, djangos(source), value


def djangos(source: StatementSource) -> Any:
    """Return what Django makes of a query by itself; the error if it does not."""
    try:
        sql, parameters = source.query().get_compiler("default").as_sql()
    except EmptyResultSet:
        return "nothing can match"
    except Exception as error:  # noqa: BLE001 - fields raise what they like
        return repr(error)
    return sql, comparable(parameters)


def statement_of(source: StatementSource) -> Any:
    try:
        return compile_statement(source)
    except Exception:  # noqa: BLE001 - fields raise what they like, and then nothing is kept
        return None


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_statement_of_one_value_is_djangos_of_another(field: Any, context: str) -> None:
    lookups, values = kind_of(field)
    for lookup in lookups:
        draws = Random(f"{SEED} {field.name} {context} {lookup}")
        found = values_of(lookup, values)
        drawn = draws.sample(found, min(len(found), VALUES))
        compare(CONTEXTS[context], f"{field.name}__{lookup}", drawn)


def compare(rule: Callable[[str, Any], Q], name: str, values: list[Any]) -> None:
    """Compare each value as the first with each as the second of the same shape."""
    found = [*sources_of(rule, name, values)]
    for shape, source, _, first in found:
        statement = statement_of(source)
        others = [one for one in found if one[0] == shape] if statement else []
        for _, other, expected, second in others:
            parameters = bind(statement, other.values, "default")
            if parameters is not None:
                sent = (statement.sql, comparable(parameters))
                assert expected == sent, f"{name}: {first!r}, then {second!r}; {AGAIN}"


USUAL: dict[str, tuple[Any, Any]] = {
    **dict.fromkeys(["id", "tiny", "whole", "large", "few", "some", "many", "parent"], (1, 2)),
    **dict.fromkeys(["price", "exact"], (Decimal("1.5"), Decimal(2))),
    **dict.fromkeys(["name", "note", "folded", "prefixed", "tag"], ("a", "b")),
    "ratio": (1.5, 2.5),
    "day": (dt.date(2024, 1, 1), dt.date(2025, 1, 1)),
    "clock": (dt.time(1), dt.time(2)),
    "moment": (dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.datetime(2025, 1, 1, tzinfo=dt.UTC)),
    "span": (dt.timedelta(1), dt.timedelta(2)),
    "token": (UUID(int=1), UUID(int=2)),
    "blob": (b"a", b"b"),
    "address": ("10.0.0.1", "::1"),
}


@pytest.mark.parametrize("name", USUAL)
def test_value_that_comes_twice_is_not_two_values(name: str) -> None:
    first, second = USUAL[name]
    lists = [[first, second], [second, second]]
    usual, twice = sources_of(CONTEXTS["or"], f"{name}__in", lists)

    assert usual[0] == twice[0]
    assert bind(statement_of(usual[1]), twice[1].values, "default") is None


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("name", USUAL)
def test_null_in_a_list_is_no_value_that_comes_twice(name: str, context: str) -> None:
    value, other = USUAL[name]
    lists: list[Any] = [[value, value], [other, None], [None, value], [value, other], [None, None]]
    compare(CONTEXTS[context], f"{name}__in", lists)


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("name", USUAL)
def test_usual_values_share_a_statement(name: str, context: str) -> None:
    first, second = sources_of(CONTEXTS[context], name, [*USUAL[name]])

    assert first[0] == second[0]
    assert bind(statement_of(first[1]), second[1].values, "default") is not None
