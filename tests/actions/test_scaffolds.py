"""``start_actions`` and ``create_action``: what they write passes its own tests."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from django_flex.actions.management.commands import create_action

ROOT = Path(__file__).parent.parent.parent
SETTINGS = """
SECRET_KEY = "tests"
USE_TZ = True
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "django_flex.actions",
    "todos",
]
"""
MODELS = """
from django.db import models

class Todo(models.Model):
    title = models.CharField(max_length=20)

class TodoList(models.Model):
    title = models.CharField(max_length=20)
"""
OLDER = """
from pathlib import Path
from django_flex.actions.util import ACTION_TYPE, STATUS, enrich_actions

action_list = []
# -- START ACTION REGISTRY -- #
# -- END ACTION REGISTRY -- #
ACTIONS = enrich_actions(
    Path(__file__).parent, {"resource": "todo", "basepath": "", "actions": {}}, action_list
)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one app, and no actions yet."""
    app = tmp_path / "todos"
    app.mkdir()
    (tmp_path / "settings.py").write_text(SETTINGS)
    (app / "__init__.py").write_text("")
    (app / "models.py").write_text(MODELS)
    return tmp_path


def manage(project: Path, *commands: str) -> str:
    """Run commands of a project, and return what they print."""
    code = (
        "import sys, shlex, django; django.setup(); "
        "from django.core.management import call_command\n"
        "for line in sys.argv[1:]:\n"
        "    call_command(*shlex.split(line))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *commands],
        cwd=project,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "settings",
            "PYTHONPATH": f"{project}:{ROOT}",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_what_is_written_passes_its_tests(project: Path) -> None:
    pairs = [
        ("instance", "form"),
        ("bulk", "dataclass"),
        ("collection", "serializer"),
        ("instance", "dataclass"),
        ("bulk", "serializer"),
        ("collection", "form"),
    ]
    written = manage(
        project,
        "start_actions todos Todo",
        *(
            f"create_action todos {model} {kind}_{given} --type {kind} --input {given} {more}"
            for (kind, given), model, more in zip(
                pairs, ["Todo", "todo", "TodoList"] * 2, ["", "--background", ""] * 2, strict=True
            )
        ),
    )
    assert "python manage.py create_action todos Todo mark_done" in written

    tested = manage(project, "check", "test todos", "list_actions", "check_actions")

    assert "Ran 30 tests" in tested
    assert "OK" in tested
    assert "todos.todo.instance_form(note)  instance, alpha  granted to nobody" in tested
    assert "todos.todolist.collection_serializer(note)  collection, alpha" in tested


def test_a_registry_of_dj_actions_gets_a_line_and_a_form_that_saves(project: Path) -> None:
    folder = project / "todos" / "actions" / "todo"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("")
    (folder / "__init__.py").write_text("")
    (folder / "action_registry.py").write_text(OLDER)

    manage(
        project,
        "create_action todos Todo mark_done",
        "create_action todos Todo mark_all --type bulk",
    )
    tested = manage(project, "test todos", "list_actions")

    assert "Ran 4 tests" in tested
    text = (folder / "action_registry.py").read_text()
    assert 'action_list.append(("mark_done", ACTION_TYPE.INSTANCE.value' in text
    assert 'action_list.append(("mark_all", ACTION_TYPE.BULK.value' in text
    assert "todos.todo.mark_done()  instance, alpha" in tested


# --- in this process, with the test app in another folder -------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the test app seems to be in."""
    monkeypatch.setattr(apps.get_app_config("testapp"), "path", str(tmp_path))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: False))
    return tmp_path


def run(name: str, *arguments: str) -> str:
    output = io.StringIO()
    call_command(name, *arguments, stdout=output)
    return output.getvalue()


def files(folder: Path) -> set[str]:
    return {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()}


@pytest.mark.parametrize("app", ["testapp", "TestApp", "tests.testapp"])
@pytest.mark.parametrize("model", ["Booking", "booking", "BOOKING"])
def test_app_and_model_are_found_in_any_case(folder: Path, app: str, model: str) -> None:
    run("start_actions", app, model)

    assert files(folder) == {
        "actions/__init__.py",
        "actions/booking/__init__.py",
        "actions/booking/action_registry.py",
    }


def test_an_action_has_code_input_tests_and_a_page(folder: Path) -> None:
    said = run("create_action", "testapp", "Booking", "mark_done")

    assert {
        f"actions/booking/mark_done/{name}" for name in ("action.py", "form.py", "README.md")
    } < (files(folder))
    assert "actions/booking/mark_done/tests/test_mark_done.py" in files(folder)
    assert "python manage.py test tests.testapp.actions.booking.mark_done" in said
    registry = (folder / "actions/booking/action_registry.py").read_text()
    line = "from tests.testapp.actions.booking.mark_done.action import mark_done\n"
    assert f"START ACTION REGISTRY -- #\n{line}# -- END" in registry
    assert (folder / "actions/booking/mark_done/README.md").read_text().startswith("# Mark done")


