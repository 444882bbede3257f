"""Projects that were written for dj-actions: their names, their files, their URLs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.http import Http404
from rest_framework.viewsets import ModelViewSet

import django_flex.actions
from django_flex.actions.declare.definitions import Scope
from django_flex.actions.declare.registry import registry
from django_flex.contrib.dj_actions import compat, registries
from django_flex.contrib.dj_actions.fields import CommaSeparatedCharField, JSONTextField
from django_flex.contrib.dj_actions.forms.mixins import ActionFormMixin
from django_flex.contrib.dj_actions.models import ActionEvent, EventAction
from django_flex.contrib.dj_actions.tests.testutils import (
    assert_in_registry,
    get_bulk_action_url,
    get_instance_action_url,
)
from django_flex.contrib.dj_actions.util import (
    ACTION_TYPE,
    STATUS,
    enrich_actions,
    get_action_docs,
    get_action_form,
    get_instance_action_path,
)
from tests.contrib.dj_actions.forms import FORM, CloseForm, make_registry
from tests.testapp.models import Booking, Tag

PROJECT = Path(__file__).parent / "todo_project"


def run_its_tests(project: Path) -> None:
    variables = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [sys.executable, "manage.py", "test", "example_app"],
        cwd=project,
        env={**variables, "PYTHONPATH": str(PROJECT.parents[3])},
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert "Ran 17 tests" in done.stderr


@pytest.mark.exhaustive  # it runs the tests of a project
def test_the_todo_example_of_dj_actions_runs() -> None:
    run_its_tests(PROJECT)


@pytest.mark.exhaustive  # it runs the tests of a project
def test_the_todo_example_runs_with_another_import_root(tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(PROJECT, project)
    for module in project.rglob("*.py"):
        text = re.sub(r"from actions\b", "from django_flex.contrib.dj_actions", module.read_text())
        module.write_text(text.replace("compat.install()", ""))
    settings = project / "settings.py"
    settings.write_text(
        settings.read_text().replace('"actions",', '"django_flex.contrib.dj_actions",')
    )

    run_its_tests(project)


def test_the_enumerations_have_their_values() -> None:
    assert ["bulk", "instance"] == [ACTION_TYPE.BULK.value, ACTION_TYPE.INSTANCE.value]
    assert ["todo", "alpha", "beta", "prod"] == [s.value for s in STATUS][:4]
    assert ACTION_TYPE is Scope
    assert EventAction is ActionEvent


def test_the_viewset_mixins_and_the_log_have_their_names() -> None:
    from django_flex.contrib.dj_actions import api, base, legacy, mixins

    assert mixins.ActionMixin is legacy.ActionMixin
    assert issubclass(mixins.ActionMixin, base.BaseActionMixin)
    assert api.router.registry[0][0] == "actionevents"


# --- definitions ----------------------------------------------------------------------------------

WRITTEN = {
    "definition.yaml": "title: Shut\nform: a.b.C\ndate: 2020-01-01\n",
    "definition.toml": 'title = "Shut"\nform = "a.b.C"\n',
    "definition.json": json.dumps({"title": "Shut", "form": "a.b.C"}),
}


@pytest.mark.parametrize("place", ["shut", "actions/shut"])
@pytest.mark.parametrize("name", WRITTEN)
def test_a_definition_is_read_from_each_place_and_format(
    tmp_path: Path, place: str, name: str
) -> None:
    folder = tmp_path / place
    folder.mkdir(parents=True)
    (folder / name).write_text(WRITTEN[name])

    assert get_action_docs(tmp_path, "shut")["form"] == "a.b.C"


def test_a_definition_of_the_oldest_layout_is_read(tmp_path: Path) -> None:
    (tmp_path / "actiondocs").mkdir()
    (tmp_path / "actiondocs" / "shut.yaml").write_text("title: Shut")

    assert get_action_docs(str(tmp_path), "shut") == {"title": "Shut"}


def test_yaml_builds_no_objects(tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir()
    (tmp_path / "shut" / "definition.yaml").write_text("x: !!python/object/apply:os.getcwd []")

    with pytest.raises(Exception, match="could not determine a constructor"):
        get_action_docs(tmp_path, "shut")


def test_without_pyyaml_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shut").mkdir()
    (tmp_path / "shut" / "definition.yaml").write_text("title: x")
    monkeypatch.setitem(sys.modules, "yaml", None)

    with pytest.raises(ModuleNotFoundError, match=r"django-flex\[yaml\].*definition\.toml"):
        get_action_docs(tmp_path, "shut")


def test_a_missing_definition_names_the_places(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"actions/shut/definition.*\.toml"):
        get_action_docs(tmp_path, "shut")


def test_a_definition_is_an_object(tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir()
    (tmp_path / "shut" / "definition.json").write_text("[]")

    with pytest.raises(ValueError, match="not an object"):
        get_action_docs(tmp_path, "shut")


@pytest.mark.parametrize("found_by", ["working directory", "path of Python"])
def test_a_relative_folder_is_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found_by: str
) -> None:
    (tmp_path / "app" / "shut").mkdir(parents=True)
    (tmp_path / "app" / "shut" / "definition.toml").write_text("")
    if found_by == "working directory":
        monkeypatch.chdir(tmp_path)
    else:
        monkeypatch.syspath_prepend(str(tmp_path))

    assert get_action_docs("app", "shut") == {}


def test_a_relative_folder_that_is_nowhere_is_told() -> None:
    with pytest.raises(FileNotFoundError, match="no/such/folder"):
        get_action_docs("no/such/folder", "shut")


def test_enrich_actions_fills_the_registry_and_gives_it_back(tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir()
    (tmp_path / "shut" / "definition.toml").write_text(f'title = "Shut"\nform = "{FORM}"')
    first: dict[str, Any] = {"resource": "booking", "basepath": "/b/", "actions": {}}

    found = enrich_actions(tmp_path, first, [("shut", "instance", STATUS.BETA)], {"title": "Other"})

    assert found is first
    expected = {"title": "Other", "form": FORM, "id": "shut", "type": "instance", "status": "beta"}
    assert found["actions"] == {"shut": expected}
    assert get_action_form(found, "shut") is CloseForm


def test_paths_are_as_dj_actions_writes_them() -> None:
    assert get_instance_action_path("a", "todos", 5, "x") == "/api/v3/a/todos/5/actions/x/"
    assert get_instance_action_url("todos", 5, "x") == "/todos/5/actions/x/"
    assert (
        get_instance_action_url("todos", 5, "x", context="api/v1") == "/api/v1/todos/5/actions/x/"
    )
    assert get_bulk_action_url("/todos/", "x", context="") == "/todos/actions/x/"


def test_the_helper_of_tests_names_what_is_missing() -> None:
    class Told:
        def get(self, url: str) -> Any:
            assert url == "/todos/actions/list/"
            return self

        def json(self) -> Any:
            return {"bulk_actions": [{"id": "a"}]}

    assert_in_registry(Told(), "todos", ["a"])
    with pytest.raises(AssertionError, match="b registered"):
        assert_in_registry(Told(), "todos", instance_actions=["b"])


# --- fields ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        pytest.param(CommaSeparatedCharField(), " b, a,,b ", ["b", "a"], id="text"),
        pytest.param(CommaSeparatedCharField(), [1, "a"], ["1", "a"], id="list"),
        pytest.param(CommaSeparatedCharField(dedup=False), "a,a", ["a", "a"], id="repeats"),
        pytest.param(CommaSeparatedCharField(required=False), None, [], id="nothing"),
        pytest.param(JSONTextField(), '{"a": 1}', {"a": 1}, id="json"),
        pytest.param(JSONTextField(), {"a": 1}, {"a": 1}, id="object"),
        pytest.param(JSONTextField(required=False), "", None, id="no-json"),
        pytest.param(JSONTextField(schema={"type": "array"}), "[1]", [1], id="schema"),
        pytest.param(JSONTextField(schema={"type": "array"}, required=False), "", None, id="none"),
    ],
)
def test_a_form_field_accepts(field: forms.Field, value: Any, expected: Any) -> None:
    assert expected == field.clean(value)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        pytest.param(CommaSeparatedCharField(max_length=1), "a,b", "max_length", id="many"),
        pytest.param(CommaSeparatedCharField(min_length=3), "a,b", "min_length", id="few"),
        pytest.param(CommaSeparatedCharField(), " , ", "required", id="none"),
        pytest.param(JSONTextField(), "{", "invalid", id="json"),
        pytest.param(JSONTextField(), "", "required", id="no-json"),
        pytest.param(JSONTextField(schema={"type": "array"}), "{}", "schema", id="schema"),
    ],
)
def test_a_form_field_refuses(field: forms.Field, value: Any, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        field.clean(value)

    assert code == refused.value.error_list[0].code


# --- forms without a viewset ------------------------------------------------------------------------


def test_an_action_of_a_registry_runs_through_our_doors(rest: Any, grant: Any) -> None:
    registries.add_registry(Booking, make_registry(tags=["a"]), place="test")
    grant("shut")

    reply = rest.run("shut", 1, {"why": "late"})

    assert (200, "closed", "late") == (reply.status, reply.body["status"], reply.body["why"])
    assert Booking.objects.get(pk=1).status == "closed"


def test_a_registry_action_needs_the_grant(rest: Any, grant: Any) -> None:
    registries.add_registry(Booking, make_registry(), place="test")
    grant()

    assert rest.run("shut", 1).status == 404


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        pytest.param({}, ["1", "2", "3", "4", "5", "6"], id="all"),
        pytest.param({"rows": {"id.in": [1, 3]}}, ["1", "3"], id="of-the-role"),
        pytest.param(
            {"actions": {"shut": {"rows": {"id.in": [1, 2]}}}}, ["1", "2"], id="of-action"
        ),
        pytest.param(
            {"rows": {"id.in": [1, 3]}, "actions": {"shut": {"rows": {"id.in": [1, 2]}}}},
            ["1"],
            id="of-both",
        ),
    ],
)
def test_a_form_gets_the_rows_that_it_may_act_on(
    grant: Any, bookings: None, parts: dict[str, Any], shown: list[str]
) -> None:
    found = make_registry("tests.contrib.dj_actions.forms.CloseManyForm", "bulk")
    registries.add_registry(Booking, found, place="test")
    grant("shut", **parts)

    result = django_flex.actions.FlexAction(Booking, "shut").execute()

    assert shown == list(result.to_dict()["results"])


def test_a_form_that_cannot_be_imported_is_a_check(caplog: pytest.LogCaptureFixture) -> None:
    registries.add_registry(Tag, make_registry("nowhere.Form"), place="some.registry")

    (problem,) = [one for one in registry.problems if one.place == "some.registry"]
    assert problem.id == "E022"
    assert "'shut' cannot be used" in problem.message
    assert not registry.has_own(Tag, "shut")


def test_a_registered_action_stays() -> None:
    registries.add_registry(Tag, make_registry(), place="test")
    first = registry.get(Tag, "shut")
    registries.add_registry(Tag, make_registry(), place="test")

    assert first is registry.get(Tag, "shut")


def test_a_form_finds_no_row_that_is_not_visible(bookings: None) -> None:
    form = ActionFormMixin()

    assert form.get_object() is None
    with pytest.raises(Http404):
        form.get_object(5)
    form.action_rows = Booking.objects.filter(pk=3)
    assert form.get_object("3") == Booking(pk=3)
    with pytest.raises(Http404):
        form.get_object("4")
    form.action_instance = Booking(pk=5)
    assert form.get_object() is form.action_instance
    assert form.get_object("5") is form.action_instance
    assert form.get_stream_message(form.action_instance) == "performed None on 5"
    assert form.post_process(None, None, None, None) is None  # type: ignore[func-returns-value]  # a hook


def test_a_viewset_without_a_registry_is_told_of_the_other_mixin() -> None:
    from django_flex.contrib.dj_actions.mixins import ActionMixin

    class Bare(ActionMixin, ModelViewSet[Booking]):
        queryset = Booking.objects.all()

    with pytest.raises(ImproperlyConfigured, match=r"contrib\.rest_framework\.ActionMixin"):
        Bare()._configs()


# --- the import root ----------------------------------------------------------------------------------


def test_another_package_of_the_name_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "actions", os)

    with pytest.raises(ImportError, match="Another module is called 'actions'"):
        compat.install()


def test_a_missing_module_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "actions", raising=False)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    compat.install()
    compat.install()

    (finder,) = [one for one in sys.meta_path if type(one).__module__ == compat.__name__]
    assert finder.find_spec("action", None) is None
    with pytest.raises(ModuleNotFoundError, match=r"actions\.nothing"):
        __import__("actions.nothing")


def test_what_a_module_needs_is_told_by_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise ModuleNotFoundError("no REST framework", name="rest_framework")

    monkeypatch.setattr(compat, "import_module", fail)

    with pytest.raises(ModuleNotFoundError, match="no REST framework"):
        compat._Finder().find_spec("actions.api", None)
