"""Parses and builds URL paths under an API prefix: a model, a key, a reserved word."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from django.utils.encoding import escape_uri_path

from django_flex.dataclass_init import fast_init
from django_flex.dialects.base import MethodOperation
from django_flex.engine import ACTIONS, CORE_OPERATIONS, READ_OPERATIONS
from django_flex.exceptions import MethodNotAllowedError, NotFoundError
from django_flex.exceptions.places import worded
from django_flex.plan.json_values import text_of
from django_flex.query.operations import OPERATIONS


def _only(operation: str) -> MethodOperation:
    return MethodOperation(operation, frozenset({operation}))


LIST = MethodOperation("list", frozenset({"list", "get", "aggregate"}))
AGGREGATE = _only("aggregate")
GET = _only("get")
ADD = _only("add")
EDIT = _only("edit")
DELETE = _only("delete")
UPSERT = _only("upsert")

#: The operation of an action that cannot exist.
UNKNOWN = "unknown"
_READS = ("GET", "HEAD", "QUERY")
#: The methods of each kind of URL. GET, HEAD and QUERY never write, whatever the body contains.
#: A GET of the prefix lists the models.
READING = frozenset({"GET", "HEAD"})
MODELS = _only("models")
ENDPOINT = {
    **dict.fromkeys(READING, MODELS),
    "POST": MethodOperation(None, None),
    "QUERY": MethodOperation(None, READ_OPERATIONS),
}
COLLECTION = {**dict.fromkeys(_READS, LIST), "POST": MethodOperation("add", None), "PUT": UPSERT}
QUERY_WORD = {"POST": LIST, "QUERY": LIST}
AGGREGATE_WORD = dict.fromkeys((*_READS, "POST"), AGGREGATE)
#: The reserved words after a model, in the position of a key, and the methods of each.
COLLECTION_WORDS = {"query": QUERY_WORD, "aggregate": AGGREGATE_WORD}
OBJECT = {**dict.fromkeys(_READS, GET), "PUT": EDIT, "PATCH": EDIT, "DELETE": DELETE}


@fast_init
@dataclass(frozen=True, slots=True)
class Route:
    """Where a path leads. ``resource`` is ``None`` for the single endpoint.

    ``action`` is the id of the model action that the URL names.
    """

    resource: str | None
    pk: str | None
    methods: Mapping[str, MethodOperation]
    action: str | None = None

    @property
    def allow(self) -> str:
        """The value of the ``Allow`` header."""
        return ", ".join(sorted({*self.methods, "OPTIONS"}))

    def meaning(self, method: str) -> MethodOperation:
        """Return what a method means here.

        Raises:
            MethodNotAllowedError: this URL does not support it.
        """
        if method not in self.methods:
            raise MethodNotAllowedError(
                "This URL does not support this method",
                hint=worded("one of {}{}", self.allow, self._elsewhere(method)),
                headers={"Allow": self.allow},
            )
        return self.methods[method]

    def _elsewhere(self, method: str) -> str:
        if method == "POST" and "QUERY" in self.methods:
            return worded("; a query in a body goes to …/query by POST")
        if self.pk is None and method in {"PUT", "PATCH", "DELETE"}:
            upsert = worded(", an upsert to …/?match=field") if method == "PUT" else ""
            return worded("; {} of one row goes to …/{{key}}{}", method, upsert)
        return ""

    def without_upsert(self) -> Route:
        """Return the route of the same URL without ``match``, which does not support PUT."""
        methods = {name: found for name, found in self.methods.items() if found is not UPSERT}
        return replace(self, methods=methods)


def route(rest: str) -> Route:
    """Return the route for the path after the prefix; a trailing slash is optional.

    The path is unquoted, as servers pass it on: what is still quoted in it belongs to a key.

    Raises:
        NotFoundError: there is no such URL.
    """
    if not rest:
        return Route(None, None, ENDPOINT)
    name, *parts = rest.removesuffix("/").split("/")
    if ACTIONS in parts and "" not in parts and name:
        return _action_route(name, parts)
    if not name or len(parts) > 1 or "" in parts:
        raise NotFoundError("There is nothing at this URL")
    if not parts:
        return Route(name, None, COLLECTION)
    if parts[0] in COLLECTION_WORDS:
        return Route(name, None, COLLECTION_WORDS[parts[0]])
    return Route(name, parts[0], OBJECT)


def _action_route(name: str, parts: list[str]) -> Route:
    """Return the route of ``actions/…`` after a model, or after the key of a row.

    Raises:
        NotFoundError: there is no such URL.
    """
    at = parts.index(ACTIONS)
    before, after = parts[:at], parts[at + 1 :]
    if len(before) > 1 or len(after) > 1:
        raise NotFoundError("There is nothing at this URL")
    return action_route(name, before[0] if before else None, after[0] if after else None)


def action_route(resource: str | None, pk: str | None, action: str | None) -> Route:
    """Return the route of an action, or of the descriptions of all actions.

    Args:
        resource: the name of the model in the URL, ``None`` at a door with its own model.
        pk: the key of the row, ``None`` for all rows.
        action: the id; ``list`` or ``None`` for all actions.
    """
    about = dict.fromkeys(("GET", "HEAD"), _only(ACTIONS))
    if action is None or (action == "list" and pk is None):
        return Route(resource, pk, about)
    # No action has the name of a core operation, and this URL runs none of those.
    operation = UNKNOWN if action in CORE_OPERATIONS or action in OPERATIONS else action
    return Route(resource, pk, {**about, "POST": _only(operation)}, action)


def model_route(pk: object, actions: Collection[str] | None = READ_OPERATIONS) -> Route:
    """Return the route of a view with its own model, where POST reads like QUERY.

    Args:
        pk: the key in the URL, ``None`` for the whole model.
        actions: the operations that the view supports, ``None`` for all.
    """
    if pk is None:
        listing = {**dict.fromkeys(_READS, LIST), "POST": MethodOperation("list", None)}
        writing = {"PUT": UPSERT}
    else:
        listing = {**dict.fromkeys(_READS, GET)}
        listing["POST"] = MethodOperation("get", frozenset({"get", "edit", "delete"}))
        writing = {name: OBJECT[name] for name in ("PUT", "PATCH", "DELETE")}
    covered = served(actions)
    for method, meaning in writing.items():
        if covered is None or meaning.operation in covered:
            listing[method] = meaning
    return Route(None, None if pk is None else str(pk), listing)


def fixed_route(pk: str | None, meaning: MethodOperation) -> Route:
    """Return the route of a door that determines the operation, such as an action of a viewset."""
    reads = meaning.operation in READ_OPERATIONS
    methods = ("POST", *_READS) if reads else ("POST", "PUT", "PATCH", "DELETE")
    return Route(None, pk, dict.fromkeys(methods, meaning))


def served(actions: Collection[str] | None) -> frozenset[str] | None:
    """Return the operations that a view's actions cover: an upsert is an add and an edit."""
    if actions is None:
        return None
    return frozenset({*actions, "upsert"} if {"add", "edit"} <= {*actions} else actions)


def view_url(path: str, key: object) -> str:
    """Return the URL of a row of a view, given that of its list, with the same trailing slash."""
    end = "/" if path.endswith("/") else ""
    return f"{escape_uri_path(path.rstrip('/'))}/{quote(text_of(key), safe='')}{end}"


def list_url(prefix: str, name: str) -> str:
    """Return the URL of the list of a model, given the prefix of the API."""
    return f"{escape_uri_path(prefix.rstrip('/'))}/{quote(name, safe='')}/"


def model_url(path: str, key: object) -> str | None:
    """Return the URL of a row, given that of its model; ``None`` if a URL cannot have the key."""
    if not fits_url(key):
        return None
    return f"{escape_uri_path(path.rstrip('/'))}/{quote(text_of(key), safe='')}"


def fits_url(key: object) -> bool:
    """Whether a URL can have a key: as a segment that is no reserved word, and that nobody drops.

    Servers unquote a path before they pass it on, so a slash in a key divides it, quoted or not.
    """
    text = text_of(key)
    return "/" not in text and text not in {"", ".", "..", ACTIONS, *COLLECTION_WORDS}
