"""How many rows there are, of those that the caller may see."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, assert_never

from django.db import connections

from django_flex.permissions.authorized import (
    AllOf,
    AnyOf,
    Column,
    Complement,
    Exists,
    Search,
    Test,
)
from django_flex.plan.shape import Counted

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from django_flex.permissions.authorized import Where
    from django_flex.plan.nodes import ReadPlan
    from django_flex.query.ast import Count

#: Where nothing can be estimated, counting stops here.
ENOUGH = 10_000


def counted(count: Count, plan: ReadPlan, queryset: QuerySet[Any], using: str) -> Counted:
    """Count the rows of a queryset with one statement.

    Args:
        count: how.
        plan: what the queryset is of.
        queryset: the rows that the caller may see and that satisfy the filters; no page of them.
        using: the database.
    """
    queryset = queryset.order_by()
    if count.kind == "exact":
        return Counted(queryset.count(), "exact")
    if count.kind == "estimated" and _may_estimate(plan, using):
        return Counted(_estimate(queryset), "estimated")
    most = count.most or ENOUGH
    found = queryset[: most + 1].count()
    return Counted(most, "capped") if found > most else Counted(found, "exact")


def _may_estimate(plan: ReadPlan, using: str) -> bool:
    """Whether an estimate can be had, and tells nothing of rows that are hidden from the caller.

    The planner estimates from statistics of whole tables: of a caller who sees some rows only it
    would tell how the values of the others are spread.
    """
    if connections[using].vendor != "postgresql" or plan.distinct_on or plan.cells:
        return False
    return plan.rows.plain and (plan.where is None or shows_all(plan.where))


def shows_all(where: Where) -> bool:
    """Whether a condition is only about rows that no rule hides."""
    match where:
        case AllOf(children=children) | AnyOf(children=children):
            return all(map(shows_all, children))
        case Complement(child=child):
            return shows_all(child)
        case Exists():
            inner = where.where is None or shows_all(where.where)
            return where.rows.plain and not where.guards and inner
        case Test():
            return isinstance(where.column, Column) and not (
                where.column.guards or getattr(where.value, "guards", ())
            )
        case Search():
            return all(map(shows_all, (*where.words, *where.anywhere)))
    assert_never(where)


def _estimate(queryset: QuerySet[Any]) -> int:
    """Return how many rows the planner expects."""
    text = queryset.values("pk").explain(format="json")
    found = json.loads(text)
    plan = found[0] if isinstance(found, list) else found
    return int(plan["Plan"]["Plan Rows"])
