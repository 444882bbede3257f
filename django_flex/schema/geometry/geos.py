"""GeoJSON as geometries of GEOS, which GeoDjango stores and reads, and back.

GeoDjango is imported where there is a value to convert, since it cannot be imported without GDAL.
"""

from __future__ import annotations

import logging
import math
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django_flex.exceptions.places import worded
from django_flex.schema.geometry.geojson import COLLECTION, WGS84, GeometryError
from django_flex.schema.geometry.wkb import from_wkb, to_wkb

if TYPE_CHECKING:
    from django_flex.schema.geometry.geojson import GeoJSON, GeometryType

logger = logging.getLogger("django_flex")


class _Transformations(threading.local):
    """Transformations between coordinate systems; PROJ lets no two threads share one."""

    def __init__(self) -> None:
        self.known: dict[tuple[int, int], Any] = {}


_transformations = _Transformations()


def is_geos(value: object) -> bool:
    """Whether a value is a geometry of GEOS."""
    return hasattr(value, "ewkb") and hasattr(value, "srid")


def to_geos(geometry: GeoJSON, of: GeometryType) -> Any:
    """Return a geometry that was checked in the coordinate system of a column.

    Raises:
        GeometryError: the system has no such place.
    """
    from django.contrib.gis.geos import GEOSGeometry

    sent = GEOSGeometry(memoryview(to_wkb(geometry)))
    if of.srid is None:
        return sent
    sent.srid = WGS84
    if of.srid == WGS84 or sent.empty:
        sent.srid = of.srid
        return sent
    found = _in_system(sent, of.srid)
    if found is None or not _is_finite(from_wkb(found.ewkb)):
        raise GeometryError(worded("a place that the coordinate system of this field has"))
    return found


def from_geos(value: Any) -> GeoJSON | None:
    """Return a geometry of GEOS in WGS 84, or as it is if its coordinate system is not known.

    ``None`` for one that is nowhere in WGS 84, which is logged.
    """
    if value.empty:
        members = "geometries" if value.geom_type == COLLECTION else "coordinates"
        return {"type": value.geom_type, members: []}
    if value.srid is None or value.srid <= 0 or value.srid == WGS84:
        return from_wkb(value.ewkb)
    there = _in_system(value, WGS84)
    found = None if there is None else from_wkb(there.ewkb)
    if found is not None and _is_finite(found):
        return found
    logger.error("A geometry of SRID %s has no place in WGS 84", value.srid)
    return None


def check_kept(value: Any, vendor: str) -> None:
    """Refuse a geometry that a database stores as another one, or as NULL, without an error.

    Raises:
        GeometryError: it does.
    """
    if vendor == "mysql" and value.hasz:
        raise GeometryError(
            worded("a place without a height, since this database stores no heights")
        )
    if vendor != "postgresql":
        geometry = from_wkb(value.ewkb) if not value.empty else {"geometries": []}
        _check_parts(geometry, vendor)


def _check_parts(geometry: GeoJSON, vendor: str, *, inside: bool = False) -> None:
    parts = geometry.get("geometries")
    if not (parts or geometry.get("coordinates")):
        raise GeometryError(
            worded("a geometry with positions, since this database stores no empty ones")
        )
    if parts is not None and inside:
        raise GeometryError(
            worded("a collection without another one in it, which this database does not store")
        )
    if inside and vendor == "sqlite" and geometry["type"].startswith("Multi"):
        raise GeometryError(
            worded("a collection of single points, lines and polygons: this database splits others")
        )
    for part in parts or ():
        _check_parts(part, vendor, inside=True)


@lru_cache
def is_geodetic(srid: int) -> bool:
    """Whether the numbers of a coordinate system are degrees on the globe."""
    from django.contrib.gis.gdal import SpatialReference

    return bool(SpatialReference(srid).geographic)


@lru_cache
def meters_of(srid: int) -> float:
    """Return how long a unit of a coordinate system on a plane is."""
    from django.contrib.gis.gdal import SpatialReference

    return float(SpatialReference(srid).linear_units)


def _in_system(value: Any, srid: int) -> Any:
    """Return a geometry in another coordinate system, ``None`` if PROJ refuses.

    Instead of an error it may also be at an infinite place.
    """
    from django.contrib.gis.gdal import (
        CoordTransform,
        GDALException,
        SpatialReference,
        SRSException,
    )

    known, pair = _transformations.known, (value.srid, srid)
    try:
        if pair not in known:
            known[pair] = CoordTransform(SpatialReference(value.srid), SpatialReference(srid))
        found = value.transform(known[pair], clone=True)
    except (GDALException, SRSException):
        return None
    found.srid = srid
    return found


def _is_finite(value: Any) -> bool:
    if isinstance(value, dict):
        return _is_finite(value.get("geometries", value.get("coordinates")))
    if isinstance(value, float):
        return math.isfinite(value)
    return all(map(_is_finite, value))
