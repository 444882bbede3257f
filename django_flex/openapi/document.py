"""The whole document: a pure function of the API version and the models of a role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.describe import type_names
from django_flex.openapi.components import Components
from django_flex.openapi.model import Model
from django_flex.openapi.operations import paths_of
from django_flex.openapi.parts import CSRF, PARAMETERS, body, content, security
from django_flex.openapi.replies import READING, WRITING, error_components, responses_of
from django_flex.openapi.values import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_flex.describe import ServedModel
    from django_flex.openapi.values import Api, Node, Release

_OBJECT: Node = {"type": "object"}


def render_openapi(api: Api, models: Sequence[ServedModel], release: Release = "3.1") -> Node:
    """Return an OpenAPI document of what one role may do, and of nothing else.

    Labels and help are in the active language.

    Args:
        api: the API version.
        models: what the role may do with each model.
        release: of OpenAPI; only 3.2 has operations by QUERY.
    """
    components = Components()
    names = type_names(one.description.summary.name for one in models)
    schemas, responses = error_components()
    components.schemas |= schemas
    paths: Node = {api.prefix: _endpoint(api, models, release)}
    for one in models:
        name = names[one.description.summary.name]
        model = Model(name=name, served=one, api=api, release=release, components=components)
        paths |= paths_of(model)
    return {
        "openapi": VERSIONS[release],
        "info": {"title": str(api.title), "version": api.version},
        "tags": [
            {
                "name": one.description.summary.name,
                "description": str(one.description.summary.plural),
            }
            for one in models
        ],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.schemas.items())),
            "responses": responses,
            "parameters": PARAMETERS,
            **_schemes(api),
        },
    }


def _schemes(api: Api) -> Node:
    if not api.security:
        return {}
    schemes: Node = {**api.security}
    if api.csrf:
        text = "The CSRF token, for writes of a session."
        schemes[CSRF] = {"type": "apiKey", "in": "header", "name": api.csrf_header}
        schemes[CSRF]["description"] = text
    return {"securitySchemes": schemes}


def _endpoint(api: Api, models: Sequence[ServedModel], release: Release) -> Node:
    """Return the path item of the prefix: the list of models, and the single endpoint."""
    named = {"enum": [one.description.summary.name for one in models]}
    single = {
        "type": "object",
        "properties": {"_model": named, "_action": {"type": "string"}},
        "required": ["_model"],
    }
    batch = {
        "type": "object",
        "properties": {
            "_batch": {"type": "array", "minItems": 1, "items": {**single, "required": []}},
            "_atomic": {"type": "boolean"},
            api.spelling.key("_dry_run"): {"type": "boolean"},
        },
        "required": ["_batch"],
        "additionalProperties": False,
    }
    sent = {"anyOf": [single, batch] if models else [batch]}
    done: Node = {"200": {"description": "The reply.", "content": content(_OBJECT)}}
    open_to = {"security": security(api, writes=False)}
    item: Node = {
        "get": {
            "operationId": "listModels",
            "summary": "What the caller may do",
            **open_to,
            "responses": responses_of(api, done, READING),
        },
        "post": {
            "operationId": "request",
            "summary": "Any operation, or several at once",
            **open_to,
            "requestBody": body(sent),
            "responses": responses_of(
                api,
                {
                    **done,
                    "201": {"description": "What was added.", "content": content(_OBJECT)},
                    "202": {"description": "It runs later.", "content": content(_OBJECT)},
                    "204": {"description": "Done; nothing was asked for."},
                },
                (*WRITING, 501),
            ),
        },
    }
    if release != "3.1":
        item["query"] = {
            "operationId": "queryRequest",
            "summary": "Any read, or several at once",
            **open_to,
            "requestBody": body(sent),
            "responses": responses_of(api, done, READING),
        }
    return item
