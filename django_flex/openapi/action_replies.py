"""JSON Schema of the replies about model actions, and of what these return."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.describe import capitalized
from django_flex.openapi.components import hoisted, reference

if TYPE_CHECKING:
    from django_flex.describe import ActionDescription, ActionOutput
    from django_flex.openapi.model import Model
    from django_flex.openapi.values import Node

_OBJECT: Node = {"type": "object"}
_TEXT: Node = {"type": "string"}
_TEXTS: Node = {"type": "array", "items": _TEXT}
_FLAG: Node = {"type": "boolean"}
_COUNT: Node = {"type": "integer", "minimum": 0}
_SCOPES = ("instance", "bulk", "collection", "global")


def reply_schema(one: ActionDescription, model: Model) -> Node:
    """Return the schema of the reply to an action, as the annotation of its code says.

    What the code adds as ``meta`` is in it as well.
    """
    if one.scope == "bulk":
        return _bulk(one, model)
    name = f"{model.name}{capitalized(one.id)}Reply"
    found = [
        _of_output(output, one, model, f"{name}{number if number > 1 else ''}")
        for number, output in enumerate(one.outputs, 1)
    ]
    if not found:
        return _OBJECT
    return found[0] if len(found) == 1 else {"anyOf": found}


def _bulk(one: ActionDescription, model: Model) -> Node:
    counts = {**dict.fromkeys(("matched", "succeeded", "failed"), _COUNT), "event": _TEXT}
    meta = {"type": "object", "properties": counts, "required": ["matched", "succeeded", "failed"]}
    others = any(output.form == "rows" and not output.ours for output in one.outputs)
    row = _OBJECT if others or not one.outputs else model.row()
    properties: Node = {
        "meta": meta,
        "results": {"type": "object", "additionalProperties": row},
        "errors": {"type": "object", "additionalProperties": reference("Error")},
    }
    return {"type": "object", "properties": properties, "required": [*properties]}


def _of_output(output: ActionOutput, one: ActionDescription, model: Model, name: str) -> Node:
    """Return the schema of a reply with one thing that the code may return."""
    row = model.row() if output.ours else _OBJECT
    if output.form == "nothing":
        return model.row() if one.scope == "instance" else _OBJECT
    if output.form == "row":
        return row
    if output.form == "rows":
        results: Node = {"type": "object", "additionalProperties": row}
        rows = {"properties": {"meta": _OBJECT, "results": results}, "required": ["results"]}
        # An empty list has no rows that would tell of which model they are.
        nothing = {"properties": {"result": {"const": []}}, "required": ["result"]}
        return {"type": "object", "anyOf": [rows, nothing]}
    found = model.components.ref(name, lambda: hoisted(output.schema, name, model.components))
    if output.form == "object":
        return found
    return {"type": "object", "properties": {"result": found}, "required": ["result"]}


def about_schema(model: Model) -> Node:
    """Return the schema of the list of a model's actions."""
    action = model.components.ref("Action", lambda: _action(model))
    key = model.api.spelling.key
    listed = {"type": "array", "items": action}
    properties: Node = {"resource": _TEXT, "basepath": _TEXT}
    properties |= {key(f"{scope}_actions"): listed for scope in _SCOPES}
    return {"type": "object", "properties": properties, "required": [*properties]}


def _action(model: Model) -> Node:
    key = model.api.spelling.key
    objects = {"type": "array", "items": _OBJECT}
    properties: Node = {
        **dict.fromkeys(("id", "status", "title", "description", "method", "url"), _TEXT),
        "type": {"enum": [*_SCOPES]},
        "version": {"type": "integer"},
        **dict.fromkeys(("tags", "capabilities"), _TEXTS),
        **dict.fromkeys(("fields", "examples"), objects),
        "input": _OBJECT,
        **dict.fromkeys(("destructive", key("dry_run")), _FLAG),
        **dict.fromkeys(("idempotency", "background"), _TEXT),
    }
    return {"type": "object", "properties": properties, "required": [*properties]}


def states_schema(model: Model) -> Node:
    """Return the schema of the actions of one row, by name: whether they can be run now."""
    state = model.components.ref("ActionState", _state)
    actions = {"type": "object", "additionalProperties": state}
    properties: Node = {"id": model.key, "actions": actions}
    return {"type": "object", "properties": properties, "required": [*properties]}


def _state() -> Node:
    properties: Node = {"available": _FLAG, "url": _TEXT, "reason": _TEXT}
    return {"type": "object", "properties": properties, "required": ["available", "url"]}
