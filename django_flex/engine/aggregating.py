"""One aggregate from its parsing to its result."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.backends.orm.aggregates import read_groups
from django_flex.backends.orm.explaining import explain_groups
from django_flex.exceptions import UnsupportedQueryError
from django_flex.permissions.aggregation import authorize_aggregate
from django_flex.plan.aggregates import make_aggregate_plan, shape_groups
from django_flex.plan.cost import COST, check_cost, estimate_groups
from django_flex.plan.explain import shape_explanation
from django_flex.plan.shape import FlexResult
from django_flex.query.parser import parse_query

if TYPE_CHECKING:
    from django_flex.conf import Settings
    from django_flex.engine.request import FlexRequest
    from django_flex.permissions.policy import Entry, Policy
    from django_flex.permissions.roles import Standing


def run_aggregate(
    request: FlexRequest, settings: Settings, policy: Policy, entry: Entry, standing: Standing
) -> FlexResult:
    """Answer an aggregate by one statement.

    Raises:
        FlexError: whatever is wrong with it.
    """
    if request.accepts is not None:
        raise UnsupportedQueryError("Aggregates are not streamed", path="format")
    query = parse_query(
        request.payload,
        settings.limits,
        resource=entry.name,
        operation=request.operation,
        lenient=request.lenient,
    )
    authorized = authorize_aggregate(query, policy, request.actor, entry, settings.limits, standing)
    plan = make_aggregate_plan(authorized)
    cost = estimate_groups(plan)
    if query.explain != "plan":
        check_cost(cost, settings.limits)
    headers = {COST: str(cost)}
    if query.explain is not None:
        explained = explain_groups(plan, settings.limits, whole=request.by_operator)
        return replace(shape_explanation(plan, explained, cost, settings.limits), headers=headers)
    rows, has_more = read_groups(plan, settings.limits)
    return FlexResult(data=shape_groups(plan, rows, has_more=has_more), headers=headers)
