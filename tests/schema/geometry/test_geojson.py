"""GeoJSON without any library for geometries: what is accepted, what is refused, and where."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import jsonschema
import pytest

from django_flex.describe import ColumnDescription, reply_schema, sent_schema
from django_flex.exceptions.places import in_words
from django_flex.plan.nodes import Leaf
from django_flex.plan.rows import row_shaper
from django_flex.query.kinds import KINDS
from django_flex.schema.declarations import Declaration
from django_flex.schema.geometry.geojson import (
    TYPES,
    GeometryError,
    GeometryType,
    parse_geometry,
)
from django_flex.schema.geometry.wkb import from_wkb, to_wkb
from django_flex.schema.inputs import fit
from django_flex.schema.resources import Attribute
from django_flex.schema.values import UnfitValueError, coerce

ANY = GeometryType()
RING = [[0, 0], [1, 0], [1, 1], [0, 0]]
GEOMETRIES: list[dict[str, Any]] = [
    {"type": "Point", "coordinates": (13.4, 52.5)},
    {"type": "LineString", "coordinates": [(0.0, 0.1), (5e-324, 1 / 3)]},
    {"type": "Polygon", "coordinates": [[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)]]},
    {"type": "MultiPoint", "coordinates": [(0.0, 0.0), (180.0, -90.0)]},
    {"type": "MultiLineString", "coordinates": [[(0.0, 0.0), (1.0, 1.0)]]},
    {
        "type": "MultiPolygon",
        "coordinates": [[[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)]]],
    },
]
GEOMETRIES.append({"type": "GeometryCollection", "geometries": [*GEOMETRIES]})


def fault(value: object, of: GeometryType = ANY) -> str:
    with pytest.raises(GeometryError) as raised:
        parse_geometry(value, of)
    return in_words(raised.value.text)


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=lambda one: one["type"])
def test_each_type_is_parsed_and_survives_as_binary(geometry: dict[str, Any]) -> None:
    assert geometry == parse_geometry(geometry, ANY)
    assert geometry == from_wkb(to_wkb(geometry))


@pytest.mark.parametrize("name", TYPES)
def test_each_type_can_be_empty(name: str) -> None:
    members = "geometries" if name == "GeometryCollection" else "coordinates"
    empty = {"type": name, members: []}

    assert empty == parse_geometry(empty, ANY)
    assert empty == from_wkb(to_wkb(empty))


def test_heights_survive_as_binary() -> None:
    line = {"type": "LineString", "coordinates": [(0.0, 0.1, -7.5), (5.0, 6.0, 1e6)]}
    both = {
        "type": "GeometryCollection",
        "geometries": [{"type": "Point", "coordinates": []}, line],
    }

    for geometry in (line, both):
        assert geometry == parse_geometry(geometry, GeometryType(dimensions=3))
        assert geometry == from_wkb(to_wkb(geometry))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param("0000000001" + "3ff0000000000000" * 2, (1.0, 1.0), id="big-endian"),
        pytest.param("00000003e9" + "3ff0000000000000" * 3, (1.0,) * 3, id="ISO with a height"),
        pytest.param("00000007d1" + "3ff0000000000000" * 3, (1.0,) * 2, id="ISO with a measure"),
        pytest.param("0000000bb9" + "3ff0000000000000" * 4, (1.0,) * 3, id="ISO with both"),
        pytest.param("0020000001000010e6" + "3ff0000000000000" * 2, (1.0,) * 2, id="an SRID"),
        pytest.param("00e0000001000010e6" + "3ff0000000000000" * 4, (1.0,) * 3, id="all flags"),
    ],
)
def test_other_forms_of_binary_are_read(data: str, expected: tuple[float, ...]) -> None:
    assert {"type": "Point", "coordinates": expected} == from_wkb(bytes.fromhex(data))


def test_a_curve_has_no_geojson() -> None:
    with pytest.raises(ValueError, match="no type for WKB 8"):
        from_wkb(bytes.fromhex("000000000800000000"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, 'a GeoJSON geometry such as {"type": "Point", "coordinates": [13.4, 52.5]}'),
        ({"coordinates": [1, 2]}, "a GeoJSON geometry such as"),
        ({"type": ["Point"]}, "a GeoJSON geometry such as"),
        ({"type": "point", "coordinates": [1, 2]}, "one of Point, LineString, Polygon"),
        ({"type": "FeatureCollection"}, "a geometry, not a feature: what is in its 'geometry'"),
        ({"type": "Point"}, "a position: longitude and latitude at 'coordinates'"),
        ({"type": "Point", "coordinates": "1,2"}, "a position: longitude and latitude"),
        ({"type": "Point", "coordinates": [1]}, "a position: longitude and latitude"),
        ({"type": "Point", "coordinates": [1, 2, 3]}, "a position: longitude and latitude"),
        ({"type": "Point", "coordinates": ["1", 2]}, "a number at 'coordinates[0]'"),
        ({"type": "Point", "coordinates": [None, 2]}, "a number at 'coordinates[0]'"),
        ({"type": "Point", "coordinates": [181, 2]}, "a longitude from -180 to 180"),
        ({"type": "Point", "coordinates": [1, -90.001]}, "a latitude from -90 to 90"),
        ({"type": "Point", "coordinates": [math.nan, 2]}, "a longitude from -180 to 180"),
        ({"type": "Point", "coordinates": [-math.inf, 2]}, "a longitude from -180 to 180"),
        ({"type": "Point", "coordinates": [10**400, 2]}, "a longitude from -180 to 180"),
        ({"type": "Point", "coordinates": [1, 2], "srid": 4326}, "a geometry without 'srid'"),
        ({"type": "LineString", "coordinates": [[1, 2]]}, "at least 2 positions at 'coordinates'"),
        ({"type": "LineString", "coordinates": {}}, "a list of positions at 'coordinates'"),
        ({"type": "LineString", "coordinates": [[1, 2], 3]}, "latitude at 'coordinates[1]'"),
        ({"type": "Polygon", "coordinates": RING}, "a position: longitude and latitude"),
        ({"type": "Polygon", "coordinates": [RING, RING[:3]]}, "4 positions at 'coordinates[1]'"),
        (
            {"type": "Polygon", "coordinates": [[*RING[:3], [2, 2]]]},
            "a ring whose last position is its first one at 'coordinates[0]'",
        ),
        ({"type": "MultiPoint", "coordinates": [[]]}, "latitude at 'coordinates[0]'"),
        ({"type": "MultiLineString", "coordinates": [[]]}, "2 positions at 'coordinates[0]'"),
        ({"type": "MultiPolygon", "coordinates": [[]]}, "a list of lists of positions"),
        ({"type": "MultiPolygon", "coordinates": 5}, "a list of polygons at 'coordinates'"),
        ({"type": "GeometryCollection", "geometries": {}}, "a list of geometries"),
        (
            {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": 5}]},
            "longitude and latitude at 'geometries[0].coordinates'",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(value: object, text: str) -> None:
    assert text in fault(value)


def test_collections_are_nested_so_deep_and_no_deeper() -> None:
    nested: dict[str, Any] = GEOMETRIES[0]
    for _ in range(8):
        nested = {"type": "GeometryCollection", "geometries": [nested]}

    assert nested == parse_geometry(nested, ANY)
    assert "geometries nested at most 8 deep" in fault(
        {"type": "GeometryCollection", "geometries": [nested]}
    )


@pytest.mark.parametrize(
    ("of", "value", "text"),
    [
        (GeometryType(name="Point"), GEOMETRIES[1], "a GeoJSON Point at 'type'"),
        (GeometryType(name="MultiPolygon"), GEOMETRIES[2], "a GeoJSON MultiPolygon"),
        (GeometryType(dimensions=3), GEOMETRIES[0], "longitude, latitude and height"),
        (GeometryType(srid=None, dimensions=3), GEOMETRIES[0], "a position of 3 numbers"),
        (
            GeometryType(srid=None),
            {"type": "Point", "coordinates": [1e15, 0]},
            "a number with at most 15 digits before the point at 'coordinates[0]'",
        ),
        (
            GeometryType(dimensions=3),
            {"type": "Point", "coordinates": [0, 0, math.nan]},
            "at most 15 digits before the point at 'coordinates[2]'",
        ),
    ],
)
def test_a_column_restricts_its_geometries(of: GeometryType, value: object, text: str) -> None:
    assert text in fault(value, of)


def test_positions_of_an_unknown_system_may_be_anywhere() -> None:
    far = {"type": "Point", "coordinates": (-9e14, 200.5)}

    assert far == parse_geometry(far, GeometryType(srid=None))


def column(name: str | None = None, dimensions: int = 2) -> Attribute:
    of = GeometryType(name=name, dimensions=dimensions)
    return Attribute(name="place", lookup="place", kind="geometry", geometry=of)


def test_a_backend_without_geodjango_takes_and_gives_geojson() -> None:
    sent = {"type": "Point", "coordinates": [1, Decimal("2.5")], "bbox": [1, 2.5, 1, 2.5]}
    taken = fit(sent, column("Point"))

    assert {"type": "Point", "coordinates": (1.0, 2.5)} == taken
    leaf = Leaf("place", 0, "geometry", column("Point"))
    assert {"place": taken} == row_shaper((leaf,), 1)((taken,))
    with pytest.raises(UnfitValueError):
        coerce({"type": "Polygon", "coordinates": []}, "geometry", column("Point"))


def described(name: str | None, dimensions: int = 2) -> ColumnDescription:
    of = GeometryType(name=name, dimensions=dimensions)
    return ColumnDescription(kind="geometry", null=False, declaration=Declaration(), geometry=of)


def test_columns_of_any_type_are_described() -> None:
    assert {
        "type": "object",
        "properties": {"type": {"enum": [*TYPES]}},
        "required": ["type"],
    } == reply_schema(described(None))
    assert KINDS["geometry"].sent == sent_schema(
        ColumnDescription(kind="geometry", null=False, declaration=Declaration())
    )


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=lambda one: one["type"])
def test_the_schema_of_a_type_is_that_of_its_geometries(geometry: dict[str, Any]) -> None:
    plain = json_of(geometry)
    for made in (reply_schema, sent_schema):
        schema = made(described(geometry["type"]))
        jsonschema.validate(plain, schema)
        for other in GEOMETRIES:
            if other["type"] != geometry["type"]:
                with pytest.raises(jsonschema.ValidationError):
                    jsonschema.validate(json_of(other), schema)


@pytest.mark.parametrize(
    ("name", "coordinates"),
    [
        ("LineString", [[1, 2], [3]]),
        ("LineString", [[1, 2], ["3", 4]]),
        ("Polygon", [[[0, 0], [1, 1], [0, 0]]]),
        ("MultiLineString", [[[0, 0]]]),
        ("MultiPolygon", [[]]),
        ("MultiPolygon", [[[[0, 0], [1, 1], [0, 0]]]]),
        ("Point", [1, 2, 3]),
    ],
)
def test_the_schema_of_a_type_refuses_other_coordinates(name: str, coordinates: object) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(
            {"type": name, "coordinates": coordinates}, sent_schema(described(name))
        )


def json_of(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: json_of(part) for key, part in value.items()}
    return [json_of(part) for part in value] if isinstance(value, list | tuple) else value
