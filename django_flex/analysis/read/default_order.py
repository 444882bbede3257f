"""The order of a list whose query names none: that of the model's entry, if nothing in it is hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.analysis.read.single_values import single_value
from django_flex.binding.grant_cache import GrantCache
from django_flex.exceptions.places import Part
from django_flex.resolved import Column, Ordering
from django_flex.schema.paths import UnknownPathError, resolve

if TYPE_CHECKING:
    from django_flex.access.reach import Access
    from django_flex.exceptions.places import Place
    from django_flex.query.ast import OrderTerm, Query

_cache: GrantCache[Ordering] = GrantCache()


def default_order(query: Query, access: Access) -> tuple[OrderTerm, ...]:
    """Return the order that a list has by default; none if the query decides about its order.

    Combinations of values can be sorted by these values only, and a search may rank its rows.
    """
    if query.operation != "list" or query.order_by or query.distinct is True:
        return ()
    placed = query.page.cursor is not None or query.distinct is not None
    if query.search is not None and access.policy.search_mode != "substrings" and not placed:
        return ()
    return visible_order(access.entry.default_order, access)


def visible_order(terms: tuple[OrderTerm, ...], access: Access) -> tuple[OrderTerm, ...]:
    """Return an order if the caller may read or sort by all of it, so that it reveals nothing."""
    return terms if all(_reveals_nothing(term, access) for term in terms) else ()


def _reveals_nothing(term: OrderTerm, access: Access) -> bool:
    try:
        target = resolve(access.resource, term.path)
    except UnknownPathError:
        return False
    return access.readable(target) or access.may_order(target, descending=term.descending)


def orderings(
    terms: tuple[OrderTerm, ...], access: Access, place: Place = Part.ORDER_BY
) -> tuple[Ordering, ...]:
    """Return the sort keys of an order that was checked when the settings were loaded."""
    return tuple(_ordering(term, access, place) for term in terms)


def _ordering(term: OrderTerm, access: Access, place: Place) -> Ordering:
    found = _cache.get(access.grant, term) if access.decides else None
    if found is not None:
        return found
    target = resolve(access.resource, term.path)
    column = single_value(target, access, place, "'{}' has no single value", str(term))
    ordering = Ordering(column, term.descending, term.nulls)
    if access.decides and isinstance(column, Column) and not (column.hops or column.masks):
        _cache.put(access.grant, term, ordering)
    return ordering
