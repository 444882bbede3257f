"""A path below an API prefix into what is asked for: a model, a key, a reserved word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from django_flex.exceptions import MethodNotAllowedError, NotFoundError

COLLECTION_WORDS = frozenset({"query"})
#: What each kind of URL serves: method to operation (``None``: decided by the body).
ENDPOINT: dict[str, str | None] = {"POST": None, "QUERY": None}
COLLECTION: dict[str, str | None] = {"GET": "list", "HEAD": "list", "QUERY": "list"}
QUERY_WORD: dict[str, str | None] = {"POST": "list", "QUERY": "list"}
OBJECT: dict[str, str | None] = {"GET": "get", "HEAD": "get", "QUERY": "get"}


@dataclass(frozen=True, slots=True)
class Route:
    """Where a path leads. ``resource`` is ``None`` for the single endpoint."""

    resource: str | None
    pk: str | None
    methods: Mapping[str, str | None]

    @property
    def allow(self) -> str:
        """The value of the ``Allow`` header."""
        return ", ".join(sorted({*self.methods, "OPTIONS"}))

    def operation(self, method: str) -> str | None:
        """Return the operation of a method.

        Raises:
            MethodNotAllowedError: this URL does not serve it.
        """
        if method not in self.methods:
            hint = f"one of {self.allow}"
            if method == "POST" and "QUERY" in self.methods:
                hint = f"{hint}; a query in a body goes to …/query by POST"
            raise MethodNotAllowedError(
                "This URL does not serve this method",
                hint=hint,
                headers={"Allow": self.allow},
            )
        return self.methods[method]


def route(rest: str) -> Route:
    """Return the route of the part of a path behind the prefix; a last slash makes no difference.

    Raises:
        NotFoundError: there is no such URL.
    """
    if not rest:
        return Route(None, None, ENDPOINT)
    name, *parts = rest.removesuffix("/").split("/")
    if not name or len(parts) > 1 or "" in parts:
        raise NotFoundError("There is nothing at this URL")
    if not parts:
        return Route(name, None, COLLECTION)
    if parts[0] in COLLECTION_WORDS:
        return Route(name, None, QUERY_WORD)
    return Route(name, unquote(parts[0]), OBJECT)


def model_route(pk: object) -> Route:
    """Return the route of a view with a model of its own; POST reads there, as QUERY does."""
    if pk is None:
        return Route(None, None, {**COLLECTION, "POST": "list"})
    return Route(None, str(pk), {**OBJECT, "POST": "get"})
