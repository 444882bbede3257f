"""The diff that switches the API on, in projects of Django's own template and in others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import override_settings

from django_flex.scaffold.wiring import Project, wire, with_middleware
from tests.docs.pages import ROOT

AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"
OURS = "django_flex.middleware.FlexQueryMiddleware"


def manage(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=project,
        env={**kept, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def apply(diff: str, project: Path) -> None:
    subprocess.run(["git", "apply", "-"], cwd=project, input=diff, text=True, check=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A new project with our app."""
    call_command("startproject", "mysite", str(tmp_path))
    settings = tmp_path / "mysite" / "settings.py"
    with settings.open("a") as file:
        file.write('\nINSTALLED_APPS += ["django_flex"]\n')
    return tmp_path


@pytest.mark.exhaustive  # it starts processes
def test_with_the_diff_the_api_is_there_and_closed(project: Path) -> None:
    ran = manage(project, "flex_init", "auth", "--output", "mysite/expose.py")
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.splitlines()[-1] == "Checked DJANGO_FLEX with this EXPOSE: no issues."
    assert ran.stdout.startswith("--- a/mysite/settings.py\n")

    apply(ran.stdout, project)

    settings = (project / "mysite" / "settings.py").read_text()
    assert f'    "{OURS}",\n' in settings.partition(f"    '{AUTH}',\n")[2]
    again = manage(project, "flex_init", "auth")
    assert again.stdout.endswith("EXPOSE = {}\n")
    assert "Without the models that have an entry: auth.permission" in again.stderr
    checked = manage(project, "check", "--fail-level", "INFO")
    assert checked.returncode == 0, checked.stderr


@pytest.mark.exhaustive  # it starts a process
def test_a_file_that_is_there_is_kept(project: Path) -> None:
    file = project / "mysite" / "expose.py"
    file.write_text("mine")

    ran = manage(project, "flex_init", "--output", "mysite/expose.py")

    assert (1, "mine") == (ran.returncode, file.read_text())
    assert "mysite/expose.py is there already; --force replaces it" in ran.stderr


IN_LISTS = {
    "a line each": (
        f"MIDDLEWARE = [\n    'x',\n    '{AUTH}',\n    'y',\n]\n",
        f"MIDDLEWARE = [\n    'x',\n    '{AUTH}',\n    \"{OURS}\",\n    'y',\n]\n",
    ),
    "no comma, and a comment": (
        f"MIDDLEWARE = [\n    'x',\n    '{AUTH}'  # who\n]\n",
        f"MIDDLEWARE = [\n    'x',\n    '{AUTH}',  # who\n    \"{OURS}\",\n]\n",
    ),
    "one line": (
        f"MIDDLEWARE = ('ü', '{AUTH}', 'y')\n",
        f"MIDDLEWARE = ('ü', '{AUTH}', \"{OURS}\", 'y')\n",
    ),
    "added to": (f"MIDDLEWARE += ['{AUTH}']\n", f"MIDDLEWARE += ['{AUTH}', \"{OURS}\"]\n"),
    "typed": (
        f"MIDDLEWARE: list[str] = ['{AUTH}']\n",
        f"MIDDLEWARE: list[str] = ['{AUTH}', \"{OURS}\"]\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), IN_LISTS.values(), ids=IN_LISTS)
def test_the_middleware_comes_behind_the_one_that_knows_the_user(before: str, after: str) -> None:
    assert after == with_middleware(before)


@pytest.mark.parametrize(
    "text",
    ["MIDDLEWARE = ['x']\n", f"OTHER = ['{AUTH}']\n", "MIDDLEWARE = base.MIDDLEWARE\n"],
    ids=["without it", "another setting", "computed"],
)
def test_a_list_that_is_not_written_out_is_left_alone(text: str) -> None:
    assert with_middleware(text) is None


def project_of(folder: Path, monkeypatch: pytest.MonkeyPatch, **files: str) -> None:
    """Write modules of settings that this process can import."""
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.chdir(folder)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")


def test_the_list_is_found_where_the_settings_take_it_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project_of(
        tmp_path,
        monkeypatch,
        wired_base=f"MIDDLEWARE = ['{AUTH}']\n",
        wired_local="from wired_base import *\n",
    )
    found = wire(
        Project("wired_local", "", (AUTH,), has_setting=False), "expose", {"MAX_LIMIT": 20}
    )

    assert f"+MIDDLEWARE = ['{AUTH}', \"{OURS}\"]" in found.diff.splitlines()
    apply(found.diff, tmp_path)
    assert (tmp_path / "wired_local.py").read_text() == (
        "from wired_base import *\n\nfrom expose import EXPOSE\n\n"
        'DJANGO_FLEX = {\n    "MAX_LIMIT": 20,\n    "EXPOSE": EXPOSE,\n}\n'
    )


def test_without_the_middleware_that_knows_the_user_the_urls_are_included(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project_of(
        tmp_path, monkeypatch, wired_plain="MIDDLEWARE = []\n", wired_urls="urlpatterns = []\n"
    )
    found = wire(Project("wired_plain", "wired_urls", (), has_setting=False), None, {})

    apply(found.diff, tmp_path)
    assert (tmp_path / "wired_urls.py").read_text() == (
        "urlpatterns = []\n\nfrom django.urls import include, path\n\n"
        'urlpatterns += [path("api/", include("django_flex.urls"))]\n'
    )
    assert "MIDDLEWARE_PATH" not in (tmp_path / "wired_plain.py").read_text()


def test_settings_that_are_there_are_left_to_their_author(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"MIDDLEWARE = ['{AUTH}', '{OURS}']\nDJANGO_FLEX = {{'EXPOSE': {{}}}}\n"
    project_of(tmp_path, monkeypatch, wired_done=text)
    found = wire(Project("wired_done", "", (AUTH, OURS), has_setting=True), "expose", {})

    assert ("", 1) == (found.diff, len(found.remarks))
    assert "put the new entries into its EXPOSE" in found.remarks[0]


def test_a_path_that_the_project_uses_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project_of(tmp_path, monkeypatch, wired_taken=f"MIDDLEWARE = ['{AUTH}']\n")
    with override_settings(ROOT_URLCONF="tests.scaffold.taken_urls"):
        found = wire(Project("wired_taken", "", (AUTH,), has_setting=False), "expose", {})

    assert '+    "MIDDLEWARE_PATH": "/flex/",' in found.diff.splitlines()


@pytest.mark.parametrize("name", ["", "sys"], ids=["no module", "no file"])
def test_settings_without_a_file_have_no_diff(name: str) -> None:
    found = wire(Project(name, "", (AUTH,), has_setting=False), "expose", {})
    assert ("", 1) == (found.diff, len(found.remarks))
