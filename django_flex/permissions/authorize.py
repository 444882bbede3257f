"""The gate: a query goes in, what the caller may run of it comes out, or an error.

Nothing else makes an ``AuthorizedQuery``, and the planner takes nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_flex.exceptions import (
    ObjectNotFoundError,
    OrderDeniedError,
    QueryError,
    UnsupportedQueryError,
)
from django_flex.permissions.access import enter
from django_flex.permissions.authorized import PROOF, AuthorizedQuery, Column, Ordering
from django_flex.permissions.conditions import authorize_filters
from django_flex.permissions.hints import order_hint
from django_flex.permissions.selection import authorize_fields
from django_flex.query.ast import Page, Query
from django_flex.schema.paths import UnknownPathError, resolve
from django_flex.schema.values import UnfitValueError, coerce

if TYPE_CHECKING:
    from django_flex.permissions.access import Access
    from django_flex.permissions.authorized import Rows
    from django_flex.permissions.policy import Entry, Policy
    from django_flex.permissions.roles import Actor, Standing
    from django_flex.query.ast import FieldTerm, OrderTerm
    from django_flex.query.limits import Limits
    from django_flex.schema.introspection import Resource

_LATER = ("search", "distinct", "aggregate", "group_by", "having", "related", "explain")


def authorize(
    query: Query,
    policy: Policy,
    actor: Actor,
    entry: Entry,
    limits: Limits,
    standing: Standing | None = None,
) -> AuthorizedQuery:
    """Check a query against the caller's grant and attach the rules that apply.

    Args:
        query: what was asked.
        policy: ``EXPOSE``, compiled.
        actor: the caller.
        entry: the model that is asked about.
        limits: the caps that apply.
        standing: how the caller stands there, if it is known already.

    Raises:
        AccessDeniedError: an operation, field, filter or ordering that is not granted.
        QueryError: something granted, asked in a way that makes no sense.
        ObjectNotFoundError: a key that no row of this model can have.
    """
    access, rows = enter(policy, actor, entry, query.operation, limits, standing)
    _refuse_later_clauses(query)
    selection = authorize_fields(query.fields, access)
    where, json_places = None, frozenset[str]()
    if query.filters is not None:
        where, json_places = authorize_filters(query.filters, access)
    return AuthorizedQuery(
        asked=query,
        resource=entry.resource,
        selection=selection,
        rows=rows,
        where=where,
        order_by=tuple(_ordering(term, access) for term in query.order_by),
        pk=_primary_key(query.pk, entry.resource) if query.operation == "get" else None,
        json_places=json_places,
        proof=PROOF,
    )


def authorize_returning(
    terms: tuple[FieldTerm, ...], access: Access, rows: Rows
) -> AuthorizedQuery:
    """Authorize what the reply to a write shows of a row: a get whose key is not known yet.

    Raises:
        FieldDeniedError: a field that the caller may not read.
    """
    asked = Query(resource=access.entry.name, operation="get", page=Page(limit=1), fields=terms)
    return AuthorizedQuery(
        asked=asked,
        resource=access.resource,
        selection=authorize_fields(terms, access),
        rows=rows,
        where=None,
        order_by=(),
        pk=None,
        json_places=frozenset(),
        proof=PROOF,
    )


def _refuse_later_clauses(query: Query) -> None:
    asked = [name for name in _LATER if getattr(query, name) is not None]
    asked += [name for name in ("cursor", "count") if getattr(query.page, name) is not None]
    if asked:
        raise UnsupportedQueryError(f"'{asked[0]}' is not supported by this version", path=asked[0])


def _ordering(term: OrderTerm, access: Access) -> Ordering:
    text = f"{'-' if term.descending else ''}{'.'.join(term.path)}"
    try:
        target = resolve(access.resource, term.path)
    except UnknownPathError:
        raise OrderDeniedError(text, path="order_by", hint=order_hint(text, access)) from None
    if not access.may_order(target, descending=term.descending):
        raise OrderDeniedError(text, path="order_by", hint=order_hint(text, access))
    access.count_joins(target.hops, "order_by")
    if any(hop.cardinality == "many" for hop in target.hops):
        raise QueryError(f"'{text}' has no single value to sort by", path="order_by")
    column = Column(target.hops, target.attribute, target.keys, access.guards(target.hops))
    return Ordering(column, term.descending, term.nulls)


def _primary_key(value: Any, resource: Resource) -> Any:
    """Type a key as its column. One that cannot be a key is the key of no row."""
    try:
        return coerce(value, resource.pk.kind, resource.pk.value_field)
    except UnfitValueError:
        raise ObjectNotFoundError from None
