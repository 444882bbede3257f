"""Operators of geometries, on each kind of column and on each database; and what they may not tell."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon, Point, Polygon
from django.db import connection
from django.test import Client

from tests.ecosystem.conftest import GRANT, ask
from tests.ecosystem.geo.conftest import expose, names, refusal, reply
from tests.ecosystem.geo.models import UTM32, District, Drawing, Stop, Survey

POSTGIS = connection.vendor == "postgresql"


def square(west: float, south: float, size: float = 2) -> list[list[float]]:
    east, north = west + size, south + size
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def polygon(west: float, south: float, size: float = 2) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [square(west, south, size)]}


def point(west: float, south: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [west, south]}


@pytest.fixture
def stops(db: None) -> None:
    for name, place in {"a": (1, 1), "b": (3, 1), "c": (-170, 50), "d": (175, -50)}.items():
        Stop.objects.create(name=name, location=Point(*place))
    Stop.objects.create(name="nowhere")


@pytest.fixture
def districts(db: None) -> None:
    for name, corner in {"west": (0, 0), "east": (4, 0), "far": (50, 40)}.items():
        District.objects.create(name=name, area=MultiPolygon(Polygon(square(*corner))))


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"location.within": polygon(0, 0)}, {"a"}),
        ({"location.within": polygon(0, 0, 4)}, {"a", "b"}),
        ({"location.within": polygon(60, 0)}, set()),
        ({"location.within": {"$value": polygon(0, 0)}}, {"a"}),
        (
            {
                "location.within": {
                    "type": "MultiPolygon",
                    "coordinates": [[square(0, 0)], [square(2.5, 0)]],
                }
            },
            {"a", "b"},
        ),
        ({"location.intersects": point(3, 1)}, {"b"}),
        (
            {"location.intersects": {"type": "LineString", "coordinates": [[0, 1], [4, 1]]}},
            {"a", "b"},
        ),
        (
            {
                "location.intersects": {
                    "type": "GeometryCollection",
                    "geometries": [point(3, 1), polygon(0, 0), polygon(0.5, 0.5)],
                }
            },
            {"a", "b"},
        ),
        ({"location.intersects": {"type": "Point", "coordinates": [3, 1, 99]}}, {"b"}),
        ({"location.contains": point(1, 1)}, {"a"}),
        ({"location.bbox": [0, 0, 2, 2]}, {"a"}),
        ({"location.bbox": "0,0,3,2"}, {"a", "b"}),
        ({"location.bbox": [-180, -90, 180, 90]}, {"a", "b", "c", "d"}),
        ({"location.bbox": [170, -60, -160, 60]}, {"c", "d"}),
        ({"location.bbox": [1, 1, 1, 1]}, {"a"}),
        ({"location.bbox": [1, 0, 1, 2]}, {"a"}),
        ({"not": {"location.bbox": [0, 0, 2, 2]}}, {"b", "c", "d", "nowhere"}),
        ({"not": {"location.within": polygon(0, 0, 4)}}, {"c", "d", "nowhere"}),
        ({"or": [{"location.bbox": [0, 0, 2, 2]}, {"location.isnull": True}]}, {"a", "nowhere"}),
    ],
)
def test_points_are_found(stops: None, filters: Any, found: set[str]) -> None:
    for _ in range(2):
        assert found == names("stop", **filters)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"area.contains": point(1, 1)}, {"west"}),
        ({"area.contains": polygon(4.5, 0.5, 1)}, {"east"}),
        ({"area.contains": polygon(1, 0, 4)}, set()),
        ({"area.intersects": polygon(1, 1, 4)}, {"west", "east"}),
        ({"area.within": polygon(-1, -1, 4)}, {"west"}),
        ({"area.within": polygon(-1, -1, 10)}, {"west", "east"}),
        ({"area.bbox": [1, 1, 60, 60]}, {"west", "east", "far"}),
        ({"area.bbox": [2.5, 0, 3.5, 2]}, set()),
        ({"not": {"area.contains": point(1, 1)}}, {"east", "far"}),
    ],
)
def test_areas_are_found(districts: None, filters: Any, found: set[str]) -> None:
    assert found == names("district", **filters)


def test_filters_are_those_of_the_orm(stops: None, districts: None) -> None:
    area = GEOSGeometry(json.dumps(polygon(0.5, 0.5, 5)))
    for lookup in ("within", "intersects"):
        expected = set(
            Stop.objects.filter(**{f"location__{lookup}": area}).values_list("name", flat=True)
        )
        assert expected == names("stop", **{f"location.{lookup}": json.loads(area.geojson)})
    for lookup in ("within", "intersects", "contains"):
        expected = set(
            District.objects.filter(**{f"area__{lookup}": area}).values_list("name", flat=True)
        )
        assert expected == names("district", **{f"area.{lookup}": json.loads(area.geojson)})


def test_rows_are_found_by_geometries_of_others(stops: None, districts: None) -> None:
    west = District.objects.get(name="west")
    Stop.objects.filter(name="a").update(district=west)
    Stop.objects.filter(name="b").update(district=District.objects.get(name="east"))

    assert {"a"} == names("stop", **{"district.area.contains": point(1, 1)})
    assert {"b", "c", "d", "nowhere"} == names(
        "stop", **{"not": {"district.area.contains": point(1, 1)}}
    )
    assert {"west"} == names("district", **{"stops.some": {"location.bbox": [0, 0, 2, 2]}})
    assert {"west"} == names("district", **{"stops.location.within": polygon(0, 0)})


@pytest.mark.parametrize(("meters", "found"), [(0, {"a"}), (99, {"a"}), (101, {"a", "b"})])
def test_distances_on_a_plane_are_metres(db: None, meters: float, found: set[str]) -> None:
    for name, north in (("a", 0), ("b", 100), ("c", 5_000)):
        Survey.objects.create(name=name, projected=Point(500_000, 5_500_000 + north, srid=UTM32))
    Survey.objects.create(name="nowhere")
    here = reply("survey", "list", filters={"name": "a"}, fields="projected", shape="list")
    around = {"geometry": here["results"][0]["projected"], "meters": meters or 0.001}

    assert found == names("survey", **{"projected.distance_lte": around})
    assert {"a", "b", "c", "nowhere"} - found == names(
        "survey", **{"not": {"projected.distance_lte": around}}
    )


@pytest.mark.parametrize(("meters", "found"), [(0, {"a"}), (222_000, {"a"}), (223_000, {"a", "b"})])
def test_distances_on_the_globe_are_metres(stops: None, meters: float, found: set[str]) -> None:
    """Two degrees on the first parallel are 222.6 kilometres."""
    around = {"geometry": point(1, 1), "meters": meters}
    if POSTGIS:
        assert found == names("stop", **{"location.distance_lte": around})
        for name, place in (("a", (1, 1)), ("b", (3, 1))):
            Survey.objects.create(name=name, globe=Point(*place))
        assert found == names("survey", **{"globe.distance_lte": around})
    else:
        error = refusal("stop", "list", filters={"location.distance_lte": around})
        assert ("query.unsupported", "filters") == (error["code"], error["path"])
        assert "This database measures no distances in degrees" in error["error"]


def test_a_distance_is_that_from_the_nearest_place(db: None) -> None:
    ring = [(500_000, 5_500_000), (500_100, 5_500_000), (500_100, 5_500_100), (500_000, 5_500_000)]
    Survey.objects.create(name="x", parcel=Polygon(ring, srid=UTM32))
    row = reply("survey", "get", id=Survey.objects.get().pk, fields="parcel")
    west = Point(499_950, 5_500_000, srid=UTM32).transform(4326, clone=True)

    for meters, found in ((49, set()), (51, {"x"})):
        around = {"geometry": json.loads(west.json), "meters": meters}
        assert found == names("survey", **{"parcel.distance_lte": around})
    assert {"x"} == names("survey", **{"parcel.intersects": row["parcel"]})


def test_boxes_are_those_of_degrees_in_any_system(db: None) -> None:
    """A parallel is no straight line in UTM: 0.3 degrees around 9 degrees east are 90 metres off."""
    for name, latitude in (("in", 50.0001), ("out", 49.9999)):
        place = Point(10.5, latitude, srid=4326).transform(UTM32, clone=True)
        Survey.objects.create(name=name, projected=place)

    assert {"in"} == names("survey", **{"projected.bbox": [9.5, 50, 12, 51]})


def test_geographies_are_compared_on_the_plane_of_geojson(db: None) -> None:
    for name, place in (("a", (1, 1)), ("b", (100, 80)), ("c", (-170, -80))):
        Survey.objects.create(name=name, globe=Point(*place), land=Polygon(square(*place, size=1)))

    assert {"a", "b", "c"} == names("survey", **{"globe.bbox": [-180, -90, 180, 90]})
    assert {"b"} == names("survey", **{"globe.within": polygon(90, 70, 15)})
    assert {"b"} == names("survey", **{"land.intersects": polygon(90, 70, 15)})
    assert {"a"} == names("survey", **{"land.contains": point(1.5, 1.5)})


def test_places_on_a_plan_are_compared_by_its_own_numbers(db: None) -> None:
    for name, corner in (("near", 0), ("far", 9_000)):
        plan = Polygon(square(corner, 0, 100), srid=-1)
        Survey.objects.create(name=name, plan=plan)

    assert {"near"} == names("survey", **{"plan.bbox": [-500, -500, 500, 500]})
    assert {"far"} == names("survey", **{"plan.contains": point(9_050, 50)})
    error = refusal("survey", "list", filters={"plan.bbox": [500, 0, 0, 1]})
    assert "an east that is not west of the west" == error["hint"]
    error = refusal(
        "survey", "list", filters={"plan.distance_lte": {"geometry": point(0, 0), "meters": 5}}
    )
    assert "this one has no metres" in error["hint"]


def test_computed_geometries_are_compared(db: None) -> None:
    ring = [(500_000, 5_500_000), (500_100, 5_500_000), (500_100, 5_500_100), (500_000, 5_500_000)]
    Survey.objects.create(name="x", parcel=Polygon(ring, srid=UTM32))

    assert {"x"} == names("survey", **{"middle.bbox": [9, 49.6, 9.1, 49.7]})
    assert set() == names("survey", **{"middle.bbox": [10, 49.6, 10.1, 49.7]})


def test_parameters_have_json_and_boxes(stops: None) -> None:
    client = Client()
    box = {"filters.location.bbox": "0,0,2,2"}
    within = {"filters.location.within": json.dumps(polygon(0, 0))}
    for query in (box, within):
        found = client.get("/api/stop/", {**query, "fields": "name", "shape": "list"}).json()
        assert ["a"] == [row["name"] for row in found["results"]]


@pytest.mark.parametrize(
    ("operator", "value", "hint"),
    [
        ("within", "POINT(1 2)", "a GeoJSON geometry such as"),
        ("within", [1, 2], "a GeoJSON geometry such as"),
        ("within", 5, "a GeoJSON geometry such as"),
        ("within", {"a": 1}, "a GeoJSON geometry such as"),
        ("contains", "a", "a GeoJSON geometry such as"),
        (
            "intersects",
            {"type": "Point", "coordinates": [1]},
            "longitude, latitude and maybe height",
        ),
        ("intersects", {"type": "Point", "coordinates": [1, 200]}, "90 at 'coordinates[1]'"),
        ("intersects", {"type": "Point", "coordinates": []}, "a geometry with positions"),
        (
            "within",
            {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]},
            "a geometry whose lines do not cross",
        ),
        (
            "within",
            {"type": "Polygon", "coordinates": [[[0, 0], [0, 0], [0, 0], [0, 0]]]},
            "a geometry whose lines do not cross",
        ),
        ("bbox", [1, 2, 3], "four numbers: west, south, east, north"),
        ("bbox", "1,2,3,x", "four numbers: west, south, east, north"),
        ("bbox", "1,2", "four numbers: west, south, east, north"),
        ("bbox", 5, "four numbers: west, south, east, north"),
        ("bbox", [[1, 2], [3, 4]], "four numbers: west, south, east, north"),
        ("bbox", ["1", 2, 3, 4], "a number"),
        ("bbox", [0, 5, 1, 4], "a north that is not south of the south"),
        ("bbox", [0, 0, 181, 4], "a longitude from -180 to 180"),
        ("distance_lte", 5, "an object such as"),
        ("distance_lte", {"geometry": point(1, 1)}, "an object such as"),
        ("distance_lte", {"geometry": point(1, 1), "km": 1}, "an object such as"),
        ("distance_lte", {"geometry": point(1, 1), "meters": "5"}, "a number at 'meters'"),
        ("distance_lte", {"geometry": point(1, 1), "meters": -1}, "from 0 to 20100000 at 'meters'"),
        ("distance_lte", {"geometry": point(1, 1), "meters": 1e9}, "from 0 to 20100000"),
        (
            "distance_lte",
            {"geometry": point(1, 91), "meters": 1},
            "a latitude from -90 to 90 at 'geometry.coordinates[1]'",
        ),
    ],
)
def test_comparands_that_do_not_fit_are_refused(operator: str, value: Any, hint: str) -> None:
    key = f"location.{operator}"
    error = refusal("stop", "list", filters={key: value})

    assert f"filters.{key}" == error["path"]
    assert hint in error["hint"]


@pytest.mark.parametrize("operator", ["within", "contains", "intersects", "bbox", "distance_lte"])
def test_null_and_fields_are_no_comparands(operator: str) -> None:
    for value in (None, {"$field": "location"}, {"$now": ""}):
        refusal("stop", "list", filters={f"location.{operator}": value})


@pytest.mark.parametrize("operator", ["within", "intersects", "bbox", "distance_lte"])
def test_operators_of_geometries_are_for_nothing_else(operator: str) -> None:
    error = refusal("stop", "list", filters={f"name.{operator}": polygon(0, 0)})

    assert f"'{operator}' does not apply to this field" in error["error"] or "hint" in error


def test_deep_and_large_comparands_are_answered() -> None:
    deep: Any = point(1, 1)
    for _ in range(3_000):
        deep = {"type": "GeometryCollection", "geometries": [deep]}
    refusal("stop", "list", filters={"location.within": deep})
    zigzag = [[n / 10, n % 90] for n in range(1_000)]
    line = {"type": "LineString", "coordinates": zigzag}
    assert set() == names("stop", **{"location.within": line})
    line["coordinates"] = zigzag * 20
    error = refusal("stop", "list", filters={"location.within": line})
    assert ("query.limit", "at most 1000") == (error["code"], error["hint"])


CROSSED = "POLYGON((0 0, 4 0, 4 4, 0 4, 0 0), (3 3, 5 3, 5 5, 3 5, 3 3))"
OVERLAPPING = (
    "GEOMETRYCOLLECTION(POLYGON((0 0, 4 0, 4 4, 0 4, 0 0)), POLYGON((1 1, 5 1, 5 5, 1 5, 1 1)))"
)


@pytest.mark.parametrize("stored", [CROSSED, OVERLAPPING])
@pytest.mark.parametrize(
    "operand",
    [point(1, 1), polygon(-1, -1, 3), {"type": "LineString", "coordinates": [[0, 1], [3, 1]]}],
)
def test_stored_geometries_that_are_not_sound_fail_no_filter(stored: str, operand: Any) -> None:
    Drawing.objects.create(name="x", anything=GEOSGeometry(stored, srid=4326))

    assert {"x"} == names("drawing", **{"anything.intersects": operand})
    for operator in ("within", "contains"):
        assert names("drawing", **{f"anything.{operator}": operand}) <= {"x"}


HERE = {"location.bbox": [0, 0, 2, 2]}


def granted(model: str, **grant: Any) -> dict[str, Any]:
    return expose(**{model: {"anon": {**GRANT, **grant}}})


def test_hidden_rows_are_not_found_by_their_places(settings: Any, stops: None) -> None:
    Stop.objects.filter(name="a").update(secret=True)
    settings.DJANGO_FLEX = granted("stop", rows={"secret": False})

    assert set() == names("stop", **HERE)
    assert {"b", "c", "d", "nowhere"} == names("stop", **{"not": HERE})
    found = reply("stop", "aggregate", aggregate="n:count", filters=HERE)["results"]
    assert {"n": 0} == found


def test_hidden_related_rows_are_not_found_by_their_places(
    settings: Any, stops: None, districts: None
) -> None:
    west = District.objects.get(name="west")
    Stop.objects.filter(name="a").update(district=west)
    District.objects.update(secret=True)
    settings.DJANGO_FLEX = granted("district", rows={"secret": False})
    inside = {"district.area.contains": point(1, 1)}

    assert set() == names("stop", **inside)
    assert {"a", "b", "c", "d", "nowhere"} == names("stop", **{"not": inside})


def test_unsound_hidden_rows_are_not_told_by_errors(settings: Any) -> None:
    """PostGIS fails for such a geometry; the reply has to be the same without it."""
    settings.DJANGO_FLEX = granted("drawing", rows={"name": "visible"})
    filters = {"anything.contains": {"type": "LineString", "coordinates": [[0, 1], [3, 1]]}}
    before = ask("geo.drawing", "list", filters=filters)
    for stored in (CROSSED, OVERLAPPING):
        Drawing.objects.create(name="hidden", anything=GEOSGeometry(stored, srid=4326))

    assert before == ask("geo.drawing", "list", filters=filters)


@pytest.mark.parametrize(
    "grant",
    [
        {"exclude": ["location"]},
        {"fields": ["name"]},
        {"filters": ["name.*"]},
        {"filters": ["location.within"]},
    ],
)
def test_what_is_not_granted_is_refused_whatever_the_value_is(settings: Any, grant: Any) -> None:
    settings.DJANGO_FLEX = granted("stop", **grant)
    replies = []
    for value in ([0, 0, 2, 2], "junk", 5, None):
        status, data = ask("geo.stop", "list", fields="name", filters={"location.bbox": value})
        replies.append((status, data["code"]))
        missing = ask("geo.stop", "list", fields="name", filters={"nowhere.bbox": value})
        assert (status, data["code"]) == (missing[0], missing[1]["code"])

    assert {(403, "filter.denied")} == set(replies)


def test_operators_are_granted_one_by_one(settings: Any, stops: None) -> None:
    settings.DJANGO_FLEX = granted("stop", filters=["location.bbox"])

    assert {"a"} == names("stop", **HERE)
    status, _ = ask("geo.stop", "list", filters={"location.within": polygon(0, 0)})
    assert 403 == status


def test_rules_compare_geometries(settings: Any, stops: None) -> None:
    settings.DJANGO_FLEX = granted("stop", rows={"location.within": polygon(0, 0)})

    assert {"a"} == names("stop")
    added = ask("geo.stop", "add", name="x", location=point(60, 60))
    assert 403 == added[0]
    assert 201 == ask("geo.stop", "add", name="x", location=point(1.5, 1.5))[0]


def test_rules_compare_with_geometries_of_the_caller(settings: Any, stops: None) -> None:
    user = User.objects.create(username="x")
    user.area = GEOSGeometry(json.dumps(polygon(0, 0)))
    user.home = Point(500_000, 5_500_000, srid=UTM32)
    rule = {"rows": {"location.within": {"$user": "area"}}}
    settings.DJANGO_FLEX = expose(stop={"authenticated": {**GRANT, **rule}})

    status, found = ask("geo.stop", "list", user=user, fields="name", shape="list")

    assert (200, ["a"]) == (status, [row["name"] for row in found["results"]])


def test_rows_are_written_by_their_places(stops: None) -> None:
    reply("stop", "bulk_edit", _set={"name": "x"}, filters={"location.bbox": [0, 0, 4, 4]})

    assert 2 == Stop.objects.filter(name="x").count()
    reply("stop", "bulk_delete", filters={"location.within": polygon(0, 0)})
    assert 4 == Stop.objects.count()


def test_a_list_by_places_is_one_statement(stops: None, django_assert_num_queries: Any) -> None:
    names("stop", **HERE)
    with django_assert_num_queries(1):
        assert {"a"} == names("stop", **HERE)
    with django_assert_num_queries(1):
        assert {"a"} == names("stop", **{"location.within": polygon(0, 0)})


def test_operators_are_described() -> None:
    described = Client().options("/api/stop/").json()

    assert {"within", "contains", "intersects", "bbox", "distance_lte", "isnull"} == set(
        described["fields"]["location"]["operators"]
    )


def test_an_index_serves_boxes_under_row_rules(settings: Any, districts: None) -> None:
    if not POSTGIS:
        return
    settings.DJANGO_FLEX = granted("district", rows={"secret": False})
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    captured: list[str] = []

    def capture(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        if sql.startswith("SELECT") and not captured:
            captured.append(sql)
            execute(f"EXPLAIN {sql}", params, many, context)
            captured.extend(row[0] for row in context["cursor"].fetchall())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(capture):
        assert {"west"} == names("district", **{"area.bbox": [0, 0, 1, 1]})

    assert any("geo_district_area" in line for line in captured[1:]), captured


def test_pages_by_cursor_keep_the_filter(stops: None) -> None:
    query = {"fields": "name", "filters": {"location.bbox": [-180, -90, 180, 90]}, "shape": "list"}
    first = reply("stop", "list", order_by="name", limit=3, cursor=True, **query)
    rest = reply("stop", "list", **first["pagination"]["next"])

    assert ["a", "b", "c"] == [row["name"] for row in first["results"]]
    assert ["d"] == [row["name"] for row in rest["results"]]


def test_nested_lists_and_aggregates_are_filtered(stops: None, districts: None) -> None:
    west = District.objects.get(name="west")
    Stop.objects.filter(name__in=["a", "b"]).update(district=west)
    related = {
        "stops": {"filters": HERE, "fields": "name"},
        "n": {"from": "stops", "aggregate": "count", "filters": HERE},
    }
    found = reply("district", "list", fields="name", related=related, order_by="name", shape="list")
    groups = reply("stop", "aggregate", group_by="district.name", aggregate="n:count", filters=HERE)

    assert [("east", [], 0), ("far", [], 0), ("west", ["a"], 1)] == [
        (row["name"], [one["name"] for one in row["stops"]], row["n"]["count"])
        for row in found["results"]
    ]
    assert [{"district": {"name": "west"}, "n": 1}] == groups["results"]


@pytest.mark.parametrize("filters", [HERE, {"location.within": polygon(0, 0)}])
def test_a_plan_is_explained(settings: Any, stops: None, filters: Any) -> None:
    settings.DJANGO_FLEX = expose(stop={"staff": {**GRANT, "ops": ["list", "explain"]}})
    admin = User.objects.create_superuser("admin")
    status, data = ask("geo.stop", "list", user=admin, fields="name", filters=filters, explain=True)

    assert 200 == status, data


@pytest.mark.parametrize(
    "query",
    [
        "within={",
        "within=[1",
        "bbox=[1,2,3,4",
        "bbox=1e999,2,3,4",
        "bbox=NaN,2,3,4",
        "bbox=",
        "distance_lte=5",
        f"within={'[' * 3_000}",
    ],
)
def test_parameters_that_are_no_geometries_are_refused(query: str) -> None:
    response = Client().get(f"/api/stop/?filters.location.{query}")

    assert (400, "query.value") == (response.status_code, response.json()["code"])
