"""Sort keys, checked and resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.exceptions import OrderDeniedError, QueryError
from django_flex.permissions.aggregates import find_relation_measure, gather
from django_flex.permissions.authorized import Column, Ordering
from django_flex.permissions.hints import order_hint
from django_flex.permissions.remembering import Memory
from django_flex.permissions.values import value_of
from django_flex.schema.paths import UnknownPathError, resolve

if TYPE_CHECKING:
    from django_flex.permissions.access import Access
    from django_flex.query.ast import OrderTerm

_remembered: Memory[Ordering] = Memory()


def authorize_order(term: OrderTerm, access: Access, place: str = "order_by") -> Ordering:
    """Check one sort key against the caller's grant.

    Args:
        term: what was asked.
        access: the caller's reach.
        place: where it stands in the payload.

    Raises:
        OrderDeniedError: an ordering that is not granted, or does not exist.
        QueryError: a path without a single value to sort by.
    """
    found = _remembered.get(access.grant, term) if access.decides else None
    if found is not None:
        return found
    ordering = _resolve(term, access, place)
    column = ordering.column
    if access.decides and isinstance(column, Column) and not (column.hops or column.guards):
        _remembered.keep(access.grant, term, ordering)
    return ordering


def _resolve(term: OrderTerm, access: Access, place: str) -> Ordering:
    text = f"{'-' if term.descending else ''}{'.'.join(term.path)}"
    measure = find_relation_measure(access.resource, term.path)
    if measure is not None:
        if not access.may_order_by(measure, descending=term.descending):
            raise OrderDeniedError(text, path=place, hint=order_hint(text, access))
        value = gather(measure, access, ".".join(term.path), place)
        return Ordering(value, term.descending, term.nulls)
    try:
        target = resolve(access.resource, term.path)
    except UnknownPathError:
        raise OrderDeniedError(text, path=place, hint=order_hint(text, access)) from None
    if not access.may_order(target, descending=term.descending):
        raise OrderDeniedError(text, path=place, hint=order_hint(text, access))
    access.count_joins(target.hops, place)
    if any(hop.cardinality == "many" for hop in target.hops):
        raise QueryError(f"'{text}' has no single value to sort by", path=place)
    guards = access.guards(target.hops)
    column = value_of(
        target.hops, target.attribute, access, access.resource, keys=target.keys, guards=guards
    )
    return Ordering(column, term.descending, term.nulls)
