"""Turn an authorized aggregate into a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_flex.plan.capabilities import ALL, Capabilities
from django_flex.plan.needs import check_groups
from django_flex.plan.nodes import AggregatePlan, Branch, Leaf
from django_flex.plan.rows import row_shaper
from django_flex.plan.sizes import weigh
from django_flex.resolved import Output

if TYPE_CHECKING:
    from django_flex.resolved import (
        AuthorizedAggregate,
        Group,
    )


def make_aggregate_plan(authorized: AuthorizedAggregate, can: Capabilities = ALL) -> AggregatePlan:
    """Decide the position of each value of a group in a row.

    Raises:
        UnsupportedQueryError: the aggregate needs a capability that the backend lacks.
    """
    aliases = [key.alias for key in authorized.keys] + [total.alias for total in authorized.totals]
    index = {("group", alias): number for number, alias in enumerate(aliases)}
    page = authorized.asked.page
    layout = tuple(_member(member, index) for member in authorized.shown)
    plan = AggregatePlan(
        resource=authorized.resource,
        rows=authorized.rows,
        where=authorized.where,
        keys=authorized.keys,
        totals=authorized.totals,
        layout=layout,
        make_object=row_shaper(layout, len(aliases)),
        weight=weigh(layout),
        having=authorized.having,
        order_by=authorized.order_by,
        least=authorized.least,
        limit=page.limit,
        offset=page.offset,
        json_places=authorized.json_places,
        rules=authorized.rules,
        explain=authorized.asked.explain,
    )
    if can is not ALL:
        check_groups(plan, can)
    return plan


def _member(member: Output | Group, index: dict[tuple[str, str], int]) -> Leaf | Branch:
    if not isinstance(member, Output):
        return Branch(member.name, tuple(_member(part, index) for part in member.members))
    key: Any = getattr(member.column, "key", None)
    attribute = member.column.attribute
    # A path is grouped by as its text is, so of a file there would be no URL to show.
    return Leaf(member.name, index[key], attribute.kind, attribute)
