"""The test runner, in a project that has not changed one import since pydjamodb."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SETTINGS = """
from django_flex.dynamodb import compat

compat.install()
SECRET_KEY = "tests"
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3"}}}}
INSTALLED_APPS = ["plays"]
TEST_RUNNER = "pydjamodb.test_runner.DynamoDBTestDiscoverRunner"
PYDJAMODB_DATABASE = {database!r}
"""
MODELS = """
from pynamodb.attributes import UnicodeAttribute
from pydjamodb.attributes import StringJoinAttribute
from pydjamodb.models import DynamoModel
from pydjamodb.queryset import DynamoDBManager


class Item(DynamoModel):
    id = UnicodeAttribute(hash_key=True)
    both = StringJoinAttribute([UnicodeAttribute(), UnicodeAttribute()], null=True)

    class Meta:
        table_name = "item"
"""
TESTS = """
from django.test import SimpleTestCase
from plays.models import Item
from pydjamodb.test_runner import clean_dynamodb_database


class Base:
    def tearDown(self):
        clean_dynamodb_database(None)

    def test_its_own_table(self):
        assert Item.Meta.table_name.startswith("test_"), Item.Meta.table_name
        Item.objects.create(id="x", both=["a", "b"])
        assert ["a", "b"] == Item.objects.get(id="x").both
        assert 1 == Item.objects.scan(max_items=9).count()

    def test_again(self):
        self.test_its_own_table()


class OneTest(Base, SimpleTestCase):
    pass


class OtherTest(Base, SimpleTestCase):
    pass
"""


@pytest.mark.exhaustive
@pytest.mark.parametrize("options", [[], ["--parallel", "2"]], ids=["alone", "parallel"])
def test_each_process_has_tables_of_its_own(
    options: list[str], server: dict[str, Any], tmp_path: Path
) -> None:
    if server["name"] == "moto":
        pytest.skip("moto is inside this process")
    database = {key: one for key, one in server.items() if key != "name"}
    database["TABLE_PREFIX"] = f"{database['TABLE_PREFIX']}-runner"
    package = tmp_path / "plays"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "models.py").write_text(MODELS)
    (package / "tests.py").write_text(TESTS)
    (tmp_path / "project_settings.py").write_text(SETTINGS.format(database=database))

    ran = subprocess.run(
        [sys.executable, "-m", "django", "test", "--settings=project_settings", *options],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert 0 == ran.returncode, ran.stderr
    assert "Ran 4 tests" in ran.stderr
    assert ("test_2_" in ran.stderr) is bool(options)
