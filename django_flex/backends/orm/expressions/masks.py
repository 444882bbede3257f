"""Values as a caller sees them: NULL if a related row on the path is hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Case, F, IntegerField, Q, Value, When
from django.db.models.lookups import IsNull

from django_flex.backends.orm.expressions.conditions import visibility
from django_flex.backends.orm.expressions.context import path_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_flex.resolved import Column, VisibleHop


def masked(expression: object, masks: Sequence[VisibleHop], using: str) -> object:
    """Return an expression that is NULL unless all related rows on the path are visible."""
    if not masks:
        return expression
    visible = Q(*(Q(visibility(mask, using)) for mask in masks))
    return Case(When(visible, then=expression), default=None)


def present(column: Column, using: str) -> object:
    """Return 1 if there is a value that the caller may see, else NULL."""
    there = IsNull(F(path_of(column)), False)
    one = Value(1, output_field=IntegerField())
    return masked(Case(When(there, then=one), default=None), column.masks, using)
