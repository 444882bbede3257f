"""An authorized aggregate into a plan, and what was found into its reply. No query is run here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django_flex.permissions.authorized import Output
from django_flex.plan.nodes import Branch, Leaf
from django_flex.plan.rows import row_shaper

if TYPE_CHECKING:
    from django_flex.permissions.applied import Rule
    from django_flex.permissions.authorized import Group, Ordering, Rows, Where
    from django_flex.permissions.authorized_aggregates import (
        AuthorizedAggregate,
        GroupKey,
        Total,
    )
    from django_flex.plan.nodes import Row, Shaper
    from django_flex.query.ast import Query
    from django_flex.schema.introspection import Resource


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AggregatePlan:
    """One SELECT of groups. A row is the values of its ``keys``, then those of its ``totals``.

    Without ``keys`` there is one row, of all of which nothing is shown over fewer than ``least``.
    """

    asked: Query
    resource: Resource
    rows: Rows
    where: Where | None
    keys: tuple[GroupKey, ...]
    totals: tuple[Total, ...]
    make_object: Shaper
    having: Where | None
    order_by: tuple[Ordering, ...]
    least: int
    limit: int
    offset: int
    json_places: frozenset[str]
    rules: tuple[Rule, ...] = ()


def make_aggregate_plan(authorized: AuthorizedAggregate) -> AggregatePlan:
    """Decide where in a row each value of a group stands."""
    aliases = [key.alias for key in authorized.keys] + [total.alias for total in authorized.totals]
    index = {("group", alias): number for number, alias in enumerate(aliases)}
    page = authorized.asked.page
    return AggregatePlan(
        asked=authorized.asked,
        resource=authorized.resource,
        rows=authorized.rows,
        where=authorized.where,
        keys=authorized.keys,
        totals=authorized.totals,
        make_object=row_shaper(
            tuple(_member(member, index) for member in authorized.shown), len(aliases)
        ),
        having=authorized.having,
        order_by=authorized.order_by,
        least=authorized.least,
        limit=page.limit,
        offset=page.offset,
        json_places=authorized.json_places,
        rules=authorized.rules,
    )


def _member(member: Output | Group, index: dict[tuple[str, str], int]) -> Leaf | Branch:
    if not isinstance(member, Output):
        return Branch(member.name, tuple(_member(part, index) for part in member.members))
    key: Any = getattr(member.column, "key", None)
    attribute = member.column.attribute
    # A path is grouped by as its text is, so of a file there would be no URL to show.
    return Leaf(member.name, index[key], attribute.kind, attribute.value_field)


def shape_groups(plan: AggregatePlan, rows: list[Row], *, has_more: bool) -> dict[str, Any]:
    """Build the reply of an aggregate: a list of groups, or the one object of all rows."""
    if not plan.keys:
        return {"results": plan.make_object(rows[0])}
    pagination: dict[str, Any] = {
        "offset": plan.offset,
        "limit": plan.limit,
        "has_more": has_more,
    }
    if has_more:
        from django_flex.query.aggregates import aggregate_to_json

        query = aggregate_to_json(plan.asked, plan.json_places)
        pagination["next"] = {**query, "offset": plan.offset + plan.limit}
    return {"pagination": pagination, "results": [plan.make_object(row) for row in rows]}
