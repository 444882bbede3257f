"""The page about performance shows what was measured."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import pytest

from tests.docs.pages import DOCS


def script() -> Any:
    """Return ``docs/performance.py``, which is a script in no package."""
    spec = spec_from_file_location("docs_performance", DOCS / "performance.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCRIPT = script()
PAGE = (DOCS / "explanation" / "performance.md").read_text()


@pytest.mark.parametrize("name", SCRIPT.TABLES)
def test_a_table_is_fresh(name: str) -> None:
    written = (SCRIPT.TARGET / f"performance_{name}.md").read_text()

    assert SCRIPT.TABLES[name]() == written, "run: python docs/performance.py"


def test_every_table_and_chart_is_on_the_page() -> None:
    files = sorted(path.name for path in SCRIPT.TARGET.iterdir())
    made = [f"performance_{name}.md" for name in SCRIPT.TABLES]

    assert sorted([*made, *(f"performance-{theme}.svg" for theme in SCRIPT.THEMES)]) == files
    assert [name for name in files if f"_generated/{name}" not in PAGE] == []


def test_what_is_measured_is_the_same_on_each_database() -> None:
    compared = [
        {key for key in SCRIPT.by_case(part) if key in SCRIPT.CASES}
        for part in SCRIPT.measured().values()
    ]

    assert compared == [set(SCRIPT.CASES)] * len(SCRIPT.DATABASES)
