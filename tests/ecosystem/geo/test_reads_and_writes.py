"""GeoJSON in and out: each type, each kind of column, on each database."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon, Point, Polygon
from django.contrib.gis.geos.prototypes import io
from django.db import connection
from django.test import Client

from django_flex.backends.orm.prepared.statement_cache import StatementCache
from django_flex.conf import loading
from tests.ecosystem.geo.conftest import expose, refusal, reply
from tests.ecosystem.geo.models import UTM32, District, Drawing, Stop, Survey

OUTER = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0], [0.0, 0.0]]
INNER = [[1.0, 1.0], [2.0, 1.0], [2.0, 2.0], [1.0, 2.0], [1.0, 1.0]]
ELSEWHERE = [[10.1, 10.0], [11.3, 10.0], [11.7, 11.0], [10.1, 10.0]]
#: With 16 digits, which is what GeoDjango sends to SQLite and MariaDB.
EACH: dict[str, dict[str, Any]] = {
    "point": {"type": "Point", "coordinates": [13.412345678901234, -52.51234567890123]},
    "line": {"type": "LineString", "coordinates": [[0.1, 0.2], [0.3, 0.3333333333333333]]},
    "polygon": {"type": "Polygon", "coordinates": [OUTER, INNER]},
    "points": {"type": "MultiPoint", "coordinates": [[-180.0, -90.0], [180.0, 90.0]]},
    "lines": {"type": "MultiLineString", "coordinates": [OUTER, INNER[:2]]},
    "polygons": {"type": "MultiPolygon", "coordinates": [[OUTER, INNER], [ELSEWHERE]]},
}
EACH["collection"] = {
    "type": "GeometryCollection",
    "geometries": [EACH["point"], EACH["line"], EACH["polygon"]],
}
POSTGIS = connection.vendor == "postgresql"


@pytest.mark.parametrize("name", EACH)
def test_what_was_sent_is_read(name: str) -> None:
    added = reply("drawing", "add", **{name: EACH[name]})

    assert EACH[name] == added[name]
    for _ in range(4):  # by a cached statement, too
        assert EACH[name] == reply("drawing", "get", id=added["id"])[name]


@pytest.mark.parametrize("name", EACH)
def test_a_column_of_any_type_takes_each(name: str) -> None:
    assert EACH[name] == reply("drawing", "add", anything=EACH[name])["anything"]


@pytest.mark.parametrize("name", EACH)
def test_what_was_stored_by_other_code_is_read(name: str) -> None:
    stored = Drawing.objects.create(**{name: GEOSGeometry(json.dumps(EACH[name]))})

    assert EACH[name] == reply("drawing", "get", id=stored.pk)[name]


def test_numbers_are_read_with_all_of_their_bits() -> None:
    """Stored by SQL, since GeoDjango sends 16 digits to SQLite and MariaDB."""
    number = 0.1 + 0.2
    row = Drawing.objects.create(name="x", point=Point(1, 2))
    made = {
        "postgresql": "ST_SetSRID(ST_MakePoint(%s, %s), 4326)",
        "sqlite": "MakePoint(%s, %s, 4326)",
        "mysql": "Point(%s, %s)",
    }
    with connection.cursor() as cursor:
        sql = f"UPDATE geo_drawing SET point = {made[connection.vendor]}"
        cursor.execute(sql, [number, -number])

    assert [number, -number] == reply("drawing", "get", id=row.pk)["point"]["coordinates"]


def test_numbers_are_sent_with_all_that_the_database_is_sent() -> None:
    numbers = [0.1 + 0.2, -1 / 3]
    shown = reply("drawing", "add", point={"type": "Point", "coordinates": numbers})

    sent = numbers if POSTGIS else [float(f"{number:.16g}") for number in numbers]
    assert sent == shown["point"]["coordinates"]


@pytest.mark.parametrize("name", EACH)
def test_a_geometry_is_replaced_and_removed(name: str) -> None:
    row = Drawing.objects.create(name="x")

    assert EACH[name] == reply("drawing", "edit", id=row.pk, **{name: EACH[name]})[name]
    assert EACH[name] == reply("drawing", "edit", id=row.pk, name="y")[name]
    assert None is reply("drawing", "edit", id=row.pk, **{name: None})[name]


@pytest.mark.parametrize("name", EACH)
def test_an_empty_geometry_is_kept_or_refused(name: str) -> None:
    members = "geometries" if name == "collection" else "coordinates"
    empty = {"type": EACH[name]["type"], members: []}

    if POSTGIS:
        assert empty == reply("drawing", "add", **{name: empty})[name]
    else:
        fault = "a geometry with positions, since this database stores no empty ones"
        found = refusal("drawing", "add", **{name: empty})
        assert {name: [f"This has to be {fault}."]} == found["fields"]


def test_collections_in_collections_are_kept_or_refused() -> None:
    nested = {"type": "GeometryCollection", "geometries": [EACH["collection"], EACH["point"]]}

    if POSTGIS:
        assert nested == reply("drawing", "add", collection=nested)["collection"]
    else:
        found = refusal("drawing", "add", collection=nested)
        assert "a collection without another one in it" in found["fields"]["collection"][0]


def test_parts_of_collections_are_kept_or_refused() -> None:
    several = {"type": "GeometryCollection", "geometries": [EACH["points"]]}

    if connection.vendor != "sqlite":
        assert several == reply("drawing", "add", collection=several)["collection"]
    else:
        found = refusal("drawing", "add", collection=several)
        assert "this database splits others" in found["fields"]["collection"][0]


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        ("point", "POINT(1 2)", "a GeoJSON geometry such as"),
        ("point", 5, "a GeoJSON geometry such as"),
        ("point", [1, 2], "a GeoJSON geometry such as"),
        ("point", {}, "a GeoJSON geometry such as"),
        ("point", {"type": "Circle", "coordinates": [1, 2]}, "one of Point, LineString"),
        ("point", EACH["line"], "a GeoJSON Point at 'type'"),
        ("polygons", EACH["polygon"], "a GeoJSON MultiPolygon at 'type'"),
        ("point", {"type": "Feature", "geometry": EACH["point"]}, "a geometry, not a feature"),
        ("point", {"type": "Point"}, "longitude and latitude at 'coordinates'"),
        ("point", {**EACH["point"], "crs": {}}, "a geometry without 'crs'"),
        (
            "point",
            {"type": "Point", "coordinates": [1, 2, 3]},
            "longitude and latitude at 'coordinates'",
        ),
        ("point", {"type": "Point", "coordinates": [180.5, 2]}, "180 at 'coordinates[0]'"),
        ("point", {"type": "Point", "coordinates": [1, -91]}, "90 at 'coordinates[1]'"),
        ("point", {"type": "Point", "coordinates": [math.nan, 1]}, "180 at 'coordinates[0]'"),
        ("point", {"type": "Point", "coordinates": [1, 10**400]}, "90 at 'coordinates[1]'"),
        ("point", {"type": "Point", "coordinates": [1, True]}, "a number at 'coordinates[1]'"),
        ("line", {"type": "LineString", "coordinates": [[1, 2]]}, "at least 2 positions"),
        ("polygon", {"type": "Polygon", "coordinates": [OUTER[:3]]}, "at least 4 positions"),
        ("polygon", {"type": "Polygon", "coordinates": [OUTER[:4]]}, "last position is its first"),
        ("polygon", {"type": "Polygon", "coordinates": OUTER}, "a position"),
    ],
)
def test_what_is_no_geometry_of_the_column_is_refused(
    column: str, value: object, fault: str
) -> None:
    row = Drawing.objects.create()
    for spec in ({"action": "add"}, {"action": "edit", "id": row.pk}):
        found = refusal("drawing", **spec, **{column: value})
        assert [column] == list(found["fields"])
        assert fault in found["fields"][column][0]


def test_a_deep_collection_is_refused() -> None:
    deep: Any = EACH["point"]
    for _ in range(500):
        deep = {"type": "GeometryCollection", "geometries": [deep]}

    found = refusal("drawing", "add", anything=deep)

    assert "geometries nested at most 8 deep" in found["fields"]["anything"][0]


def test_a_large_geometry_is_stored() -> None:
    circle = [
        [round(math.cos(n / 1_500), 15), round(math.sin(n / 1_500), 15)] for n in range(9_400)
    ]
    large = {"type": "Polygon", "coordinates": [[*circle, circle[0]]]}

    assert large == reply("drawing", "add", polygon=large)["polygon"]


def test_a_crossed_polygon_is_stored_as_it_is() -> None:
    crossed = {
        "type": "Polygon",
        "coordinates": [[*OUTER[:1], OUTER[2], *OUTER[1:2], OUTER[3], OUTER[0]]],
    }

    assert crossed == reply("drawing", "add", polygon=crossed)["polygon"]


def test_positions_are_in_wgs84_whatever_the_column_is_in() -> None:
    """The column stores the same place in its own coordinate system."""
    sent = {"type": "Point", "coordinates": [7.1, 50.1]}
    row = reply("survey", "add", projected=sent)
    stored = Survey.objects.get().projected

    assert UTM32 == stored.srid
    assert (364_119.594, 5_551_477.956) == tuple(round(one, 3) for one in stored.coords)
    assert sent["coordinates"] == pytest.approx(row["projected"]["coordinates"], abs=1e-9)
    again = reply("survey", "edit", id=row["id"], projected=row["projected"])
    assert again["projected"]["coordinates"] == pytest.approx(sent["coordinates"], abs=1e-9)


def test_an_edit_of_other_fields_leaves_a_projected_place_where_it_is() -> None:
    row = Survey.objects.create(projected=Point(364_119.123456789, 5_551_477.987654321, srid=UTM32))
    reply("survey", "edit", id=row.pk, name="x")

    assert row.projected.coords == Survey.objects.get().projected.coords


def test_positions_of_an_unknown_system_are_those_of_the_column() -> None:
    plan = {"type": "Polygon", "coordinates": [[[0.0, 0.0], [5e6, 0.0], [5e6, 7e6], [0.0, 0.0]]]}

    assert plan == reply("survey", "add", plan=plan)["plan"]


@pytest.mark.parametrize("number", [1e15, -1e300, math.inf, 10**400])
def test_numbers_beyond_any_plan_are_refused(number: float) -> None:
    ring = [[0, 0], [number, 0], [1, 1], [0, 0]]
    found = refusal("survey", "add", plan={"type": "Polygon", "coordinates": [ring]})

    assert (
        "at most 15 digits before the point at 'coordinates[0][1][0]'" in found["fields"]["plan"][0]
    )


def test_a_place_that_the_system_does_not_have_is_refused() -> None:
    """The south pole is infinitely far away in Lambert 93, a cone over France."""
    pole = {"type": "Point", "coordinates": [3, -90]}
    found = refusal("survey", "add", lambert=pole)
    assert ["This has to be a place that the coordinate system of this field has."] == (
        found["fields"]["lambert"]
    )
    error = refusal("survey", "list", filters={"lambert.intersects": pole})
    assert "a place that the coordinate system of this field has" == error["hint"]


def test_a_stored_place_that_is_nowhere_on_earth_is_null(caplog: Any) -> None:
    nowhere = Survey.objects.create(projected=Point(1e30, 1e30, srid=UTM32))

    assert None is reply("survey", "get", id=nowhere.pk)["projected"]
    assert "has no place in WGS 84" in caplog.text


def test_heights_are_kept_where_there_are_any() -> None:
    high = {"type": "Point", "coordinates": [7.5, 50.25, 1234.5]}
    track = {"type": "LineString", "coordinates": [[7.5, 50.25, -3.0], [7.75, 50.5, 0.0]]}

    if connection.vendor == "mysql":
        found = refusal("survey", "add", high=high)
        assert "this database stores no heights" in found["fields"]["high"][0]
        return
    row = reply("survey", "add", high=high, track=track)

    assert (high, track) == (row["high"], row["track"])
    found = refusal("survey", "add", high={"type": "Point", "coordinates": [7, 50]})
    assert "longitude, latitude and height" in found["fields"]["high"][0]


def test_geographies_are_geometries() -> None:
    globe, land = EACH["point"], EACH["polygon"]

    row = reply("survey", "add", globe=globe, land=land)

    assert (globe, land) == (row["globe"], row["land"])


def test_geometries_of_related_rows_are_shown() -> None:
    district = District.objects.create(name="x", area=MultiPolygon(Polygon(OUTER)))
    Stop.objects.create(name="y", district=district, location=Point(1, 2))

    stop = reply("stop", "list", fields="name, district.area", shape="list")["results"][0]
    found = reply("district", "list", fields="name, stops.location", shape="list")["results"][0]

    assert {"type": "MultiPolygon", "coordinates": [[OUTER]]} == stop["district"]["area"]
    assert [{"type": "Point", "coordinates": [1.0, 2.0]}] == [
        one["location"] for one in found["stops"]
    ]


def test_geometries_are_written_with_related_rows() -> None:
    row = reply(
        "district",
        "add",
        name="x",
        area=EACH["polygons"],
        stops=[{"name": "y", "location": EACH["point"]}],
    )

    assert EACH["point"] == reply("stop", "get", id=Stop.objects.get().pk)["location"]
    assert EACH["polygons"] == row["area"]


def test_many_rows_are_written_at_once() -> None:
    items = [{"name": name, "location": EACH["point"]} for name in ("a", "b")]
    reply("stop", "add", _items=items)
    reply(
        "stop", "bulk_edit", _set={"location": {"type": "Point", "coordinates": [1, 2]}}, filters={}
    )

    assert {(1.0, 2.0)} == {stop.location.coords for stop in Stop.objects.all()}


@pytest.mark.parametrize("update", [{"$inc": 1}, {"$append": [1, 2]}])
def test_a_geometry_is_not_changed_in_place(update: Any) -> None:
    row = Drawing.objects.create(name="x")

    assert "point" in refusal("drawing", "edit", id=row.pk, point=update)["path"]


def test_a_form_has_geometries_as_json() -> None:
    response = Client().post("/api/drawing/", {"point": json.dumps(EACH["point"])})

    assert (201, EACH["point"]) == (response.status_code, response.json()["point"])


def test_exports_have_geojson() -> None:
    Drawing.objects.create(name="x", point=Point(1.5, 2))
    client = Client()

    lines = b"".join(client.get("/api/drawing/?format=csv&fields=name,point")).decode().splitlines()
    (first,) = b"".join(client.get("/api/drawing/?format=ndjson&fields=point")).splitlines()

    assert '''x,"{""type"":""Point"",""coordinates"":[1.5,2.0]}"''' == lines[1]
    assert {"type": "Point", "coordinates": [1.5, 2.0]} == json.loads(first)["point"]


def test_computed_geometries_and_measures_are_shown() -> None:
    ring = [(500_000, 5_500_000), (500_100, 5_500_000), (500_100, 5_500_100), (500_000, 5_500_000)]
    row = Survey.objects.create(
        parcel=Polygon(ring, srid=UTM32), projected=Point(500_000, 5_500_300, srid=UTM32)
    )

    shown = reply("survey", "get", id=row.pk, fields="middle, size, away")

    assert [9.0009, 49.6528] == pytest.approx(shown["middle"]["coordinates"], abs=1e-4)
    assert (5_000.0, 300.0) == pytest.approx((shown["size"], shown["away"]))


def test_rows_are_sorted_and_found_by_a_computed_distance() -> None:
    for name, metres in (("far", 900), ("near", 100), ("middle", 500)):
        Survey.objects.create(name=name, projected=Point(500_000, 5_500_000 + metres, srid=UTM32))

    found = reply("survey", "list", fields="name", order_by="away", shape="list")
    near = reply(
        "survey", "list", fields="name", filters={"away.lte": 500}, order_by="-away", shape="list"
    )

    assert ["near", "middle", "far"] == [row["name"] for row in found["results"]]
    assert ["middle", "near"] == [row["name"] for row in near["results"]]


@pytest.mark.parametrize(
    ("action", "spec", "error"),
    [
        ("list", {"order_by": "location"}, "A geometry such as 'location' has no order"),
        ("list", {"order_by": "-location"}, "A geometry such as '-location' has no order"),
        ("list", {"distinct": "location"}, "Databases disagree on when geometries"),
        ("list", {"distinct": True, "fields": "location"}, "Databases disagree on when geometries"),
        ("aggregate", {"group_by": "location", "aggregate": "count"}, "Cannot group by 'location'"),
        ("aggregate", {"aggregate": "location.max"}, "'max' does not apply to 'location'"),
        ("aggregate", {"aggregate": "location.count_distinct"}, "'count_distinct' does not apply"),
        ("list", {"filters": {"location": "POINT(1 2)"}}, "'exact' does not apply to this field"),
        ("list", {"filters": {"location.in": []}}, "'in' does not apply to this field"),
        ("list", {"filters": {"location.gt": 1}}, "'gt' does not apply to this field"),
        ("list", {"filters": {"location.isnull": {"$field": "location"}}}, "'$field' compares"),
    ],
)
def test_what_geometries_do_not_have_is_refused(
    action: str, spec: dict[str, Any], error: str
) -> None:
    found = refusal("stop", action, **spec)

    assert error in found["error"]
    assert found["hint"]


@pytest.mark.parametrize("entry", [{"distinct": "location"}, {"distinct": True}])
def test_geometries_of_related_rows_are_not_distinct(entry: dict[str, Any]) -> None:
    found = refusal("district", "list", related={"stops": {"fields": "location", **entry}})

    assert "related.stops.distinct" == found["path"]


def test_geometries_are_counted_and_missing_ones_found() -> None:
    Stop.objects.create(name="here", location=Point(1, 2))
    Stop.objects.create(name="nowhere")

    found = reply("stop", "aggregate", aggregate="n:location.count")["results"]
    missing = reply("stop", "list", fields="name", filters={"location.isnull": True}, shape="list")

    assert {"n": 1} == found
    assert ["nowhere"] == [row["name"] for row in missing["results"]]


def test_a_geometry_is_described_by_a_schema() -> None:
    described = Client().options("/api/survey/").json()
    position = {"type": "array", "items": {"type": "number"}, "maxItems": 2, "minItems": 2}
    ring = {"type": "array", "items": position, "minItems": 4}

    assert "geometry" == described["fields"]["parcel"]["type"]
    assert {
        "type": ["object", "null"],
        "properties": {
            "type": {"const": "Polygon"},
            "coordinates": {"type": "array", "items": ring},
        },
        "required": ["type", "coordinates"],
    } == described["inputs"]["add"]["parcel"]["schema"]


def test_a_cached_statement_reads_with_the_reader_of_its_thread(
    settings: Any, monkeypatch: Any
) -> None:
    """A reader of GEOS that two threads share can end the process."""
    monkeypatch.setattr(loading, "StatementCache", StatementCache)  # unchecked
    settings.DJANGO_FLEX = expose()
    Drawing.objects.create(point=Point(1, 2))
    for _ in range(4):
        reply("drawing", "list", fields="point")
    of_thread = io.thread_context
    of_thread.wkb_r = None  # as in a new thread
    read, used = io._WKBReader.read, set()

    def recorded(reader: Any, *args: Any, **options: Any) -> Any:
        used.add(reader)
        return read(reader, *args, **options)

    monkeypatch.setattr(io._WKBReader, "read", recorded)
    reply("drawing", "list", fields="point")

    assert {of_thread.wkb_r} == used
