"""``manage.py flex_init``, in the project of the tests."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from django_flex.management.commands.flex_init import expose_of


def run(*arguments: str) -> tuple[str, str]:
    """Return what is printed, and what is said about it."""
    printed, said = io.StringIO(), io.StringIO()
    call_command("flex_init", *arguments, stdout=printed, stderr=said)
    return printed.getvalue(), said.getvalue()


def test_a_module_is_printed_that_grants_nothing() -> None:
    printed, said = run("testapp")

    assert {"booking", "customer"} <= expose_of(printed).keys()
    assert [] == [one for one in expose_of(printed).values() if one]
    assert said.splitlines()[-1].startswith("Checked DJANGO_FLEX with this EXPOSE: ")


def test_models_with_an_entry_are_left_out(settings: Any) -> None:
    settings.DJANGO_FLEX = {"EXPOSE": {"booking": {}}}
    printed, said = run("testapp")

    assert "booking" not in expose_of(printed)
    assert "Without the models that have an entry: testapp.booking\n" in said
    # The fixture's settings are of no module.
    assert "Note: the source of the settings cannot be read" in said


def test_an_app_that_does_not_exist_is_refused() -> None:
    with pytest.raises(CommandError, match=r"There is no app 'testap': did you mean 'testapp'\?"):
        run("testap")


def test_a_file_is_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "site" / "expose.py"

    run("clubs", "--output", "site/expose.py")
    first = file.read_text(encoding="utf-8")
    assert "club" in expose_of(first)
    with pytest.raises(CommandError, match="is there already"):
        run("clubs", "--output", "site/expose.py")
    run("clubs", "--output", "site/expose.py", "--force")
    assert first == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["expose.txt", "no-module.py"])
def test_a_file_that_no_module_can_be_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be imported"):
        run("clubs", "--output", str(tmp_path / name))
    assert [] == [*tmp_path.iterdir()]
