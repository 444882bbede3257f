"""What operators of a filter compare with: values, lists, and values that the server computes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django_flex.exceptions import InvalidValueError, QueryError, UnsupportedQueryError
from django_flex.exceptions.places import worded
from django_flex.query.ast import ParameterText, UserValue
from django_flex.query.terms import excerpt, parse_path
from django_flex.query.time_offsets import parse_now
from django_flex.schema.geometry.geojson import GeometryError, GeometryType, parse_geometry

if TYPE_CHECKING:
    from django_flex.query.ast import Now

_NOW = re.compile(r"\$NOW(?:\((.*)\))?")
_USER = re.compile(r"\$CURRENT_USER(?:\.(.+))?")
_TRUE, _FALSE = ("true", "1", ""), ("false", "0")
#: Which coordinate system the column has is not known here.
ANY_GEOMETRY = GeometryType(srid=None, dimensions=None)
_UNSUPPORTED = ("$CURRENT_ROLE", "$CURRENT_ROLES", "$CURRENT_POLICIES")


def value_of(value: object, place: str) -> object:
    """Return a value: a constant, the time of the request, or a value of the caller.

    Raises:
        QueryError: it is a list or an object, or a dynamic value that does not exist here.
    """
    if isinstance(value, ParameterText) and value == "null":
        return None
    if isinstance(value, str) and value.startswith("$"):
        return _dynamic(value, place)
    if isinstance(value, Mapping | list):
        raise InvalidValueError("A single value is needed", path=place)
    return value


def list_of(value: object, place: str) -> tuple[object, ...]:
    """Return values that were sent as a list, or as a text with commas.

    Raises:
        InvalidValueError: it is something else, or there are none.
    """
    if isinstance(value, str):
        kind = type(value)
        value = [kind(part.strip()) for part in value.split(",")]
    if not isinstance(value, list) or not value:
        raise InvalidValueError("A list with values is needed", path=place)
    return tuple(value_of(part, f"{place}[{position}]") for position, part in enumerate(value))


def pair_of(value: object, place: str) -> tuple[object, ...]:
    """Return two values that were sent as a list, or as a text with a comma.

    Raises:
        InvalidValueError: it is something else.
    """
    found = list_of(value, place)
    if len(found) != 2:  # noqa: PLR2004 - a pair
        raise InvalidValueError("Two values are needed", path=place, hint="[1, 5]")
    return found


def boolean_of(value: object, place: str) -> bool:
    """Return true or false; no text at all, as in ``filter[title][_null]=``, is true.

    Raises:
        InvalidValueError: it is something else.
    """
    if isinstance(value, bool):
        return value
    text = str(value).lower() if isinstance(value, str | int) else None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise InvalidValueError("true or false is needed", path=place)


def box_of(value: Mapping[str, object], place: str) -> list[float]:
    """Return the west, south, east and north of a geometry in GeoJSON.

    Raises:
        InvalidValueError: it is none, or has no positions.
    """
    try:
        geometry = parse_geometry(value, ANY_GEOMETRY)
    except GeometryError as error:
        raise _no_geometry(error.text, place) from None
    positions: list[tuple[float, ...]] = []
    left: list[Any] = [geometry]
    while left:
        part = left.pop()
        if isinstance(part, tuple):  # a position, unlike the lists around it
            positions.append(part)
        else:
            left += _inside(part) if isinstance(part, dict) else part
    if not positions:
        raise _no_geometry(worded("a geometry with positions"), place)
    easts, norths = zip(*(one[:2] for one in positions), strict=True)
    return [min(easts), min(norths), max(easts), max(norths)]


def _inside(geometry: Mapping[str, Any]) -> list[Any]:
    """Return the parts of a checked geometry; a point has one position."""
    found = geometry.get("geometries", geometry.get("coordinates"))
    return [found] if isinstance(found, tuple) else found


def _no_geometry(expected: str, place: str) -> InvalidValueError:
    return InvalidValueError("The value does not fit", path=place, hint=expected)


def _dynamic(text: str, place: str) -> Now | UserValue | str:
    if text.startswith(_UNSUPPORTED):
        raise UnsupportedQueryError(worded("'{}' is not supported", excerpt(text)), path=place)
    now = _NOW.fullmatch(text)
    if now is not None:
        return parse_now((now[1] or "").strip(), place)
    user = _USER.fullmatch(text)
    if user is not None:
        return UserValue(parse_path(user[1] or "id", place))
    if text.startswith(("$NOW", "$CURRENT")):
        raise QueryError(worded("'{}' is not a dynamic value", excerpt(text)), path=place)
    return text
