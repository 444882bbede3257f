"""Rows that are combinations of values: no key, and nothing that a caller may not see tells them apart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.permissions.authorized import Column, Group, Output, Selection
from django_flex.permissions.distinct import key_of
from django_flex.plan.nodes import Branch, Cell, Layout, Leaf, SelectOutput
from django_flex.plan.rows import row_shaper

if TYPE_CHECKING:
    from django_flex.permissions.authorized import Value, Visible
    from django_flex.schema.introspection import Relation, Resource


class Cells:
    """The values of one combination, numbered as they are asked for."""

    __slots__ = ("_index", "cells", "resource")

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.cells: list[Cell] = []
        self._index: dict[tuple[object, ...], int] = {}

    def index(self, cell: Cell) -> int:
        """Return the position of a value, adding it when it is new."""
        key = (cell.presence, *key_of(cell.column))
        if key not in self._index:
            self._index[key] = len(self.cells)
            self.cells.append(cell)
        return self._index[key]


def combined(selection: Selection, resource: Resource) -> tuple[SelectOutput, tuple[Cell, ...]]:
    """Return what becomes of a combination, and the values that make it."""
    cells = Cells(resource)
    layout = _layout(selection, (), cells)
    columns = tuple(cell.column for cell in cells.cells)
    shaper = row_shaper(layout, len(columns))
    return SelectOutput(columns, (), layout, shaper), tuple(cells.cells)


def _layout(selection: Selection | Group, guards: tuple[Visible, ...], cells: Cells) -> Layout:
    """Lay out one level; ``guards`` are those of the related rows on the way here."""
    found: list[Leaf | Branch] = []
    for member in selection.members:
        if isinstance(member, Output):
            found.append(_leaf(member, guards, cells))
        elif isinstance(member, Group):
            found.append(Branch(name=member.name, members=_layout(member, guards, cells)))
        elif isinstance(member, Selection):
            inner = (*guards, member.guard) if member.guard is not None else guards
            found.append(
                Branch(
                    name=member.name,
                    members=_layout(member, inner, cells),
                    presence=_presence(member, inner, cells),
                )
            )
    return tuple(found)


def _leaf(output: Output, guards: tuple[Visible, ...], cells: Cells) -> Leaf:
    column: Value = output.column
    guards = tuple({g.hops: g for g in (*guards, *column.guards)}.values())
    return Leaf(
        name=output.name,
        index=cells.index(Cell(replace(column, guards=guards))),
        kind=column.attribute.kind,
        field=column.attribute.value_field,
    )


def _presence(selection: Selection, guards: tuple[Visible, ...], cells: Cells) -> int | None:
    """Return the value that is NULL where the related row is missing or hidden, if it can be."""
    if not guards and not any(hop.null for hop in selection.hops):
        return None
    near = _near(selection.hops, cells.resource)
    return cells.index(Cell(replace(near, guards=guards), presence=True))


def _near(hops: tuple[Relation, ...], resource: Resource) -> Column:
    """Return the column that says whether there is a related row."""
    *way, last = hops
    holder = way[-1].target if way else resource
    attribute = holder.attribute(last.column) if last.column is not None else None
    if attribute is None:
        return Column(hops, last.target.pk)
    return Column(tuple(way), attribute)
