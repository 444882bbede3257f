"""From what was sent to a payload: ``query`` has the normalised parameters, ``body`` what is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django_flex.dialects.decoding import parse_json
from django_flex.dialects.directus.clauses.files import form_body
from django_flex.dialects.directus.clauses.normalising import normalised, to_object
from django_flex.dialects.directus.clauses.parameters import parse_parameters
from django_flex.exceptions import InvalidValueError, QueryError, UnknownKeyError
from django_flex.exceptions.places import worded
from django_flex.query.terms import excerpt

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_flex.dialects.base import MethodOperation, RawRequest
    from django_flex.query.limits import Limits

READ_METHODS = frozenset({"GET", "HEAD", "SEARCH", "OPTIONS"})
_BY_QUERY = {"edit": "bulk_edit", "delete": "bulk_delete"}
_BODIES: Mapping[str, frozenset[str]] = {
    "SEARCH": frozenset({"query", "keys"}),
    "PATCH": frozenset({"keys", "query", "data"}),
    "DELETE": frozenset({"keys", "query"}),
}


def decode(sent: RawRequest, limits: Limits) -> dict[str, object]:
    """Return the payload of a request.

    Raises:
        RequestError: the body is not JSON, or a parameter cannot be read.
        QueryError: it is JSON, but no request.
    """
    asked = parse_parameters(sent.parameters, limits) if sent.parameters else {}
    payload: dict[str, object] = {}
    if sent.body:
        body = parse_json(sent.body, limits, "body")
        if sent.method == "SEARCH":
            payload |= _searched(body, asked, limits)
        elif sent.method not in READ_METHODS:
            payload["body"] = body
    if sent.form is not None:
        payload["body"] = form_body(sent.form)
        payload["files"] = sent.form.files
    return {"query": normalised(asked, limits), **payload}


def _searched(body: object, asked: dict[str, object], limits: Limits) -> dict[str, object]:
    """Put what the body of a SEARCH asks for beside the parameters; return its keys."""
    if not isinstance(body, Mapping):
        raise InvalidValueError("A JSON object is needed", path="body", hint='{"query": {}}')
    _check_body(body, "SEARCH")
    for name, value in to_object(body.get("query"), "query", limits).items():
        if name in asked:
            raise QueryError(worded("'{}' was sent in two forms", excerpt(name)), path=name)
        asked[name] = value
    if "keys" not in body:
        return {}
    keys = body["keys"]
    if not isinstance(keys, list) or not keys:
        raise InvalidValueError("A list of keys is needed", path="keys", hint="[1, 2]")
    return {"keys": keys}


def _check_body(body: Mapping[str, object], method: str) -> None:
    for name in body:
        if name not in _BODIES[method]:
            raise UnknownKeyError(
                worded("There is no parameter '{}'", excerpt(name)),
                path=excerpt(name),
                hint=worded("one of {}", ", ".join(sorted(_BODIES[method]))),
            )


def agreed_operation(
    payload: Mapping[str, object], meaning: MethodOperation, *, actions: Callable[[], bool]
) -> str:
    """Return the operation of a URL, a method and what was sent.

    Raises:
        QueryError: the body of a write of several rows names none of them.
    """
    operation = meaning.operation or "list"
    query, body = payload.get("query"), payload.get("body")
    if operation == "list" and isinstance(query, Mapping):
        grouped = "aggregate" in query or "groupBy" in query
        return "aggregate" if grouped else "list"
    if meaning.choices is None or operation not in _BY_QUERY or not isinstance(body, Mapping):
        return operation
    if _BY_QUERY[operation] not in meaning.choices:
        return operation
    _check_body(body, "PATCH" if operation == "edit" else "DELETE")
    if ("keys" in body) == ("query" in body):
        raise QueryError("Either 'keys' or 'query' says which rows are meant", path="keys")
    return _BY_QUERY[operation] if "query" in body else operation


def default_operation(payload: Mapping[str, object]) -> str:
    """Return the operation that a payload alone asks for."""
    return "get" if "key" in payload else "list"


def with_key(payload: Mapping[str, object], pk: str | None) -> Mapping[str, object]:
    """Return the payload for the row with a key in the URL."""
    return payload if pk is None else {**payload, "key": pk}
