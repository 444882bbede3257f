"""The stages of a get or a list: rows, their plan, or a stream."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from django_flex.analysis.authorize import authorize
from django_flex.engine.call import limits_within
from django_flex.engine.keys import telling_keys
from django_flex.engine.objects import check_shown
from django_flex.engine.pipeline import Stages
from django_flex.engine.streaming import open_stream
from django_flex.exceptions import UnsupportedQueryError
from django_flex.exceptions.places import Part, worded
from django_flex.plan.cost import check_cost, estimate
from django_flex.plan.explain import CallerExplanation, shape_explanation
from django_flex.plan.planner import make_plan
from django_flex.plan.results import ResultSet
from django_flex.plan.shape import Streamed, shape
from django_flex.query.ast import RANDOM, START
from django_flex.query.kinds import WITHOUT_PLACES

if TYPE_CHECKING:
    from django_flex.backends.base import Backend
    from django_flex.engine.call import ResolvedCall
    from django_flex.plan.nodes import ReadPlan
    from django_flex.query.ast import Path, Query
    from django_flex.resolved import AuthorizedQuery
    from django_flex.schema.resources import Resource

Found: TypeAlias = ResultSet | CallerExplanation | Streamed


def parse(resolved: ResolvedCall) -> Query:
    """Return what is asked.

    Raises:
        FlexError: it makes no sense, or this door cannot stream.
    """
    call = resolved.call
    query = call.dialect.parse_query(resolved)
    if query.stream is not None and not call.streams:
        raise UnsupportedQueryError(
            "A stream is not available here",
            path=Part.FORMAT,
            hint=worded("request the list without '{}'", Part.FORMAT),
        )
    # What a stream would do is explained as a page of the same query.
    if query.stream is not None and query.explain is not None:
        query = replace(query, stream=None)
    return _by_cursor(query, resolved)


def _by_cursor(query: Query, resolved: ResolvedCall) -> Query:
    """Return a list as the first page by cursors, if its database has no other pages."""
    page = query.page
    if query.operation != "list" or query.stream is not None:
        return query
    can = resolved.call.settings.backends.of(resolved.entry.resource).capabilities
    if can.offsets or not can.cursors or page.offset or query.distinct is not None:
        return query
    if not all(_has_places(term.path, resolved.entry.resource) for term in query.order_by):
        # The database refuses such an order in words of its own. Pages by 'offset' would be no help.
        return replace(query, page=replace(page, cursor=None))
    return query if page.cursor is not None else replace(query, page=replace(page, cursor=START))


def _has_places(path: Path, resource: Resource) -> bool:
    """Whether a cursor can hold a place in rows that are sorted by a path."""
    attribute = resource.attribute(path[0]) if len(path) == 1 else None
    if attribute is None:
        return path != (RANDOM,)
    return attribute.kind not in WITHOUT_PLACES


def read(
    resolved: ResolvedCall, backend: Backend, authorized: AuthorizedQuery, plan: ReadPlan
) -> Found:
    """Read a plan, open a stream of its rows, or explain it.

    Raises:
        FlexError: the backend cannot do this; the door refuses the row of a get.
    """
    call, query = resolved.call, authorized.asked
    if call.writes:  # as a part of a batch that writes, which sees what it has written
        plan = replace(plan, from_primary=True)
    if plan.single and resolved.entry.check_object is not None:
        check_shown(plan, resolved.entry, backend, call.settings.limits)
    if query.stream is not None:
        with telling_keys(resolved):
            return open_stream(query, plan, call)
    limits = limits_within(call)
    if query.explain is None:
        with telling_keys(resolved):
            return backend.read(plan, limits, call.started)
    backend.capabilities.require("explain", Part.EXPLAIN)
    found = backend.explain(plan, limits, whole=call.by_operator, started=call.started)
    return shape_explanation(plan, found, estimate(plan, limits), limits)


READ = Stages(
    parse=parse,
    authorize=authorize,
    plan=make_plan,
    check_cost=check_cost,
    read=read,
    shape=shape,
    transact=None,
)
