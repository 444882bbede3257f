"""GeoJSON (RFC 7946) as a client sends it, checked number by number before any library reads it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeAlias

from django_flex.exceptions.places import dotted, worded

#: A geometry that was checked: ``type``, and ``coordinates`` or ``geometries``; numbers are floats.
GeoJSON: TypeAlias = "dict[str, Any]"
Position: TypeAlias = "tuple[float, ...]"

#: The coordinate system of GeoJSON: longitude and latitude in WGS 84.
WGS84 = 4326
COLLECTION = "GeometryCollection"
#: MariaDB takes no collection inside another one; PostGIS and GEOS have limits far beyond this.
MAX_DEPTH = 8
#: What is beyond overflows where coordinates are multiplied.
_MAX_DIGITS = 15
_MOST = 10.0**_MAX_DIGITS
_LINE, _RING = 2, 4


class GeometryError(ValueError):
    """A value is no such geometry: ``expected`` is needed ``at`` a place inside of it."""

    def __init__(self, expected: str, at: tuple[str | int, ...] = ()) -> None:
        super().__init__(expected)
        self.expected = expected
        self.at = at

    def under(self, segment: str | int) -> GeometryError:
        """Return the error as one of the value around."""
        return GeometryError(self.expected, (segment, *self.at))

    @property
    def text(self) -> str:
        """What is needed, and where."""
        return worded("{} at '{}'", self.expected, dotted(self.at)) if self.at else self.expected


@dataclass(frozen=True, slots=True, kw_only=True)
class GeometryType:
    """What geometries a column holds.

    Attributes:
        name: the type of GeoJSON, ``None`` for any.
        srid: of their coordinate system, ``None`` for one that is not known. Positions are sent and
            shown in WGS 84 if it is known, and as they are otherwise.
        dimensions: how many numbers a position has, ``None`` for two or three.
        geography: whether the database computes on the globe instead of on a plane.
    """

    name: str | None = None
    srid: int | None = WGS84
    dimensions: int | None = 2
    geography: bool = False


def parse_geometry(value: object, of: GeometryType) -> GeoJSON:
    """Return a geometry as it was sent, with floats as numbers.

    Raises:
        GeometryError: it is none, or not one of the given type.
    """
    return _geometry(value, of, MAX_DEPTH)


def _geometry(value: object, of: GeometryType, depth: int) -> GeoJSON:
    name = value.get("type") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not isinstance(name, str):
        raise GeometryError(
            worded('a GeoJSON geometry such as {"type": "Point", "coordinates": [13.4, 52.5]}')
        )
    if name in {"Feature", "FeatureCollection"}:
        raise GeometryError(worded("a geometry, not a feature: what is in its 'geometry'"))
    if name not in _PARSERS and name != COLLECTION:
        raise GeometryError(worded("one of {}", ", ".join([*_PARSERS, COLLECTION])), ("type",))
    if of.name not in {None, name}:
        raise GeometryError(worded("a GeoJSON {}", of.name), ("type",))
    members = "geometries" if name == COLLECTION else "coordinates"
    unknown = sorted(str(key) for key in value.keys() - {"type", "bbox", members})
    if unknown:
        raise GeometryError(worded("a geometry without '{}'", unknown[0][:64]))
    parts = value.get(members)
    try:
        if name == COLLECTION:
            found: object = _geometries(parts, of, depth)
        else:
            found = _coordinates(parts, _PARSERS[name], of)
    except GeometryError as error:
        raise error.under(members) from None
    return {"type": name, members: found}


def _geometries(value: object, of: GeometryType, depth: int) -> list[GeoJSON]:
    if not depth:
        raise GeometryError(worded("geometries nested at most {} deep", MAX_DEPTH))
    anything = GeometryType(srid=of.srid, dimensions=of.dimensions)
    return _each(
        value, lambda part: _geometry(part, anything, depth - 1), worded("a list of geometries")
    )


def _coordinates(value: object, parse: _Parse, of: GeometryType) -> Any:
    """Return coordinates; an empty list is an empty geometry."""
    return [] if isinstance(value, list | tuple) and not value else parse(value, of)


def _each(value: object, parse: Callable[[Any], Any], expected: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise GeometryError(expected)
    found = []
    for index, part in enumerate(value):
        try:
            found.append(parse(part))
        except GeometryError as error:
            raise error.under(index) from None
    return found


def _position(value: object, of: GeometryType) -> Position:
    if not isinstance(value, list | tuple) or not _has_dimensions(value, of.dimensions):
        raise GeometryError(_POSITIONS[of.srid is not None, of.dimensions])
    numbers = []
    for index, part in enumerate(value):
        try:
            numbers.append(_number(part, index, of))
        except GeometryError as error:
            raise error.under(index) from None
    return tuple(numbers)


def _has_dimensions(value: Sequence[object], dimensions: int | None) -> bool:
    return len(value) in {2, 3} if dimensions is None else len(value) == dimensions


def _number(value: object, index: int, of: GeometryType) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise GeometryError(worded("a number"))
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if of.srid is not None and index < len(_DEGREES):
        most, expected = _DEGREES[index]
        if not -most <= number <= most:
            raise GeometryError(expected)
    elif not -_MOST < number < _MOST:
        raise GeometryError(worded("a number with at most {} digits before the point", _MAX_DIGITS))
    return number


def _positions(value: object, of: GeometryType) -> list[Position]:
    return _each(value, lambda part: _position(part, of), worded("a list of positions"))


def _line(value: object, of: GeometryType) -> list[Position]:
    found = _positions(value, of)
    if len(found) < _LINE:
        raise GeometryError(worded("at least {} positions", _LINE))
    return found


def _ring(value: object, of: GeometryType) -> list[Position]:
    found = _positions(value, of)
    if len(found) < _RING:
        raise GeometryError(worded("at least {} positions", _RING))
    if found[0] != found[-1]:
        raise GeometryError(worded("a ring whose last position is its first one"))
    return found


def _lines(value: object, of: GeometryType) -> list[Any]:
    return _each(value, lambda part: _line(part, of), worded("a list of lists of positions"))


def _rings(value: object, of: GeometryType) -> list[Any]:
    found = _each(value, lambda part: _ring(part, of), worded("a list of lists of positions"))
    if not found:
        raise GeometryError(worded("a list of lists of positions"))
    return found


def _polygons(value: object, of: GeometryType) -> list[Any]:
    return _each(value, lambda part: _rings(part, of), worded("a list of polygons"))


_Parse: TypeAlias = "Callable[[object, GeometryType], Any]"
_PARSERS: Mapping[str, _Parse] = MappingProxyType(
    {
        "Point": _position,
        "LineString": _line,
        "Polygon": _rings,
        "MultiPoint": _positions,
        "MultiLineString": _lines,
        "MultiPolygon": _polygons,
    }
)
#: The types of GeoJSON.
TYPES = (*_PARSERS, COLLECTION)
_DEGREES = (
    (180.0, worded("a longitude from -180 to 180")),
    (90.0, worded("a latitude from -90 to 90")),
)
#: By whether positions are in WGS 84, and their number of dimensions.
_POSITIONS: Mapping[tuple[bool, int | None], str] = MappingProxyType(
    {
        (True, 2): worded("a position: longitude and latitude"),
        (True, 3): worded("a position: longitude, latitude and height"),
        (True, None): worded("a position: longitude, latitude and maybe height"),
        (False, 2): worded("a position of 2 numbers"),
        (False, 3): worded("a position of 3 numbers"),
        (False, None): worded("a position of 2 or 3 numbers"),
    }
)


def has_positions(geometry: GeoJSON) -> bool:
    """Whether a geometry is not empty."""
    if geometry["type"] == COLLECTION:
        return any(map(has_positions, geometry["geometries"]))
    return bool(geometry["coordinates"])
