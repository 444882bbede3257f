"""Sort keys as Django's ``order_by`` takes them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.db.models import Case, F, Q, When

from django_flex.backends.orm.expressions.conditions import expression_of, visibility
from django_flex.backends.orm.expressions.context import path_of
from django_flex.backends.orm.expressions.json_conditions import json_value
from django_flex.backends.orm.expressions.json_functions import JSONNumber, JSONText
from django_flex.resolved import ComputedValue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_flex.resolved import Ordering

NONE: Mapping[tuple[str, ...], str] = MappingProxyType({})


def sort_keys(
    ordering: Ordering, using: str, selected: Mapping[tuple[str, ...], str] = NONE
) -> list[Any]:
    """Return what one ordering sorts by; a JSON value by its number, then by its text.

    Databases order a mixture of JSON values each in its own way, some of them numbers as texts.

    Args:
        ordering: the sort key.
        using: the database.
        selected: names of computed values that the statement has already, by their keys.
    """
    column = ordering.column
    if isinstance(column, ComputedValue):
        name = selected.get(column.key)
        return [_directed(F(name) if name else expression_of(column, using), ordering, using)]
    path = path_of(column)
    if not (column.keys or column.masks or ordering.nulls):
        return [f"-{path}" if ordering.descending else path]
    if not column.keys:
        return [_directed(F(path), ordering, using)]
    value = json_value(column)
    return [_directed(part, ordering, using) for part in (JSONNumber(value), JSONText(value))]


def _directed(expression: Any, ordering: Ordering, using: str) -> object:
    if ordering.column.masks:
        visible = Q(*(Q(visibility(mask, using)) for mask in ordering.column.masks))
        expression = Case(When(visible, then=expression), default=None)
    nulls = {f"nulls_{ordering.nulls}": True} if ordering.nulls else {}
    return expression.desc(**nulls) if ordering.descending else expression.asc(**nulls)
