"""The tree of the values of one row of the reply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_flex.resolved.conditions import Column

if TYPE_CHECKING:
    from django_flex.exceptions.places import Place
    from django_flex.query.ast import Path
    from django_flex.resolved.conditions import Rows, Value, VisibleHop, Where
    from django_flex.resolved.keyset import Keyset
    from django_flex.resolved.orderings import Ordering
    from django_flex.schema.resources import Relation, Resource


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """One value of the reply. ``name`` is its key in the reply.

    ``picks`` are the requested parts of a JSON value, nested like its keys; without any it is the
    whole value. Those of a file are parts of it. An ``aliased`` output is not nested: it has its own
    name, whatever its path. A ``bare`` one is the only part, without an object around it.
    """

    name: str
    column: Value
    picks: tuple[Path, ...] = ()
    aliased: bool = False
    bare: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Values nested under a name, as in their paths."""

    name: str
    members: tuple[Output | Group, ...]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Selection:
    """The requested part of one row: its values, and to-one related objects by name, in order.

    ``relation`` is the relation that leads here, ``None`` at the root. ``masks`` are the rows that
    have to be visible for this one to be shown: itself, and its type if a generic foreign key leads
    here.
    """

    name: str
    relation: Relation | None
    hops: tuple[Relation, ...]
    members: tuple[Output | Selection | Nested | Group, ...]
    masks: tuple[VisibleHop, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Nested:
    """The requested rows of a to-many relation, a list under ``name``.

    ``hops`` are the to-one relations to the row that they belong to; ``selection`` is the requested
    part of each row, ``None`` for its key. With ``bare`` that is one value, which is shown without an
    object around it. With ``paged`` the list is returned with its pagination, with ``counted`` also
    how many rows there are. With ``combined`` it has each combination of the selected values once,
    with ``distinct_on`` only the first row of each combination of these. ``place`` is where it was
    asked for.
    """

    name: str
    hops: tuple[Relation, ...]
    relation: Relation
    selection: Selection | None
    rows: Rows
    where: Where | None
    order_by: tuple[Ordering, ...]
    limit: int
    offset: int
    paged: bool
    counted: bool
    masks: tuple[VisibleHop, ...]
    place: Place
    combined: bool = False
    distinct_on: tuple[Value, ...] = ()
    keyset: Keyset | None = None
    bare: bool = False


def key_of_rows(resource: Resource) -> Selection:
    """Return the selection of a list whose items are keys."""
    return Selection("", None, (), (Output(resource.pk.name, Column((), resource.pk)),))
