"""Responses: errors with their codes, and the headers of replies."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from django_flex import exceptions
from django_flex.exceptions import FlexError

if TYPE_CHECKING:
    from django_flex.openapi.values import Api, Node
    from django_flex.policy.rates import Rate

#: The statuses of errors: the name of the component, and what it is about.
STATUSES: dict[int, tuple[str, str]] = {
    400: ("BadRequest", "The request, the query or a value is invalid."),
    401: ("Unauthorized", "Nobody is signed in, or the credentials are wrong."),
    403: ("Forbidden", "Something that was named is not granted, or does not exist."),
    404: ("NotFound", "There is no such row, or it is hidden."),
    405: ("MethodNotAllowed", "The URL does not support the method."),
    409: ("Conflict", "What is stored does not allow it, or the same request is running."),
    412: ("PreconditionFailed", "The row has changed, so that `If-Match` does not match."),
    413: ("ContentTooLarge", "The request is too large."),
    415: ("UnsupportedMediaType", "The body has another content type than JSON."),
    422: ("UnprocessableContent", "The `Idempotency-Key` was used with another request."),
    429: ("TooManyRequests", "There were too many requests: wait."),
    500: ("InternalServerError", "The server failed; its log says how."),
    501: ("NotImplemented", "The action is planned, and does nothing yet."),
    503: ("ServiceUnavailable", "The database or cache is away, or took too long."),
}
#: The errors of every operation, of those that name rows, and of writes.
READING = (400, 401, 403, 404, 413, 415, 500, 503)
WRITING = (*READING, 409, 412, 422)
RETRY_AFTER: Node = {
    "description": "Seconds to wait.",
    "schema": {"type": "integer", "minimum": 1},
}
ETAG: Node = {"description": "The tag of this state.", "schema": {"type": "string"}}
LOCATION: Node = {"description": "The URL of what was made.", "schema": {"type": "string"}}
LINK: Node = {"description": "The next and the previous page.", "schema": {"type": "string"}}


@cache
def codes() -> dict[int, list[str]]:
    """Return the codes of all errors, by status."""
    found: dict[int, set[str]] = {}
    for name in exceptions.__all__:
        error = getattr(exceptions, name)
        if (issubclass(error, FlexError) and "code" in vars(error)) or error is FlexError:
            found.setdefault(error.status, set()).add(error.code)
    return {status: sorted(names) for status, names in sorted(found.items())}


def error_components() -> tuple[Node, Node]:
    """Return the schemas and the responses of errors, by name."""
    schemas: Node = {"Error": _error(), "Problem": _problem()}
    responses: Node = {}
    for status, (name, text) in STATUSES.items():
        codes_here = codes().get(status, [])
        narrowed = {"properties": {"code": {"enum": codes_here}}}
        responses[name] = {
            "description": text,
            "content": {
                media: {"schema": {"allOf": [{"$ref": f"#/components/schemas/{schema}"}, narrowed]}}
                for media, schema in (
                    ("application/json", "Error"),
                    ("application/problem+json", "Problem"),
                )
            },
        }
    responses["TooManyRequests"]["headers"] = {"Retry-After": RETRY_AFTER}
    responses["ServiceUnavailable"]["headers"] = {"Retry-After": RETRY_AFTER}
    responses["Unauthorized"]["headers"] = {
        "WWW-Authenticate": {
            "description": "How to authenticate.",
            "schema": {"type": "string"},
        }
    }
    return schemas, responses


def responses_of(
    api: Api, succeeded: Node, failing: Iterable[int], rate: Rate | None = None
) -> Node:
    """Return the responses of an operation, by status.

    Args:
        api: the API version; where every reply has status 200, there is one response.
        succeeded: the responses of success, by status.
        failing: the statuses of errors.
        rate: how often the operation may be requested, ``None`` for any number of times.
    """
    statuses = sorted({*failing, *((429,) if rate is not None else ())})
    if not api.always_ok:
        errors = {str(status): _response(status) for status in statuses}
        return {**succeeded, **errors}
    schemas = [
        body["schema"]
        for one in succeeded.values()
        for media, body in one.get("content", {}).items()
        if media == "application/json"
    ]
    failed = {"$ref": "#/components/schemas/Error"}
    told = {"type": "object", "properties": {api.spelling.key("status_code"): {"type": "integer"}}}
    return {
        "200": {
            "description": "The reply; `status_code` says whether it succeeded.",
            "content": {
                "application/json": {"schema": {"allOf": [told, {"anyOf": [*schemas, failed]}]}}
            },
        }
    }


@cache
def _response(status: int) -> Node:
    return {"$ref": f"#/components/responses/{STATUSES[status][0]}"}


def _error() -> Node:
    text = {"type": "string"}
    return {
        "type": "object",
        "properties": {
            "error": text,
            "code": text,
            "path": {**text, "description": "The place in the request."},
            "hint": {**text, "description": "What was probably meant, or what is allowed."},
            "fields": {
                "type": "object",
                "description": "The messages about each column of a write.",
            },
            "codes": {"type": "object", "description": "The code of each of these messages."},
            "retry_after": {"type": "integer", "description": "Seconds to wait."},
            "cost": {"type": "integer", "description": "The estimated cost of a read."},
            "max_cost": {"type": "integer", "description": "What it may cost at most."},
            "max_bytes": {"type": "integer", "description": "The size of a reply, at most."},
        },
        "required": ["error", "code"],
    }


def _problem() -> Node:
    """Return the schema of a problem document (RFC 9457)."""
    error = _error()
    properties = {name: part for name, part in error["properties"].items() if name != "error"}
    text = {"type": "string"}
    return {
        "type": "object",
        "properties": {"type": text, "title": text, "status": {"type": "integer"}, **properties},
        "required": ["type", "title", "status", "code"],
    }
