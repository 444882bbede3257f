"""What is measured, in an order in which later sections may add rows that earlier ones do not want."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module

from tests.performance.contest import Contest
from tests.performance.table import Table

#: The module and its function, which may be imported when Django is set up.
SECTIONS = {
    "lists": ("lists", "lists"),
    "nested": ("lists", "nested"),
    "get": ("lists", "get"),
    "add": ("writes", "adds"),
    "writes": ("writes", "writes"),
    "action": ("actions", "actions"),
    "growth": ("growth", "growth"),
    "memory": ("memory", "memory"),
    "throughput": ("throughput", "throughput"),
    "directus": ("directus", "directus"),
    "cursors": ("cursors", "cursors"),
    "aggregate": ("aggregates", "aggregates"),
    "exports": ("exports", "exports"),
    "imports": ("imports", "imports"),
    "client": ("clients", "clients"),
    "describe": ("describing", "describing"),
    "dynamodb": ("tables", "tables"),
}


def section(name: str) -> Callable[[Contest], Iterator[Table]]:
    """Return what measures a section."""
    module, function = SECTIONS[name]
    found: Callable[[Contest], Iterator[Table]] = getattr(
        import_module(f"tests.performance.sections.{module}"), function
    )
    return found
