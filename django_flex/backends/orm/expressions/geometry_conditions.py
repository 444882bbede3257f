"""Conditions on geometries, by the functions that PostGIS, SpatiaLite and MariaDB have for them.

GeoDjango is imported where there is such a condition, since it cannot be imported without GDAL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.models import BooleanField, F, FloatField, Func, Q, Value
from django.db.models.lookups import LessThanOrEqual

from django_flex.backends.orm.expressions.lookups import LOOKUPS
from django_flex.exceptions import UnsupportedQueryError
from django_flex.exceptions.places import Part, worded
from django_flex.schema.geometry.geojson import WGS84, GeometryType
from django_flex.schema.geometry.geos import is_geodetic, meters_of
from django_flex.schema.geometry.operands import Surroundings

if TYPE_CHECKING:
    from django_flex.backends.orm.expressions.context import StatementContext
    from django_flex.resolved import Predicate

#: Types whose lines may cross where they must not, or whose parts may overlap.
_DOUBTFUL = frozenset({None, "Polygon", "MultiPolygon", "GeometryCollection"})
#: Those that other code may have stored curves in, which GeoJSON does not have.
_CURVED = frozenset({None, "GeometryCollection"})
_STRAIGHT = "'POINT', 'LINESTRING', 'POLYGON', 'MULTIPOINT', 'MULTILINESTRING', 'MULTIPOLYGON'"


class _Sound(Func):
    """A geometry for which no function of PostGIS fails, as some do if its rings cross.

    Such an error would tell that a row is there, also to those who may not see it.
    """

    arity = 1

    def as_postgresql(self, compiler: Any, connection: Any, **_context: Any) -> Any:
        """Return the geometry itself where it is sound, as most are: the other way takes longer."""
        sql, parameters = compiler.compile(self.get_source_expressions()[0])
        sound = f"{_is_straight(sql)} AND ST_IsValid({sql})"
        made = f"ST_UnaryUnion(ST_MakeValid(ST_CurveToLine({sql})))"
        cases = f"WHEN {sound} THEN {sql} WHEN {_has_facets(sql)} THEN NULL ELSE {made}"
        return f"CASE {cases} END", (*parameters,) * 5


class _Straight(Func):
    """A geometry without curves, for which a cast to a geography does not fail."""

    arity = 1

    def as_postgresql(self, compiler: Any, connection: Any, **_context: Any) -> Any:
        """Return the geometry itself where it has no curves, else lines in place of these."""
        sql, parameters = compiler.compile(self.get_source_expressions()[0])
        cases = f"WHEN {_is_straight(sql)} THEN {sql} WHEN {_has_facets(sql)} THEN NULL"
        return f"CASE {cases} ELSE ST_CurveToLine({sql}) END", (*parameters,) * 4


def _is_straight(sql: str) -> str:
    return f"GeometryType({sql}) IN ({_STRAIGHT})"


def _has_facets(sql: str) -> str:
    """Whether a geometry has triangles, which few functions of PostGIS take."""
    return f"ST_AsText({sql}) ~ 'TRIANGLE|TIN|POLYHEDRALSURFACE'"


class _OnGlobe(Func):
    """A geometry as a geography; so written, an index on ``(location::geography)`` serves it."""

    arity = 1
    template = "(%(expressions)s)::geography"


class _OnPlane(Func):
    """A geography as a geometry, whose lines are those of GeoJSON."""

    arity = 1
    template = "(%(expressions)s)::geometry"


def geometry_test(test: Predicate, name: str, context: StatementContext) -> Q:
    """Return a comparison of a geometry with another one.

    Args:
        test: the comparison; its value is a geometry in the coordinate system of the column, or the
            surroundings of one.
        name: Django's name of the column, or an alias.
        context: the statement.

    Raises:
        UnsupportedQueryError: the database has no metres in this coordinate system.
    """
    of = test.column.attribute.geometry or GeometryType()
    on_postgis = connections[context.using].vendor == "postgresql"
    if isinstance(test.value, Surroundings):
        return _near(test.value, F(name), of, on_postgis=on_postgis)
    lookup = LOOKUPS[test.operator].lookup
    if not on_postgis:
        return Q((f"{name}__{lookup}", test.value))
    shown: Any = F(name)
    if of.geography:
        shown = _OnPlane(shown, output_field=_field(of))
        name = context.alias(shown)
    if of.name not in _DOUBTFUL:
        return Q((f"{name}__{lookup}", test.value))
    # The first condition is there for the index.
    sound = context.alias(_Sound(shown, output_field=_field(of)))
    return Q((f"{name}__bboverlaps", test.value)) & Q((f"{sound}__{lookup}", test.value))


def _field(of: GeometryType, *, geography: bool = False) -> Any:
    from django.contrib.gis.db.models import GeometryField

    srid = WGS84 if geography else of.srid
    return GeometryField(srid=-1 if srid is None else srid, geography=geography)


def _near(around: Surroundings, shown: F, of: GeometryType, *, on_postgis: bool) -> Q:
    srid = of.srid or WGS84
    here: Any = shown
    if is_geodetic(srid):
        if not on_postgis:
            raise UnsupportedQueryError(
                "This database measures no distances in degrees of longitude and latitude",
                path=Part.FILTERS,
                hint=worded("'bbox', or a field in a coordinate system with metres"),
            )
        there = Value(_on_globe(around.geometry), output_field=_field(of, geography=True))
        if of.name in _CURVED and not of.geography:
            here = _Straight(here, output_field=_field(of))
        if srid != WGS84:
            here = Func(here, WGS84, function="ST_Transform", output_field=_field(of))
        here = here if of.geography else _OnGlobe(here, output_field=_field(of, geography=True))
        return Q(_within(here, there, around.meters))
    units = around.meters / meters_of(srid)
    there = Value(around.geometry, output_field=_field(of))
    if on_postgis:
        return Q(_within(here, there, units))
    distance = Func(here, there, function="ST_Distance", output_field=FloatField())
    return Q(LessThanOrEqual(distance, units))


def _within(here: Any, there: Any, most: float) -> Func:
    return Func(here, there, Value(most), function="ST_DWithin", output_field=BooleanField())


def _on_globe(geometry: Any) -> Any:
    if geometry.srid == WGS84:
        return geometry
    return geometry.transform(WGS84, clone=True)
