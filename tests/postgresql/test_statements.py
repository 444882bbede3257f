"""Cached statements with values of PostgreSQL's own types, against what Django compiles."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise, product
from random import Random
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps

from django_flex.schema.introspection import describe
from tests.random_search import SEED
from tests.statements.edges import ODD
from tests.statements.pairs import CONTEXTS, compare
from tests.statements.size import VALUES

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:DateTimeField .* received a naive datetime"),
]
BOUNDS = ["[)", "[]", "(]", "()"]
#: Ends of ranges of each column, from the smallest on.
ENDS: dict[str, list[Any]] = {
    "numbers": [None, -(2**31), -1, 0, 1, 2**31 - 1, 2**31],
    "large": [None, -(2**63), 0, 2**31, 2**63 - 1, 2**70],
    "sums": [None, Decimal("-0.0"), 0, 0.1, Decimal("1E+30"), Decimal("NaN")],
    "closed": [None, 1, Decimal("1.0"), Decimal("Infinity")],
    "days": [None, date.min, date(2024, 2, 29), date.max, "2024-02-29"],
    "moments": [
        *[None, datetime.min.replace(tzinfo=UTC), datetime(2024, 2, 29, tzinfo=UTC)],
        *[date(2024, 2, 29), datetime.max.replace(tzinfo=UTC)],
    ],
}
LOOKUPS = ["exact", "contains", "contained_by", "overlap", "adjacent_to", "fully_lt", "startswith"]


#: Items of arrays of each column.
ITEMS: dict[str, list[Any]] = {
    "words": ["", "a", "A,b", "toolong", None],
    "notes": ["null", "{}", "é", None],
    "small": [-(2**15), 0, 2**15, 1.5],
    "numbers": [-(2**31), 0, None, 2**31],
    "sums": [Decimal("0.00"), Decimal("1.005"), 1, "1", Decimal("NaN")],
    "ratios": [0.1, -0.0, 1, True],
    "flags": [True, False, None],
    "days": [date.min, date(2024, 2, 29), "2024-02-29"],
    "moments": [datetime(2024, 2, 29, tzinfo=UTC), date(2024, 2, 29)],
    "keys": [UUID(int=0), UUID(int=1), str(UUID(int=1))],
    "grid": [[1], [1, 2], [], None],
}


def model(name: str) -> Any:
    """Return a model of PostgreSQL."""
    label: str = f"postgresql.{name}"
    return apps.get_model(label)


def ranges_of(name: str) -> list[Any]:
    """Return ranges, lists of two ends, and values that may be in a range."""
    make, ends = model("span")._meta.get_field(name).range_type, ENDS[name]
    pairs = [(low, high) for n, low in enumerate(ends) for high in [ends[0], *ends[n:]]]
    made = [make(*pair, bounds) for pair in pairs for bounds in BOUNDS]
    return [make(empty=True), *made, *map(list, pairs), *ends[1:], *ODD]


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("name", ENDS)
def test_statement_of_one_range_is_djangos_of_another(name: str, context: str) -> None:
    resource = describe(model("span"))
    used = 0
    for lookup in [*LOOKUPS, "in"]:
        draws = Random(f"{SEED} {name} {context} {lookup}")
        drawn = draws.sample(ranges_of(name), 4 * VALUES)
        values = [*map(list, pairwise(drawn))] if lookup == "in" else drawn
        used += compare(resource, CONTEXTS[context], f"{name}__{lookup}", values)

    assert used


def arrays_of(name: str) -> list[Any]:
    """Return lists of up to three items, one that is no list, and items alone."""
    items = ITEMS[name]
    lists = [[*some] for size in range(4) for some in product(items[:4], repeat=size)]
    return [*lists, *map(tuple, lists[:5]), *items, *ODD]


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("name", ITEMS)
def test_statement_of_one_array_is_djangos_of_another(name: str, context: str) -> None:
    resource = describe(model("basket"))
    used = 0
    for lookup in ["exact", "contains", "contained_by", "overlap", "len", "len__gt", "0", "1__in"]:
        draws = Random(f"{SEED} {name} {context} {lookup}")
        drawn = draws.sample(arrays_of(name), min(4 * VALUES, len(arrays_of(name))))
        values = [*drawn, 0, 1, 2] if "len" in lookup else [*drawn, *ITEMS[name]]
        used += compare(resource, CONTEXTS[context], f"{name}__{lookup}", values)
    lists = [*map(list, pairwise(arrays_of(name)[:9]))]
    used += compare(resource, CONTEXTS[context], f"{name}__in", lists)

    assert used
