"""``manage.py flex_openapi``."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.doors.fronts import EVERYTHING

EXPOSE = {"booking": {"anon": {**EVERYTHING, "fields": ["id", "status"]}, "agents": EVERYTHING}}


@pytest.fixture(autouse=True)
def entries(configure: Any) -> None:
    configure(EXPOSE, VERSIONS={"v2": {"path": "/api/v2/", "EXPOSE": {}}})


def run(*arguments: str) -> str:
    printed = io.StringIO()
    call_command("flex_openapi", *arguments, stdout=printed)
    return printed.getvalue()


def test_the_document_of_a_role() -> None:
    document = json.loads(run("--role", "anon"))

    assert document["openapi"] == "3.1.1"
    assert "/api/bookings/" in document["paths"]
    assert document["components"]["schemas"]["Booking"]["required"] == ["id", "status"]


def test_the_newer_release_has_operations_by_query() -> None:
    document = json.loads(run("--role", "anon", "--openapi", "3.2"))

    assert document["openapi"] == "3.2.0"
    assert "query" in document["paths"]["/api/bookings/"]


def test_each_version_has_its_own() -> None:
    document = json.loads(run("--role", "anon", "--api-version", "v2"))

    assert [*document["paths"]] == ["/api/v2/"]
    assert document["info"]["version"] == "v2"


def test_a_role_that_no_entry_names_has_what_its_callers_fall_back_to() -> None:
    document = json.loads(run("--role", "authenticated"))

    assert "/api/bookings/" in document["paths"]


@pytest.mark.exhaustive
def test_yaml_says_the_same() -> None:
    yaml = pytest.importorskip("yaml")
    text = run("--role", "agents", "--format", "yaml")

    assert "&id" not in text
    assert yaml.safe_load(text) == json.loads(run("--role", "agents"))


def test_without_its_library_there_is_no_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)

    with pytest.raises(CommandError, match="extra 'yaml'"):
        run("--role", "anon", "--format", "yaml")


def test_a_file(tmp_path: Path) -> None:
    target = tmp_path / "openapi.json"

    assert run("--role", "anon", "--output", str(target)) == ""
    assert target.read_text() == run("--role", "anon")
    with pytest.raises(CommandError, match="cannot be written"):
        run("--role", "anon", "--output", str(tmp_path))


def test_names_that_do_not_exist() -> None:
    with pytest.raises(CommandError, match="did you mean 'agents'"):
        run("--role", "agent")
    with pytest.raises(CommandError, match=r"names the role 'xyz'$"):
        run("--role", "xyz")
    with pytest.raises(CommandError, match="no version 'v3'"):
        run("--role", "anon", "--api-version", "v3")


def test_another_wire_form_has_no_such_document(configure: Any) -> None:
    configure(EXPOSE, DIALECT="directus")

    with pytest.raises(CommandError, match="directus"):
        run("--role", "anon")
