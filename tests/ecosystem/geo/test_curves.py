"""Curves, which other code has stored: PostGIS has them, GEOS and GeoJSON do not."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.db import connection
from django.test import Client

from django_flex import FlexQuery
from tests.ecosystem.conftest import GRANT
from tests.ecosystem.geo.conftest import expose, names, refusal, reply
from tests.ecosystem.geo.models import Drawing

CURVES = {
    "arc": "CIRCULARSTRING(0 0, 1 1, 1 0)",
    "disc": "CURVEPOLYGON(CIRCULARSTRING(0 0, 4 0, 4 4, 0 4, 0 0))",
    "path": "COMPOUNDCURVE(CIRCULARSTRING(0 0, 1 1, 1 0), (1 0, 0 1))",
    "discs": "MULTISURFACE(CURVEPOLYGON(CIRCULARSTRING(0 0, 4 0, 4 4, 0 4, 0 0)))",
    "paths": "MULTICURVE((0 0, 5 5), CIRCULARSTRING(4 0, 4 4, 8 4))",
    "triangle": "TRIANGLE((0 0, 0 1, 1 0, 0 0))",
    "nothing": "CIRCULARSTRING EMPTY",
    "bow": "CURVEPOLYGON(COMPOUNDCURVE((0 0, 4 4, 4 0, 0 4, 0 0)))",
    "some": "GEOMETRYCOLLECTION(POINT(1 1), CIRCULARSTRING(0 0, 1 1, 1 0))",
    "inner": "GEOMETRYCOLLECTION(GEOMETRYCOLLECTION(CURVEPOLYGON(CIRCULARSTRING(0 0, 4 0, 0 0))))",
    "facet": "GEOMETRYCOLLECTION(POINT(1 1), TRIANGLE((0 0, 0 1, 1 0, 0 0)))",
    "facets": "TIN(((0 0, 0 1, 1 0, 0 0)))",
    "faces": "POLYHEDRALSURFACE(((0 0, 0 1, 1 0, 0 0)))",
}
PLAIN = {"type": "Point", "coordinates": [1.0, 2.0]}

pytestmark = pytest.mark.django_db


@pytest.fixture
def curves() -> dict[str, Any]:
    """Store a point, and what the database has of curves; return what lists show of each."""
    Drawing.objects.create(name="plain", anything=Point(1, 2, srid=4326))
    stored = CURVES if connection.vendor == "postgresql" else {}
    with connection.cursor() as cursor:
        for name, text in stored.items():
            sql = "INSERT INTO geo_drawing (name, anything) VALUES (%s, ST_GeomFromText(%s, 4326))"
            cursor.execute(sql, [name, text])
    return {"plain": PLAIN, **dict.fromkeys(stored)}


def shown(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {row["name"]: row["anything"] for row in rows}


def test_a_curve_is_null_in_a_list_and_logged(curves: dict[str, Any], caplog: Any) -> None:
    for spec in ({}, {"order_by": "-name"}, {"cursor": True}) * 2:
        caplog.clear()
        with caplog.at_level(logging.ERROR, "django_flex"):
            found = reply("drawing", "list", fields="name, anything", shape="list", **spec)
        assert curves == shown(found["results"])
        lines = [one.getMessage() for one in caplog.records if one.name == "django_flex"]
        # One line for a statement, however many rows there are, and one more for its check.
        assert (len(curves) > 1) == (1 == len({*lines})), lines
        assert all("cannot be read" in line and "anything" in line for line in lines)
        assert "1 1" not in caplog.text


def test_a_curve_is_null_wherever_it_is_shown(curves: dict[str, Any]) -> None:
    for row in Drawing.objects.values("pk", "name"):
        got = reply("drawing", "get", _id=row["pk"], fields="name, a:anything")
        assert curves[row["name"]] == got["a"]
    asked = {"fields": "name, anything", "limit": 100, "format": "ndjson", "order_by": "id"}
    lines = b"".join(FlexQuery("geo.drawing").stream(asked)).splitlines()
    assert curves == shown([json.loads(line) for line in lines])
    response = Client().get("/api/geo.drawing/?fields=name,anything&shape=list")
    assert curves == shown(response.json()["results"])


def test_a_row_with_a_curve_is_not_changed_and_says_so(curves: dict[str, Any]) -> None:
    """The model's own code would get the row without it."""
    for key, name in Drawing.objects.values_list("pk", "name"):
        for action, values in (("edit", {"name": f"{name}2"}), ("delete", {})):
            if curves[name] is None:
                refused = refusal("drawing", action, id=key, **values)
                assert "The row has a value that cannot be read" == refused["error"]
            else:
                reply("drawing", action, id=key, **values)
    assert curves.keys() - {"plain"} == {*Drawing.objects.values_list("name", flat=True)}


def test_a_curve_fails_no_filter(curves: dict[str, Any]) -> None:
    square = [[[-9, -9], [9, -9], [9, 9], [-9, 9], [-9, -9]]]
    polygon = {"type": "Polygon", "coordinates": square}
    near = {"geometry": PLAIN, "meters": 500}
    for filters in (
        {"anything.within": polygon},
        {"anything.intersects": polygon},
        {"anything.contains": PLAIN},
        {"anything.bbox": [-1, -1, 9, 9]},
        {"anything.distance_lte": near},
        {"not": {"anything.within": polygon}},
        {"anything.isnull": False},
    ):
        if "distance_lte" in str(filters) and connection.vendor != "postgresql":
            continue  # which has no metres there
        found = names("drawing", **filters)
        assert ("plain" in found) == ("not" not in filters)
        # Lines stand for a curve; what has facets is found by its box only.
        if len(curves) > 1 and "anything.within" in filters:
            assert {
                "plain",
                "arc",
                "disc",
                "discs",
                "paths",
                "path",
                "bow",
                "some",
                "inner",
            } == found


def test_a_curve_that_is_hidden_fails_no_filter(curves: dict[str, Any], settings: Any) -> None:
    settings.DJANGO_FLEX = expose(drawing={"anon": {**GRANT, "rows": {"name": "plain"}}})
    for filters in (
        {"anything.intersects": PLAIN},
        {"anything.contains": PLAIN},
        {"not": {"anything.within": {"type": "LineString", "coordinates": [[8, 8], [9, 9]]}}},
    ):
        assert {"plain"} == names("drawing", **filters)
