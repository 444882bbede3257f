"""Geometries that a condition compares with, as each operator takes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from django_flex.exceptions import InvalidValueError
from django_flex.query.ast import ParameterText
from django_flex.query.filters import DYNAMIC, parse_value
from django_flex.schema.geometry.geojson import GeometryError, GeometryType
from django_flex.schema.geometry.operands import box, operand, surroundings
from django_flex.schema.model_attributes import value_field_of

if TYPE_CHECKING:
    from django_flex.query.operators import Operator
    from django_flex.schema.resources import Attribute

#: Binds a value of the caller; any other is left as it is.
Known: TypeAlias = "Callable[[object], object]"


def geometry_comparand(
    value: object, rule: Operator, column: Attribute, known: Known, place: str
) -> object:
    """Return a geometry, or the ``Surroundings`` of one, in the coordinate system of a column.

    Args:
        value: as it was sent; in a parameter JSON, or the four numbers of a box.
        rule: the operator.
        column: of geometries.
        known: binds a value of the caller.
        place: of the comparison.

    Raises:
        InvalidValueError: it does not fit.
    """
    of = column.geometry or GeometryType(dimensions=None)
    plain = value_field_of(column) is None
    value = _sent(value, rule)
    try:
        if rule.takes == "box":
            numbers = value if isinstance(value, tuple | list) else ()
            return box(numbers, of, plain=plain)
        if rule.takes == "distance":
            if isinstance(value, Mapping) and _is_dynamic(value.get("geometry")):
                here = parse_value(value["geometry"], place)
                value = {**value, "geometry": known(here)}
            return surroundings(value, of, plain=plain)
        return operand(known(value), of, plain=plain)
    except GeometryError as error:
        raise InvalidValueError("The value does not fit", path=place, hint=error.text) from error


def _sent(value: object, rule: Operator) -> object:
    in_text = isinstance(value, ParameterText) or rule.takes == "box"
    if not isinstance(value, str) or not in_text:
        return value
    commas = rule.takes == "box" and not value.startswith("[")
    try:
        return json.loads(f"[{value}]" if commas else value)
    except (ValueError, RecursionError):
        return None


def _is_dynamic(value: object) -> bool:
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in DYNAMIC
