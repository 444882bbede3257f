"""Paging by cursors: positions in an order."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_flex.resolved.orderings import Ordering


class TooLong:
    """Marks a value that is too long for a cursor."""


TOO_LONG = TooLong()


@dataclass(frozen=True, slots=True, eq=False)
class Position:
    """A position next to the row with these sort values, the last of which is its key.

    ``backward`` is the direction of reading; with ``inclusive`` the row itself is included. In a list
    of related rows ``parent`` is the digest of the row that the list belongs to.
    """

    values: tuple[Any, ...]
    backward: bool = False
    inclusive: bool = False
    parent: bytes = b""


@dataclass(frozen=True, slots=True, eq=False)
class Keyset:
    """Paging by cursors: the order, and the position to start at.

    ``order`` is total, and says where NULL is sorted. ``cursor`` encodes a position for the caller,
    and raises ``UnsupportedQueryError`` for a value of a custom field that it cannot encode.
    """

    order: tuple[Ordering, ...]
    position: Position | None
    cursor: Callable[[Position], str]


def digest_of_parent(key: object) -> bytes:
    """Return what a cursor holds of the row that a list belongs to.

    It has the same length for each key: one may be a value that the caller may not read.

    Args:
        key: the value of that row that the rows of the list point to.
    """
    plain = bytes(key) if isinstance(key, memoryview) else key
    return sha256(str(plain).encode(errors="surrogatepass")).digest()[:16]
