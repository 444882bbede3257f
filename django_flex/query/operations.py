"""The names of the operations on a model, and the formats of streams."""

from __future__ import annotations

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
