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

ROOT = Path(__file__).parents[3]
SETTINGS = """
SECRET_KEY = "tests"
USE_TZ = True
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "django_flex.contrib.dj_actions",
    "todos",
]
"""
MODELS = """
from django.db import models

class Todo(models.Model):
    title = models.CharField(max_length=20)

class TodoList(models.Model):
    title = models.CharField(max_length=20)

class Class(models.Model):
    title = models.CharField(max_length=20)

class Data(models.Model):
    title = models.CharField(max_length=20)
"""
OLDER = """
from pathlib import Path
from django_flex.contrib.dj_actions.util import ACTION_TYPE, STATUS, enrich_actions

action_list = []
# -- START ACTION REGISTRY -- #
# -- END ACTION REGISTRY -- #
ACTIONS = enrich_actions(
    Path(__file__).parent, {"resource": "todolist", "basepath": "", "actions": {}}, action_list
)
"""
#: The layout in the README of dj-actions: one registry for the app, with the path of the app's folder.
README = """
from django_flex.contrib.dj_actions.util import (
    STATUS,
    ACTION_TYPE,
    # get_action_docs,
    enrich_actions
)

action_list = []
## -- START ACTION REGISTRY -- ##
## -- END ACTION REGISTRY -- ##

base = '{}/'

initial_registry = {{ "resource": "todo", "basepath": "/todos/", "actions": {{}} }}
ACTIONS = enrich_actions(
    base,
    initial_registry,
    action_list
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


@pytest.mark.exhaustive  # it runs the tests of a project
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
        # Names that Python, or the code of an action, has another meaning for.
        "create_action todos Class match",
        "create_action todos Data copy_all --type bulk",
        "create_action todos Data mark_done",
    )
    assert "python manage.py create_action todos Todo mark_done" in written

    tested = manage(project, "check", "test todos", "list_actions", "check_actions")

    assert "Ran 45 tests" in tested
    assert "OK" in tested
    assert "todos.todo.instance_form(note)  instance, alpha  granted to nobody" in tested
    assert "todos.todolist.collection_serializer(note)  collection, alpha" in tested


@pytest.mark.exhaustive  # it runs the tests of a project
def test_registries_of_dj_actions_get_a_line_and_a_form_that_saves(project: Path) -> None:
    folder = project / "todos" / "actions"
    own = folder / "todolist"
    own.mkdir(parents=True)
    (folder / "action_registry.py").write_text(README.format(project / "todos"))
    (own / "__init__.py").write_text("")
    (own / "action_registry.py").write_text(OLDER)

    manage(
        project,
        "create_action todos Todo mark_done",
        "create_action todos Todo mark_all --type bulk",
        "create_action todos TodoList mark_done",
        "create_action todos Class clear",
    )
    tested = manage(project, "check", "test todos", "list_actions")

    assert "Ran 11 tests" in tested
    text = (folder / "action_registry.py").read_text()
    assert 'action_list.append(("mark_done", ACTION_TYPE.INSTANCE.value' in text
    assert 'action_list.append(("mark_all", ACTION_TYPE.BULK.value' in text
    assert {"mark_all", "mark_done", "todolist", "class_"} == {
        one.name for one in folder.iterdir() if one.suffix != ".py"
    }
    for told in (
        "todos.todo.mark_done()  instance, alpha",
        "todos.todo.mark_all()  collection, alpha",
        "todos.todolist.mark_done()  instance, alpha",
        "todos.class.clear(note)  instance, alpha",
    ):
        assert told in tested


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
        pytest.param(["testapp", "Booking", "Mark-Done"], "is not an id", id="id"),
        pytest.param(["testapp", "Booking", "edit"], "name of a core operation", id="reserved"),
        *(
            pytest.param(["testapp", "Booking", name], f"'{name}' is a keyword", id=name)
            for name in ("class", "import", "pass", "async", "await", "def")
        ),
        *(
            pytest.param(["testapp", "Booking", name], f"'{name}' would hide", id=name)
            for name in ("set", "dict", "print", "registry", "tests", "action_registry")
        ),
        pytest.param(["testapp", "Booking", "1st"], "is not an id", id="digit"),
        pytest.param(["testapp", "Booking", "a b"], "is not an id", id="space"),
        pytest.param(["testapp", "Booking", "x.y"], "is not an id", id="dot"),
        pytest.param(["testapp", "Booking", "../x"], "is not an id", id="path"),
        pytest.param(["testapp", "Booking", "ﬁle"], "is not an id", id="ligature"),
        pytest.param(["testapp", "Booking", "x" * 65], "is not an id", id="long"),
    ],
)
def test_a_mistake_is_reported(folder: Path, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run("create_action", *arguments)
    assert files(folder) == set()


def test_an_app_without_models_is_reported() -> None:
    with pytest.raises(CommandError, match="it has no models"):
        run("start_actions", "rest_framework", "Todo")


def test_a_module_of_actions_is_reported(folder: Path) -> None:
    (folder / "actions.py").write_text("")

    with pytest.raises(CommandError, match=r"actions\.py is a module: move it"):
        run("start_actions", "testapp", "Booking")


def test_a_registry_without_markers_is_reported(folder: Path) -> None:
    run("start_actions", "testapp", "Booking")
    (folder / "actions/booking/action_registry.py").write_text("ACTIONS = {}")

    with pytest.raises(CommandError, match="has no markers"):
        run("create_action", "testapp", "Booking", "mark_done")


def test_a_registry_that_would_not_be_python_is_left_as_it_is(folder: Path) -> None:
    run("start_actions", "testapp", "Booking")
    registry = folder / "actions/booking/action_registry.py"
    text = "LIST = [\n# -- START ACTION REGISTRY -- #\n# -- END ACTION REGISTRY -- #\n]"
    registry.write_text(text)
    before = files(folder)

    with pytest.raises(CommandError, match=r"would not be valid Python.*Nothing is written"):
        run("create_action", "testapp", "Booking", "mark_done")
    assert (text, before) == (registry.read_text(), files(folder))


def test_the_name_of_another_module_is_refused(folder: Path) -> None:
    run("start_actions", "testapp", "Booking")
    (folder / "actions/booking/mark_done.py").write_text("")

    with pytest.raises(CommandError, match="something else with the name 'mark_done'"):
        run("create_action", "testapp", "Booking", "mark_done")


def test_the_id_of_an_existing_action_is_refused(folder: Path) -> None:
    with pytest.raises(CommandError, match="Booking already has an action 'confirm'"):
        run("create_action", "testapp", "Booking", "confirm")
    assert files(folder) == set()


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()], ids=["full", "stop"])
def test_all_files_are_written_or_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    run("create_action", "testapp", "Booking", "mark_done")
    before = {path: path.read_bytes() for path in folder.rglob("*.*")}
    folders = {*folder.rglob("*")}
    write = Path.write_bytes

    def failing(path: Path, text: bytes) -> int:
        if path.name == "action_registry.py" and b"another" in text:
            write(path, text[:100])
            raise error
        return write(path, text)

    monkeypatch.setattr(Path, "write_bytes", failing)
    with pytest.raises(CommandError if isinstance(error, OSError) else KeyboardInterrupt):
        run("create_action", "testapp", "Booking", "another")

    assert before == {path: path.read_bytes() for path in folder.rglob("*.*")}
    assert folders == {*folder.rglob("*")}


# --- somebody at a terminal ---------------------------------------------------------------------------


@pytest.fixture
def answers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is typed, in order."""
    typed: list[Any] = []
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))

    def ask(question: str) -> str:
        assert question
        answer = typed.pop(0)
        if isinstance(answer, str):
            return answer
        raise answer

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
def test_declining_the_prompt_writes_nothing(
    folder: Path, answers: list[str], answer: str, written: Any
) -> None:
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


