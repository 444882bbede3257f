"""Cursors: a place in an order, for one query of one caller.

A cursor holds the sort values of the row at the end of a page, so that the next page is found by
an index, and is the same after that row is gone. Only this server can read it: a caller may sort
by a column without being able to read it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from django_flex.exceptions import CursorError, UnsupportedQueryError
from django_flex.permissions.authorized import Column, Ordering
from django_flex.permissions.sealing import BrokenSealError, seal, unseal
from django_flex.query.ast import Page
from django_flex.query.parser import serialize
from django_flex.schema.paths import UnknownPathError, resolve

if TYPE_CHECKING:
    from django_flex.permissions.access import Access
    from django_flex.query.ast import OrderTerm, Query
    from django_flex.schema.introspection import Resource

#: The longest text of a cursor. The place of a longer one is looked up by the row's key.
MAX_TEXT = 200
#: The length of cursors that hide something shall not tell how long it is.
HIDDEN_BLOCK = 1_024


class TooLong:
    """Stands for a value that is too long for a cursor."""


TOO_LONG = TooLong()
_WORDS = {None: "null", True: "true", False: "false"}


@dataclass(frozen=True, slots=True, eq=False)
class Position:
    """A place between rows, beside the row that has these sort values, the last one its key.

    ``backward`` is the way to read from there; ``inclusive`` says that the row itself is wanted.
    """

    values: tuple[Any, ...]
    backward: bool = False
    inclusive: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Keyset:
    """Paging by cursors: the order, the place to begin at, and what cursors are bound to.

    ``order`` is total, and says where NULL stands; ``hidden`` says that the caller may not read
    all that it sorts by.
    """

    order: tuple[Ordering, ...]
    context: bytes
    hidden: bool
    position: Position | None

    def cursor(self, position: Position) -> str:
        """Return a place as a cursor.

        Raises:
            UnsupportedQueryError: a value of a custom field that cannot be written down.
        """
        # Two equal cursors would tell that a value has not changed.
        salt = secrets.token_bytes(8) if self.hidden else b""
        *values, key = position.values
        packed = [*(_pack(value, MAX_TEXT) for value in values), _pack(key)]
        content = _encoder.encode([position.backward, position.inclusive, packed, salt])
        return seal(content, self.context, **({"block": HIDDEN_BLOCK} if self.hidden else {}))


def authorize_cursor(
    query: Query,
    order_by: tuple[Ordering, ...],
    access: Access,
    json_places: frozenset[str],
) -> Keyset | None:
    """Return how a query is paged by cursors; ``None`` if it asks for none.

    Args:
        query: what was asked.
        order_by: its orderings, checked.
        access: the caller's reach.
        json_places: where it compares JSON values.

    Raises:
        CursorError: the cursor is none of ours, or belongs to another query, role or user.
        UnsupportedQueryError: an order in which there are no places.
    """
    if query.page.cursor is None:
        return None
    if query.distinct is True:
        raise UnsupportedQueryError(
            "Combinations of values have no cursor", path="cursor", hint="use 'offset'"
        )
    order = total_order(order_by, access.resource)
    context = _context(query, access, json_places)
    position = _opened(query.page.cursor, context) if query.page.cursor else None
    wanted = sum(2 if ordering.column.keys else 1 for ordering in order)
    if position is not None and len(position.values) != wanted:
        raise CursorError  # the settings have changed what the words of the query mean
    return Keyset(order, context, not all(_reads(t, access) for t in query.order_by), position)


def total_order(order_by: tuple[Ordering, ...], resource: Resource) -> tuple[Ordering, ...]:
    """Return an order that is the same on every database: NULL is said to be the largest value.

    Raises:
        UnsupportedQueryError: a whole JSON value, which each database orders in its own way.
    """
    order: list[Ordering] = []
    for ordering in order_by:
        column = ordering.column
        if column.attribute.kind == "json" and not column.keys:
            raise UnsupportedQueryError(
                "Whole JSON values have no common order",
                path="order_by",
                hint=f"sort by a key in '{column.attribute.name}'",
            )
        nulls = ordering.nulls or ("first" if ordering.descending else "last")
        order.append(replace(ordering, nulls=nulls))
        if is_key(ordering):
            return tuple(order)  # what comes after decides nothing
    return (*order, Ordering(Column((), resource.pk), descending=False, nulls="last"))


def is_key(ordering: Ordering) -> bool:
    """Whether an ordering is by the primary key of the row itself."""
    column = ordering.column
    return isinstance(column, Column) and column.attribute.primary_key and not column.hops


def _reads(term: OrderTerm, access: Access) -> bool:
    try:
        return access.readable(resolve(access.resource, term.path))
    except UnknownPathError:
        return False  # something computed


def _context(query: Query, access: Access, json_places: frozenset[str]) -> bytes:
    """Return what a cursor is bound to: a digest of all but the size of the page."""
    asked = replace(query, page=Page(limit=0), shape="map")
    bound = (
        access.policy.version,
        access.entry.resource.label,
        access.grant.role,
        str(access.actor.user.pk),
        query.search,
        _plain(serialize(asked, json_places)),
    )
    return sha256(msgspec.json.encode(bound, enc_hook=str)).digest()


def _plain(value: Any) -> Any:
    """Return a query as if it were sent in a URL: there every value is a text."""
    match value:
        case dict():
            return {key: _plain(part) for key, part in value.items()}
        case list() | tuple():
            return ",".join(str(_plain(part)) for part in value)
        case None | bool():
            return _WORDS[value]
        case _:
            return str(value)


def _opened(cursor: str, context: bytes) -> Position:
    try:
        backward, inclusive, packed, _ = _decoder.decode(unseal(cursor, context))
    except BrokenSealError:
        raise CursorError from None
    return Position(tuple(map(_unpack, packed)), backward, inclusive)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[bool, bool, list[Any], bytes])
# The name of a type in a cursor, and how its values become text. A datetime is a date, too.
_TYPES: tuple[tuple[str, type[Any], Callable[[Any], Any]], ...] = (
    ("decimal", Decimal, str),
    ("datetime", datetime, datetime.isoformat),
    ("date", date, date.isoformat),
    ("time", time, time.isoformat),
    ("duration", timedelta, lambda span: [span.days, span.seconds, span.microseconds]),
    ("uuid", UUID, str),
)
_READERS: dict[str, Callable[[Any], Any]] = {
    "decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "duration": lambda parts: timedelta(parts[0], parts[1], parts[2]),
    "uuid": UUID,
    "long": lambda _nothing: TOO_LONG,
}


def _pack(value: Any, most: int | None = None) -> Any:
    """Return a value as the cursor holds it: types that it does not know as name and text."""
    if isinstance(value, memoryview):
        value = bytes(value)
    if most is not None and isinstance(value, str | bytes) and len(value) > most:
        return ["long", None]
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return value
    for name, known, to_text in _TYPES:
        if isinstance(value, known):
            return [name, to_text(value)]
    raise UnsupportedQueryError(
        "There are no cursors for this order", path="cursor", hint="use 'offset'"
    )


def _unpack(value: Any) -> Any:
    return _READERS[value[0]](value[1]) if isinstance(value, list) else value
