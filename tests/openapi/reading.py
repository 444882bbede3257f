"""Reads a document: its operations, and whether values are as its schemas say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

Document = dict[str, Any]
METHODS = frozenset({"get", "put", "post", "delete", "patch", "query"})


def operations(document: Document) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the path, method and object of each operation."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield path, method, operation


def schema_of(document: Document, schema: Any) -> Draft202012Validator:
    """Return a validator of a schema, whose references are into the document."""
    return Draft202012Validator({"allOf": [schema], "components": document["components"]})


def component(document: Document, name: str) -> Draft202012Validator:
    return schema_of(document, {"$ref": f"#/components/schemas/{name}"})


def resolved(document: Document, node: Any) -> Any:
    """Return a part of the document, or what it refers to."""
    while "$ref" in node:
        found: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for part in node.values():
            yield from references(part)
    elif isinstance(node, list):
        for part in node:
            yield from references(part)
