"""The names of the operations on a model, and the formats of streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.exceptions.places import worded
from django_flex.query.synonyms import meant_operation
from django_flex.query.terms import nearest

if TYPE_CHECKING:
    from collections.abc import Collection

#: Every name of an operation or action, with the name that the code uses.
OPERATIONS = {
    "get": "get",
    "list": "list",
    "query": "list",
    "add": "add",
    "create": "add",
    "edit": "edit",
    "update": "edit",
    "delete": "delete",
    "upsert": "upsert",
    "aggregate": "aggregate",
    "bulk_edit": "bulk_edit",
    "bulk_delete": "bulk_delete",
    "explain": "explain",
    "export": "export",
    "scan": "scan",
}
#: Operations that write: rows that are sent, and rows that a filter selects.
BY_FILTER = frozenset({"bulk_edit", "bulk_delete"})
WRITE_OPERATIONS = frozenset({"add", "edit", "delete", "upsert", *BY_FILTER})
#: The formats of streams.
FORMATS = ("ndjson", "csv", "json")
READ_OPERATIONS = frozenset({"get", "list", "aggregate"})
#: The operations that show values of single rows.
SHOWING = frozenset({"get", "list"})
#: The operation of a request that has several.
BATCH = "batch"
#: The operation of a request for descriptions of model actions. Calls of actions that are not
#: granted are counted as this one, too.
ACTIONS = "actions"
#: The operations that are not model actions.
CORE_OPERATIONS = frozenset({*OPERATIONS.values(), BATCH, ACTIONS})


def operation_hint(name: str, known: Collection[str]) -> str:
    """Return which of the known operations and actions is meant by a name, or else all of them."""
    meant = meant_operation(name)
    if meant in known:
        return worded("did you mean '{}'?", meant)
    return nearest(name, known) or worded("one of {}", ", ".join(known))


def granted_hint(granted: Collection[str]) -> str | None:
    """Return the operations that a caller may do instead of one that is refused, if there are any."""
    core = READ_OPERATIONS | WRITE_OPERATIONS
    names = [
        name for name in dict.fromkeys(OPERATIONS.values()) if name in granted and name in core
    ]
    return worded("granted: {}", ", ".join(names)) if names else None
