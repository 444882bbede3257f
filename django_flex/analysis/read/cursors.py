"""Cursors: a place in an order, for one query of one caller.

A cursor holds the sort values of the row at the end of a page, so that the next page is found by
an index, and is the same after that row is gone. Only this server can read it: a caller may sort
by a column without being able to read it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from django_flex.exceptions import CursorError, UnsupportedQueryError
from django_flex.query.canonical import canonical
from django_flex.resolved import TOO_LONG, Column, Keyset, Ordering, Position
from django_flex.schema.paths import UnknownPathError, resolve
from django_flex.sealing import BrokenSealError, seal, unseal

if TYPE_CHECKING:
    from django_flex.access.reach import Access
    from django_flex.query.ast import OrderTerm, Query
    from django_flex.schema.resources import Resource

#: The longest text of a cursor. The place of a longer one is looked up by the row's key.
MAX_TEXT = 200
#: The length of a cursor that hides a value must not reveal the length of the value.
HIDDEN_BLOCK = 1_024
#: Longer than any cursor that we create, with the most columns and the longest strings.
MAX_CURSOR = 32_768


def authorize_cursor(
    query: Query,
    order_by: tuple[Ordering, ...],
    access: Access,
    json_places: frozenset[str],
) -> Keyset | None:
    """Return how a query is paged by cursors; ``None`` if it asks for none.

    Args:
        query: the parsed query.
        order_by: its orderings, checked.
        access: the caller's reach.
        json_places: where it compares JSON values.

    Raises:
        CursorError: the cursor is not one of ours, or belongs to another query, role or user.
        UnsupportedQueryError: an order that has no positions, or a user without a key.
    """
    if query.page.cursor is None:
        return None
    if query.distinct is True:
        raise UnsupportedQueryError(
            "Distinct combinations have no cursor", path="cursor", hint="use 'offset'"
        )
    order = total_order(order_by, access.resource)
    context = _context(query, access, json_places)
    position = read_cursor(query.page.cursor, context) if query.page.cursor else None
    wanted = sum(2 if ordering.column.keys else 1 for ordering in order)
    if position is not None and len(position.values) != wanted:
        raise CursorError  # the settings have changed what the words of the query mean
    hidden = not all(_reads(term, access) for term in query.order_by)
    return Keyset(order, position, partial(write_cursor, context=context, hidden=hidden))


def total_order(order_by: tuple[Ordering, ...], resource: Resource) -> tuple[Ordering, ...]:
    """Return an order that is the same on every database: NULL sorts as the largest value.

    Raises:
        UnsupportedQueryError: a whole JSON value, which each database orders in its own way.
    """
    order: list[Ordering] = []
    for ordering in order_by:
        column = ordering.column
        if column.attribute.kind == "json" and not column.keys:
            raise UnsupportedQueryError(
                "Databases sort whole JSON values differently",
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
    """Return what a cursor is bound to: a digest of all but the size of the page.

    Raises:
        UnsupportedQueryError: the user has no primary key that identifies them.
    """
    caller = access.actor.identity
    if not (caller.is_known or caller.is_anonymous):
        raise UnsupportedQueryError(
            "A cursor needs a user with a primary key", path="cursor", hint="use 'offset'"
        )
    bound = (
        access.policy.version,
        access.entry.resource.label,
        access.grant.role,
        # Views have grants of their own, under roles of the same names.
        access.grant.source,
        caller.kind,
        caller.key,
        canonical(query, json_places),
    )
    return sha256(msgspec.json.encode(bound, enc_hook=str)).digest()


def write_cursor(position: Position, *, context: bytes, hidden: bool) -> str:
    """Return a place as a cursor.

    Args:
        position: the place.
        context: what the cursor is bound to.
        hidden: whether the caller may not read all that the order is by.

    Raises:
        UnsupportedQueryError: a value of a custom field that cannot be encoded.
    """
    # Two equal cursors would reveal that a value has not changed.
    salt = secrets.token_bytes(8) if hidden else b""
    *values, key = position.values
    packed = [*(_pack(value, MAX_TEXT) for value in values), _pack(key)]
    content = _encoder.encode([position.backward, position.inclusive, packed, salt])
    return seal(content, context, **({"block": HIDDEN_BLOCK} if hidden else {}))


def read_cursor(cursor: str, context: bytes) -> Position:
    """Return the place that a cursor holds.

    Raises:
        CursorError: it is not one of ours, or was created in another context.
    """
    if len(cursor) > MAX_CURSOR:
        raise CursorError
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


def _pack(value: object, most: int | None = None) -> object:
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
        "This order does not support cursors", path="cursor", hint="use 'offset'"
    )


def _unpack(value: object) -> object:
    return _READERS[value[0]](value[1]) if isinstance(value, list) else value
