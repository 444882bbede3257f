"""Whether an index has all items that a query may find: those without its range key are in none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.dynamodb.core.conditions import And, Comparison, Condition, Not, Operator, Or
from django_flex.dynamodb.core.evaluation import matches
from django_flex.dynamodb.core.ranges import RANGE_OPERATORS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django_flex.backends.dynamodb.tables import Table
    from django_flex.dynamodb.core.schema import Item, KeySchema


def is_complete(table: Table, key: KeySchema, parts: Sequence[Condition]) -> bool:
    """Whether each item that meets the conditions has a key, so that an index has all of them."""
    name = key.range
    if name is None or name in table.schema.key.names:
        return True
    description = table.description
    attribute = description.attributes.get(description.python_name(name))
    if attribute is not None and not attribute.null:
        return True
    return any(_needs(one, name) for one in parts)


def _needs(part: Condition, name: str) -> bool:
    """Whether an item without an attribute, or with a null, cannot meet a condition."""
    if isinstance(part, Comparison):
        return part.path == (name,) and is_test_by(part, RANGE_OPERATORS | {Operator.IN})
    if isinstance(part, Not):
        without: Item = {}
        null: Item = {name: {"NULL": True}}
        about = {one.attribute for one in _comparisons(part.condition)} == {name}
        return about and not matches(part, without) and not matches(part, null)
    return False


def _comparisons(condition: Condition) -> Iterator[Comparison]:
    match condition:
        case Comparison():
            yield condition
        case Not():
            yield from _comparisons(condition.condition)
        case And() | Or():
            for one in condition.conditions:
                yield from _comparisons(one)


def is_test_by(condition: Condition, operators: set[Operator] | frozenset[Operator]) -> bool:
    """Whether a condition tests the value of a whole attribute by one of these operators."""
    return (
        isinstance(condition, Comparison)
        and condition.operator in operators
        and len(condition.path) == 1
        and not condition.of_size
    )
