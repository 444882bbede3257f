"""What agents read: ``llms.txt`` and the skill. The skill's examples run with those of all pages."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace

import pytest

from django_flex.dialects.flex.mutations import KEYS as WRITE_KEYS
from django_flex.exceptions import FlexError
from django_flex.mcp.tools import INSTRUCTIONS
from django_flex.query.aggregates import FUNCTIONS
from django_flex.query.operations import WRITE_OPERATIONS
from django_flex.query.operators import OPERATORS, TRANSFORMS
from tests.docs.pages import DOCS, examples
from tests.docs.test_reference import GENERATE

LLMS = DOCS / "llms.txt"
SKILL = DOCS / "skills" / "django-flex" / "SKILL.md"
LINKS = re.findall(r"\]\(([^)]+)\)", LLMS.read_text())


@pytest.mark.parametrize("link", LINKS)
def test_llms_txt_links_to_pages_and_to_the_skill(link: str) -> None:
    source = DOCS / "skills" / link if link.endswith(".md") else (DOCS / link).with_suffix(".md")

    assert source.is_file()


def test_llms_txt_has_its_form() -> None:
    """A title, a summary, and below each heading a list of links (llmstxt.org)."""
    title, summary = re.split(r"\n\n", LLMS.read_text())[:2]
    sections = LLMS.read_text().split("\n## ")[1:]

    assert title == "# django_flex"
    assert summary.startswith("> ")
    assert all(line.startswith("- [") for one in sections for line in one.splitlines()[2:] if line)


def test_the_built_documentation_has_both_at_its_root(tmp_path: Path) -> None:
    spec = spec_from_file_location("docs_conf", DOCS / "conf.py")
    assert spec
    assert spec.loader
    conf = module_from_spec(spec)
    spec.loader.exec_module(conf)

    app = SimpleNamespace(builder=SimpleNamespace(format="html"), outdir=str(tmp_path))
    conf.copy_skills(app, None)

    assert conf.html_extra_path == ["llms.txt"]
    assert (tmp_path / "django-flex" / "SKILL.md").read_text() == SKILL.read_text()


def test_the_skill_says_what_it_is_for() -> None:
    _, head, _ = SKILL.read_text().split("---\n", 2)
    said = dict(line.split(": ", 1) for line in head.splitlines())

    assert said["name"] == SKILL.parent.name
    assert 100 < len(said["description"]) <= 1_024
    assert len(SKILL.read_text().splitlines()) < 500


def test_the_examples_of_the_skill_are_run() -> None:
    kinds = [one.kind for one in examples(SKILL)]

    assert kinds.count("request") >= 4
    assert "tool" in kinds


def words(before: str) -> list[str]:
    """Return the names in the row of a table, or in the line of a list, that begins so."""
    line = next(one for one in SKILL.read_text().splitlines() if one.startswith(before))
    return " ".join(re.findall(r"`([^`]+)`", line)).split()


@pytest.mark.parametrize("row", ["| `ne lt", "| `contains", "| `year"])
def test_the_operators_of_the_skill_exist(row: str) -> None:
    named = [word for word in words(row) if "." not in word]

    assert len(named) >= 6
    assert set(named) <= {*OPERATORS, *TRANSFORMS}


def test_the_functions_of_the_skill_exist() -> None:
    assert set(words("- Functions:")) <= {*FUNCTIONS}


def test_the_skill_has_every_write_with_keys_that_it_takes() -> None:
    table = SKILL.read_text().partition("| operation | `data` |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", table, re.MULTILINE)

    assert {name for name, _ in rows} == set(WRITE_OPERATIONS)
    for name, text in rows:
        assert set(re.findall(r"`(_\w+|filters)`", text)) <= {*WRITE_KEYS[name]}


def test_the_codes_of_the_skill_exist() -> None:
    known = {one.code for one in GENERATE.raised(FlexError)}
    table = SKILL.read_text().partition("| code | do |\n")[2].partition("\n\n")[0]
    named = re.findall(r"`(\w+\.\w+)`", table)

    assert set(named) <= known
    assert len(named) >= 12


def test_the_instructions_of_the_server_have_examples_of_the_language() -> None:
    query = re.search(r'"filters": \{"name\.(\w+)"', INSTRUCTIONS)

    assert query
    assert query[1] in OPERATORS
