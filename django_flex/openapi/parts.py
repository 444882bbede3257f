"""Parts that many operations have: parameters, who may send it, what is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_flex.openapi.values import Api, Node
    from django_flex.policy.rates import Rate

#: The scheme of the token that writes of a cookie session need.
CSRF = "csrfToken"
PARAMETERS: Node = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "A key of your choice: the same request with the same key is run once.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "The `ETag` of the row as you know it: one that has changed is a 412.",
        "schema": {"type": "string"},
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of the reply as you have it: the same one is a 304.",
        "schema": {"type": "string"},
    },
    "Prefer": {
        "name": "Prefer",
        "in": "header",
        "description": "`return=minimal`: a reply without the row (RFC 7240).",
        "schema": {"type": "string"},
    },
}


def parameter(name: str) -> Node:
    """Return a reference to a parameter that is a header."""
    return {"$ref": f"#/components/parameters/{name}"}


def in_query(name: str, schema: Node, text: str = "") -> Node:
    """Return a parameter of the URL."""
    found: Node = {"name": name, "in": "query", "schema": schema}
    return {**found, "description": text} if text else found


def key_parameter(schema: Node) -> Node:
    """Return the parameter for the key of a row in a path."""
    typed = schema or {"type": "string"}
    return {"name": "key", "in": "path", "required": True, "schema": typed}


def body(schema: Node, *, form: bool = False, required: bool = True) -> Node:
    """Return what is sent, as JSON; with ``form`` files may be sent as parts of a form, too."""
    content: Node = {"application/json": {"schema": schema}}
    if form:
        content["multipart/form-data"] = {"schema": {"type": "object"}}
    return {"required": required, "content": content}


def content(schema: Node) -> Node:
    """Return the content of a reply in JSON."""
    return {"application/json": {"schema": schema}}


def security(api: Api, *, writes: bool) -> list[Node]:
    """Return the ways to sign in for an operation; an empty one is none."""
    ways: list[Node] = []
    for name in api.security:
        way: Node = {name: []}
        if writes and name in api.csrf:
            way[CSRF] = []
        ways.append(way)
    return [*ways, *([{}] if api.anonymous else [])]


def limited(rate: Rate | None) -> Node:
    """Return how often an operation may be requested, as an extension."""
    if rate is None:
        return {}
    return {"x-rate-limit": {"requests": rate.requests, "seconds": rate.seconds}}
