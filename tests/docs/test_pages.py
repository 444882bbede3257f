"""The pages hang together: what they link to is there, what they list is so."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.docs.pages import DOCS, ROOT, Block, blocks, pages

ARCHITECTURE = DOCS / "explanation" / "architecture.md"
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def code_map() -> list[str]:
    """Return the modules that the architecture page describes."""
    section = ARCHITECTURE.read_text().partition("## Code map")[2]
    terms = re.findall(r"^(`[^\n]+)\n: ", section, re.MULTILINE)
    return [name for term in terms for name in re.findall(r"`(\w+)`", term)]


def test_the_layers_on_the_page_are_the_import_contract() -> None:
    shown = ARCHITECTURE.read_text().partition("<!-- layers -->\n```{code-block} text\n")[2]
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = settings["tool"]["importlinter"]["contracts"]
    [layers] = [contract["layers"] for contract in contracts if contract["id"] == "pipeline"]

    assert shown.partition("\n```")[0].splitlines() == layers


def test_the_code_map_describes_each_module() -> None:
    folder = ROOT / "django_flex"
    modules = {path.stem for path in folder.glob("*.py") if path.stem != "__init__"}
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}

    assert sorted(code_map()) == sorted(modules | packages)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(page: object) -> None:
    path = ROOT / str(page)
    targets = _LINK.findall(path.read_text())

    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_the_readme_has_the_command_that_ci_runs() -> None:
    [command] = [one.text for one in blocks(ROOT / "README.md") if one.comment == ci_marker()]

    assert command == (
        "python -m pip install --upgrade pip && "
        "python -m pip install -e . --group test && python -m pytest -n auto\n"
    )


def ci_marker() -> str:
    return "ci: test-command"


def test_what_is_not_run_says_why() -> None:
    skipped: list[Block] = [one for path in pages() for one in blocks(path) if not one.is_run]

    assert [
        f"{one.page}:{one.line}"
        for one in skipped
        if one.comment != ci_marker() and len(one.comment) < len("not run: reason")
    ] == []


def test_nobody_is_told_to_install_another_projects_package() -> None:
    """The package index has one of this name."""
    texts = [
        *pages(),
        *(ROOT / "django_flex").rglob("*.py"),
        *(ROOT / "example_project").rglob("*.py"),
    ]
    told = re.compile(r"pip3? install[^\n]*[ '\"]django[-_]flex\b")

    assert [] == [str(path) for path in texts if told.search(path.read_text())]
