"""Rows into the reply: its objects, its pagination, its ``next`` query. No query is run here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from django_flex.exceptions import ObjectNotFoundError
from django_flex.plan.pagination import pagination

if TYPE_CHECKING:
    from django_flex.exceptions import FlexError
    from django_flex.plan.nodes import ReadPlan, Row
    from django_flex.plan.streams import Stream


NO_HEADERS: Mapping[str, str] = MappingProxyType({})
CountKind: TypeAlias = Literal["exact", "estimated", "capped"]


@dataclass(frozen=True, slots=True)
class Counted:
    """How many rows there are, and how sure that is."""

    number: int
    kind: CountKind


@dataclass(frozen=True, slots=True)
class ResultSet:
    """What a backend found: rows in the order of the plan's columns, and whether more follow.

    ``has_previous`` and ``ends``, the sort values of the first and of the last row, belong to
    pages by cursor.
    """

    rows: list[Row]
    has_more: bool = False
    has_previous: bool = False
    ends: tuple[Row, Row] | None = None
    count: Counted | None = None
    totals: Row | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexResult:
    """The reply to one query, successful or not, before it is put into HTTP.

    ``data`` holds Python values (``Decimal``, ``datetime``, …); ``to_dict`` gives exactly what the
    JSON of every door holds. ``headers`` are those that an HTTP door adds; ``created`` is the key
    of the row that an ``add`` made, for its ``Location``. A list that is streamed has its rows in
    ``stream``; ``rows`` is how many there were when it ended.
    """

    data: dict[str, Any] = field(default_factory=dict)
    status_code: int = 200
    error: FlexError | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    created: Any = None
    stream: Stream | None = None
    rows: int | None = None

    @property
    def ok(self) -> bool:
        """Whether the query was answered."""
        return self.error is None

    def to_dict(self) -> dict[str, Any]:
        """Return the reply as plain JSON values."""
        from django_flex.plan.json_values import plain

        return plain(self.data)

    @classmethod
    def from_error(cls, error: FlexError) -> FlexResult:
        """Return the reply to a query that failed."""
        return cls(data=error.to_dict(), status_code=error.status, error=error)


def shape(
    plan: ReadPlan, result_set: ResultSet, headers: Mapping[str, str] = NO_HEADERS
) -> FlexResult:
    """Build the reply of a get or list, with headers for the doors that have some.

    Raises:
        ObjectNotFoundError: a get found no row.
    """
    if plan.asked.operation == "get":
        if not result_set.rows:
            raise ObjectNotFoundError
        return FlexResult(data=plan.make_object(result_set.rows[0]), headers=headers)
    data = {
        "pagination": pagination(plan, result_set),
        "results": _results(plan, result_set),
    }
    if plan.totals is not None and result_set.totals is not None:
        data["aggregates"] = plan.totals.make_object(result_set.totals)
    return FlexResult(data=data, headers=headers)


def _results(plan: ReadPlan, result_set: ResultSet) -> Any:
    make = plan.make_object
    if plan.cells:
        return [make(row) for row in result_set.rows]
    if plan.asked.shape == "list":
        return [{"id": row[0]} | make(row) for row in result_set.rows]
    return {str(row[0]): make(row) for row in result_set.rows}
