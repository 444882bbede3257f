"""Counts of the rows that the caller may see."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, assert_never

from django.db import connections

from django_flex.backends.orm.django_internals.keys import key_lookups
from django_flex.metering import count_statement
from django_flex.plan.results import RowCount
from django_flex.resolved import AllOf, AnyOf, Column, Complement, Exists, Predicate, Search

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from django_flex.plan.nodes import ReadPlan
    from django_flex.query.ast import Count
    from django_flex.resolved import Where

#: If the number cannot be estimated, counting stops here.
ENOUGH = 10_000


def counted(count: Count, plan: ReadPlan, queryset: QuerySet[Any], using: str) -> RowCount:
    """Count the rows of a queryset with one statement.

    Args:
        count: how.
        plan: what the queryset is of.
        queryset: the rows that the caller may see and that satisfy the filters; no page of them.
        using: the database.
    """
    queryset = queryset.order_by()
    count_statement(kept=False)
    if count.kind == "exact":
        return RowCount(queryset.count(), "exact")
    if count.kind == "estimated" and _may_estimate(plan, using):
        return RowCount(_estimate(queryset), "estimated")
    most = count.most or ENOUGH
    found = queryset[: most + 1].count()
    return RowCount(most, "capped") if found > most else RowCount(found, "exact")


def _may_estimate(plan: ReadPlan, using: str) -> bool:
    """Whether an estimate can be had, and tells nothing of rows that are hidden from the caller.

    The planner estimates from statistics of whole tables: to a caller who sees only some rows, it
    would reveal the distribution of values in the others.
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
            return where.rows.plain and not where.masks and inner
        case Predicate():
            return isinstance(where.column, Column) and not (
                where.column.masks or getattr(where.value, "masks", ())
            )
        case Search():
            return all(map(shows_all, (*where.words, *where.anywhere)))
    assert_never(where)


def _estimate(queryset: QuerySet[Any]) -> int:
    """Return how many rows the planner expects."""
    text = queryset.values(*key_lookups(queryset.model)).explain(format="json")
    found = json.loads(text)
    plan = found[0] if isinstance(found, list) else found
    return int(plan["Plan"]["Plan Rows"])
