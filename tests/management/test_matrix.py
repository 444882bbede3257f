"""``manage.py flex_matrix``."""

from __future__ import annotations

import copy
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

EXPOSE: dict[str, Any] = {
    "booking": {
        "clerk": {"fields": ["id", "status"], "filters": ["status"], "ops": ["list"]},
        "anon": {"fields": ["id"], "ops": ["list"]},
    },
    "line": {"clerk": {"fields": ["product"], "ops": ["list"]}},
}
VERSIONS = {"v2": {"path": "/api/v2/", "EXPOSE": {"tag": {"anon": "*"}}}}


@pytest.fixture(autouse=True)
def entries(configure: Any) -> None:
    configure(EXPOSE, VERSIONS=VERSIONS)


def run(*arguments: str) -> str:
    printed = io.StringIO()
    call_command("flex_matrix", *arguments, stdout=printed)
    return printed.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The matrix in a file, as it is in a repository."""
    path = tmp_path / "matrix.json"
    run("--format", "json", "--output", str(path))
    return path


def test_it_prints_all_roles_and_models() -> None:
    text = run()

    assert "| model | clerk | anon |" in text
    assert "| booking | read | read |" in text
    assert "| line | read | - |" in text
    assert "| filter by | `status`: equality | `EXPOSE['booking']['clerk']['filters']` |" in text


def test_it_prints_some_roles_and_models() -> None:
    text = run("--role", "clerk", "--model", "line")

    assert "| model | clerk |" in text
    assert "booking" not in text.replace("EXPOSE['booking']", "")


def test_each_version_has_its_own() -> None:
    assert [*json.loads(run("--format", "json", "--api-version", "v2"))["models"]] == ["tag"]


def test_html_is_one_page() -> None:
    assert run("--format", "html").startswith("<!doctype html>")


def test_nothing_more_is_opened(file: Path) -> None:
    assert run("--check", str(file)) == "Nothing is opened or closed.\n"


def test_an_overgrant_is_found(file: Path, configure: Any) -> None:
    more = copy.deepcopy(EXPOSE)
    more["line"]["clerk"]["fields"].append("booking.customer.email")
    configure(more, VERSIONS=VERSIONS)
    printed = io.StringIO()

    with pytest.raises(CommandError, match="1 more thing is opened"):
        call_command("flex_matrix", "--check", str(file), stdout=printed)
    assert printed.getvalue() == (
        "+ clerk on line: field booking.customer.email"
        "  [EXPOSE['line']['clerk']['fields']: 'booking.customer.email']\n"
    )


def test_what_another_entry_opens_is_found_where_it_is_reached(file: Path, configure: Any) -> None:
    more = copy.deepcopy(EXPOSE)
    more["line"]["anon"] = {"fields": ["note"], "ops": ["list"]}
    configure(more, VERSIONS=VERSIONS)
    printed = io.StringIO()

    with pytest.raises(CommandError):
        call_command("flex_matrix", "--check", str(file), stdout=printed)
    assert "+ anon on booking: field lines.note" in printed.getvalue()


def test_what_is_closed_does_not_fail(file: Path, configure: Any) -> None:
    configure({"booking": EXPOSE["booking"]}, VERSIONS=VERSIONS)
    text = run("--check", str(file))

    assert "- clerk on line: field product" in text
    assert text.endswith("Nothing is opened. Write the file again, so that it stays closed.\n")


def test_a_file_of_more_roles_is_compared_by_those_asked_for(file: Path, configure: Any) -> None:
    more = copy.deepcopy(EXPOSE)
    more["booking"]["clerk"]["ops"].append("get")
    configure(more, VERSIONS=VERSIONS)

    assert run("--check", str(file), "--role", "anon") == "Nothing is opened or closed.\n"
    assert "+ clerk on booking: operation get" in run("--diff", str(file))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--api-version", "v9"], "There is no version 'v9'"),
        (["--role", "clark"], "No entry of EXPOSE names the role 'clark': did you mean 'clerk'?"),
        (
            ["--model", "bookng"],
            "No entry of EXPOSE and no view is called 'bookng': did you mean 'booking'?",
        ),
        (["--check", "no-such-file.json"], "The file cannot be read"),
        (["--output", "."], "The file cannot be written"),
        (["--diff", "main"], "A commit can only be compared by manage.py"),
        (["--check", __file__], "is no matrix in JSON"),
    ],
    ids=["version", "role", "model", "missing", "output", "commit", "text"],
)
def test_a_mistake_is_named(arguments: list[str], text: str) -> None:
    with pytest.raises(CommandError) as raised:
        run(*arguments)
    assert text in str(raised.value)


SETTINGS = """
SECRET_KEY = "x"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django_flex"]
DJANGO_FLEX = {"EXPOSE": {"group": {"anon": {"fields": [%s], "ops": ["list"]}}}}
"""
MANAGE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""


@pytest.mark.exhaustive
def test_a_commit_is_compared_with_the_settings_of_today(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "manage.py").write_text(MANAGE)
    settings = site / "settings.py"
    settings.write_text(SETTINGS % '"id"')
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", "-C", str(tmp_path)]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *arguments], check=True)
    settings.write_text(SETTINGS % '"id", "name"')

    def compared(revision: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", "flex_matrix", "--diff", revision]
        root = Path(__file__).resolve().parent.parent.parent
        environment = {**os.environ, "PYTHONPATH": str(root)}
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        return subprocess.run(
            command, cwd=site, env=environment, capture_output=True, text=True, check=False
        )

    assert compared("HEAD").stdout == (
        "+ anon on group: field name  [EXPOSE['group']['anon']['fields']: 'name']\n"
    )
    assert "Needed a single revision" in compared("no-such").stderr
    settings.write_text("SECRET_KEY = 'x'")
    for arguments in (["add", "."], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *arguments], check=True)
    settings.write_text(SETTINGS % '"id"')
    assert "Unknown command: 'flex_matrix'" in compared("HEAD").stderr
