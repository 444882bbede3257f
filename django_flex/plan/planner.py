"""An authorized query into a plan: each column once, rows limited to one more than wanted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from django_flex.permissions.authorized import Column, Derived, Group, Nested, Output, Selection
from django_flex.plan.aggregates import make_aggregate_plan
from django_flex.plan.distinct import combined
from django_flex.plan.nodes import (
    Branch,
    Cell,
    ChildPlan,
    Layout,
    Leaf,
    ListLeaf,
    ReadPlan,
    SelectOutput,
    WritePlan,
)
from django_flex.plan.rows import row_shaper

if TYPE_CHECKING:
    from django_flex.permissions.authorized import AuthorizedQuery, Value, Visible
    from django_flex.permissions.authorized_writes import AuthorizedMutation
    from django_flex.schema.introspection import Resource


class Columns:
    """The columns and flags of one statement, numbered as they are asked for."""

    __slots__ = ("_flag_index", "_index", "children", "columns", "flags", "resource")

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.columns: list[Value] = []
        self.flags: list[Visible] = []
        self.children: list[ChildPlan] = []
        self._index: dict[tuple[object, ...], int] = {}
        self._flag_index: dict[tuple[str, ...], int] = {}

    def index(self, column: Value) -> int:
        """Return the position of a value in the row, adding it when it is new."""
        key: tuple[object, ...]
        if isinstance(column, Derived):
            key = (Derived, *column.key)
        else:
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
    cells: tuple[Cell, ...] = ()
    if authorized.asked.distinct is True:
        output, cells = combined(authorized.selection, authorized.resource)
    else:
        output = _output(authorized.selection, authorized.resource)
    page = authorized.asked.page
    return ReadPlan(
        asked=authorized.asked,
        resource=authorized.resource,
        output=output,
        rows=authorized.rows,
        where=authorized.where,
        order_by=authorized.order_by,
        pk=authorized.pk,
        limit=page.limit,
        offset=page.offset,
        json_places=authorized.json_places,
        rules=authorized.rules,
        keyset=authorized.keyset,
        distinct_on=authorized.distinct_on,
        cells=cells,
        ranking=authorized.ranking,
        totals=None if authorized.totals is None else make_aggregate_plan(authorized.totals),
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
            make_object=row_shaper(layout, len(columns.columns), len(columns.flags)),
            children=tuple(_placed(child, columns) for child in columns.children),
        )
    return found


def _placed(child: ChildPlan, columns: Columns) -> ChildPlan:
    """Say where its flags stand in a row, now that all columns before them are known."""
    if not child.flags:
        return child
    return replace(child, flags=tuple(len(columns.columns) + flag for flag in child.flags))


def _layout(selection: Selection, columns: Columns) -> Layout:
    return tuple(_member(member, columns) for member in selection.members)


def _member(
    member: Output | Selection | Nested | Group, columns: Columns
) -> Leaf | Branch | ListLeaf:
    if isinstance(member, Output):
        return _leaf(member, columns)
    if isinstance(member, Group):
        return Branch(member.name, tuple(_member(part, columns) for part in member.members))
    if isinstance(member, Selection):
        return _branch(member, columns)
    return _list(member, columns)


def _list(nested: Nested, columns: Columns) -> ListLeaf:
    """Plan the lists of a relation; the outer row has to bring the key that they go by."""
    relation = nested.relation
    holder = nested.hops[-1].target if nested.hops else columns.resource
    near = holder.attribute(relation.near) or holder.pk
    selection = nested.selection or Selection("", None, (), ())
    columns.children.append(
        ChildPlan(
            relation=relation,
            near=columns.index(Column(nested.hops, near)),
            output=_output(selection, relation.target),
            keys_only=nested.selection is None,
            rows=nested.rows,
            where=nested.where,
            order_by=nested.order_by,
            limit=nested.limit,
            offset=nested.offset,
            paged=nested.paged,
            flags=tuple(columns.flag(guard) for guard in nested.guards),
        )
    )
    return ListLeaf(nested.name, len(columns.children) - 1)


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
