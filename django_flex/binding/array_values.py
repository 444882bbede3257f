"""Arrays that a condition compares with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from django_flex.exceptions import InvalidValueError
from django_flex.exceptions.places import worded
from django_flex.query.ast import ParameterText
from django_flex.query.filters import parse_value

if TYPE_CHECKING:
    from django_flex.query.operators import Operator
    from django_flex.schema.resources import Attribute

#: Types a value by a kind and a column, and binds a dynamic one.
One: TypeAlias = "Callable[[object, str, Attribute], object]"


def array_comparand(
    value: object, rule: Operator, column: Attribute, one: One, place: str
) -> object:
    """Return a list with items of the type of the column, or a list of such lists.

    Args:
        value: as it was sent: a list, a comma list in a parameter, or a single item where one is
            looked for.
        rule: the operator.
        column: of arrays.
        one: types each value.
        place: of the comparison.

    Raises:
        InvalidValueError: it does not fit.
    """
    if rule.takes == "list":
        parts = value if isinstance(value, tuple | list) else (value,)
        return [_array(part, column, one, place) for part in parts]
    inside = rule.takes in {"part", "document"}
    if inside and not isinstance(value, tuple | list | ParameterText | Mapping):
        value = (value,)
    found = _array(value, column, one, place)
    if inside and None in found:
        hint = worded("null is equal to nothing; leave it out")
        raise InvalidValueError("The value does not fit", path=place, hint=hint)
    return found


def _array(value: object, column: Attribute, one: One, place: str) -> list[object]:
    if isinstance(value, ParameterText):
        value = [ParameterText(part.strip()) for part in value.split(",")] if value else []
    if isinstance(value, tuple | list):
        value = [_item(part, column, one, place) for part in value]
    found = one(value, "array", column)
    return found if isinstance(found, list) else []


def _item(part: object, column: Attribute, one: One, place: str) -> object:
    """Return an item, a dynamic one bound; anything else is typed with the list."""
    asked = parse_value(part, place) if isinstance(part, Mapping) else part
    items = column.items
    if items is None or asked is None or isinstance(asked, tuple | list):
        return asked
    return one(asked, items.kind, items)
