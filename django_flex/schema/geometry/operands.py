"""What geometries are compared with: other geometries, boxes, and what is near a geometry."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from django_flex.exceptions.places import worded
from django_flex.schema.geometry.geojson import (
    COLLECTION,
    WGS84,
    GeometryError,
    GeometryType,
    has_positions,
    parse_geometry,
)
from django_flex.schema.geometry.geos import from_geos, is_geos, to_geos

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_flex.schema.geometry.geojson import GeoJSON, Position

#: Half of the way around the earth.
_MOST_METERS = 20_100_000
_SIDES = 4
#: Into how many parts a side of a box is divided, which is no straight line in another system.
_STEPS = 32


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All that is at most some metres away from a geometry."""

    geometry: Any
    meters: float


def operand(value: object, of: GeometryType, *, plain: bool) -> Any:
    """Return a geometry that those of a column are compared with.

    Args:
        value: GeoJSON of any type, or a geometry of GEOS. Heights are left out.
        of: the column.
        plain: return GeoJSON, for a column that is not GeoDjango's.

    Raises:
        GeometryError: it is none, is empty, or crosses itself, so that nothing is inside of it.
    """
    anything = GeometryType(srid=of.srid, dimensions=None)
    found = parse_geometry(from_geos(value) if is_geos(value) else value, anything)
    if not has_positions(found):
        raise GeometryError(worded("a geometry with positions"))
    return _made(_flat(found), of, plain=plain)


def _made(geometry: GeoJSON, of: GeometryType, *, plain: bool) -> Any:
    if plain:
        return geometry
    made = to_geos(geometry, of)
    if not made.valid:
        raise GeometryError(worded("a geometry whose lines do not cross or touch each other"))
    # Databases fail if parts of a collection overlap.
    return made.unary_union if geometry["type"] == COLLECTION else made


def _flat(value: Any) -> Any:
    """Return a geometry, or coordinates of one, without heights."""
    if isinstance(value, dict):
        return {
            name: [*map(_flat, part)] if name == "geometries" else _flat(part)
            for name, part in value.items()
        }
    if isinstance(value, tuple):
        return value[:2]
    return [_flat(part) for part in value] if isinstance(value, list) else value


def box(numbers: Sequence[object], of: GeometryType, *, plain: bool) -> Any:
    """Return a box: west, south, east, north. One that begins in the east crosses the antimeridian.

    Raises:
        GeometryError: these are not four such numbers.
    """
    if len(numbers) != _SIDES:
        raise GeometryError(worded("four numbers: west, south, east, north"))
    west, south, east, north = [*_corner(numbers, 0, of), *_corner(numbers, 2, of)]
    if south > north:
        raise GeometryError(worded("a north that is not south of the south"))
    if west <= east:
        return _made(_box((west, south), (east, north), of), of, plain=plain)
    if of.srid is None:
        raise GeometryError(worded("an east that is not west of the west"))
    halves = [_box((west, south), (180.0, north), of), _box((-180.0, south), (east, north), of)]
    return _made({"type": COLLECTION, "geometries": halves}, of, plain=plain)


def _corner(numbers: Sequence[object], start: int, of: GeometryType) -> Position:
    corner = {"type": "Point", "coordinates": [*numbers[start : start + 2]]}
    try:
        found: Position = parse_geometry(corner, GeometryType(srid=of.srid))["coordinates"]
    except GeometryError as error:
        raise GeometryError(error.expected) from None
    return found


def _box(least: Position, most: Position, of: GeometryType) -> GeoJSON:
    """Return the box between two corners, which may be a line or a point."""
    (west, south), (east, north) = least, most
    if west == east and south == north:
        return {"type": "Point", "coordinates": least}
    steps = _STEPS if of.srid not in {None, WGS84} else 1
    if west == east or south == north:
        return {"type": "LineString", "coordinates": [*_side(least, most, steps), most]}
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    ring = [position for start, end in pairwise(corners) for position in _side(start, end, steps)]
    return {"type": "Polygon", "coordinates": [[*ring, corners[0]]]}


def _side(start: Position, end: Position, steps: int) -> list[Position]:
    """Return positions on a side, without its end."""
    return [
        tuple(a + (b - a) * step / steps for a, b in zip(start, end, strict=True))
        for step in range(steps)
    ]


def surroundings(value: object, of: GeometryType, *, plain: bool) -> Surroundings:
    """Return what is near a geometry, from an object with ``geometry`` and ``meters``.

    Raises:
        GeometryError: it is no such object, or the column has no metres.
    """
    if of.srid is None:
        raise GeometryError(
            worded("a field with a known coordinate system, since this one has no metres")
        )
    if not isinstance(value, Mapping) or value.keys() != {"geometry", "meters"}:
        raise GeometryError(
            worded('an object such as {"geometry": {"type": "Point", …}, "meters": 500}')
        )
    meters = value["meters"]
    if isinstance(meters, bool) or not isinstance(meters, int | float | Decimal):
        raise GeometryError(worded("a number"), ("meters",))
    if not (math.isfinite(meters) and 0 <= meters <= _MOST_METERS):
        raise GeometryError(worded("a number from {} to {}", 0, _MOST_METERS), ("meters",))
    try:
        return Surroundings(operand(value["geometry"], of, plain=plain), float(meters))
    except GeometryError as error:
        raise error.under("geometry") from None
