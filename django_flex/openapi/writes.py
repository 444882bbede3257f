"""The operations of one model that write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.openapi.filters import filters_ref
from django_flex.openapi.parts import body, content, in_query, parameter
from django_flex.openapi.replies import ETAG, LOCATION, WRITING
from django_flex.openapi.rows import input_schema, key_only_schema
from django_flex.openapi.terms import fields_schema

if TYPE_CHECKING:
    from django_flex.openapi.model import Model
    from django_flex.openapi.values import Node

_READS = frozenset({"get", "list"})
_MINIMAL: Node = {"description": "Done; the row was not asked for."}


def collection_writes(model: Model) -> Node:
    """Return the writes at the URL of the list, by method."""
    operations = {*model.description.summary.operations}
    bodies = [*_adding(model), *_many(model)]
    item: Node = {}
    if bodies:
        item["post"] = model.operation(
            "add" if "add" in operations else "change",
            f"Add {model.description.summary.plural}, or write many"
            if "add" in operations
            else f"Write many {model.description.summary.plural}",
            counted="add" if "add" in operations else "edit",
            writes=True,
            parameters=[parameter("IdempotencyKey"), parameter("Prefer")],
            requestBody=body({"anyOf": bodies}, form=_takes_files(model, "add")),
            succeeded=_many_responses(model),
            failing=WRITING,
        )
    if {"add", "edit"} <= operations and "add" in model.description.writes:
        values = _values(model, "add", control=True)
        match = in_query("match", {"type": "string"}, "The unique fields that identify a row.")
        item["put"] = model.operation(
            "upsert",
            f"Add one {model.description.summary.label}, or edit it if it exists",
            counted="upsert",
            writes=True,
            parameters=[
                {**match, "required": True},
                parameter("IdempotencyKey"),
                parameter("IfMatch"),
                parameter("Prefer"),
            ],
            requestBody=body(values),
            succeeded={**_created(model), **_edited(model)},
            failing=WRITING,
        )
    return item


def row_writes(model: Model) -> Node:
    """Return the writes at the URL of a row, by method."""
    operations, item = model.description.summary.operations, {}
    label = model.description.summary.label
    headers = [parameter("IdempotencyKey"), parameter("IfMatch"), parameter("Prefer")]
    if "edit" in operations and "edit" in model.description.writes:
        values = _values(model, "edit", control=True)
        for method, verb in (("patch", "edit"), ("put", "replace")):
            item[method] = model.operation(
                verb,
                f"Edit one {label}: what is not sent stays",
                counted="edit",
                writes=True,
                parameters=headers,
                requestBody=body(values, form=_takes_files(model, "edit")),
                succeeded=_edited(model),
                failing=WRITING,
            )
    if "delete" in operations:
        item["delete"] = model.operation(
            "delete",
            f"Delete one {label}",
            counted="delete",
            writes=True,
            parameters=headers,
            succeeded={
                "200": {"description": "It is deleted.", "content": content(_deleted(model))},
                "204": _MINIMAL,
            },
            failing=WRITING,
        )
    return item


def _adding(model: Model) -> list[Node]:
    """Return the bodies that add: a row, a list of rows."""
    if not _has(model, "add"):
        return []
    item = _values(model, "add", control=False)
    several = {"type": "array", "items": item, "minItems": 1}
    return [_values(model, "add", control=True), several, _controlled(model, "", _items=several)]


def _many(model: Model) -> list[Node]:
    """Return the bodies that change rows whose keys are in the body, or that a filter selects."""
    operations = model.description.summary.operations
    bodies: list[Node] = []
    if _has(model, "edit"):
        values = _values(model, "edit", control=False)
        rows = {"type": "array", "minItems": 1, "items": {"type": "object", "minProperties": 1}}
        bodies.append(_controlled(model, "edit", _items=rows))
        if "bulk_edit" in operations:
            bodies.append(_controlled(model, "bulk_edit", _set=values, **_selected(model)))
    if "delete" in operations:
        keys: Node = {"type": "array", "minItems": 1}
        bodies.append(_controlled(model, "delete", _items=keys))
    if "bulk_delete" in operations:
        bodies.append(_controlled(model, "bulk_delete", **_selected(model)))
    return bodies


def _has(model: Model, operation: str) -> bool:
    described = model.description
    return operation in described.summary.operations and operation in described.writes


def _selected(model: Model) -> Node:
    """Return what selects the rows of a write by filter."""
    reach, spelling = model.description.reach, model.api.spelling
    filters = filters_ref(f"{model.name}Filters", reach, model.components, spelling)
    nothing: Node = {"type": "object", "maxProperties": 0}
    return {"filters": filters or nothing}


def _controlled(model: Model, action: str, **values: Node) -> Node:
    """Return the schema of a body with control keys only."""
    key = model.api.spelling.key
    required = [key(name) for name in values]
    properties = {key(name): one for name, one in values.items()}
    if action:
        properties["_action"] = {"const": action}
        required.append("_action")
    if "filters" in values:
        properties[key("_max_affected")] = {"type": "integer", "minimum": 1}
    return {
        "type": "object",
        "properties": {**properties, **_control(model)},
        "required": required,
        "additionalProperties": False,
    }


def _control(model: Model) -> Node:
    fields = fields_schema(
        model.name, model.description.reach, model.components, model.api.spelling
    )
    return {"_fields": fields, model.api.spelling.key("_dry_run"): {"type": "boolean"}}


def _values(model: Model, operation: str, *, control: bool) -> Node:
    """Return a reference to the schema of what an add or edit takes."""
    write, spelling = model.description.writes[operation], model.api.spelling

    def make() -> Node:
        schema = input_schema(write, operation, spelling)
        if control:
            schema["properties"] |= _control(model)
        return schema

    name = f"{model.name}{operation.capitalize()}{'' if control else 'Item'}"
    return model.components.ref(name, make)


def _takes_files(model: Model, operation: str) -> bool:
    write = model.description.writes.get(operation)
    return write is not None and any(one.upload is not None for one in write.inputs)


def _written(model: Model) -> Node:
    """Return the schema of a row that was written: its key, for a role that may not read it."""
    if _READS.isdisjoint(model.description.summary.operations):
        return key_only_schema(model.description)
    return model.row()


def _created(model: Model) -> Node:
    return {
        "201": {
            "description": "The row that was added.",
            "headers": {"Location": LOCATION, "ETag": ETAG},
            "content": content(_written(model)),
        }
    }


def _edited(model: Model) -> Node:
    return {
        "200": {
            "description": "The row as it is now.",
            "headers": {"ETag": ETAG},
            "content": content(_written(model)),
        },
        "204": _MINIMAL,
    }


def _many_responses(model: Model) -> Node:
    rows = {
        "type": "object",
        "properties": {
            "affected": {"type": "integer"},
            "results": {"type": "array", "items": {"type": "object"}},
        },
        "required": ["results"],
    }
    done: Node = {"200": {"description": "What was written.", "content": content(rows)}}
    if not _has(model, "add"):
        return {**done, "204": _MINIMAL}
    created = _created(model)
    created["201"]["content"] = content({"anyOf": [_written(model), rows]})
    return {**created, **done, "204": _MINIMAL}


def _deleted(model: Model) -> Node:
    schema = key_only_schema(model.description)
    schema["properties"] |= {"deleted": {"const": True}}
    return {**schema, "required": ["deleted"]}