def test_a_dry_run_shows_the_files_and_writes_none(folder: Path) -> None:
    said = run("create_action", "testapp", "Booking", "mark_done", "--dry-run", "--background")

    assert files(folder) == set()
    assert 'status="alpha", background="allowed")' in said


def test_nothing_is_written_over_what_is_there(folder: Path) -> None:
    run("create_action", "testapp", "Booking", "mark_done")
    code = folder / "actions/booking/mark_done/action.py"
    code.write_text("# mine")

    with pytest.raises(CommandError, match=r"action\.py.*Nothing is written"):
        run("create_action", "testapp", "Booking", "mark_done", "--type", "bulk")
    with pytest.raises(CommandError, match=r"action_registry\.py"):
        run("start_actions", "testapp", "Booking")
    assert code.read_text() == "# mine"

    run("create_action", "testapp", "Booking", "mark_done", "--force")
    assert "def mark_done" in code.read_text()
    assert (folder / "actions/booking/action_registry.py").read_text().count(
        "mark_done.action"
    ) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param([], r"Missing: APP \(name of the app\)", id="no-app"),
        pytest.param(["testapp"], "Missing: RESOURCE", id="no-model"),
        pytest.param(["testapp", "Booking"], "Missing: ACTION_ID", id="no-id"),
        pytest.param(["nothing", "Booking", "x"], "no app 'nothing'.*testapp", id="app"),
        pytest.param(["testapp", "Nothing", "x"], "no model 'Nothing'.*Booking", id="model"),
        pytest.param(["testapp", "Booking", "Mark-Done"], "is no id", id="id"),
        pytest.param(["testapp", "Booking", "edit"], "name of a core operation", id="reserved"),
    ],
)
def test_what_is_wrong_is_told(folder: Path, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run("create_action", *arguments)
    assert files(folder) == set()


def test_an_app_without_models_is_told() -> None:
    with pytest.raises(CommandError, match="it has none"):
        run("start_actions", "rest_framework", "Todo")


def test_a_module_of_actions_is_told(folder: Path) -> None:
    (folder / "actions.py").write_text("")

    with pytest.raises(CommandError, match=r"actions\.py is a module: move it"):
        run("start_actions", "testapp", "Booking")


def test_a_registry_without_markers_is_told(folder: Path) -> None:
    run("start_actions", "testapp", "Booking")
    (folder / "actions/booking/action_registry.py").write_text("ACTIONS = {}")

    with pytest.raises(CommandError, match="has no markers"):
        run("create_action", "testapp", "Booking", "mark_done")


# --- somebody at a terminal ---------------------------------------------------------------------------


@pytest.fixture
def answers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is typed, in order."""
    typed: list[str] = []
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))

    def ask(question: str) -> str:
        assert question
        return typed.pop(0)

    monkeypatch.setattr("builtins.input", ask)
    return typed


def test_what_is_missing_is_asked_for(folder: Path, answers: list[str]) -> None:
    answers += ["testapp", "Booking", "mark_all", "bulk", ""]

    run("create_action")

    text = (folder / "actions/booking/mark_all/action.py").read_text()
    assert "bookings: list[Booking]" in text
    assert answers == []


def test_only_what_is_missing_is_asked_for(folder: Path, answers: list[str]) -> None:
    run("create_action", "testapp", "Booking", "mark_done")

    assert "def mark_done" in (folder / "actions/booking/mark_done/action.py").read_text()


@pytest.mark.parametrize(("answer", "written"), [("n", False), ("no", False), ("y", True)])
def test_a_no_is_a_no(folder: Path, answers: list[str], answer: str, written: Any) -> None:
    answers += ["mark_done", "", answer]

    run("create_action", "testapp", "Booking")

    assert answers == []
    assert written == bool(files(folder))


def test_a_yes_beforehand_is_not_asked_for(folder: Path, answers: list[str]) -> None:
    answers.append("Booking")

    run("start_actions", "testapp", "--yes")

    assert files(folder)


def test_an_empty_answer_to_a_name_is_missing(answers: list[str]) -> None:
    answers.append("")

    with pytest.raises(CommandError, match="Missing: APP"):
        run("start_actions")


def test_every_type_has_a_target() -> None:
    assert set(create_action.TYPES) == set(create_action._TARGETS)
