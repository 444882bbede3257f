"""Version, changelog and metadata tell the same story."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

import django_flex

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    """The ``[project]`` table of ``pyproject.toml``."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        table: dict[str, Any] = tomllib.load(file)["project"]
    return table


def test_version_is_the_same_everywhere(project: dict[str, Any]) -> None:
    assert project["version"] == django_flex.__version__


def test_changelog_has_the_version_or_what_comes_next(project: dict[str, Any]) -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[([^\]]+)\]", text, re.MULTILINE)

    assert {project["version"], "Unreleased"} & set(headings)
    assert headings[0] == "Unreleased" or headings[0] == project["version"]


def test_classifiers_name_the_oldest_python_that_is_required(project: dict[str, Any]) -> None:
    oldest = project["requires-python"].removeprefix(">=")
    prefix = "Programming Language :: Python :: 3."
    minors = [int(c.removeprefix(prefix)) for c in project["classifiers"] if c.startswith(prefix)]

    assert oldest == f"3.{min(minors)}"


def test_files_that_the_metadata_names_exist(project: dict[str, Any]) -> None:
    for name in (project["readme"], *project["license-files"]):
        assert (ROOT / name).is_file()


def test_the_migrations_have_all_that_the_models_say() -> None:
    loader = MigrationLoader(None)
    wanted = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
    own = {one.label for one in apps.get_app_configs() if one.name.startswith("django_flex.")}
    missing = wanted.changes(loader.graph, trim_to_apps=own)

    assert {"flex_tokens", "flex_idempotency", "flex_actions"} <= own
    assert {} == {label: [str(one.operations) for one in some] for label, some in missing.items()}
