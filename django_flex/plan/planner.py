"""An authorized query into a plan: each column once, rows limited to one more than wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from django_flex.permissions.authorized import Column, Output
from django_flex.plan.nodes import Branch, Layout, Leaf, ReadPlan, WritePlan
from django_flex.plan.rows import row_shaper

if TYPE_CHECKING:
    from django_flex.permissions.authorized import AuthorizedQuery, Selection, Visible
    from django_flex.permissions.authorized_writes import AuthorizedMutation
    from django_flex.plan.nodes import Shaper
    from django_flex.schema.introspection import Resource


class Columns:
    """The columns and flags of one statement, numbered as they are asked for."""

    __slots__ = ("_flag_index", "_index", "columns", "flags", "resource")

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.columns: list[Column] = []
        self.flags: list[Visible] = []
        self._index: dict[tuple[object, ...], int] = {}
        self._flag_index: dict[tuple[str, ...], int] = {}

    def index(self, column: Column) -> int:
        """Return the position of a column in the row, adding it when it is new."""
        key = (*(hop.lookup for hop in column.hops), column.attribute.lookup)
        if key not in self._index:
            self._index[key] = len(self.columns)
            self.columns.append(column)
        return self._index[key]

    def flag(self, guard: Visible) -> int:
        """Return the number of the flag that says whether a related row is visible."""
        key = tuple(hop.lookup for hop in guard.hops)
        if key not in self._flag_index:
            self._flag_index[key] = len(self.flags)
            self.flags.append(guard)
        return self._flag_index[key]


def make_plan(authorized: AuthorizedQuery) -> ReadPlan:
    """Decide what one statement fetches and where each value goes."""
    output = _output(authorized.selection, authorized.resource)
    page = authorized.asked.page
    return ReadPlan(
        asked=authorized.asked,
        resource=authorized.resource,
        columns=output.columns,
        flags=output.flags,
        layout=output.layout,
        make_object=output.make_object,
        rows=authorized.rows,
        where=authorized.where,
        order_by=authorized.order_by,
        pk=authorized.pk,
        limit=page.limit,
        offset=page.offset,
        json_places=authorized.json_places,
    )


def make_write_plan(authorized: AuthorizedMutation) -> WritePlan:
    """Decide how a write is done and how what was written is read back."""
    return WritePlan(
        asked=authorized.asked,
        rules=authorized.rules,
        rows=authorized.rows,
        editing=authorized.editing,
        edits=authorized.edits,
        match=authorized.match,
        where=authorized.where,
        returning=None if authorized.returning is None else make_plan(authorized.returning),
    )


@dataclass(frozen=True, slots=True, eq=False)
class SelectOutput:
    """What a statement selects, and what becomes of a row: the same for a selection every time."""

    columns: tuple[Column, ...]
    flags: tuple[Visible, ...]
    layout: Layout
    make_object: Shaper


# Selections that `authorize` remembers come again, and bring what was planned for them.
_outputs: WeakKeyDictionary[Selection, SelectOutput] = WeakKeyDictionary()


def _output(selection: Selection, resource: Resource) -> SelectOutput:
    found = _outputs.get(selection)
    if found is None:
        columns = Columns(resource)
        columns.index(Column((), resource.pk))
        layout = _layout(selection, columns)
        found = _outputs[selection] = SelectOutput(
            columns=tuple(columns.columns),
            flags=tuple(columns.flags),
            layout=layout,
            make_object=row_shaper(layout, len(columns.columns)),
        )
    return found


def _layout(selection: Selection, columns: Columns) -> Layout:
    return tuple(
        _leaf(member, columns) if isinstance(member, Output) else _branch(member, columns)
        for member in selection.members
    )


def _leaf(output: Output, columns: Columns) -> Leaf:
    column = output.column
    return Leaf(
        name=output.name,
        index=columns.index(column),
        kind=column.attribute.kind,
        field=column.attribute.value_field,
        keys=column.keys,
        picks=output.picks,
        flags=tuple(columns.flag(guard) for guard in column.guards),
    )


def _branch(selection: Selection, columns: Columns) -> Branch:
    flag = columns.flag(selection.guard) if selection.guard is not None else None
    return Branch(
        name=selection.name,
        members=_layout(selection, columns),
        presence=_presence(selection, columns) if flag is None else None,
        flag=flag,
    )


def _presence(selection: Selection, columns: Columns) -> int | None:
    """Return the column that is NULL where the related row is missing, if it can be missing."""
    hop = selection.hops[-1]
    if hop.column is None:
        return columns.index(Column(selection.hops, hop.target.pk))
    if not hop.null:
        return None
    way = selection.hops[:-1]
    holder = way[-1].target if way else columns.resource
    attribute = holder.attribute(hop.column)
    return None if attribute is None else columns.index(Column(way, attribute))
