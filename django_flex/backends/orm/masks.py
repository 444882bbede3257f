"""Values as a caller may see them: NULL where a related row on the way is hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Case, IntegerField, Q, Value, When

from django_flex.backends.orm.conditions import visibility
from django_flex.backends.orm.context import path_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_flex.permissions.authorized import Column, Visible


def masked(expression: Any, guards: Sequence[Visible], using: str) -> Any:
    """Return an expression that is NULL unless all related rows on the way are visible."""
    if not guards:
        return expression
    visible = Q(*(Q(visibility(guard, using)) for guard in guards))
    return Case(When(visible, then=expression), default=None)


def present(column: Column, using: str) -> Any:
    """Return 1 where there is a value that the caller may see, NULL elsewhere."""
    there = Q((f"{path_of(column)}__isnull", False))
    one = Value(1, output_field=IntegerField())
    return masked(Case(When(there, then=one), default=None), column.guards, using)
