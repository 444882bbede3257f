"""The operations of one model, by path and method, as the RESTful URLs serve them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.openapi.actions import action_paths
from django_flex.openapi.components import reference
from django_flex.openapi.parts import body, content, in_query, key_parameter, parameter
from django_flex.openapi.queries import aggregate_schema, get_schema, has_totals
from django_flex.openapi.replies import ETAG, LINK
from django_flex.openapi.writes import collection_writes, row_writes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_flex.openapi.model import Model
    from django_flex.openapi.values import Node

_TEXT: Node = {"type": "string"}


def paths_of(model: Model) -> Node:
    """Return the path items of a model, by path."""
    operations = model.description.summary.operations
    one, many = model.url + "{key}", model.url
    paths: dict[str, Node] = {}
    if "list" in operations:
        paths[many] = _lists(model)
        paths[f"{many}query"] = {"post": _list_by_body(model, "find")}
    if "get" in operations:
        paths[one] = _gets(model)
    if "aggregate" in operations and has_totals(model.description):
        paths[f"{many}aggregate"] = _aggregates(model)
    for path, writing in ((many, collection_writes(model)), (one, row_writes(model))):
        if writing:
            paths[path] = {**paths.get(path, {}), **writing}
    paths |= action_paths(model)
    for path, item in paths.items():
        if "{key}" in path:
            item["parameters"] = [key_parameter(model.key)]
    return paths


def _lists(model: Model) -> Node:
    query = {
        **model.operation(
            "list",
            f"List {model.description.summary.plural}",
            counted="list",
            parameters=_list_parameters(model),
            succeeded={**_page(model), "304": {"description": "You have this reply."}},
        ),
    }
    item: Node = {"get": query}
    if model.release != "3.1":
        item["query"] = _list_by_body(model, "query")
    return item


def _list_by_body(model: Model, verb: str) -> Node:
    return model.operation(
        verb,
        f"List {model.description.summary.plural}, with the query in the body",
        counted="list",
        requestBody=body(model.query()),
        succeeded=_page(model),
    )


def _list_parameters(model: Model) -> list[Node]:
    key = model.api.spelling.key
    asked = model.query() and model.components.schemas[f"{model.name}Query"]["properties"]
    shown: dict[str, Node] = {
        "fields": _TEXT,
        "order_by": _TEXT,
        "limit": {"type": "integer", "minimum": 1},
        "offset": asked["offset"],
        "cursor": _TEXT,
        "count": _TEXT,
        "search": asked.get("search", _TEXT),
        "shape": asked["shape"],
        "format": asked["format"],
    }
    found = [in_query(key(name), one) for name, one in shown.items() if key(name) in asked]
    if "filters" in asked:
        found.append(
            {
                "name": "filters",
                "in": "query",
                "description": f"`filters.path=value`, `filters.path.operator=value`: as in "
                f"`{model.name}Filters`.",
                "style": "form",
                "explode": True,
                "schema": {
                    "type": "object",
                    "propertyNames": {"pattern": "^filters\\."},
                    "additionalProperties": _TEXT,
                },
            }
        )
    return [*found, _whole(model.query()), parameter("IfNoneMatch")]


def _whole(schema: Node) -> Node:
    """Return the parameter for a whole query."""
    return {
        "name": "q",
        "in": "query",
        "description": "A whole query, as JSON.",
        "content": {"application/json": {"schema": schema}},
    }


def _page(model: Model) -> Node:
    """Return the response of a list: a page, or a stream of rows."""
    page = model.components.ref(f"{model.name}Page", lambda: _page_schema(model))
    row = reference("Selection")
    return {
        "200": {
            "description": "A page of rows.",
            "headers": {"ETag": ETAG, "Link": LINK},
            "content": {
                # The rows alone are what `format: "json"` asks for.
                **content({"anyOf": [page, {"type": "array", "items": model.row()}]}),
                "application/x-ndjson": {
                    **({"itemSchema": row} if model.release != "3.1" else {"schema": _TEXT})
                },
                "text/csv": {"schema": _TEXT},
            },
        }
    }


def _page_schema(model: Model) -> Node:
    row = model.row()
    pagination = model.components.ref("Pagination", lambda: _pagination(model))
    by_key = {"type": "object", "additionalProperties": row}
    return {
        "type": "object",
        "properties": {
            "pagination": pagination,
            "results": {"anyOf": [by_key, {"type": "array", "items": row}]},
            "aggregates": {"type": "object"},
            # What `explain` returns instead of rows.
            "plan": {"type": "object"},
        },
        "anyOf": [{"required": ["pagination", "results"]}, {"required": ["plan"]}],
    }


def _pagination(model: Model) -> Node:
    key = model.api.spelling.key
    next_page = {"type": "object", "description": "A query that can be sent as it is."}
    properties: Node = {
        "offset": {"type": "integer"},
        "limit": {"type": "integer"},
        key("has_more"): {"type": "boolean"},
        "next": next_page,
        "prev": next_page,
        "count": {"type": ["integer", "null"]},
        key("count_kind"): {"type": "string"},
        "ids": {"type": "array"},
    }
    required = ["offset", "limit", key("has_more")]
    return {"type": "object", "properties": properties, "required": required}


def _gets(model: Model) -> Node:
    label = model.description.summary.label
    schema = model.components.ref(
        f"{model.name}Get",
        lambda: get_schema(model.name, model.description, model.components, model.api.spelling),
    )
    reply: Node = {
        "200": {
            "description": "The row.",
            "headers": {"ETag": ETAG},
            "content": content(model.row()),
        }
    }
    asked = [in_query("fields", _TEXT), _whole(schema), parameter("IfNoneMatch")]
    item: Node = {
        "get": model.operation(
            "get",
            f"Get one {label}",
            counted="get",
            parameters=asked,
            succeeded={**reply, "304": {"description": "You have this reply."}},
        )
    }
    if model.release != "3.1":
        item["query"] = model.operation(
            "queryOne",
            f"Get one {label}, with the query in the body",
            counted="get",
            requestBody=body(schema),
            succeeded=reply,
        )
    return item


def _aggregates(model: Model) -> Node:
    schema = model.components.ref(
        f"{model.name}Aggregate",
        lambda: aggregate_schema(
            model.name, model.description, model.components, model.api.spelling
        ),
    )
    pagination = model.components.ref("Pagination", lambda: _pagination(model))
    groups: Node = {
        "type": "object",
        "properties": {
            "pagination": pagination,
            "results": {"type": ["object", "array"]},
            "plan": {"type": "object"},
        },
    }
    reply: Node = {"200": {"description": "Aggregates.", "content": content(groups)}}
    plural = model.description.summary.plural
    by_body = ["post", *(["query"] if model.release != "3.1" else [])]
    names = {"post": "aggregate", "query": "queryAggregate", "get": "getAggregate"}
    item: Node = {
        method: model.operation(
            names[method],
            f"Aggregates of {plural}",
            counted="aggregate",
            requestBody=body(schema),
            succeeded=reply,
        )
        for method in by_body
    }
    asked = _aggregate_parameters(model.components.schemas[f"{model.name}Aggregate"], schema)
    item["get"] = model.operation(
        names["get"],
        f"Aggregates of {plural}, with the query in the URL",
        counted="aggregate",
        parameters=asked,
        succeeded={**reply, "304": {"description": "You have this reply."}},
    )
    return item


def _aggregate_parameters(asked: Node, schema: Node) -> list[Node]:
    texts: Iterable[str] = [
        name for name in asked["properties"] if name not in {"filters", "having"}
    ]
    found = [in_query(name, _TEXT) for name in texts]
    return [*found, _whole(schema), parameter("IfNoneMatch")]
