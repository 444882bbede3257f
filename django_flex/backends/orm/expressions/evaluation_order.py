"""Conditions in which a database may fail, evaluated only for rows that the caller may see.

A database evaluates the conditions of a statement in any order. If a filter fails for a hidden row,
as a division by zero in a computed field does, the error reveals a value of that row. Only CASE has
an order, so such a filter is asked inside one, behind the rule that hides the row. Other filters
stay outside, where indexes can serve them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from django.db import connections
from django.db.models import BooleanField, Case, F, Q, Value, When
from django.db.models.expressions import ExpressionWrapper
from django.db.models.functions import (
    Coalesce,
    Concat,
    ConcatPair,
    Length,
    Lower,
    LTrim,
    RTrim,
    Trim,
    Upper,
)

from django_flex.resolved import (
    AggregateSubquery,
    AllOf,
    AnyOf,
    Complement,
    ComputedField,
    ComputedValue,
    Exists,
    Predicate,
    Search,
    TransformedValue,
)

if TYPE_CHECKING:
    from django_flex.resolved import Where

#: Aggregates whose result may be too large for its type; of the others it is a number or a value.
_OVERFLOWS = frozenset({"avg", "avg_distinct", "stddev", "sum", "sum_distinct", "variance"})
#: Expressions that have a value for any row. A project's own, and arithmetic, may not.
_SAFE = frozenset(
    {Coalesce, Concat, ConcatPair, ExpressionWrapper, F, Length, Lower, LTrim, RTrim, Trim, Upper}
)


def may_fail(where: Where, using: str) -> bool:
    """Whether a database may raise an error for some row while it evaluates a condition."""
    match where:
        case Predicate(column=column, transforms=transforms, value=value):
            # Python's datetimes, with which SQLite computes, have no year 0 and no year 10000.
            in_python = bool(transforms) and connections[using].vendor == "sqlite"
            moves = in_python and column.attribute.kind == "datetime"
            return moves or value_may_fail(column, using) or value_may_fail(value, using)
        case AllOf(children=children) | AnyOf(children=children):
            return any(may_fail(child, using) for child in children)
        case Complement(child=child):
            return may_fail(child, using)
        case Exists(where=inner):
            return inner is not None and may_fail(inner, using)
        case Search(words=words):
            return any(may_fail(word, using) for word in words)
    assert_never(where)


def value_may_fail(value: object, using: str) -> bool:
    """Whether a database may raise an error for some row while it computes a value."""
    if not isinstance(value, ComputedValue):
        return False
    if isinstance(value.source, AggregateSubquery):
        inner, where = value.source.value, value.source.where
        fails = where is not None and may_fail(where, using)
        return fails or value.source.function in _OVERFLOWS or value_may_fail(inner, using)
    if isinstance(value.source, TransformedValue):
        # As in `may_fail`.
        whole, in_python = value.source.value, connections[using].vendor == "sqlite"
        moves = in_python and whole.attribute.kind == "datetime"
        return moves or value_may_fail(whole, using)
    if isinstance(value.source, ComputedField):
        return not _is_safe(value.source.expression, using)
    return False  # a group or total: only rows that the caller may see are in it


def _is_safe(expression: Any, using: str) -> bool:
    kind = type(expression)
    if kind is F:
        # The path may end in a part of a date, as in `may_fail`.
        return "__" not in expression.name or connections[using].vendor != "sqlite"
    if kind is Value:
        return True
    inside = getattr(expression, "get_source_expressions", None)
    return kind in _SAFE and inside is not None and all(_is_safe(one, using) for one in inside())


def only_among(rows: Q, condition: Q) -> Q:
    """Return a condition that is evaluated only for some rows, and false for all others."""
    asked = Case(When(condition, then=Value(True)), default=Value(False))
    return Q(Case(When(rows, then=asked), default=Value(False), output_field=BooleanField()))
