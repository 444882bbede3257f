"""Sorts items that are all known."""

from __future__ import annotations

from functools import cmp_to_key
from typing import TYPE_CHECKING, Any

from django_flex.backends.dynamodb.planning import sort_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from django_flex.backends.dynamodb.planning import Sort
    from django_flex.dynamodb.core.schema import AttributeValue, Item

#: The types of DynamoDB that have an order; of booleans false comes first, as in SQL.
_SORTED = frozenset({"S", "N", "B", "BOOL"})


def in_order(items: Iterable[Item], order: Sequence[Sort]) -> list[Item]:
    """Return items in an order, which ends with the key."""
    return sorted(items, key=by(order))


def by(order: Sequence[Sort]) -> Callable[[Item], Any]:
    """Return a function for ``sorted`` and ``min``, which gives what sorts an item."""

    def compared(one: Item, other: Item) -> int:
        return compare(one, other, order)

    return cmp_to_key(compared)


def compare(one: Item, other: Item, order: Sequence[Sort]) -> int:
    """Return -1, 0 or 1 as an order has two items."""
    for term in order:
        found = _compared(_present(one, term), _present(other, term), term)
        if found:
            return found
    return 0


def _present(item: Item, term: Sort) -> AttributeValue | None:
    """Return the value that sorts an item; one without an order is read as null, and sorted so."""
    value = item.get(term.name)
    return value if value is not None and {*value} <= _SORTED else None


def _compared(one: AttributeValue | None, other: AttributeValue | None, term: Sort) -> int:
    if one is None or other is None:
        if one is other:
            return 0
        last = (term.nulls or ("first" if term.descending else "last")) == "last"
        return 1 if (one is None) is last else -1
    first, second = sort_value(one), sort_value(other)
    order = (first > second) - (first < second)
    return -order if term.descending else order
