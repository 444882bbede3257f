"""The operations that describe and run model actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.describe import capitalized
from django_flex.openapi.action_replies import about_schema, reply_schema, states_schema
from django_flex.openapi.components import hoisted
from django_flex.openapi.filters import filters_ref
from django_flex.openapi.parts import body, content, parameter
from django_flex.openapi.replies import LOCATION, READING, WRITING
from django_flex.openapi.terms import fields_schema

if TYPE_CHECKING:
    from django_flex.describe import ActionDescription
    from django_flex.openapi.model import Model
    from django_flex.openapi.values import Node

_OBJECT: Node = {"type": "object"}
_QUEUED: Node = {
    "type": "object",
    "properties": {"event": {"type": "string"}, "state": {"type": "string"}},
    "required": ["event", "state"],
}


def action_paths(model: Model) -> Node:
    """Return the path items of a model's actions, by path."""
    actions = model.description.summary.actions
    if not actions:
        return {}
    label = model.description.summary.label
    about: Node = {
        "description": "What each action takes.",
        "content": content(about_schema(model)),
    }
    paths: Node = {
        f"{model.url}actions/": {
            "get": model.operation(
                "listActionsOf",
                f"The actions of {model.description.summary.plural}",
                counted="actions",
                succeeded={"200": about},
                failing=READING,
            )
        }
    }
    if any(one.scope == "instance" for one in actions):
        states: Node = {
            "description": "Whether each can be run.",
            "content": content(states_schema(model)),
        }
        paths[f"{model.url}{{key}}/actions/"] = {
            "get": model.operation(
                "getActionsOf",
                f"What can be run on one {label} now",
                counted="actions",
                succeeded={"200": states},
                failing=READING,
            )
        }
    for one in actions:
        base = f"{model.url}{{key}}/" if one.scope == "instance" else model.url
        paths[f"{base}actions/{one.id}/"] = {"post": _run(one, model)}
    return paths


def _run(one: ActionDescription, model: Model) -> Node:
    headers = [parameter("Prefer")]
    if one.idempotency == "required":
        headers.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        )
    elif one.idempotency == "optional":
        headers.append(parameter("IdempotencyKey"))
    if one.scope == "instance":
        headers.append(parameter("IfMatch"))
    succeeded: Node = {}
    if one.background != "always":
        returned = {
            "description": "What it returned.",
            "content": content(reply_schema(one, model)),
        }
        succeeded["200"] = returned
        succeeded["204"] = {"description": "Done; nothing was asked for."}
    if one.background != "never":
        succeeded["202"] = {
            "description": "It runs in the background.",
            "headers": {"Location": LOCATION},
            "content": content(_QUEUED),
        }
    text = str(one.description)
    return model.operation(
        f"run{capitalized(one.id)}On",
        str(one.title),
        counted=one.id,
        writes=True,
        **({"description": text} if text else {}),
        parameters=headers,
        requestBody=body(_input(one, model), required=_needs_body(one)),
        succeeded=succeeded,
        failing=(*WRITING, 501),
        **{"x-destructive": one.destructive},
    )


def _needs_body(one: ActionDescription) -> bool:
    return one.scope == "bulk" or bool(one.input.get("required"))


def _input(one: ActionDescription, model: Model) -> Node:
    """Return a reference to the schema of what an action takes, with its control keys."""
    name = f"{model.name}{capitalized(one.id)}"

    def make() -> Node:
        schema = hoisted(one.input, name, model.components)
        schema = {"type": "object", **schema}
        properties = {**schema.get("properties", {}), **_control(one, model)}
        found = {**schema, "properties": properties, "additionalProperties": False}
        if one.scope == "bulk":
            found["anyOf"] = [{"required": ["_ids"]}, {"required": ["_filters"]}]
        return found

    return model.components.ref(name, make)


def _control(one: ActionDescription, model: Model) -> Node:
    fields = fields_schema(
        model.name, model.description.reach, model.components, model.api.spelling
    )
    keys: Node = {"_fields": fields}
    filters: Node = (
        filters_ref(
            f"{model.name}Filters",
            model.description.reach,
            model.components,
            model.api.spelling,
        )
        or _OBJECT
    )
    if one.dry_run:
        keys["_dry_run"] = {"type": "boolean"}
    if one.background == "optional":
        keys["_background"] = {"type": "boolean"}
    if one.scope == "instance":
        keys["_if"] = filters
    if one.scope == "bulk":
        keys |= {
            "_ids": {"type": "array", "minItems": 1},
            "_filters": filters,
            "_expect": {"type": "integer", "minimum": 0},
        }
    return {model.api.spelling.key(key): part for key, part in keys.items()}
