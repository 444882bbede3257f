"""The gate: turns a query into what the caller may run, or raises.

Nothing else creates an ``AuthorizedQuery``, and the planner accepts nothing else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.access.enter import enter
from django_flex.access.roles import resolve_grant
from django_flex.analysis.aggregates.groups import authorize_totals
from django_flex.analysis.applied import applied_rules
from django_flex.analysis.caps import query_within
from django_flex.analysis.read.cursors import authorize_cursor
from django_flex.analysis.read.default_order import default_order, orderings
from django_flex.analysis.read.distinct import authorize_distinct
from django_flex.analysis.read.exports import streamed
from django_flex.analysis.read.fields import authorize_fields
from django_flex.analysis.read.filters import authorize_filters
from django_flex.analysis.read.named_aggregates import name_aggregates
from django_flex.analysis.read.order import authorize_orders, by_columns
from django_flex.analysis.read.search import authorize_search, within
from django_flex.analysis.templates import check_template
from django_flex.binding.related_aggregates import NO_NAMES
from django_flex.exceptions import (
    FieldDeniedError,
    ObjectNotFoundError,
    OperationDeniedError,
)
from django_flex.exceptions.places import Part
from django_flex.query.ast import FieldTerm, PageRequest, Query
from django_flex.query.operations import SHOWING
from django_flex.resolved import PROOF, AuthorizedQuery
from django_flex.schema.field_checks import coerce_key
from django_flex.schema.values import UnfitValueError

if TYPE_CHECKING:
    from django_flex.access.actor import Actor
    from django_flex.access.reach import Access
    from django_flex.access.roles import ResolvedGrant
    from django_flex.analysis.templates import Template
    from django_flex.binding.related_aggregates import NamedAggregates
    from django_flex.policy.model import Entry, Policy
    from django_flex.query.ast import OrderTerm
    from django_flex.query.limits import Limits
    from django_flex.resolved import Ordering, Rows, Search
    from django_flex.schema.resources import Resource


def authorize(
    query: Query,
    policy: Policy,
    actor: Actor,
    entry: Entry,
    limits: Limits,
    granted: ResolvedGrant | None = None,
) -> AuthorizedQuery:
    """Check a query against the caller's grant and attach the rules that apply.

    Args:
        query: the parsed query.
        policy: ``EXPOSE``, compiled.
        actor: the caller.
        entry: the model of the query.
        limits: the caps that apply.
        granted: the caller's grant there, if it is known already.

    Raises:
        AccessDeniedError: an operation, field, filter or ordering that is not granted.
        QueryError: something granted, asked in a way that makes no sense.
        ObjectNotFoundError: a key that no row of this model can have.
    """
    query = query_within(query, limits)
    granted = granted or resolve_grant(policy, entry, actor)
    if query.stream is not None:
        query = streamed(query, entry, granted.grant, limits)
    access, rows = enter(policy, actor, entry, query.operation, limits, granted)
    if query.explain is not None and "explain" not in access.grant.operations:
        raise OperationDeniedError("explain", entry.name)
    places: set[str] = set()
    named = name_aggregates(query.related, access, places) if query.related else NO_NAMES
    selection = authorize_fields(query.fields, access, query.related, places, named)
    where, json_places = None, frozenset[str]()
    if query.filters is not None:
        where, json_places = authorize_filters(query.filters, access, named)
    search = None if query.search is None else authorize_search(query.search, access)
    json_places |= places
    default = default_order(query, access) if entry.default_order else ()
    paged = replace(query, order_by=default) if default else query
    order_by = _order(query.order_by, default, access, named)
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
        keyset=authorize_cursor(paged, order_by, access, json_places),
        distinct_on=distinct_on,
        rules=applied_rules(access, granted) if query.explain else (),
        ranking=None if order_by else _ranking(search, query),
        totals=authorize_totals(query, access, rows, where),
        may_scan="scan" in access.grant.operations,
    )


def authorize_again(  # noqa: PLR0913 - as authorize
    template: Template,
    policy: Policy,
    actor: Actor,
    entry: Entry,
    limits: Limits,
    granted: ResolvedGrant,
    *,
    checked: bool = False,
) -> AuthorizedQuery:
    """Authorize the query of a template for a caller with the grant that it was authorized for.

    Args:
        template: from ``analysis.templates.template_of``.
        policy: that of the template.
        actor: the caller.
        entry: that of the template.
        limits: equal to those of the template.
        granted: with the grant of the template, and the rows of the caller.
        checked: compare the template with what would be authorized, for tests.

    Raises:
        AccessDeniedError: as ``authorize``.
    """
    query = template.asked
    access, rows = enter(policy, actor, entry, query.operation, limits, granted)
    selection = authorize_fields(query.fields, access)
    if checked:
        check_template(template, access)
    return AuthorizedQuery(
        asked=query,
        resource=template.resource,
        selection=selection,
        rows=rows,
        where=template.where,
        order_by=template.order_by,
        pk=template.pk,
        json_places=frozenset(),
        proof=PROOF,
        may_scan=template.may_scan,
    )


def _order(
    asked: tuple[OrderTerm, ...],
    default: tuple[OrderTerm, ...],
    access: Access,
    named: NamedAggregates,
) -> tuple[Ordering, ...]:
    """Return the default order, which there is only if none is asked for, or what is asked for."""
    if default:
        return by_columns(orderings(default, access))
    return authorize_orders(asked, access, named=named) if asked else ()


def _ranking(search: Search | None, query: Query) -> Search | None:
    """Return the search that ranks the rows, if no other order is requested or needed."""
    ordered = query.order_by or query.page.cursor is not None or query.distinct is not None
    return None if ordered else search


def returned_terms(
    terms: tuple[FieldTerm, ...] | None, access: Access
) -> tuple[FieldTerm, ...] | None:
    """Return what the reply to a write or an action shows, ``None`` if nothing may be read.

    Args:
        terms: what was asked for, ``None`` for all that the caller may read.
        access: the caller's reach.

    Raises:
        FieldDeniedError: fields were asked for, and the caller may not read rows.
    """
    if not (access.grant.operations & SHOWING or access.grant.unrestricted):
        if terms is not None:
            raise FieldDeniedError(str(terms[0]), path=Part.RETURNING)
        return None
    if terms is None and any(access.wildcard_attributes(())):
        return (FieldTerm(("*",)),)
    return terms


def authorize_returning(
    terms: tuple[FieldTerm, ...], access: Access, rows: Rows
) -> AuthorizedQuery:
    """Authorize what the reply to a write shows of a row: a get whose key is not known yet.

    Raises:
        FieldDeniedError: a field that the caller may not read.
    """
    asked = Query(
        resource=access.entry.name, operation="get", page=PageRequest(limit=1), fields=terms
    )
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


def _primary_key(value: object, resource: Resource) -> object:
    """Type a key as its column. One that cannot be a key matches no row."""
    try:
        return coerce_key(value, resource.pk)
    except UnfitValueError:
        raise ObjectNotFoundError from None
