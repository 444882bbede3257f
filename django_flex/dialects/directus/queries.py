"""The normalised parameters of a request as a ``Query``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django_flex.dialects.directus.clauses.aggregates import (
    parse_aggregate,
    parse_group_by,
    parse_group_sort,
)
from django_flex.dialects.directus.clauses.fields import parse_alias, parse_shown
from django_flex.dialects.directus.clauses.filters import parse_filter
from django_flex.dialects.directus.clauses.normalising import refuse
from django_flex.dialects.directus.clauses.paging import offset_of, parse_limit, parse_meta
from django_flex.dialects.directus.clauses.relations import first_level
from django_flex.dialects.directus.clauses.sorting import parse_sort
from django_flex.exceptions import InvalidValueError, UnsupportedQueryError
from django_flex.exceptions.places import worded
from django_flex.query.ast import NO_LIMIT, And, Comparison, PageRequest, Query
from django_flex.query.terms import excerpt

if TYPE_CHECKING:
    from django_flex.engine.call import ResolvedCall
    from django_flex.query.ast import Condition

#: The formats of an export, and what the pipeline calls them.
FORMATS: Mapping[str, str] = {"csv": "csv", "json": "json"}
#: What Directus ignores for a single row is refused here.
_OF_LISTS = frozenset(
    {"filter", "sort", "limit", "offset", "page", "search", "aggregate", "groupBy", "export"}
)
_OF_ROWS = frozenset({"deep", "alias", "export"})


def parse_query(resolved: ResolvedCall) -> Query:
    """Return what a read asks for.

    Raises:
        QueryError: a parameter makes no sense; the error names it.
    """
    call, entry = resolved.call, resolved.entry
    query = call.payload.get("query")
    assert isinstance(query, Mapping)  # noqa: S101 - for mypy: the payload is our own
    if call.operation == "get":
        return _one(resolved, query)
    limits = call.settings.limits
    if call.operation == "aggregate":
        return _groups(resolved, query)
    stream = _format(query.get("export"))
    limit = parse_limit(query.get("limit"), limits)
    if stream is not None and "limit" not in query:
        limit = NO_LIMIT
    shown = parse_shown(query, first_level(resolved), limits)
    sort = query.get("sort")
    return Query(
        resource=entry.name,
        operation=call.operation,
        fields=shown.terms,
        related=shown.related,
        filters=_filters(resolved, query),
        order_by=() if sort is None else parse_sort(sort, names=parse_alias(query.get("alias"))),
        search=_search(query.get("search")),
        page=PageRequest(
            limit=limit,
            offset=offset_of(query, limit, "page"),
            count=None if stream else parse_meta(query.get("meta")),
        ),
        shape="list",
        stream=stream,
    )


def _one(resolved: ResolvedCall, query: Mapping[str, object]) -> Query:
    refuse(query, _OF_LISTS, worded("a single item"))
    shown = parse_shown(query, first_level(resolved), resolved.call.settings.limits)
    return Query(
        resource=resolved.entry.name,
        operation="get",
        pk=resolved.call.payload.get("key"),
        fields=shown.terms,
        related=shown.related,
        page=PageRequest(limit=1),
    )


def _groups(resolved: ResolvedCall, query: Mapping[str, object]) -> Query:
    refuse(query, _OF_ROWS, worded("aggregates"))
    limits = resolved.call.settings.limits
    groups = parse_group_by(query["groupBy"]) if "groupBy" in query else ()
    aggregates = parse_aggregate(query["aggregate"], limits) if "aggregate" in query else ()
    limit = parse_limit(query.get("limit"), limits)
    sort = query.get("sort")
    return Query(
        resource=resolved.entry.name,
        operation="aggregate",
        aggregate=aggregates or None,
        group_by=groups or None,
        filters=_filters(resolved, query),
        # Totals of all rows are one row, which has no order.
        order_by=parse_group_sort(sort, aggregates, groups) if sort is not None and groups else (),
        search=_search(query.get("search")),
        page=PageRequest(limit=limit, offset=offset_of(query, limit, "page")),
    )


def _filters(resolved: ResolvedCall, query: Mapping[str, object]) -> Condition | None:
    """Return the condition of ``filter`` and, of a SEARCH by keys, that on the key."""
    resource, limits = resolved.entry.resource, resolved.call.settings.limits
    found = None
    if "filter" in query:
        found = parse_filter(query["filter"], resource, limits)
    keys = resolved.call.payload.get("keys")
    if keys is None:
        return found
    assert isinstance(keys, list)  # noqa: S101 - for mypy: the payload is our own
    chosen = Comparison((resource.pk.name, "in"), tuple(keys), "keys")
    return chosen if found is None else And((chosen, found))


def _search(value: object) -> str | None:
    text = None if value is None else str(value)
    return text or None


def _format(value: object) -> str | None:
    if value is None:
        return None
    if value not in FORMATS:
        if value in {"csv_utf8", "xml", "yaml"}:
            raise UnsupportedQueryError(worded("'{}' is not supported", value), path="export")
        raise InvalidValueError(
            worded("There is no format '{}'", excerpt(str(value))),
            path="export",
            hint=worded("one of {}", ", ".join(FORMATS)),
        )
    return FORMATS[str(value)]
