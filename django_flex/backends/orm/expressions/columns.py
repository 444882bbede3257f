"""What a statement selects: columns by their names, computed values and flags by aliases of ours."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.db.models import F, Func

from django_flex.backends.orm.expressions.conditions import expression_of, seen, visibility
from django_flex.backends.orm.expressions.context import path_of
from django_flex.backends.orm.expressions.evaluation_order import value_may_fail
from django_flex.resolved import Column, ComputedValue
from django_flex.schema.output_fields import output_field_of, scaled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.db.models import QuerySet

    from django_flex.resolved import Value, VisibleHop


class UniqueExpression(Func):
    """Equal to no other expression, so that Django, filtering by a window, does not drop the second.

    The key of the outer row may be a column of the inner one; ``booking.id`` is ``booking``; two
    computed fields may be the same.
    """

    template = "%(expressions)s"
    arity = 1

    def __eq__(self, other: object) -> bool:
        """Only equal to itself, so that Django keeps both."""
        return self is other

    __hash__ = object.__hash__


def unique(expression: object, value: Value | None = None) -> UniqueExpression:
    """Return an expression that is equal to no other; with the zeros of a decimal, if it is that of a value."""
    column = value if isinstance(value, Column) and value.attribute.kind == "decimal" else None
    output = None if column is None else scaled(output_field_of(column.attribute))
    return UniqueExpression(expression, output_field=output)


def select(
    queryset: QuerySet[Any],
    columns: Sequence[Value],
    flags: Sequence[VisibleHop],
    using: str,
    *beside: str,
    last: Sequence[str] = (),
    windowed: bool = False,
) -> QuerySet[Any]:
    """Return a queryset of tuples: values, a boolean per flag, names beside them, and the last.

    ``windowed`` says that the queryset is filtered by a window.
    """
    named = list(zip(names_of(columns), columns, strict=True))
    made = {
        name: _computed(column, flags, using)
        for name, column in named
        if isinstance(column, ComputedValue)
    }
    visible = {f"flex_v{n}": visibility(mask, using) for n, mask in enumerate(flags)}
    selected = list(beside)
    for number, (name, column) in enumerate(named):
        repeats = name in selected or (windowed and _may_repeat(column, beside))
        selected.append(f"flex_a{number}" if repeats else name)
        if repeats:
            made[selected[-1]] = unique(F(name), column) if windowed else F(name)
    added = {
        name: unique(value) if windowed and not isinstance(value, UniqueExpression) else value
        for name, value in (made | visible).items()
    }
    if added:
        queryset = queryset.annotate(**added)
    return queryset.values_list(*selected[len(beside) :], *visible, *beside, *last)


def _computed(column: ComputedValue, flags: Sequence[VisibleHop], using: str) -> object:
    """Return a computed value; where it may fail, NULL for a related row that is hidden.

    Elsewhere the flags, which are selected beside it, are enough to hide it.
    """
    if not value_may_fail(column, using):
        return expression_of(column, using)
    above = (flag for flag in flags if column.hops[: len(flag.hops)] == flag.hops)
    return seen(replace(column, masks=(*column.masks, *above)), using)


def _may_repeat(column: Value, beside: Sequence[str]) -> bool:
    """Whether a column may be selected already: a key here, or on the other side of a relation."""
    if isinstance(column, ComputedValue):
        return False
    attribute = column.attribute
    return attribute.primary_key if column.hops else attribute.own_name in beside


def names_of(columns: Sequence[Value]) -> list[str]:
    """Return Django's name of each value of a statement."""
    return [
        f"flex_c{number}" if isinstance(column, ComputedValue) else path_of(column)
        for number, column in enumerate(columns)
    ]


def computed_names(columns: Sequence[Value]) -> Mapping[tuple[str, ...], str]:
    """Return the aliases of the computed values of a statement, by their keys."""
    named = zip(columns, names_of(columns), strict=True)
    return {column.key: name for column, name in named if isinstance(column, ComputedValue)}
