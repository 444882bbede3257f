"""The plan: the columns to fetch, the conditions, and the position of each value in the reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from django_flex.query.ast import Count, Explain, Path
    from django_flex.resolved import (
        AppliedRule,
        GroupKey,
        Keyset,
        Ordering,
        Rows,
        RowWrite,
        Search,
        Total,
        Value,
        VisibleHop,
        Where,
        WriteRules,
    )
    from django_flex.schema.resources import Attribute, Relation, Resource


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A value at ``index`` of a row. It is null unless all ``flags`` of the row are true.

    ``picks`` are the parts of a value to show, in an object; a ``bare`` one is a part by itself.
    """

    name: str
    index: int
    kind: str
    column: Attribute
    keys: Path = ()
    picks: tuple[Path, ...] = ()
    flags: tuple[int, ...] = ()
    bare: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """A related object. It is null if the value at ``presence`` is, or if ``flag`` is not true."""

    name: str
    members: tuple[Leaf | Branch | ListLeaf, ...]
    presence: int | None = None
    flag: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ListLeaf:
    """A list of related objects: the ``number``-th of the lists that follow the values of a row."""

    name: str
    number: int


Row: TypeAlias = tuple[Any, ...]
Shaper: TypeAlias = Callable[[Row], dict[str, Any]]
Layout: TypeAlias = tuple[Leaf | Branch | ListLeaf, ...]


@dataclass(frozen=True, slots=True)
class Weight:
    """The size of one row of a selection in a reply, without the lists in it.

    ``each`` is the maximum number of bytes and ``least`` the minimum, without the values of
    ``open`` columns. These have their position, the maximum number of bytes for each character or
    byte of the value, and the minimum in thirds of a byte. Values of ``masked`` columns only count
    if the values at some positions are true. With ``repeats`` a value is shown more than once.
    ``extra`` is the cost of outputs in addition to that of the selected columns.
    """

    each: float
    least: int
    open: tuple[tuple[int, int, int], ...]
    masked: tuple[tuple[int, tuple[int, ...], int], ...]
    repeats: bool
    extra: int


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class SelectOutput:
    """What a statement selects, and how a row is shaped: always the same for a selection.

    ``children`` are the lists inside a row, one more statement each; ``has_pages`` says that some of
    them, or of those inside them, are a ``RelatedPage`` each.
    """

    columns: tuple[Value, ...]
    flags: tuple[VisibleHop, ...]
    layout: Layout
    make_object: Shaper
    weight: Weight
    children: tuple[ChildPlan, ...] = ()
    has_pages: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChildPlan:
    """The lists of one to-many relation, for all rows with one SELECT.

    A row belongs to the outer row whose value at ``near`` it points to. ``limit`` and ``offset``
    hold for each outer row. With ``keys_only`` the items of a list are keys. If one of the values
    at ``flags`` is false, a row on the path to the list is hidden, and so is the list.
    """

    relation: Relation
    near: int
    output: SelectOutput
    keys_only: bool
    rows: Rows
    where: Where | None
    order_by: tuple[Ordering, ...]
    limit: int
    offset: int
    paged: bool
    flags: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """A value of a combination, NULL where its masks hide it.

    With ``presence`` only whether there is one counts, not which.
    """

    column: Value
    presence: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadPlan:
    """One SELECT. A row is the primary key, the other ``columns``, then a boolean per ``flags``.

    With ``single`` it reads one row by its key. With ``cells`` a row is a combination of these
    instead, without a key. With ``distinct_on`` only the first row of each combination of these
    values is read.
    """

    single: bool
    resource: Resource
    output: SelectOutput
    rows: Rows
    where: Where | None
    order_by: tuple[Ordering, ...]
    pk: object
    limit: int
    offset: int
    json_places: frozenset[str]
    rules: tuple[AppliedRule, ...] = ()
    keyset: Keyset | None = None
    distinct_on: tuple[Value, ...] = ()
    cells: tuple[Cell, ...] = ()
    ranking: Search | None = None
    searches: bool = False
    count: Count | None = None
    explain: Explain | None = None
    totals: AggregatePlan | None = None

    @property
    def columns(self) -> tuple[Value, ...]:
        """What is selected."""
        return self.output.columns

    @property
    def flags(self) -> tuple[VisibleHop, ...]:
        """The flags that show whether related rows are visible."""
        return self.output.flags

    @property
    def layout(self) -> Layout:
        """The position of each value in the reply."""
        return self.output.layout

    @property
    def make_object(self) -> Shaper:
        """The function that creates the object of a row."""
        return self.output.make_object

    @property
    def children(self) -> tuple[ChildPlan, ...]:
        """The plans of nested to-many relations, one statement each."""
        return self.output.children


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WritePlan:
    """One write: the new values of the rows, and how to read each back for the reply.

    ``edits`` and ``editing`` are for rows of an upsert that exist already, which ``match``
    identifies. ``where`` selects the rows of a write by filter, at most ``max_affected``; its only
    entry in ``rows`` applies to each of them.
    """

    operation: str
    rules: WriteRules
    rows: tuple[RowWrite, ...]
    editing: WriteRules | None
    edits: tuple[RowWrite, ...]
    match: tuple[Attribute, ...]
    where: Where | None
    returning: ReadPlan | None
    max_affected: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AggregatePlan:
    """One SELECT of groups. A row is the values of its ``keys``, then those of its ``totals``.

    Without ``keys`` there is one row of totals, whose values are null for fewer than ``least``
    rows.
    """

    resource: Resource
    rows: Rows
    where: Where | None
    keys: tuple[GroupKey, ...]
    totals: tuple[Total, ...]
    layout: Layout
    make_object: Shaper
    weight: Weight
    having: Where | None
    order_by: tuple[Ordering, ...]
    least: int
    limit: int
    offset: int
    json_places: frozenset[str]
    rules: tuple[AppliedRule, ...] = ()
    explain: Explain | None = None
