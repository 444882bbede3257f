"""The plan: the columns to fetch, the conditions, and the position of each value in the reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from django_flex.dataclass_init import fast_init
from django_flex.schema.conversions.keys import SHOWN_AS_THEY_ARE, shown_key

if TYPE_CHECKING:
    from django_flex.exceptions.places import Place
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

    A key of several columns is at all its ``indexes``. ``picks`` are the parts of a value to show, in an object; a ``bare`` one is a part by itself.
    """

    name: str
    index: int
    kind: str
    column: Attribute
    keys: Path = ()
    picks: tuple[Path, ...] = ()
    flags: tuple[int, ...] = ()
    bare: bool = False
    indexes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """A related object. It is null if the value at ``presence`` is, or unless all ``flags`` are true."""

    name: str
    members: tuple[Leaf | Branch | ListLeaf, ...]
    presence: int | None = None
    flags: tuple[int, ...] = ()


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

    The first ``key_width`` columns are the key of the row; of combinations they are none.
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
    key_width: int = 1

    def key_of(self, row: Row) -> Any:
        """Return the key of a row: its first value, or the tuple of its first values."""
        return row[0] if self.key_width == 1 else row[: self.key_width]

    @property
    def key_shown_as(self) -> str | None:
        """Return the name under which objects show their own key of several columns, if they do."""
        own = tuple(range(self.key_width))
        for member in self.layout:
            if isinstance(member, Leaf) and (member.indexes, member.flags) == (own, ()):
                return member.name
        return None

    def shown_key(self, row: Row) -> Any:
        """Return the key of a row as a reply has it: one of several columns as text."""
        return shown_key(self.key_of(row))

    def with_keys(self, make: Shaper, name: str, pk: Attribute) -> Shaper:
        """Return a function from a row to its object, with the key of the row first.

        Args:
            make: returns the object; those of most selections begin with the key by themselves.
            name: what the key is called.
            pk: its column.
        """
        if self.key_width == 1 and not pk.custom and pk.kind in SHOWN_AS_THEY_ARE:
            first = self.layout[0] if self.layout else None
            if isinstance(first, Leaf) and (first.name, first.index, first.flags) == (name, 0, ()):
                return make
            return lambda row: {name: row[0]} | make(row)
        return lambda row: {name: self.shown_key(row)} | make(row)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChildPlan:
    """The lists of one to-many relation, for all rows with one SELECT.

    A row belongs to the outer row whose value at ``near`` it points to. ``limit`` and ``offset``
    hold for each outer row. With ``keys_only`` the items of a list are keys, with ``bare`` the only
    values of their objects. If one of the values at ``flags`` is false, a row on the path to the list is hidden, and so is the list. ``cells`` and
    ``distinct_on`` are as for ``ReadPlan``, in each list. With ``keyset`` each list is paged by
    cursors; a position in one is refused at ``place`` unless the only list is that of its ``parent``.
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
    place: Place
    counted: bool = False
    flags: tuple[int, ...] = ()
    keyset: Keyset | None = None
    distinct_on: tuple[Value, ...] = ()
    cells: tuple[Cell, ...] = ()
    bare: bool = False

    @property
    def item_of(self) -> Callable[[Row], object]:
        """The function that returns what stands for a row in a list."""
        if self.keys_only:
            return self.output.shown_key
        make = self.output.make_object
        if not self.bare:
            return make
        (leaf,) = self.output.layout
        return lambda row: make(row)[leaf.name]


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """A value of a combination, NULL where its masks hide it.

    With ``presence`` only whether there is one counts, not which.
    """

    column: Value
    presence: bool = False


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadPlan:
    """One SELECT. A row is the columns of the primary key, the other ``columns``, then a boolean per ``flags``.

    With ``single`` it reads one row by its key. With ``cells`` a row is a combination of these
    instead, without a key. With ``distinct_on`` only the first row of each combination of these
    values is read. ``may_scan`` lets a backend that finds rows by keys read them without one.
    ``from_primary`` reads where the model is written, not from a replica, which may lag.
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
    may_scan: bool = False
    from_primary: bool = False

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


@fast_init
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
    rows. ``from_primary`` is that of a ``ReadPlan``.
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
    from_primary: bool = False
