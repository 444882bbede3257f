"""What a statement selects: columns by their names, computed values and flags by aliases of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import F, Func

from django_flex.backends.orm.conditions import expression_of, visibility
from django_flex.backends.orm.context import path_of
from django_flex.permissions.authorized import Derived

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.db.models import QuerySet

    from django_flex.permissions.authorized import Value, Visible


class Again(Func):
    """A value that may be selected twice: where Django filters by a window it drops the second.

    The key of the outer row may be a column of the inner one; ``booking.id`` is ``booking``; two
    computed fields may be the same.
    """

    template = "%(expressions)s"
    arity = 1

    def __eq__(self, other: object) -> bool:
        """No two are the same, which is the point."""
        return self is other

    __hash__ = object.__hash__


def select(
    queryset: QuerySet[Any],
    columns: Sequence[Value],
    flags: Sequence[Visible],
    using: str,
    *beside: str,
    last: Sequence[str] = (),
    windowed: bool = False,
) -> QuerySet[Any]:
    """Return a queryset of tuples: values, a boolean per flag, names beside them, and the last.

    ``windowed`` says that the queryset is filtered by a window.
    """
    named = list(zip(names_of(columns), columns, strict=True))
    made = {name: expression_of(c, using) for name, c in named if isinstance(c, Derived)}
    seen = {f"flex_v{n}": visibility(guard, using) for n, guard in enumerate(flags)}
    selected = list(beside)
    for number, (name, column) in enumerate(named):
        repeats = name in selected or (windowed and _may_repeat(column, beside))
        selected.append(f"flex_a{number}" if repeats else name)
        if repeats:
            made[selected[-1]] = F(name)
    added = {name: Again(value) if windowed else value for name, value in (made | seen).items()}
    if added:
        queryset = queryset.annotate(**added)
    return queryset.values_list(*selected[len(beside) :], *seen, *beside, *last)


def _may_repeat(column: Value, beside: Sequence[str]) -> bool:
    """Whether a column may be selected already: a key here, or on the other side of a relation."""
    if isinstance(column, Derived):
        return False
    attribute = column.attribute
    return attribute.primary_key if column.hops else attribute.name in beside


def names_of(columns: Sequence[Value]) -> list[str]:
    """Return Django's name of each value of a statement."""
    return [
        f"flex_c{number}" if isinstance(column, Derived) else path_of(column)
        for number, column in enumerate(columns)
    ]


def computed_names(columns: Sequence[Value]) -> Mapping[tuple[str, ...], str]:
    """Return the aliases of the computed values of a statement, by their keys."""
    named = zip(columns, names_of(columns), strict=True)
    return {column.key: name for column, name in named if isinstance(column, Derived)}
