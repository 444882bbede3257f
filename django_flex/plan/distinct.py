"""Rows that are combinations of values: they have no key, and hidden values do not distinguish them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.plan.nodes import Branch, Cell, Layout, Leaf, SelectOutput
from django_flex.plan.rows import row_shaper
from django_flex.plan.sizes import weigh
from django_flex.resolved import Column, Group, Output, Selection, key_of

if TYPE_CHECKING:
    from django_flex.resolved import Value, VisibleHop
    from django_flex.schema.resources import Relation, Resource


class CombinationCells:
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
    """Return the layout of a combination, and its values."""
    cells = CombinationCells(resource)
    layout = _layout(selection, (), cells)
    columns = tuple(cell.column for cell in cells.cells)
    shaper = row_shaper(layout, len(columns))
    return SelectOutput(columns, (), layout, shaper, weigh(layout)), tuple(cells.cells)


def _layout(
    selection: Selection | Group, masks: tuple[VisibleHop, ...], cells: CombinationCells
) -> Layout:
    """Lay out one level; ``masks`` are those of the related rows on the way here."""
    found: list[Leaf | Branch] = []
    for member in selection.members:
        if isinstance(member, Output):
            found.append(_leaf(member, masks, cells))
        elif isinstance(member, Group):
            found.append(Branch(name=member.name, members=_layout(member, masks, cells)))
        elif isinstance(member, Selection):
            inner = (*masks, *member.masks)
            found.append(
                Branch(
                    name=member.name,
                    members=_layout(member, inner, cells),
                    presence=_presence(member, inner, cells),
                )
            )
    return tuple(found)


def _leaf(output: Output, masks: tuple[VisibleHop, ...], cells: CombinationCells) -> Leaf:
    column: Value = output.column
    masks = tuple({g.hops: g for g in (*masks, *column.masks)}.values())
    return Leaf(
        name=output.name,
        index=cells.index(Cell(replace(column, masks=masks))),
        kind=column.attribute.kind,
        column=column.attribute,
        picks=output.picks,
        bare=output.bare,
    )


def _presence(
    selection: Selection, masks: tuple[VisibleHop, ...], cells: CombinationCells
) -> int | None:
    """Return the value that is NULL where the related row is missing or hidden, if it can be."""
    if not masks and not any(hop.null for hop in selection.hops):
        return None
    near = _near(selection.hops, cells.resource)
    return cells.index(Cell(replace(near, masks=masks), presence=True))


def _near(hops: tuple[Relation, ...], resource: Resource) -> Column:
    """Return the column that shows whether a related row exists."""
    *way, last = hops
    holder = way[-1].target if way else resource
    attribute = holder.attribute(last.column) if last.column is not None else None
    if attribute is None:
        return Column(hops, last.target.key_columns[0])
    return Column(tuple(way), attribute)
