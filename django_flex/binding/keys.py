"""Comparisons of keys of several columns, as those of their columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django_flex.resolved import AllOf, AnyOf, Column, Predicate, Where
from django_flex.schema.conversions.keys import KeyConditions, any_key, one_key

if TYPE_CHECKING:
    from django_flex.schema.resources import Attribute


#: More keys than this are one condition, as rows of values. Statements with fewer are cached.
_FEW = 20
_PLAIN = frozenset({"date", "integer", "text", "uuid"})


def compared_key(column: Column, comparison: str, value: Any) -> Where:
    """Return the comparison of a key with another one, with several, or with nothing.

    Args:
        column: the key, seen from the row.
        comparison: ``exact``, ``in`` or ``isnull``.
        value: of the right type: its parts, a list of such, a boolean; ``None`` for no key.
    """
    parts = [replace(column, attribute=part) for part in column.attribute.parts]
    if comparison == "in":
        if len(value) > _FEW and all(map(_is_plain, column.attribute.parts)):
            return Predicate(column, (), comparison, value)
        return any_key(parts, value, _CONDITIONS)
    if comparison == "isnull" or value is None:
        return Predicate(parts[0], (), comparison, value)
    return one_key(parts, value, _CONDITIONS)


def _is_plain(part: Attribute) -> bool:
    """Whether every database compares a column with a value in a list of rows as it does elsewhere."""
    return part.kind in _PLAIN and part.stored is None and not part.custom


_CONDITIONS: KeyConditions[Column, Where] = KeyConditions(
    equal=lambda column, value: Predicate(column, (), "exact", value),
    among=lambda column, values: Predicate(column, (), "in", values),
    every=lambda conditions: AllOf(tuple(conditions)),
    some=lambda conditions: AnyOf(tuple(conditions)),
)
