"""The cursors of the pages beside one that was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.resolved import Position

if TYPE_CHECKING:
    from django_flex.plan.results import ResultSet
    from django_flex.resolved import Keyset


def neighbours(
    keyset: Keyset, found: ResultSet, parent: bytes = b""
) -> tuple[str | None, str | None]:
    """Return the cursors of the next and the previous page, where there is one.

    Args:
        keyset: how the rows are paged.
        found: the page.
        parent: the digest of the row that a list belongs to.

    Raises:
        UnsupportedQueryError: a value of a custom field that a cursor cannot hold.
    """
    after, before = _places(keyset, found, parent)
    return (
        keyset.cursor(after) if found.has_more and after is not None else None,
        keyset.cursor(before) if found.has_previous and before is not None else None,
    )


def _places(
    keyset: Keyset, found: ResultSet, parent: bytes
) -> tuple[Position | None, Position | None]:
    """Return the places behind the last and before the first row of the page."""
    if found.ends is not None:
        first, last = found.ends
        return Position(last, parent=parent), Position(first, backward=True, parent=parent)
    here = keyset.position
    if here is None:
        return None, None
    # Of an empty page the way back begins with the row at whose side it was looked for.
    return (
        Position(here.values, inclusive=True, parent=parent),
        Position(here.values, backward=True, inclusive=True, parent=parent),
    )
