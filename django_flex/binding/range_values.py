"""Ranges that a condition compares with, and the values that it looks for in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from django_flex.exceptions import InvalidValueError
from django_flex.query.ast import ParameterText
from django_flex.query.filters import DYNAMIC, parse_value
from django_flex.schema.conversions.ranges import Range, looks_like_range

if TYPE_CHECKING:
    from django_flex.query.operators import Operator
    from django_flex.schema.resources import Attribute

#: Types a value by a kind and a column, and binds a dynamic one.
One: TypeAlias = "Callable[[object, str, Attribute], object]"


def range_comparand(
    value: object, rule: Operator, column: Attribute, one: One, place: str
) -> object:
    """Return a range as the type of the column, or a value that may be in it where one is taken.

    Args:
        value: as it was sent: an object or a list, ``lower,upper`` in a text, or a value.
        rule: the operator.
        column: of ranges.
        one: types each value.
        place: of the comparison.

    Raises:
        InvalidValueError: it does not fit.
    """
    if rule.takes == "list":
        parts = value if isinstance(value, tuple | list) else (value,)
        return [_range(part, column, one, place) for part in parts]
    value = _split(value)
    if rule.takes == "part" and column.items is not None and not looks_like_range(value):
        found = one(value, column.items.kind, column.items)
        # Django would cast a decimal to the digits of its field, and that of an end has none.
        return (
            one(Range(found, found, "[]"), "range", column) if isinstance(found, Decimal) else found
        )
    return _range(value, column, one, place)


def _range(value: object, column: Attribute, one: One, place: str) -> object:
    value = _split(value)
    if isinstance(value, Mapping):
        value = {name: _end(part, column, one, place) for name, part in value.items()}
    return one(value, "range", column)


def _split(value: object) -> object:
    """Return the ends in a text; nothing before or behind the comma is no bound."""
    if not isinstance(value, str) or "," not in value:
        return value
    make = ParameterText if isinstance(value, ParameterText) else str
    return tuple(make(end.strip()) if end.strip() else None for end in value.split(","))


def _end(part: object, column: Attribute, one: One, place: str) -> object:
    """Return an end, a dynamic one bound; anything else is left as it is."""
    if not isinstance(part, Mapping) or column.items is None:
        return part
    if len(part) != 1 or next(iter(part)) not in DYNAMIC:
        raise InvalidValueError("The value does not fit", path=place, hint="a value at each end")
    return one(parse_value(part, place), column.items.kind, column.items)
