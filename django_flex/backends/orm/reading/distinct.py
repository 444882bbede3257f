"""Each combination of values once, and the first row of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber

from django_flex.backends.orm.django_internals.keys import is_among
from django_flex.backends.orm.django_internals.marking import bindable
from django_flex.backends.orm.expressions.conditions import seen
from django_flex.backends.orm.expressions.context import path_of
from django_flex.backends.orm.expressions.masks import present
from django_flex.backends.orm.expressions.ordering import sort_keys
from django_flex.backends.orm.schema import model_of
from django_flex.resolved import Column, ComputedValue, key_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from django_flex.plan.nodes import Cell, ReadPlan
    from django_flex.resolved import Ordering

RANK = "flex_first"


def first_rows(queryset: QuerySet[Any], plan: ReadPlan, using: str) -> QuerySet[Any]:
    """Keep of each combination of ``distinct_on`` the row that comes first in the plan's order."""
    order = [key for ordering in plan.order_by for key in sort_keys(ordering, using)]
    names = _plain_names(plan)
    if names is not None and connections[using].vendor == "postgresql":
        first = queryset.order_by(*names, *order).distinct(*names)
    else:
        groups = [seen(column, using) for column in plan.distinct_on]
        rank = Window(RowNumber(), partition_by=groups, order_by=order)
        first = queryset.order_by().annotate(**{RANK: rank}).filter(Q((RANK, 1)))
    rows = bindable(model_of(plan.resource)._base_manager.using(using))
    return rows.filter(is_among(first))


def _plain_names(plan: ReadPlan) -> list[str] | None:
    """Return the names of the columns, ``None`` if one of them is computed or may be hidden."""
    if any(isinstance(column, ComputedValue) or column.masks for column in plan.distinct_on):
        return None
    return [path_of(column) for column in plan.distinct_on if isinstance(column, Column)]


def combinations(queryset: QuerySet[Any], plan: ReadPlan, using: str) -> QuerySet[Any]:
    """Return the combinations of a plan's cells, in a total order."""
    names = [_name(number, cell) for number, cell in enumerate(plan.cells)]
    named = zip(names, plan.cells, strict=True)
    computed = {
        name: value_of_cell(cell, using) for name, cell in named if name.startswith("flex_")
    }
    if computed:
        queryset = queryset.annotate(**computed)
    queryset = queryset.order_by(*order_of_cells(plan.order_by, plan.cells, names))
    return queryset.values_list(*names).distinct()


def value_of_cell(cell: Cell, using: str) -> object:
    """Return the value of a cell, or whether there is one."""
    column = cell.column
    if cell.presence and isinstance(column, Column):
        return present(column, using)
    return seen(column, using)


def _name(number: int, cell: Cell) -> str:
    """Return the name of a column that is selected unchanged, else an alias."""
    column = cell.column
    if isinstance(column, Column) and not (cell.presence or column.masks):
        return path_of(column)
    return f"flex_d{number}"


def order_of_cells(
    order_by: Sequence[Ordering], cells: Sequence[Cell], names: Sequence[str]
) -> list[Any]:
    """Sort as asked, then by all that is selected, so that pages neither repeat nor skip one.

    Args:
        order_by: the orderings, each by one of the cells.
        cells: the values of a combination.
        names: Django's names of these.
    """
    by_key = {
        key_of(cell.column): name
        for name, cell in zip(names, cells, strict=True)
        if not cell.presence
    }
    order: list[object] = []
    asked: set[str] = set()
    for ordering in order_by:
        name = by_key[key_of(ordering.column)]
        asked.add(name)
        nulls = {f"nulls_{ordering.nulls}": True} if ordering.nulls else {}
        order.append(F(name).desc(**nulls) if ordering.descending else F(name).asc(**nulls))
    return [*order, *(F(name).asc(nulls_last=True) for name in names if name not in asked)]
