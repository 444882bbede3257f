"""Each guarantee on the pages names its tests, and the tests exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, pages

EXPLANATION = DOCS / "explanation"
PROMISING = [EXPLANATION / "permissions.md", EXPLANATION / "writes.md"]
WRITTEN = [*pages(), *sorted((ROOT / ".github").glob("*.md"))]
_HEAD = "| guarantee | tested by |"
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def promises(page: Path) -> list[list[str]]:
    """Return the rows of the tables of promises: what is promised, and the cell of its tests."""
    tables = [part.partition("\n\n")[0] for part in page.read_text().split(f"{_HEAD}\n")[1:]]
    return [row.strip("| ").split(" | ") for one in tables for row in one.splitlines()[1:]]


@cache
def functions_of(file: Path) -> frozenset[str]:
    """Return the names of the functions of a module."""
    tree = ast.parse(file.read_text())
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, functions))


def is_missing(file: str, name: str) -> bool:
    path = ROOT / file
    return not path.exists() or bool(name and name not in functions_of(path))


@pytest.mark.parametrize("page", PROMISING, ids=lambda page: page.stem)
def test_each_promise_names_a_test_that_holds_it(page: Path) -> None:
    found = promises(page)

    assert len(found) >= 15
    assert [promise for promise, tests in found if "::test_" not in tests] == []


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_test_that_a_page_names_is_there(page: Path) -> None:
    named = _TEST.findall(page.read_text())

    assert [f"{file}::{name}" for file, name in named if is_missing(file, name)] == []
