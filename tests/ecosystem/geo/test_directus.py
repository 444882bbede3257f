"""The operators of geometries of Directus, on each database."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.test import Client

from tests.ecosystem.geo.conftest import expose
from tests.ecosystem.geo.models import Stop
from tests.ecosystem.geo.test_filters import point, polygon

BOTH = {"type": "GeometryCollection", "geometries": [point(1, 1), polygon(3, 0.5, 1)]}


@pytest.fixture(autouse=True)
def stops(db: None, settings: Any) -> None:
    settings.DJANGO_FLEX = {**expose(), "DIALECT": "directus"}
    for name, place in {"a": (1, 1), "b": (3, 1), "c": (-170, 50)}.items():
        Stop.objects.create(name=name, location=Point(*place))
    Stop.objects.create(name="nowhere")


def asked(operator: str, value: object) -> Any:
    query = {"filter": {"location": {operator: value}}, "fields": ["name"], "sort": ["name"]}
    body = json.dumps({"query": query})
    return Client().generic("SEARCH", "/api/items/stop", body, content_type="application/json")


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [
        ("_intersects", polygon(0, 0), "a"),
        ("_intersects", BOTH, "ab"),
        ("_nintersects", BOTH, "c"),
        ("_intersects_bbox", polygon(0, 0, 4), "ab"),
        # The box around both parts: from the first point to the corner of the square.
        ("_intersects_bbox", BOTH, "ab"),
        ("_nintersects_bbox", polygon(0, 0), "bc"),
        ("_intersects_bbox", point(3, 1), "b"),
        ("_intersects_bbox", {"type": "LineString", "coordinates": [[0, 0, 5], [2, 2, 7]]}, "a"),
    ],
)
def test_geometries_are_compared(operator: str, value: Any, found: str) -> None:
    for sent in (value, json.dumps(value)):
        reply = asked(operator, sent)
        assert 200 == reply.status_code, reply.content
        assert found == "".join(row["name"] for row in reply.json()["data"])
    query = {f"filter[location][{operator}]": json.dumps(value), "fields": "name", "sort": "name"}
    reply = Client().get("/api/items/stop", query)
    assert found == "".join(row["name"] for row in reply.json()["data"])


@pytest.mark.parametrize(
    "operator", ["_intersects", "_nintersects", "_intersects_bbox", "_nintersects_bbox"]
)
@pytest.mark.parametrize(
    "value",
    [
        *(5, None, True, [], "x", "", {}, {"type": "Point"}, {"type": "Point", "coordinates": []}),
        *({"type": "Point", "coordinates": ["1", 2]}, {"type": "Point", "coordinates": [1, 1e300]}),
        {"type": "GeometryCollection", "geometries": []},
        {"type": "Polygon", "coordinates": [[1, 2]]},
        {"type": "Feature", "geometry": point(1, 1)},
    ],
    ids=str,
)
def test_what_is_no_geometry_is_refused(operator: str, value: Any) -> None:
    reply = asked(operator, value)
    assert 400 == reply.status_code, reply.content
    (error,) = reply.json()["errors"]
    assert "INVALID_QUERY" == error["extensions"]["code"]
    assert f"filter.location.{operator}" == error["extensions"]["path"]


def test_replies_have_geojson() -> None:
    reply = Client().get("/api/items/stop", {"filter[name]": "a", "fields": "location"})
    assert [{"location": point(1.0, 1.0)}] == reply.json()["data"]
