"""Cursors: a place in an order, for one query of one caller.

A cursor holds the sort values of the row at the end of a page, so that the next page is found by
an index, and is the same after that row is gone. Only this server can read it: a caller may sort
by a column without being able to read it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from django.utils.timezone import get_current_timezone_name

from django_flex.exceptions import CursorError, UnsupportedQueryError
from django_flex.exceptions.places import Part, inside, worded
from django_flex.query.canonical import canonical
from django_flex.query.kinds import WITH_ITEMS
from django_flex.resolved import (
    TOO_LONG,
    Column,
    ComputedValue,
    Keyset,
    Ordering,
    Position,
    RandomNumber,
    TransformedValue,
)
from django_flex.schema.paths import UnknownPathError, resolve
from django_flex.sealing import BrokenSealError, seal, unseal

if TYPE_CHECKING:
    from django_flex.access.reach import Access
    from django_flex.exceptions.places import Place
    from django_flex.policy.model import Grant
    from django_flex.query.ast import OrderTerm, Query
    from django_flex.schema.resources import Attribute, Resource

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
            "Distinct combinations have no cursor",
            path=Part.CURSOR,
            hint=worded("use '{}'", Part.OFFSET),
        )
    order = total_order(order_by, access.resource)
    context = _context(query, access, json_places, zone_of(order))
    hidden = hides(query.order_by, access)
    return keyset_at(query.page.cursor, order, access, context, hidden=hidden)


def hides(terms: tuple[OrderTerm, ...], access: Access) -> bool:
    """Whether the caller may sort by some words, but not read all that they name."""
    return not all(_reads(term, access) for term in terms)


def keyset_at(
    cursor: str,
    order: tuple[Ordering, ...],
    access: Access,
    context: bytes,
    place: Place = Part.CURSOR,
    *,
    hidden: bool,
) -> Keyset:
    """Return how rows are paged from a cursor on.

    Args:
        cursor: what was sent, ``START`` for the first page.
        order: of the rows; it is total.
        access: the caller's reach.
        context: what the cursor is bound to.
        place: of the cursor in the request.
        hidden: whether the caller may not read all that the order is by, the key included.

    Raises:
        CursorError: the cursor is not one of ours, or belongs to another context.
        UnsupportedQueryError: the order has no positions.
    """
    if any(ordering.column.attribute.kind in WITH_ITEMS for ordering in order):
        raise no_cursor(place)
    position = read_cursor(cursor, context, place) if cursor else None
    wanted = sum(2 if ordering.column.keys else 1 for ordering in order)
    if position is not None and len(position.values) != wanted:
        raise CursorError(place)  # the settings have changed what the words of the query mean
    write = partial(
        write_cursor,
        context=context,
        hidden=hidden,
        place=place,
        width=len(access.resource.key_columns),
    )
    return Keyset(order, position, write)


def total_order(
    order_by: tuple[Ordering, ...], resource: Resource, place: Place = ""
) -> tuple[Ordering, ...]:
    """Return an order that is the same on every database: NULL sorts as the largest value.

    Args:
        order_by: the orderings, checked.
        resource: of the rows.
        place: of the query in the request, empty if it is the request.

    Raises:
        UnsupportedQueryError: a whole JSON value, which each database orders in its own way.
    """
    order: list[Ordering] = []
    for ordering in order_by:
        column = ordering.column
        if isinstance(column, ComputedValue) and isinstance(column.source, RandomNumber):
            raise no_cursor(inside(place, Part.CURSOR))
        if column.attribute.kind == "json" and not column.keys:
            raise UnsupportedQueryError(
                "Databases sort whole JSON values differently",
                path=inside(place, Part.ORDER_BY),
                hint=worded("sort by a key in '{}'", column.attribute.name),
            )
        nulls = ordering.nulls or ("first" if ordering.descending else "last")
        order.append(replace(ordering, nulls=nulls))
        if _decides(order, resource):
            return tuple(order)  # what comes after decides nothing
    columns = (Column((), one) for one in resource.key_columns)
    return (*order, *(Ordering(one, descending=False, nulls="last") for one in columns))


def _decides(order: list[Ordering], resource: Resource) -> bool:
    """Whether an order ends with the key of the row, so that no two rows share a place."""
    columns = resource.key_columns
    ends = order[-len(columns) :]
    return len(ends) == len(columns) and all(map(_is_by, ends, columns))


def _is_by(ordering: Ordering, column: Attribute) -> bool:
    value = ordering.column
    return isinstance(value, Column) and value.attribute is column and not value.hops


def _reads(term: OrderTerm, access: Access) -> bool:
    try:
        return access.readable(resolve(access.resource, term.path))
    except UnknownPathError:
        return False  # something computed


def zone_of(order: Iterable[Ordering]) -> str:
    """Return the time zone that decides where rows are in an order; nothing where none does."""
    sources = (getattr(one.column, "source", None) for one in order)
    parts = (one for one in sources if isinstance(one, TransformedValue))
    dated = any(one.value.attribute.kind == "datetime" for one in parts)
    return get_current_timezone_name() if dated else ""


def _context(query: Query, access: Access, json_places: frozenset[str], zone: str) -> bytes:
    """Return what a cursor is bound to: a digest of all but the size of the page.

    Raises:
        UnsupportedQueryError: the user has no primary key that identifies them.
    """
    resource, words = access.entry.resource.label, canonical(query, json_places)
    return digest(resource, words, zone, access=access, grants=(access.grant,))


def digest(
    *query: object, access: Access, grants: Iterable[Grant | None], place: Place = Part.CURSOR
) -> bytes:
    """Return a digest of a query, its caller, and the API that it is sent to.

    Args:
        query: what a cursor is bound to of the query.
        access: the caller's reach.
        grants: those that the query needs.
        place: of the cursor in the request.

    Raises:
        UnsupportedQueryError: the user has no primary key that identifies them.
    """
    caller = access.actor.identity
    if not (caller.is_known or caller.is_anonymous):
        raise UnsupportedQueryError(
            "A cursor needs a user with a primary key",
            path=place,
            hint=worded("use '{}'", Part.OFFSET),
        )
    bound = (
        access.policy.version,
        # Views have grants of their own, under roles of the same names.
        [None if grant is None else (grant.role, grant.source) for grant in grants],
        caller.kind,
        caller.key,
        *query,
    )
    return sha256(msgspec.json.encode(bound, enc_hook=str)).digest()


def write_cursor(
    position: Position,
    *,
    context: bytes,
    hidden: bool,
    place: Place = Part.CURSOR,
    width: int = 1,
) -> str:
    """Return a place as a cursor.

    Args:
        position: the place.
        context: what the cursor is bound to.
        hidden: whether the caller may not read all that the order is by.
        place: of the cursor in the request.
        width: how many of its values are the key, which are the last ones.

    Raises:
        UnsupportedQueryError: a value of a custom field that cannot be encoded.
    """
    # Two equal cursors would reveal that a value has not changed.
    salt = secrets.token_bytes(8) if hidden else b""
    values, key = position.values[:-width], position.values[-width:]
    packed = [
        *(_pack(value, place, MAX_TEXT) for value in values),
        *(_pack(value, place) for value in key),
    ]
    content = _encoder.encode(
        [position.backward, position.inclusive, packed, position.parent, salt]
    )
    return seal(content, context, **({"block": HIDDEN_BLOCK} if hidden else {}))


def read_cursor(cursor: str, context: bytes, place: Place = Part.CURSOR) -> Position:
    """Return the place that a cursor holds.

    Args:
        cursor: what was sent.
        context: what it has to be bound to.
        place: of the cursor in the request.

    Raises:
        CursorError: it is not one of ours, or was created in another context.
    """
    if len(cursor) > MAX_CURSOR:
        raise CursorError(place)
    try:
        backward, inclusive, packed, parent, _ = _decoder.decode(unseal(cursor, context))
    except BrokenSealError:
        raise CursorError(place) from None
    return Position(tuple(map(_unpack, packed)), backward, inclusive, parent)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[bool, bool, list[Any], bytes, bytes])
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


def _pack(value: object, place: Place, most: int | None = None) -> object:
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
    raise no_cursor(place)


def no_cursor(place: Place = Part.CURSOR) -> UnsupportedQueryError:
    """Return the error of an order by values that a cursor does not hold."""
    return UnsupportedQueryError(
        "This order does not support cursors",
        path=place,
        hint=worded("use '{}'", Part.OFFSET),
    )


def _unpack(value: object) -> object:
    return _READERS[value[0]](value[1]) if isinstance(value, list) else value
