"""The gate: a query goes in, what the caller may run of it comes out, or an error.

Nothing else makes an ``AuthorizedQuery``, and the planner takes nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_flex.exceptions import (
    ObjectNotFoundError,
    OperationDeniedError,
)
from django_flex.permissions.access import enter
from django_flex.permissions.aggregation import authorize_totals
from django_flex.permissions.applied import applied_rules
from django_flex.permissions.authorized import PROOF, AuthorizedQuery
from django_flex.permissions.conditions import authorize_filters
from django_flex.permissions.cursors import authorize_cursor
from django_flex.permissions.distinct import authorize_distinct
from django_flex.permissions.orderings import authorize_order
from django_flex.permissions.roles import resolve_role
from django_flex.permissions.searching import authorize_search, within
from django_flex.permissions.selection import authorize_fields
from django_flex.query.ast import Page, Query
from django_flex.schema.values import UnfitValueError, coerce

if TYPE_CHECKING:
    from django_flex.permissions.access import Access
    from django_flex.permissions.authorized import Rows, Search
    from django_flex.permissions.policy import Entry, Policy
    from django_flex.permissions.roles import Actor, Standing
    from django_flex.query.ast import FieldTerm
    from django_flex.query.limits import Limits
    from django_flex.schema.introspection import Resource


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
    standing = standing or resolve_role(policy, entry, actor)
    access, rows = enter(policy, actor, entry, query.operation, limits, standing)
    if query.explain is not None and "explain" not in access.grant.operations:
        raise OperationDeniedError("explain", entry.name)
    places: set[str] = set()
    selection = authorize_fields(query.fields, access, query.related, places)
    where, json_places = None, frozenset[str]()
    if query.filters is not None:
        where, json_places = authorize_filters(query.filters, access)
    search = None if query.search is None else authorize_search(query.search, access)
    json_places |= places
    order_by = tuple(authorize_order(term, access) for term in query.order_by)
    order_by, distinct_on = authorize_distinct(query, selection, order_by, access)
    where = within(search, where)
    return AuthorizedQuery(
        asked=query,
        resource=entry.resource,
        selection=selection,
        rows=rows,
        where=where,
        order_by=order_by,
        pk=_primary_key(query.pk, entry.resource) if query.operation == "get" else None,
        json_places=json_places,
        proof=PROOF,
        keyset=authorize_cursor(query, order_by, access, json_places),
        distinct_on=distinct_on,
        rules=applied_rules(access, standing) if query.explain else (),
        ranking=_ranking(search, query),
        totals=authorize_totals(query, access, rows, where),
    )


def _ranking(search: Search | None, query: Query) -> Search | None:
    """Return the search whose best rows come first: where no other order is asked or needed."""
    ordered = query.order_by or query.page.cursor is not None or query.distinct is not None
    return None if ordered else search


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


def _primary_key(value: Any, resource: Resource) -> Any:
    """Type a key as its column. One that cannot be a key is the key of no row."""
    try:
        return coerce(value, resource.pk.kind, resource.pk.value_field)
    except UnfitValueError:
        raise ObjectNotFoundError from None
