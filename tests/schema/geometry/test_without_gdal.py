"""Without GDAL nothing of GeoDjango is imported, and what has no geometries works as ever."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import models

from django_flex.schema.model_attributes import computed_attribute
from django_flex.schema.resources import ComputedExpression

ROOT = Path(__file__).parents[3]
#: GeoDjango and its libraries cannot be imported in there, as where GDAL is missing.
PROGRAM = """
import sys

class NoGeoDjango:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[:3] == ["django", "contrib", "gis"] or name == "osgeo":
            raise ImportError(f"{name} needs GDAL")

sys.meta_path.insert(0, NoGeoDjango())
import django

django.setup()
from django.core.management import call_command
from django.test import override_settings

call_command("migrate", run_syncdb=True, verbosity=0)
from django_flex import FlexQuery

GRANT = {"fields": ["*"], "write_fields": ["*"], "filters": ["*"], "ops": ["list", "add"]}
EXPOSE = {"company": {"anon": GRANT}}
with override_settings(DJANGO_FLEX={"REQUIRE_AUTHENTICATION": False, "EXPOSE": EXPOSE}):
    added = FlexQuery("company").execute({"_action": "add", "name": "x"})
    found = FlexQuery("company").execute({"_action": "list", "filters": {"name.contains": "x"}})
import importlib, pkgutil
for name in ("analysis", "backends", "binding", "describe", "plan", "policy", "schema"):
    package = importlib.import_module(f"django_flex.{name}")
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)
loaded = sorted(name for name in sys.modules if name.startswith("django.contrib.gis"))
print(added.status_code, found.status_code, len(found.to_dict()["results"]), loaded)
"""


@pytest.mark.exhaustive
def test_nothing_of_geodjango_is_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "201 200 1 []\n" == done.stdout, done.stderr


class GeometryField(models.Field):  # type: ignore[type-arg]  # as GeoDjango has it, without GDAL
    """What is known of a field without importing it."""

    __module__ = "django.contrib.gis.db.models.fields"
    geom_type = "GEOMETRY"
    srid = 4326
    dim = 2
    geography = False


class PlotField(GeometryField):
    """A project's own."""

    geom_type = "POLYGON"
    srid = -1
    dim = 3


@pytest.mark.parametrize(
    ("field", "name", "srid", "dimensions"),
    [(GeometryField(), None, 4326, 2), (PlotField(), "Polygon", None, 3)],
)
def test_columns_are_recognized_by_their_class(
    field: models.Field[Any, Any], name: str | None, srid: int | None, dimensions: int
) -> None:
    found = computed_attribute("place", ComputedExpression(None), field)

    assert "geometry" == found.kind
    assert found.geometry is not None
    assert (name, srid, dimensions) == (
        found.geometry.name,
        found.geometry.srid,
        found.geometry.dimensions,
    )
