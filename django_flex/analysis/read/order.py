"""Sort keys, checked and resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.access.hints import order_hint
from django_flex.analysis.read.single_values import single_value
from django_flex.binding.grant_cache import GrantCache
from django_flex.binding.related_aggregates import (
    NO_NAMES,
    find_relation_measure,
    related_aggregate,
    split_named,
)
from django_flex.exceptions import OrderDeniedError
from django_flex.resolved import Column, Ordering
from django_flex.schema.paths import UnknownPathError, resolve

if TYPE_CHECKING:
    from django_flex.access.reach import Access
    from django_flex.binding.related_aggregates import NamedAggregates
    from django_flex.query.ast import OrderTerm
    from django_flex.resolved import Derived
    from django_flex.schema.aggregates import Measure

_cache: GrantCache[Ordering] = GrantCache()


def authorize_order(
    term: OrderTerm, access: Access, place: str = "order_by", named: NamedAggregates = NO_NAMES
) -> Ordering:
    """Check one sort key against the caller's grant.

    Args:
        term: the sort key.
        access: the caller's reach.
        place: its position in the payload.
        named: aggregates that the query names.

    Raises:
        OrderDeniedError: an ordering that is not granted, or does not exist.
        QueryError: a path without a single value to sort by.
    """
    if named:
        split = split_named(named, term.path)
        if split is not None and split.value is not None and not split.rest:
            return _by_aggregate(term, split.measure, split.value, access, place)
    found = _cache.get(access.grant, term) if access.decides else None
    if found is not None:
        return found
    ordering = _resolve(term, access, place)
    column = ordering.column
    if access.decides and isinstance(column, Column) and not (column.hops or column.masks):
        _cache.put(access.grant, term, ordering)
    return ordering


def _resolve(term: OrderTerm, access: Access, place: str) -> Ordering:
    text = f"{'-' if term.descending else ''}{'.'.join(term.path)}"
    measure = find_relation_measure(access.resource, term.path)
    if measure is not None:
        return _by_aggregate(term, measure, None, access, place)
    try:
        target = resolve(access.resource, term.path)
    except UnknownPathError:
        raise OrderDeniedError(text, path=place, hint=order_hint(text, access)) from None
    if not access.may_order(target, descending=term.descending):
        raise OrderDeniedError(text, path=place, hint=order_hint(text, access))
    column = single_value(target, access, place, f"'{text}' has no single value to sort by")
    return Ordering(column, term.descending, term.nulls)


def _by_aggregate(
    term: OrderTerm, measure: Measure, named: Derived | None, access: Access, place: str
) -> Ordering:
    if not access.may_order_by(measure, descending=term.descending):
        text = f"{'-' if term.descending else ''}{'.'.join(term.path)}"
        raise OrderDeniedError(text, path=place, hint=order_hint(text, access))
    value = named or related_aggregate(measure, access, ".".join(term.path), place)
    return Ordering(value, term.descending, term.nulls)
