"""``manage.py flex_types``."""

from __future__ import annotations

import io
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
    call_command("flex_types", *arguments, stdout=printed)
    return printed.getvalue()


def test_the_module_of_a_role() -> None:
    text = run("typescript", "--role", "anon")

    assert text.startswith('// What the role "anon" may do. Written by `manage.py flex_types`;')
    assert text.endswith("};\n")
    assert '["booking"]: "bookings",' in text
    assert "class Booking(BaseModel):" in run("python", "--role", "anon")


def test_a_folder_with_the_modules_of_all_roles(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "flex"
    printed = run("typescript", "--output", str(folder))

    names = ["types.ts", "client.ts", "tanstack.ts", "agents.ts", "anon.ts"]
    assert printed.split() == [str(folder / name) for name in names]
    assert (folder / "anon.ts").read_text() == run("typescript", "--role", "anon")
    assert run("python", "--role", "agents", "--output", str(folder)).endswith("agents.py\n")


def test_each_version_has_its_own() -> None:
    text = run("typescript", "--role", "anon", "--api-version", "v2")

    assert 'in version "v2"' in text
    assert 'prefix: "/api/v2/"' in text
    assert "export interface Models {\n}" in text


@pytest.mark.parametrize(
    ("role", "name"),
    [
        ("Shop Managers", "shop_managers"),
        ("../../etc/passwd", "etc_passwd"),
        ("client", "role_client"),
        ("types", "role_types"),
        ("2nd line", "role_2nd_line"),
        ("Größe", "gr_e"),
        ("***", "role_"),
    ],
)
def test_a_file_is_called_like_its_role(
    role: str, name: str, configure: Any, tmp_path: Path
) -> None:
    configure({"booking": {role: EVERYTHING}})
    run("python", "--output", str(tmp_path))

    assert [path.name for path in tmp_path.iterdir()] == [f"{name}.py"]


def test_what_cannot_be_written(configure: Any, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Name one --role to print, or an --output folder"):
        run("typescript")
    with pytest.raises(CommandError, match="did you mean 'agents'"):
        run("python", "--role", "agent")
    with pytest.raises(CommandError, match="no version 'v3'"):
        run("python", "--role", "anon", "--api-version", "v3")
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="cannot be written"):
        run("python", "--output", str(tmp_path / "file"))
    configure({"booking": {"a b": EVERYTHING, "a-b": EVERYTHING}})
    with pytest.raises(CommandError, match="the same file name"):
        run("python", "--output", str(tmp_path))
    configure(EXPOSE, DIALECT="directus")
    with pytest.raises(CommandError, match="directus"):
        run("python", "--role", "anon")


def test_without_the_extra_there_are_no_types_of_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydantic", None)
    monkeypatch.delitem(sys.modules, "django_flex.client.commands.source", raising=False)
    monkeypatch.delattr("django_flex.client.commands.source", raising=False)

    with pytest.raises(CommandError, match="extra 'client'"):
        run("python", "--role", "anon")
