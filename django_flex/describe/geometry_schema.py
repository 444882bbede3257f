"""JSON Schema of geometries: the arrays of numbers that each type of GeoJSON consists of."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django_flex.schema.geometry.geojson import COLLECTION, TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_flex.schema.geometry.geojson import GeometryType

#: Lists of lists around the positions of each type, and the fewest positions of the innermost ones.
_NESTED: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "Point": (0, 0),
        "LineString": (1, 2),
        "Polygon": (2, 4),
        "MultiPoint": (1, 0),
        "MultiLineString": (2, 2),
        "MultiPolygon": (3, 4),
    }
)


def geometry_schema(of: GeometryType) -> dict[str, Any]:
    """Return JSON Schema of the geometries of a column; an empty one has no coordinates."""
    if of.name is None:
        return {
            "type": "object",
            "properties": {"type": {"enum": [*TYPES]}},
            "required": ["type"],
        }
    if of.name == COLLECTION:
        members, parts = "geometries", _list_of({"type": "object"})
    else:
        members, parts = "coordinates", _coordinates(of)
    return {
        "type": "object",
        "properties": {"type": {"const": of.name}, members: parts},
        "required": ["type", members],
    }


def _coordinates(of: GeometryType) -> dict[str, Any]:
    depth, fewest = _NESTED[of.name or ""]
    size = of.dimensions or 2
    position = {"type": "array", "items": {"type": "number"}, "maxItems": of.dimensions or 3}
    if not depth:
        return position
    found = _list_of({**position, "minItems": size})
    for _ in range(depth - 1):
        found = _list_of({**found, **({"minItems": fewest} if fewest else {})})
        fewest = 1
    return found


def _list_of(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}
