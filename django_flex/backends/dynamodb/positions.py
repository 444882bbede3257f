"""Positions in what is read: opaque to all other stages, which only carry them in cursors."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import msgspec

from django_flex.exceptions import CursorError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_flex.dynamodb.core.schema import Item
    from django_flex.resolved import Keyset, Position

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[dict[str, dict[str, Any]], bytes, bytes])
#: A place may be that of a row that the caller may not see, so its length must not tell of its key.
BLOCK = 256


def packed(
    item: Item, names: Iterable[str], keyset: Keyset, *, hidden: bool = False
) -> tuple[Any, ...]:
    """Return the place behind an item, in as many values as the order of a cursor has.

    Args:
        item: with the attributes of its place.
        names: of these; those that it lacks are left out.
        keyset: how the rows are paged.
        hidden: whether the item may be one that the caller may not see.
    """
    place = {name: item[name] for name in sorted(names) if name in item}
    width = sum(2 if ordering.column.keys else 1 for ordering in keyset.order)
    # Two equal cursors would tell that no hidden item was added or removed in between.
    salt = secrets.token_bytes(8) if hidden else b""
    return (*[None] * (width - 1), _encoder.encode((place, _padding(place), salt)))


def _padding(place: Item) -> bytes:
    return b" " * (-len(_encoder.encode(place)) % BLOCK)


def unpacked(position: Position) -> Item:
    """Return the attributes of a place.

    Raises:
        CursorError: the cursor is of another backend.
    """
    content = position.values[-1]
    if not isinstance(content, bytes):
        raise CursorError
    try:
        return _decoder.decode(content)[0]
    except msgspec.DecodeError:
        raise CursorError from None
