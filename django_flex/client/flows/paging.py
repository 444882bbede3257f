"""Reading all rows, page by page, by keys: each page begins after the last row of the one before.

Rows that are added or deleted meanwhile shift nothing, and the ten-thousandth page costs what the
first one does. A position can be written down, and reading resumed from it.

Directus compares no texts, no UUIDs and no booleans by size. Behind such a key pages are counted instead:
each begins after as many rows as were read.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django_flex.client.dialects.base import Dialect, RowSet
from django_flex.client.exceptions import BadQuery, BuildError, ProtocolError
from django_flex.client.flows import keyset
from django_flex.client.flows.effects import Flow
from django_flex.client.flows.exchange import spoken
from django_flex.client.flows.progress import Progress
from django_flex.client.flows.requests import send
from django_flex.client.flows.session import Session
from django_flex.client.queries.query import Query
from django_flex.client.values.encoding import dumps, loads


class Pager:
    """Reads the rows of ``query`` in pages of ``size``.

    ``token`` is the position after the last row that was taken; it can be stored, and passed as
    ``resume`` with the same query.
    """

    def __init__(
        self, session: Session, query: Query, *, size: int, resume: str | None, count: bool = False
    ) -> None:
        if query.offset:
            raise BuildError("iter() starts with the first row; use list() with an offset")
        if query.groups or query.aggregates:
            raise BuildError("iter() reads rows; list() computes aggregates")
        if size < 1:
            raise BuildError(f"A page has at least one row, not {size}")
        self.session = session
        self.query = query
        self.size = size
        self.left = query.limit if query.limit is not None and query.limit >= 0 else None
        self.total: int | None = None
        self.done = 0
        self.started = session.clock()
        self._counts = count
        self._ended = self.left == 0
        self._position: dict[str, Any] = _read_token(resume) if resume else {}

    @property
    def ended(self) -> bool:
        """Whether all pages were read."""
        return self._ended

    def page(self) -> Flow[RowSet]:
        """Read the next page; it may be empty."""
        dialect = yield from spoken(self.session)
        size = self.size if self.left is None else min(self.size, self.left)
        query = replace(self.query, limit=size, count="exact" if self._counts else None)
        if dialect.name == "flex":
            found = yield from self._cursor_page(dialect, query)
        else:
            found = yield from self._keyset_page(dialect, query, size)
        if self._counts:
            self.total, self._counts = found.filtered, False
        if self.left is not None:
            self.left -= len(found.rows)
            self._ended = self._ended or self.left <= 0
        return found

    def token_after(self, position: dict[str, Any], taken: Sequence[Any]) -> str:
        """Return the position after the rows with the keys ``taken`` of the page at ``position``."""
        return urlsafe_b64encode(dumps(position | {"taken": list(taken)})).decode().rstrip("=")

    @property
    def position(self) -> dict[str, Any]:
        """Where the next page begins."""
        return {name: value for name, value in self._position.items() if name != "taken"}

    def progress(self, rows: int) -> Progress:
        """Return how far the reading is after ``rows`` more."""
        self.done += rows
        seconds = self.session.clock() - self.started
        return Progress(done=self.done, total=self.total, seconds=seconds)

    def _cursor_page(self, dialect: Dialect, query: Query) -> Flow[RowSet]:
        cursor = self._position.get("cursor", True)
        reply = yield from send(self.session, dialect.list_request(replace(query, cursor=cursor)))
        found = dialect.row_set(query, reply)
        found = replace(found, keys=list(map(_key_of_row, found.rows)))
        taken = set(map(str, self._position.get("taken", ())))
        if taken:
            found = _without(found, taken)
        self._ended = not found.has_more
        self._position = {"cursor": found.cursor}
        return found

    def _keyset_page(self, dialect: Dialect, query: Query, size: int) -> Flow[RowSet]:
        order = keyset.order_of(query)
        offset = _offset_of(self._position)
        if offset and "keyset" not in self._position:
            return (yield from self._counted_page(dialect, query, size, order))
        state = keyset.State.of(self._position.get("keyset"))
        asked = keyset.next_query(query, order, state)
        try:
            reply = yield from send(self.session, dialect.list_request(asked))
        except BadQuery:
            if not offset:  # the query of the program itself is refused
                raise
            del self._position["keyset"]
            return (yield from self._counted_page(dialect, query, size, order))
        found = dialect.row_set(asked, reply)
        unseen = [row for row in found.rows if keyset.key_of_row(row, order) not in state.seen]
        if found.rows and not unseen:
            raise ProtocolError("The server returned the same page twice; its order is not stable")
        taken = set(self._position.get("taken", ()))
        fresh = [row for row in unseen if keyset.key_of_row(row, order) not in taken]
        state = keyset.advanced(state, unseen, order)
        self._ended = len(found.rows) < size
        self._position = {"keyset": state.as_json(), "offset": offset + len(unseen)}
        return replace(found, rows=fresh, keys=[keyset.key_of_row(row, order) for row in fresh])

    def _counted_page(
        self, dialect: Dialect, query: Query, size: int, order: Sequence[keyset.Key]
    ) -> Flow[RowSet]:
        offset = _offset_of(self._position)
        asked = replace(keyset.next_query(query, order, keyset.State()), offset=offset)
        reply = yield from send(self.session, dialect.list_request(asked))
        found = dialect.row_set(asked, reply)
        taken = set(self._position.get("taken", ()))
        fresh = [row for row in found.rows if keyset.key_of_row(row, order) not in taken]
        self._ended = len(found.rows) < size
        self._position = {"offset": offset + len(found.rows)}
        return replace(found, rows=fresh, keys=[keyset.key_of_row(row, order) for row in fresh])


def _key_of_row(row: Any) -> Any:
    """Return what this package's server calls the key of a row."""
    return row.get("pk", row.get("id")) if isinstance(row, dict) else None


def _offset_of(position: dict[str, Any]) -> int:
    """Return how many rows are before a position.

    Raises:
        BuildError: a token has no such number in it.
    """
    offset = position.get("offset", 0)
    if not isinstance(offset, int) or offset < 0:
        raise BuildError(f"{offset!r} is no position to resume from")
    return offset


def _without(found: RowSet, taken: set[str]) -> RowSet:
    pairs = [
        (row, key) for row, key in zip(found.rows, found.keys, strict=True) if str(key) not in taken
    ]
    return replace(found, rows=[row for row, _ in pairs], keys=[key for _, key in pairs])


def _read_token(token: str) -> dict[str, Any]:
    try:
        value = loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, ProtocolError) as error:
        raise BuildError(f"{token[:40]!r} is no position to resume from") from error
    if not isinstance(value, dict):
        raise BuildError(f"{token[:40]!r} is no position to resume from")
    return value
