"""Geometries as well-known binary, the form in which libraries and databases exchange them.

Every number keeps its 64 bits. GDAL's GeoJSON keeps 15 digits of it, and asks GEOS for each number.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django_flex.schema.geometry.geojson import COLLECTION, TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_flex.schema.geometry.geojson import GeoJSON, Position

_CODES: Mapping[str, int] = MappingProxyType({name: code for code, name in enumerate(TYPES, 1)})
_NAMES: Mapping[int, str] = MappingProxyType({code: name for name, code in _CODES.items()})
#: The type of what is in a geometry of several parts.
_PARTS: Mapping[str, str] = MappingProxyType(
    {"MultiPoint": "Point", "MultiLineString": "LineString", "MultiPolygon": "Polygon"}
)
#: Flags of EWKB beside the code of the type: a third number, a fourth one, the coordinate system.
_Z, _M, _SRID = 0x8000_0000, 0x4000_0000, 0x2000_0000
#: In ISO's WKB thousands say the same: 1 a third number, 2 a fourth one instead, 3 both.
_ISO = 1_000
_NO_POSITION = (float("nan"),) * 2


def to_wkb(geometry: GeoJSON) -> bytes:
    """Return a geometry that was checked as EWKB, which says nothing of a coordinate system.

    All of it has as many dimensions as its first position.
    """
    return b"".join(_written(geometry["type"], geometry, _dimensions(geometry) or 2))


def _dimensions(value: Any) -> int | None:
    """Return how many numbers the first position has, ``None`` without any."""
    if isinstance(value, dict):
        return _dimensions(value.get("geometries", value.get("coordinates")))
    if not value:
        return None
    if isinstance(value[0], float):
        return len(value)
    return next((found for part in value if (found := _dimensions(part))), None)


def _written(name: str, value: Any, size: int) -> list[bytes]:
    flag = _Z if size > len(_NO_POSITION) else 0
    written = [struct.pack("<BI", 1, _CODES[name] | flag)]
    if name == COLLECTION:
        parts = value["geometries"]
        written.append(struct.pack("<I", len(parts)))
        for part in parts:
            written += _written(part["type"], part, size)
        return written
    coordinates = value["coordinates"] if isinstance(value, dict) else value
    if name == "Point":
        numbers = coordinates or _NO_POSITION * (size - 1)
        written.append(struct.pack(f"<{size}d", *numbers[:size]))
    elif name == "LineString":
        written.append(_packed(coordinates, size))
    elif name == "Polygon":
        written.append(struct.pack("<I", len(coordinates)))
        written += [_packed(ring, size) for ring in coordinates]
    else:
        written.append(struct.pack("<I", len(coordinates)))
        for part in coordinates:
            written += _written(_PARTS[name], part, size)
    return written


def _packed(positions: Sequence[Position], size: int) -> bytes:
    return struct.pack(
        f"<I{len(positions) * size}d", len(positions), *chain.from_iterable(positions)
    )


def from_wkb(data: bytes) -> GeoJSON:
    """Return WKB, of ISO or extended, as a geometry. What is measured, a fourth number, is left out.

    Raises:
        ValueError: it is of a type that GeoJSON does not have, such as a curve.
    """
    return _read(data, 0)[0]


def _read(data: bytes, at: int) -> tuple[GeoJSON, int]:
    order = "<" if data[at] else ">"
    code, at = _count(data, at + 1, order)
    if code & _SRID:
        at += 4
    iso, kind = divmod(code & ~(_Z | _M | _SRID), _ISO)
    size = 2 + (bool(code & _Z) or iso in {1, 3}) + (bool(code & _M) or iso in {2, 3})
    kept = 3 if code & _Z or iso in {1, 3} else 2
    name = _NAMES.get(kind)
    if name is None:
        raise ValueError(f"GeoJSON has no type for WKB {kind}")
    if name == "Point":
        found, at = _positions(data, at, order, (1, size, kept))
        # An empty point has NaN in place of its numbers.
        return {"type": name, "coordinates": [] if found[0][0] != found[0][0] else found[0]}, at
    count, at = _count(data, at, order)
    if name == "LineString":
        found, at = _positions(data, at, order, (count, size, kept))
        return {"type": name, "coordinates": found}, at
    parts: list[Any] = []
    for _ in range(count):
        if name == "Polygon":
            length, at = _count(data, at, order)
            part: Any
            part, at = _positions(data, at, order, (length, size, kept))
        else:
            part, at = _read(data, at)
        parts.append(part)
    if name == COLLECTION:
        return {"type": name, "geometries": parts}, at
    if name != "Polygon":
        parts = [part["coordinates"] for part in parts]
    return {"type": name, "coordinates": parts}, at


def _count(data: bytes, at: int, order: str) -> tuple[int, int]:
    (found,) = struct.unpack_from(f"{order}I", data, at)
    return found, at + 4


def _positions(
    data: bytes, at: int, order: str, shape: tuple[int, int, int]
) -> tuple[list[Position], int]:
    """Return positions; ``shape`` is how many there are, the numbers of each, and those that are kept."""
    count, size, kept = shape
    numbers = struct.unpack_from(f"{order}{count * size}d", data, at)
    columns = (numbers[n::size] for n in range(kept))
    return list(zip(*columns, strict=True)), at + 8 * count * size
