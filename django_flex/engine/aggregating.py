"""The stages of an aggregate: groups, or their plan."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.analysis.aggregates.groups import authorize_aggregate
from django_flex.engine.call import limits_within
from django_flex.engine.pipeline import Stages
from django_flex.exceptions import UnsupportedQueryError
from django_flex.exceptions.places import Part
from django_flex.plan.aggregates import make_aggregate_plan
from django_flex.plan.cost import check_cost_of_groups, estimate_groups
from django_flex.plan.explain import CallerExplanation, shape_explanation
from django_flex.plan.results import ResultSet
from django_flex.plan.shape import shape_groups
from django_flex.plan.sizes import ReplySize

if TYPE_CHECKING:
    from django_flex.backends.base import Backend
    from django_flex.engine.call import ResolvedCall
    from django_flex.plan.nodes import AggregatePlan
    from django_flex.query.ast import Query
    from django_flex.resolved import AuthorizedAggregate


def parse(resolved: ResolvedCall) -> Query:
    """Return what is asked.

    Raises:
        FlexError: it makes no sense, or is to be streamed.
    """
    if resolved.call.accepts is not None:
        raise UnsupportedQueryError("Aggregates are not streamed", path=Part.FORMAT)
    return resolved.call.dialect.parse_query(resolved)


def read(
    resolved: ResolvedCall, backend: Backend, authorized: AuthorizedAggregate, plan: AggregatePlan
) -> ResultSet | CallerExplanation:
    """Read the groups of a plan by one statement, or explain it.

    Raises:
        FlexError: the backend cannot do this.
    """
    call, limits = resolved.call, limits_within(resolved.call)
    if call.writes:  # as a part of a batch that writes, which sees what it has written
        plan = replace(plan, from_primary=True)
    if authorized.asked.explain is None:
        reply_size = ReplySize(limits.max_reply_bytes)
        rows, has_more = backend.groups(plan, limits, call.started, reply_size)
        return ResultSet(rows, has_more, most=reply_size.to_measure)
    backend.capabilities.require("explain", Part.EXPLAIN)
    found = backend.explain_groups(plan, limits, whole=call.by_operator, started=call.started)
    return shape_explanation(plan, found, estimate_groups(plan), limits)


AGGREGATE = Stages(
    parse=parse,
    authorize=authorize_aggregate,
    plan=make_aggregate_plan,
    check_cost=check_cost_of_groups,
    read=read,
    shape=shape_groups,
    transact=None,
)
