"""Comparisons of values, whatever these are, with values of the right type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.binding.comparands import UnmatchedError, check_taken, derived_kind
from django_flex.binding.keys import compared_key
from django_flex.exceptions import QueryError
from django_flex.query.ast import FieldValue
from django_flex.query.operators import OPERATORS
from django_flex.resolved import AllOf, AnyOf, Column, Complement, Predicate, Value, Where

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_flex.binding.comparands import Comparands
    from django_flex.query.ast import Comparison, Path
    from django_flex.query.operators import Operator

ALWAYS = AllOf(())
NEVER = AnyOf(())


def compare(value: Value, rest: Path, asked: Comparison, comparands: Comparands) -> Where:
    """Return a comparison of a value that is not a plain column.

    Args:
        value: what is compared.
        rest: transforms and an operator.
        asked: the comparison as it was asked for.
        comparands: types the other side.
    """
    *transforms, operator = rest
    if isinstance(asked.value, FieldValue):
        raise QueryError("'$field' compares columns, not aggregates", path=asked.place)
    kind = derived_kind(value.attribute.kind, transforms, asked.place)
    try:
        column = value.attribute
        bound = comparands.bind(asked.value, operator, kind, column, asked.place)
        check_taken(bound, rest, column, asked.place)
    except UnmatchedError:
        return ALWAYS if OPERATORS[operator].negates else NEVER
    return compared(value, transforms, OPERATORS[operator], bound)


def compared_label(column: Value, halves: Path, operator: Operator, value: object) -> Where:
    """Return the comparison of a label with others, by both of its halves where that is possible.

    Indexes are on the columns that the label is made of.

    Args:
        column: the label; the last of its relations leads to the halves.
        halves: the names of the columns of the app and of the name in it.
        operator: compares them.
        value: a label, or several.
    """
    if operator.comparison not in {"exact", "in"} or not isinstance(value, str | list):
        return compared(column, (), operator, value)
    there = column.hops[-1].target
    sides = [Column(column.hops, there.column(name), masks=column.masks) for name in halves]
    labels = [value] if isinstance(value, str) else value
    pairs = [
        AllOf(
            tuple(
                Predicate(side, (), "exact", half)
                for side, half in zip(sides, label.partition(".")[::2], strict=True)
            )
        )
        for label in labels
    ]
    found = AnyOf(tuple(pairs)) if isinstance(value, list) else pairs[0]
    return Complement(found) if operator.negates else found


def compared(column: Value, transforms: Iterable[str], operator: Operator, value: object) -> Where:
    """Return the comparison of a value with another of the right type."""
    test: Where = (
        compared_key(column, operator.comparison, value)
        if column.attribute.parts and isinstance(column, Column)
        else Predicate(column, tuple(transforms), operator.comparison, value)
    )
    return Complement(test) if operator.negates else test
