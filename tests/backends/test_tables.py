"""What the language names and this backend has no SQL for fails when the backend is imported."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from django_flex.query import aggregates, operators
from django_flex.query.aggregates import FUNCTIONS, TRUNCATIONS
from django_flex.query.operators import OPERATORS, TRANSFORMS

BACKEND = Path(aggregates.__file__).parent.parent / "backends" / "orm"
LOOKUPS = BACKEND / "expressions" / "lookups.py"
FUNCTION_SQL = BACKEND / "expressions" / "aggregate_functions.py"
PART_SQL = BACKEND / "expressions" / "parts.py"


@pytest.mark.parametrize("path", [LOOKUPS, FUNCTION_SQL, PART_SQL], ids=lambda path: path.stem)
def test_each_name_has_its_part(path: Path) -> None:
    runpy.run_path(str(path))


def test_comparison_without_a_lookup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operators, "COMPARISONS", operators.COMPARISONS | {"sounds_like"})

    with pytest.raises(TypeError, match="lookups and comparisons do not match: sounds_like"):
        runpy.run_path(str(LOOKUPS))


def test_operator_of_json_whose_comparison_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    overlaps = replace(OPERATORS["has_key"], name="overlaps", comparison="overlaps")
    monkeypatch.setitem(OPERATORS, "overlaps", overlaps)

    with pytest.raises(TypeError, match=r"JSON comparisons .* do not match: overlaps"):
        runpy.run_path(str(LOOKUPS))


@pytest.mark.parametrize(
    ("path", "table", "entry"),
    [
        pytest.param(LOOKUPS, TRANSFORMS, TRANSFORMS["day"], id="transform"),
        pytest.param(FUNCTION_SQL, FUNCTIONS, FUNCTIONS["max"], id="aggregate"),
    ],
)
def test_entry_without_sql(
    monkeypatch: pytest.MonkeyPatch, path: Path, table: dict[str, Any], entry: Any
) -> None:
    monkeypatch.setitem(table, "median", replace(entry, name="median"))

    with pytest.raises(TypeError, match="do not match: median"):
        runpy.run_path(str(path))


def test_part_of_a_date_without_sql(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TRUNCATIONS, "trunc_minute", TRUNCATIONS["trunc_hour"])
    monkeypatch.setattr(aggregates, "PARTS", aggregates.PARTS | {"trunc_minute"})

    with pytest.raises(TypeError, match="parts of values do not match: trunc_minute"):
        runpy.run_path(str(PART_SQL))


def test_operator_that_negates_needs_no_sql_of_its_own() -> None:
    negating = {o.name: o.comparison for o in OPERATORS.values() if o.negates}

    assert {"ne": "exact", "nin": "in"} == negating
