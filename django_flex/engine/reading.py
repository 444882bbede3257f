"""One read from its parsing to its result: rows, or the plan of it, or a stream."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.backends.orm.explaining import explain
from django_flex.backends.orm.reads import read
from django_flex.engine.streaming import open_stream
from django_flex.exceptions import UnsupportedQueryError
from django_flex.permissions.authorize import authorize
from django_flex.permissions.caps import streamed
from django_flex.plan.cost import COST, check_cost, estimate
from django_flex.plan.explain import shape_explanation
from django_flex.plan.planner import make_plan
from django_flex.plan.shape import shape
from django_flex.query.parser import parse_query

if TYPE_CHECKING:
    from django_flex.conf import Settings
    from django_flex.engine.request import FlexRequest
    from django_flex.permissions.policy import Entry, Policy
    from django_flex.permissions.roles import Standing
    from django_flex.plan.nodes import ReadPlan
    from django_flex.plan.shape import FlexResult
    from django_flex.query.ast import Query


def run_read(
    request: FlexRequest, settings: Settings, policy: Policy, entry: Entry, standing: Standing
) -> FlexResult:
    """Answer a read; its estimated cost is in the headers of the result.

    Raises:
        FlexError: whatever is wrong with it.
    """
    query = _parse(request, settings, entry, standing)
    authorized = authorize(query, policy, request.actor, entry, settings.limits, standing)
    plan = make_plan(authorized)
    cost = estimate(plan, settings.limits)
    if query.explain != "plan":
        check_cost(cost, settings.limits)
    return _answer(plan, cost, request, settings)


def _answer(plan: ReadPlan, cost: int, request: FlexRequest, settings: Settings) -> FlexResult:
    if plan.asked.explain is not None:
        explained = explain(plan, settings.limits, whole=request.by_operator)
        result = shape_explanation(plan, explained, cost, settings.limits)
    elif plan.asked.stream is not None:
        result = open_stream(plan, request, settings)
    else:
        return shape(plan, read(plan, settings.limits), {COST: str(cost)})
    return replace(result, headers={**result.headers, COST: str(cost)})


def _parse(request: FlexRequest, settings: Settings, entry: Entry, standing: Standing) -> Query:
    query = parse_query(
        request.payload,
        settings.limits,
        resource=entry.name,
        operation=request.operation,
        lenient=request.lenient,
        stream=request.accepts,
    )
    if query.stream is None:
        return query
    if not request.streams:
        raise UnsupportedQueryError(
            "Nothing can be streamed from here", path="format", hint="ask for the list by itself"
        )
    if query.explain is not None:
        return replace(
            query, stream=None, page=replace(query.page, limit=settings.limits.max_limit)
        )
    return streamed(query, entry, standing.grant, settings.limits)
