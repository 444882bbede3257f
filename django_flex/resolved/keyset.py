"""Paging by cursors: positions in an order."""

from __future__ import annotations

from dataclasses import dataclass
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

    ``backward`` is the direction of reading; with ``inclusive`` the row itself is included.
    """

    values: tuple[Any, ...]
    backward: bool = False
    inclusive: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Keyset:
    """Paging by cursors: the order, and the position to start at.

    ``order`` is total, and says where NULL is sorted. ``cursor`` encodes a position for the caller,
    and raises ``UnsupportedQueryError`` for a value of a custom field that it cannot encode.
    """

    order: tuple[Ordering, ...]
    position: Position | None
    cursor: Callable[[Position], str]