@pytest.mark.parametrize("stop", [KeyboardInterrupt, EOFError], ids=["ctrl-c", "ctrl-d"])
@pytest.mark.parametrize("typed", [[], ["testapp"], ["testapp", "Booking"]], ids=len)
@pytest.mark.parametrize("command", ["start_actions", "create_action"])
def test_interrupting_a_prompt_writes_nothing(
    folder: Path, answers: list[Any], command: str, typed: list[str], stop: type[BaseException]
) -> None:
    answers += [*typed, stop]

    with pytest.raises(CommandError, match="Nothing is written"):
        run(command)
    assert (set(), []) == (files(folder), answers)


@pytest.mark.parametrize("typed", [["mark_all"], ["mark_all", "bulk"]], ids=["type", "confirm"])
def test_interrupting_a_later_prompt_writes_nothing(
    folder: Path, answers: list[Any], typed: list[str]
) -> None:
    answers += ["testapp", "Booking", *typed, KeyboardInterrupt]

    with pytest.raises(CommandError, match="Nothing is written"):
        run("create_action")
    assert (set(), []) == (files(folder), answers)


def test_an_unknown_type_is_a_command_error(folder: Path, answers: list[Any]) -> None:
    answers += ["testapp", "Booking", "mark_all", "many"]

    with pytest.raises(CommandError, match="'many' is not a type"):
        run("create_action")


def test_every_type_has_a_target() -> None:
    assert set(create_action.TYPES) == set(create_action._TARGETS)
