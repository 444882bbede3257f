"""Turn rows into values, with the facts about them. No query is run here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django_flex.dataclass_init import fast_init
from django_flex.exceptions import ObjectNotFoundError
from django_flex.plan.explain import CallerExplanation
from django_flex.plan.positions import neighbours
from django_flex.plan.results import ResultSet
from django_flex.plan.sizes import measured
from django_flex.schema.conversions.keys import shown_key

if TYPE_CHECKING:
    from django_flex.exceptions import FlexError
    from django_flex.plan.nodes import AggregatePlan, ReadPlan, Row, SelectOutput
    from django_flex.plan.results import RowCount
    from django_flex.plan.streams import Stream


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class FlexResult:
    """The reply to one query, successful or not, before it is put into HTTP.

    ``data`` holds Python values (``Decimal``, ``datetime``, …); ``to_dict`` gives exactly what the
    JSON of every door holds. ``headers`` are those that an HTTP door adds; ``created`` is the key
    of the row that an ``add`` made, for its ``Location``. A list that is streamed has its rows in
    ``stream``; ``rows`` is how many there were when it ended. ``paging`` is that of a list.
    """

    data: dict[str, Any] = field(default_factory=dict)
    status_code: int = 200
    error: FlexError | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    created: Any = None
    stream: Stream | None = None
    rows: int | None = None
    paging: PageInfo | None = None

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


@fast_init
@dataclass(frozen=True, slots=True, eq=False)
class PageInfo:
    """Which part of the rows a page is, and where its neighbours are.

    ``after`` and ``before`` are the cursors of the next and the previous page, where there is one;
    ``by_cursor`` says that the page was asked for by one, or begins a paging by them.
    """

    offset: int
    limit: int
    has_more: bool
    by_cursor: bool = False
    after: str | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SingleRow:
    """The one row of a get. ``pages`` as for ``Page``."""

    value: dict[str, Any]
    pages: SelectOutput | None = None


@fast_init
@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """The rows of a list, in order.

    ``keys`` are their primary keys, ``None`` for combinations of values. ``ordered`` says that an
    order was asked for. ``json_places`` names the comparisons on JSON, as for ``canonical``.
    ``pages`` is set if there is a ``RelatedPage`` in some row: where, as ``with_pages`` needs it.
    ``key_name`` is what a key is called beside the values of its row.
    """

    rows: list[dict[str, Any]]
    keys: list[Any] | None
    paging: PageInfo
    ordered: bool
    json_places: frozenset[str]
    count: RowCount | None = None
    totals: dict[str, Any] | None = None
    pages: SelectOutput | None = None
    key_name: str = "id"


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The groups of an aggregate; without ``paging`` the one row that sums up all rows."""

    rows: list[dict[str, Any]]
    paging: PageInfo | None
    json_places: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Streamed:
    """A list as a stream: its rows are turned into bytes while it is consumed."""

    stream: Stream
    paging: PageInfo


def shape(
    plan: ReadPlan, found: ResultSet | CallerExplanation | Streamed
) -> SingleRow | Page | CallerExplanation | Streamed:
    """Return the rows of a get or list as values; what is not rows stays as it is.

    Raises:
        ObjectNotFoundError: a get found no row.
        ReplyTooLargeError: the objects are larger than a reply may be.
    """
    match found:
        case CallerExplanation() | Streamed():
            return found
        case ResultSet():
            pass
    rows = found.rows
    make = plan.make_object if found.most is None else measured(plan.output, found.most)
    if plan.single:
        if not rows:
            raise ObjectNotFoundError
        return SingleRow(make(rows[0]), plan.output if plan.output.has_pages else None)
    totals = plan.totals
    made = [make(row) for row in rows]
    return Page(
        made,
        None if plan.cells else _keys(plan.output, rows, made),
        _paging(plan, found),
        bool(plan.order_by) or plan.searches or plan.keyset is not None,
        plan.json_places,
        found.count,
        None if totals is None or found.totals is None else totals.make_object(found.totals),
        plan.output if plan.output.has_pages else None,
        plan.resource.key_name,
    )


def _keys(output: SelectOutput, rows: Iterable[Row], made: list[dict[str, Any]]) -> list[Any]:
    if output.key_width > 1:
        name = output.key_shown_as
        # The text of a key is what a row takes longest for, so it is not made twice.
        found = [] if name is None else [one[name] for one in made]
        return [output.shown_key(row) for row in rows] if name is None or None in found else found
    keys = [row[0] for row in rows]
    return [*map(shown_key, keys)] if keys and isinstance(keys[0], Decimal) else keys


def shape_groups(
    plan: AggregatePlan, found: ResultSet | CallerExplanation
) -> Groups | CallerExplanation:
    """Return the groups of an aggregate as values; an explanation stays as it is.

    Raises:
        ReplyTooLargeError: the reply is too large.
    """
    match found:
        case CallerExplanation():
            return found
        case ResultSet():
            pass
    rows = found.rows
    make = plan.make_object if found.most is None else measured(plan, found.most)
    if not plan.keys:
        return Groups([make(rows[0])], None, plan.json_places)
    paging = PageInfo(plan.offset, plan.limit, found.has_more)
    return Groups([make(row) for row in rows], paging, plan.json_places)


def _paging(plan: ReadPlan, found: ResultSet) -> PageInfo:
    keyset = plan.keyset
    if keyset is None:
        return PageInfo(plan.offset, plan.limit, found.has_more)
    after, before = neighbours(keyset, found)
    return PageInfo(
        plan.offset, plan.limit, found.has_more, by_cursor=True, after=after, before=before
    )
