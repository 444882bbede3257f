"""Aggregates in the words of Directus, there and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django_flex.client.queries.aggregates import Agg

FUNCTIONS = {
    "count": "count", "count_distinct": "countDistinct", "count_all": "countAll", "sum": "sum",
    "sum_distinct": "sumDistinct", "avg": "avg", "avg_distinct": "avgDistinct", "min": "min",
    "max": "max",
}  # fmt: skip


def aggregate_object(aggregates: Sequence[tuple[str, Agg]]) -> dict[str, Any]:
    asked: dict[str, list[str]] = {}
    for _, agg in aggregates:
        paths = asked.setdefault(FUNCTIONS[agg.function], [])
        if (path := agg.path or "*") not in paths:
            paths.append(path)
    return {name: paths[0] if paths == ["*"] else paths for name, paths in asked.items()}


def named_values(row: Any, aggregates: Sequence[tuple[str, Agg]]) -> Any:
    """Return the row with the values of named aggregates under their names."""
    named = {name: agg for name, agg in aggregates if name}
    if not named or not isinstance(row, dict):
        return row
    functions = {FUNCTIONS[agg.function] for _, agg in aggregates}
    values: dict[str, Any] = {name: value for name, value in row.items() if name not in functions}
    for name, agg in named.items():
        value = row.get(FUNCTIONS[agg.function])
        values[name] = value.get(agg.path) if isinstance(value, dict) else value
    return values
