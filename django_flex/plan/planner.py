"""Turns an authorized query into a plan: each column once, and one row more than requested."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from django_flex.plan.aggregates import make_aggregate_plan
from django_flex.plan.capabilities import ALL, Capabilities
from django_flex.plan.distinct import combined
from django_flex.plan.needs import check_read, check_write
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
from django_flex.plan.sizes import weigh
from django_flex.resolved import Column, ComputedValue, Group, Nested, Output, Selection
from django_flex.resolved.selection import key_of_rows

if TYPE_CHECKING:
    from django_flex.resolved import AuthorizedMutation, AuthorizedQuery, Value, VisibleHop
    from django_flex.schema.resources import Resource


class Columns:
    """The columns and flags of one statement, numbered as they are asked for."""

    __slots__ = ("_flag_index", "_index", "children", "columns", "flags", "resource")

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.columns: list[Value] = []
        self.flags: list[VisibleHop] = []
        self.children: list[ChildPlan] = []
        self._index: dict[tuple[object, ...], int] = {}
        self._flag_index: dict[tuple[str, ...], int] = {}

    def index(self, column: Value) -> int:
        """Return the position of a value in the row, adding it when it is new."""
        key: tuple[object, ...]
        if isinstance(column, ComputedValue):
            key = (ComputedValue, *column.key)
        else:
            key = (*(hop.lookup for hop in column.hops), column.attribute.lookup)
        if key not in self._index:
            self._index[key] = len(self.columns)
            self.columns.append(column)
        return self._index[key]

    def flag(self, mask: VisibleHop) -> int:
        """Return the number of the flag that says whether a related row is visible."""
        key = tuple(hop.lookup for hop in mask.hops)
        if key not in self._flag_index:
            self._flag_index[key] = len(self.flags)
            self.flags.append(mask)
        return self._flag_index[key]


def make_plan(authorized: AuthorizedQuery, can: Capabilities = ALL) -> ReadPlan:
    """Decide which columns a statement fetches, and the position of each value in the reply.

    Raises:
        UnsupportedQueryError: the query needs a capability that the backend lacks.
    """
    plan = _planned(authorized)
    if can is not ALL:
        check_read(plan, can)
    return plan


def _planned(authorized: AuthorizedQuery) -> ReadPlan:
    cells: tuple[Cell, ...] = ()
    asked = authorized.asked
    if asked.distinct is True:
        output, cells = combined(authorized.selection, authorized.resource)
    else:
        output = _output(authorized.selection, authorized.resource)
    page = asked.page
    return ReadPlan(
        single=asked.operation == "get",
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
        searches=asked.search is not None,
        count=page.count,
        explain=asked.explain,
        totals=None if authorized.totals is None else make_aggregate_plan(authorized.totals),
        may_scan=authorized.may_scan,
    )


def make_write_plan(authorized: AuthorizedMutation, can: Capabilities = ALL) -> WritePlan:
    """Decide how a write is executed, and how the written rows are read back.

    Raises:
        UnsupportedQueryError: the write needs a capability that the backend lacks.
    """
    plan = WritePlan(
        operation=authorized.asked.operation,
        rules=authorized.rules,
        rows=authorized.rows,
        editing=authorized.editing,
        edits=authorized.edits,
        match=authorized.match,
        where=authorized.where,
        returning=None if authorized.returning is None else _planned(authorized.returning),
        max_affected=authorized.asked.max_affected or 0,
    )
    if can is not ALL:
        check_write(plan, can)
    return plan


# `authorize` caches selections, so the plan of one is used again.
_outputs: WeakKeyDictionary[Selection, SelectOutput] = WeakKeyDictionary()


def _output(
    selection: Selection, resource: Resource, *, keys_only: bool = False, bare: bool = False
) -> SelectOutput:
    found = _outputs.get(selection)
    if found is None:
        columns = Columns(resource)
        for part in resource.key_columns:
            columns.index(Column((), part))
        layout = _layout(selection, columns)
        found = _outputs[selection] = SelectOutput(
            columns=tuple(columns.columns),
            flags=tuple(columns.flags),
            layout=layout,
            make_object=row_shaper(layout, len(columns.columns), len(columns.flags)),
            weight=weigh(
                layout, len(columns.columns), resource.pk if keys_only else None, bare=bare
            ),
            children=tuple(_placed(child, columns) for child in columns.children),
            has_pages=any(child.paged or child.output.has_pages for child in columns.children),
            key_width=len(resource.key_columns),
        )
    return found


def _placed(child: ChildPlan, columns: Columns) -> ChildPlan:
    """Set the positions of the flags, now that all columns before them are known."""
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
    """Plan the lists of a relation; the outer row has to have the key that they refer to."""
    relation = nested.relation
    holder = nested.hops[-1].target if nested.hops else columns.resource
    near = holder.attribute(relation.near) or holder.pk
    keys_only = nested.selection is None
    selection = nested.selection or Selection("", None, (), ())
    cells: tuple[Cell, ...] = ()
    if nested.combined:
        output, cells = combined(nested.selection or key_of_rows(relation.target), relation.target)
    else:
        output = _output(selection, relation.target, keys_only=keys_only, bare=nested.bare)
    columns.children.append(
        ChildPlan(
            relation=relation,
            near=columns.index(Column(nested.hops, near)),
            output=output,
            keys_only=keys_only,
            rows=nested.rows,
            where=nested.where,
            order_by=nested.order_by,
            limit=nested.limit,
            offset=nested.offset,
            paged=nested.paged,
            counted=nested.counted,
            flags=tuple(columns.flag(mask) for mask in nested.masks),
            place=nested.place,
            keyset=nested.keyset,
            distinct_on=nested.distinct_on,
            cells=cells,
            bare=nested.bare,
        )
    )
    return ListLeaf(nested.name, len(columns.children) - 1)


def _leaf(output: Output, columns: Columns) -> Leaf:
    column = output.column
    indexes = tuple(columns.index(Column(column.hops, one)) for one in column.attribute.parts)
    return Leaf(
        name=output.name,
        index=indexes[0] if indexes else columns.index(column),
        kind=column.attribute.kind,
        column=column.attribute,
        keys=column.keys,
        picks=output.picks,
        flags=tuple(columns.flag(mask) for mask in column.masks),
        bare=output.bare,
        indexes=indexes,
    )


def _branch(selection: Selection, columns: Columns) -> Branch:
    flags = tuple(columns.flag(mask) for mask in selection.masks)
    # Where the row itself may be hidden, its flag also says whether there is one.
    shown = any(mask.hops == selection.hops for mask in selection.masks)
    return Branch(
        name=selection.name,
        members=_layout(selection, columns),
        presence=None if shown else _presence(selection, columns),
        flags=flags,
    )


def _presence(selection: Selection, columns: Columns) -> int | None:
    """Return the column that is NULL where the related row is missing, if it can be missing."""
    hop = selection.hops[-1]
    if hop.column is None:
        return columns.index(Column(selection.hops, hop.target.key_columns[0]))
    if not hop.null:
        return None
    way = selection.hops[:-1]
    holder = way[-1].target if way else columns.resource
    attribute = holder.attribute(hop.column)
    return None if attribute is None else columns.index(Column(way, attribute))
