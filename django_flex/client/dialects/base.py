"""What a client has to know of a server's wire form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django_flex.client.exceptions import ApiError
from django_flex.client.messages import Reply, Request
from django_flex.client.queries.query import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSet:
    """The rows of a reply, as JSON values.

    ``keys`` has their keys if all pages are read one after the other; ``total`` counts the rows that the caller may
    see, ``filtered`` those that match; ``has_more`` is ``None`` if the server does not say; ``next``
    is the query of the next page.
    """

    rows: Sequence[Any]
    keys: Sequence[Any] = ()
    total: int | None = None
    filtered: int | None = None
    has_more: bool | None = None
    next: Mapping[str, Any] | Query | None = None
    cursor: str | None = None
    aggregates: Mapping[str, Any] | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a login gave: ``expires_in`` is in seconds, ``None`` if it is not known."""

    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    expires_in: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A write to ``collection``: ``rows`` as JSON objects, or one change for many rows.

    ``many`` says whether the caller gave a list. ``match`` are the unique fields of an upsert.
    ``where`` chooses rows by a query instead of ``keys``. ``options`` are control keys of flex.
    """

    query: Query
    rows: tuple[Mapping[str, Any], ...] = ()
    keys: tuple[Any, ...] = ()
    many: bool = False
    by_query: bool = False
    match: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class Dialect(Protocol):
    """A wire form. Building raises ``BuildError`` for what it cannot express.

    ``keyed_writes`` says whether the server repeats no effect of a write with the same
    ``Idempotency-Key``.
    """

    @property
    def name(self) -> str: ...
    @property
    def keyed_writes(self) -> bool: ...
    def check(self, query: Query) -> None: ...
    def list_request(self, query: Query) -> Request: ...
    def next_request(self, query: Query, next_page: Mapping[str, Any] | Query) -> Request: ...
    def row_set(self, query: Query, reply: Reply) -> RowSet: ...
    def get_request(self, query: Query, key: Any) -> Request: ...
    def count_request(self, query: Query) -> Request: ...
    def explain_request(self, query: Query) -> Request: ...
    def stream_request(self, query: Query, form: str) -> Request: ...
    def file_request(
        self, query: Query, key: Any, transform: Mapping[str, Any], *, stream: bool
    ) -> Request: ...
    def create_request(self, write: Write) -> Request: ...
    def update_request(self, write: Write) -> Request: ...
    def upsert_request(self, write: Write) -> Request: ...
    def delete_request(self, write: Write) -> Request: ...
    def action_request(
        self, collection: str, action: str, key: Any, payload: Mapping[str, Any]
    ) -> Request: ...
    def batch_request(
        self, operations: Sequence[Mapping[str, Any]], *, atomic: bool
    ) -> Request: ...
    def schema_request(self, collection: str) -> Request: ...
    def me_request(self, fields: Sequence[str]) -> Request: ...
    def item(self, reply: Reply) -> Any: ...
    def items(self, reply: Reply) -> list[Any]: ...
    def login_request(self, name: str, password: str, mode: str) -> Request: ...
    def refresh_request(self, refresh: str, mode: str) -> Request: ...
    def logout_request(self, refresh: str, mode: str) -> Request | None: ...
    def tokens(self, reply: Reply) -> Tokens: ...
    def error(self, reply: Reply) -> ApiError: ...
