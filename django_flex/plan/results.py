"""What a backend found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from django_flex.dataclass_init import fast_init

if TYPE_CHECKING:
    from django_flex.plan.nodes import Row


CountKind: TypeAlias = Literal["exact", "estimated", "capped"]


@dataclass(frozen=True, slots=True)
class RowCount:
    """How many rows there are, and how sure that is."""

    number: int
    kind: CountKind


@dataclass(frozen=True, slots=True, eq=False)
class RelatedPage:
    """Some of the related rows of one row, where they were asked for with their pagination.

    ``count`` is how many there are, ``None`` where they were not counted. ``after`` and ``before`` are
    the cursors of the next and the previous page, where there is one.
    """

    rows: list[Any]
    offset: int
    limit: int
    has_more: bool
    count: int | None = None
    after: str | None = None
    before: str | None = None


@fast_init
@dataclass(frozen=True, slots=True)
class ResultSet:
    """What a backend found: rows in the order of the plan's columns, and whether more follow.

    ``has_previous`` and ``ends``, the sort values of the first and of the last row, belong to
    pages by cursor. ``most`` is how many bytes the objects may have, where they may be too large.
    """

    rows: list[Row]
    has_more: bool = False
    has_previous: bool = False
    ends: tuple[Row, Row] | None = None
    count: RowCount | None = None
    totals: Row | None = None
    most: int | None = None
