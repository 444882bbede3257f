"""Each kind of column, each lookup, each two values: compiled with one, used with the other."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import pytest

from django_flex.backends.orm.prepared.statements import bind
from django_flex.schema.introspection import describe
from tests.random_search import SEED
from tests.statements.edges import FIELDS, kind_of, values_of
from tests.statements.pairs import CONTEXTS, compare, sources_of, statement_of
from tests.statements.size import VALUES
from tests.testapp.kinds import Sample

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:DateTimeField .* received a naive datetime"),
]
SAMPLE = describe(Sample)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_statement_of_one_value_is_djangos_of_another(field: Any, context: str) -> None:
    lookups, values = kind_of(field)
    for lookup in lookups:
        draws = Random(f"{SEED} {field.name} {context} {lookup}")
        found = values_of(lookup, values)
        drawn = draws.sample(found, min(len(found), VALUES))
        compare(SAMPLE, CONTEXTS[context], f"{field.name}__{lookup}", drawn)


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
    usual, twice = sources_of(SAMPLE, CONTEXTS["or"], f"{name}__in", lists)

    assert usual[0] == twice[0]
    assert bind(statement_of(usual[1]), twice[1].values, "default") is None


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("name", USUAL)
def test_null_in_a_list_is_no_value_that_comes_twice(name: str, context: str) -> None:
    value, other = USUAL[name]
    lists: list[Any] = [[value, value], [other, None], [None, value], [value, other], [None, None]]
    compare(SAMPLE, CONTEXTS[context], f"{name}__in", lists)


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("name", USUAL)
def test_usual_values_share_a_statement(name: str, context: str) -> None:
    first, second = sources_of(SAMPLE, CONTEXTS[context], name, [*USUAL[name]])

    assert first[0] == second[0]
    assert bind(statement_of(first[1]), second[1].values, "default") is not None
