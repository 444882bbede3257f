"""The fixtures and the mixin for tests of projects, in a project."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FILES = {
    "project_settings.py": """
SECRET_KEY = "tests"
INSTALLED_APPS = ["plays"]
PYDJAMODB_DATABASE = {
    "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"
}
""",
    "plays/__init__.py": "",
    "plays/models.py": """
from pynamodb.attributes import UnicodeAttribute
from django_flex.dynamodb.models import DynamoModel


class Item(DynamoModel):
    id = UnicodeAttribute(hash_key=True)

    class Meta:
        table_name = "item"
""",
    "conftest.py": """
import pytest
from moto import mock_aws

pytest_plugins = ["django_flex.dynamodb.testing.fixtures"]


@pytest.fixture(scope="session")
def dynamodb_server():
    with mock_aws():
        yield
""",
    "test_items.py": """
import pytest
from django.test import SimpleTestCase
from django_flex.dynamodb.testing import DynamoDBTestCaseMixin
from plays.models import Item


def check(number):
    assert Item.Meta.table_name.startswith("test_"), Item.Meta.table_name
    assert 0 == Item.objects.scan(max_items=9).count()
    Item.objects.create(id=str(number))


@pytest.mark.parametrize("number", range(3))
def test_fixture(dynamodb, number):
    check(number)


@pytest.mark.usefixtures("dynamodb_tables")
class ItemTest(DynamoDBTestCaseMixin, SimpleTestCase):
    def test_first(self):
        check(1)

    def test_second(self):
        check(2)
""",
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["alone", "parallel"])
def test_no_test_leaves_items_for_another(options: list[str], tmp_path: Path) -> None:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--ds=project_settings", *options, "."],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert 0 == ran.returncode, ran.stdout + ran.stderr
    assert "5 passed" in ran.stdout
