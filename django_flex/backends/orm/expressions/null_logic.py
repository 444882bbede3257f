"""Conditions that SQL may find neither true nor false, so that their negation needs care."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from django_flex.resolved import (
    AllOf,
    AnyOf,
    Column,
    Complement,
    ComputedValue,
    Exists,
    Predicate,
    Search,
)

if TYPE_CHECKING:
    from django_flex.resolved import Where


def may_be_unknown(where: Where) -> bool:
    """Whether Django adds no IS NOT NULL to some test, or forgets it.

    It adds none to expressions. Of a related row that may be missing it forgets it where a test
    beside the complement needs that row, as in ``x = 1 OR NOT x = 1``.
    """
    match where:
        case Predicate(column=column, transforms=transforms, value=value):
            inside = column.attribute.kind in {"composite", "geometry", "json"} or column.keys
            expression = bool(inside) or "len" in transforms or isinstance(column, ComputedValue)
            missing = any(hop.null for hop in column.hops)
            return expression or missing or isinstance(value, Column | ComputedValue)
        case Complement(child=child):
            return may_be_unknown(child)
        case AllOf(children=children) | AnyOf(children=children):
            return any(may_be_unknown(child) for child in children)
        case Exists():
            return False
        case Search():
            return True
    assert_never(where)
