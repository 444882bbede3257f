"""The plan: which columns to fetch, under which conditions, and where each goes in the reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from django_flex.permissions.applied import Rule
    from django_flex.permissions.authorized import (
        Ordering,
        Rows,
        Search,
        Value,
        Visible,
        Where,
    )
    from django_flex.permissions.authorized_writes import RowWrite, Rules
    from django_flex.permissions.cursors import Keyset
    from django_flex.plan.aggregates import AggregatePlan
    from django_flex.query.ast import Mutation, Path, Query
    from django_flex.schema.introspection import Attribute, Relation, Resource


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A value at ``index`` of a row. It is null unless all ``flags`` of the row are true."""

    name: str
    index: int
    kind: str
    field: Any
    keys: Path = ()
    picks: tuple[Path, ...] = ()
    flags: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """A related object. It is null if the value at ``presence`` is, or if ``flag`` is not true."""

    name: str
    members: tuple[Leaf | Branch | ListLeaf, ...]
    presence: int | None = None
    flag: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ListLeaf:
    """A list of related objects: the ``number``-th of those that stand behind the row's values."""

    name: str
    number: int


Row: TypeAlias = tuple[Any, ...]
Shaper: TypeAlias = Callable[[Row], dict[str, Any]]
Layout: TypeAlias = tuple[Leaf | Branch | ListLeaf, ...]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class SelectOutput:
    """What a statement selects, and what becomes of a row: the same for a selection every time.

    ``children`` are the lists inside a row, one more statement each.
    """

    columns: tuple[Value, ...]
    flags: tuple[Visible, ...]
    layout: Layout
    make_object: Shaper
    children: tuple[ChildPlan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChildPlan:
    """The lists of one to-many relation, for all rows by one SELECT.

    A row belongs to the outer row whose value at ``near`` it points to. ``limit`` and ``offset``
    hold for each outer row. With ``keys_only`` the items of a list are keys. Where one of the
    values at ``flags`` is false, a row on the way to the list is hidden, and so is the list.
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
    """A value of a combination, NULL where its guards hide it.

    With ``presence`` only whether there is one counts, not which.
    """

    column: Value
    presence: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadPlan:
    """One SELECT. A row is the primary key, the other ``columns``, then a boolean per ``flags``.

    With ``cells`` a row is a combination of them instead, without a key; of ``distinct_on`` each
    combination of values has its first row only.
    """

    asked: Query
    resource: Resource
    output: SelectOutput
    rows: Rows
    where: Where | None
    order_by: tuple[Ordering, ...]
    pk: Any
    limit: int
    offset: int
    json_places: frozenset[str]
    rules: tuple[Rule, ...] = ()
    keyset: Keyset | None = None
    distinct_on: tuple[Value, ...] = ()
    cells: tuple[Cell, ...] = ()
    ranking: Search | None = None
    totals: AggregatePlan | None = None

    @property
    def columns(self) -> tuple[Value, ...]:
        """What is selected."""
        return self.output.columns

    @property
    def flags(self) -> tuple[Visible, ...]:
        """What tells whether related rows on the way may be seen."""
        return self.output.flags

    @property
    def layout(self) -> Layout:
        """Where each value goes in the reply."""
        return self.output.layout

    @property
    def make_object(self) -> Shaper:
        """What makes the object of a row."""
        return self.output.make_object

    @property
    def children(self) -> tuple[ChildPlan, ...]:
        """The plans of nested to-many relations, one statement each."""
        return self.output.children


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WritePlan:
    """One write: the rows as they are to be, and how to read each back for the reply.

    ``edits`` and ``editing`` are for rows of an upsert that are there already; ``match`` are the
    columns that tell. ``where`` chooses the rows of a write by filter, whose only ``rows`` entry
    is what becomes of each.
    """

    asked: Mutation
    rules: Rules
    rows: tuple[RowWrite, ...]
    editing: Rules | None
    edits: tuple[RowWrite, ...]
    match: tuple[Attribute, ...]
    where: Where | None
    returning: ReadPlan | None
