"""JSON Schema of rows: as replies have them, and as writes take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.describe import as_json, reply_schema, sent_schema
from django_flex.openapi.filters import KEYS, escaped

if TYPE_CHECKING:
    from django_flex.describe import (
        ChildrenDescription,
        ColumnDescription,
        InputDescription,
        ModelDescription,
        Spelling,
        WriteDescription,
    )
    from django_flex.openapi.values import Node


def row_schema(model: ModelDescription) -> Node:
    """Return the schema of a row without ``fields``: what ``*`` covers."""
    properties = {
        one.path: {**reply_schema(one.column), **_labels(one.column)}
        for one in model.reach.fields
        if one.covered and "." not in one.path
    }
    if not properties:
        return key_only_schema(model)
    return {
        "type": "object",
        "title": str(model.summary.label),
        "properties": properties,
        "required": list(properties),
    }


def selection_schema() -> Node:
    """Return the schema of a row with ``fields``, which has what they say, by the names they give."""
    return {
        "type": "object",
        "description": "A row with the requested `fields`.",
        "additionalProperties": True,
    }


def key_schema(model: ModelDescription) -> Node:
    """Return the schema of a row's key; text, where the role does not see of what kind it is."""
    for one in model.reach.fields:
        if one.path == model.key and one.readable:
            return reply_schema(one.column)
    return {}


def key_only_schema(model: ModelDescription) -> Node:
    """Return the schema of a row of which a role sees nothing else."""
    return {
        "type": "object",
        "properties": {model.key: key_schema(model)},
    }


def input_schema(write: WriteDescription, operation: str, spelling: Spelling) -> Node:
    """Return the schema of a row that is added or edited, without control keys."""
    adding = operation == "add"
    properties = {one.name: _input(one, adding=adding, spelling=spelling) for one in write.inputs}
    properties |= {one.name: _children(one) for one in write.children}
    schema: Node = {"type": "object", "properties": properties}
    needed = [one.name for one in write.inputs if one.required]
    if adding and needed:
        schema["required"] = needed
    keyed = [one.name for one in write.inputs if one.column.kind == "json" and not one.column.types]
    if keyed and not adding:
        # One key inside a JSON value.
        schema["patternProperties"] = {f"^({'|'.join(map(escaped, keyed))}){KEYS}$": {}}
    schema["additionalProperties"] = False
    return schema


def _input(one: InputDescription, *, adding: bool, spelling: Spelling) -> Node:
    column = one.column
    schema = _file(column) if one.upload is not None else sent_schema(column)
    if one.many:
        schema = {"type": "array", "items": schema}
    if one.updates and schema:
        keys: Node = {spelling.key(name): {} for name in one.updates}
        update = {"type": "object", "properties": keys, "minProperties": 1}
        schema = {"anyOf": [schema, {**update, "additionalProperties": False}]}
    default = column.declaration.default
    if adding and default is not None:
        schema = {**schema, "default": as_json(default)}
    return {**schema, **_labels(column)}


def _file(column: ColumnDescription) -> Node:
    """Return what JSON says of a file: which part of the form it is, or that it is removed."""
    types = "object" if column.declaration.required else ["object", "null"]
    return {"type": types, "properties": {"$file": {"type": "string"}}, "required": ["$file"]}


def _children(one: ChildrenDescription) -> Node:
    rows = {"type": "array", "items": {"type": "object"}}
    if one.operations == ("add",):
        return rows
    return {"anyOf": [rows, {"type": "object"}]}


def _labels(column: ColumnDescription) -> Node:
    label, text = str(column.declaration.label), str(column.declaration.help)
    return {**({"title": label} if label else {}), **({"description": text} if text else {})}
