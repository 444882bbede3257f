"""Sort keys, checked and resolved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.access.hints import order_hint
from django_flex.analysis.read.single_values import single_value
from django_flex.analysis.read.transforms import part_value, resolve_part
from django_flex.binding.grant_cache import GrantCache
from django_flex.binding.related_aggregates import (
    NO_NAMES,
    find_relation_measure,
    related_aggregate,
    split_named,
)
from django_flex.exceptions import OrderDeniedError, QueryError
from django_flex.exceptions.places import Part, worded
from django_flex.query.ast import RANDOM
from django_flex.resolved import Column, ComputedValue, Ordering, RandomNumber, key_of
from django_flex.schema.aggregates import computed
from django_flex.schema.paths import UnknownPathError, resolve

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from django_flex.access.reach import Access
    from django_flex.binding.related_aggregates import NamedAggregates
    from django_flex.exceptions.places import Place
    from django_flex.policy.model import Grant
    from django_flex.query.ast import OrderTerm
    from django_flex.schema.aggregates import Measure

_cache: GrantCache[Ordering] = GrantCache()
#: What a random order is by.
SHUFFLED = ComputedValue(RandomNumber(), computed(RANDOM, "float"), (RANDOM,))


def authorize_order(
    term: OrderTerm, access: Access, place: Place = Part.ORDER_BY, named: NamedAggregates = NO_NAMES
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


def is_decided_by_grant(term: OrderTerm, grant: Grant) -> bool:
    """Whether a sort key was granted, and the grant alone decides: it is a column of the row itself."""
    return _cache.get(grant, term) is not None


def authorize_orders(
    terms: Iterable[OrderTerm],
    access: Access,
    place: Place = Part.ORDER_BY,
    named: NamedAggregates = NO_NAMES,
) -> tuple[Ordering, ...]:
    """Check sort keys against the caller's grant; raises what ``authorize_order`` does."""
    return by_columns([authorize_order(term, access, place, named) for term in terms])


def by_columns(orderings: Collection[Ordering]) -> tuple[Ordering, ...]:
    """Return an order with each key of several columns as its columns, and each column only once.

    Rows that a first sort key leaves together are equal in it: to sort by it again, in whatever
    direction, changes nothing.
    """
    found: dict[tuple[object, ...], Ordering] = {}
    for ordering in orderings:
        parts = _of_columns(ordering) if ordering.column.attribute.parts else (ordering,)
        for one in parts:
            found.setdefault(key_of(one.column), one)
    return tuple(found.values())


def _of_columns(ordering: Ordering) -> tuple[Ordering, ...]:
    column = ordering.column
    if not isinstance(column, Column) or not column.attribute.parts:
        return (ordering,)
    columns = (replace(column, attribute=part) for part in column.attribute.parts)
    return tuple(replace(ordering, column=one) for one in columns)


def _resolve(term: OrderTerm, access: Access, place: Place) -> Ordering:
    text = f"{'-' if term.descending else ''}{'.'.join(term.path)}"
    measure = find_relation_measure(access.resource, term.path)
    if measure is not None:
        return _by_aggregate(term, measure, None, access, place)
    denied = OrderDeniedError(text, path=place, hint=order_hint(text, access))
    try:
        target = resolve(access.resource, term.path)
    except UnknownPathError:
        return _by_other(term, access, place, denied)
    if target.attribute.kind == "geometry" and access.readable(target):
        raise QueryError(
            worded("A geometry such as '{}' has no order", text),
            path=place,
            hint="name other fields",
        )
    if not access.may_order(target, descending=term.descending):
        raise denied
    column = single_value(target, access, place, "'{}' has no single value to sort by", text)
    return Ordering(column, term.descending, term.nulls)


def _by_other(term: OrderTerm, access: Access, place: Place, denied: OrderDeniedError) -> Ordering:
    """Sort by what is no value of its own: a part of one, or a random number.

    A part can tell more of a value than its order, so the value has to be readable.
    """
    if term.path == (RANDOM,) and not term.descending and _may_shuffle(access):
        return Ordering(SHUFFLED, descending=False, nulls=term.nulls)
    found = resolve_part(access.resource, term.path)
    if found is None:
        raise denied from None
    target, part = found
    if not (access.may_order(target, descending=term.descending) and access.readable(target)):
        raise denied from None
    return Ordering(part_value(target, part, access, place), term.descending, term.nulls)


def _may_shuffle(access: Access) -> bool:
    return access.grant.order_by.random or access.grant.unrestricted


def _by_aggregate(
    term: OrderTerm, measure: Measure, named: ComputedValue | None, access: Access, place: Place
) -> Ordering:
    if not access.may_order_by(measure, descending=term.descending):
        text = f"{'-' if term.descending else ''}{'.'.join(term.path)}"
        raise OrderDeniedError(text, path=place, hint=order_hint(text, access))
    value = named or related_aggregate(measure, access, ".".join(term.path), place)
    return Ordering(value, term.descending, term.nulls)
