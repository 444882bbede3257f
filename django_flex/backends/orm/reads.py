"""A read plan as one queryset of tuples."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.db import router
from django.db.models import QuerySet

from django_flex.backends.orm.aggregates import read_total
from django_flex.backends.orm.children import with_lists
from django_flex.backends.orm.columns import computed_names, select
from django_flex.backends.orm.compiled import fetch
from django_flex.backends.orm.conditions import filtered, rank_keys, visible_rows
from django_flex.backends.orm.counts import counted
from django_flex.backends.orm.distinct import combinations, first_rows
from django_flex.backends.orm.keyset import cut, page, with_place
from django_flex.backends.orm.late_joins import joins_late, late
from django_flex.backends.orm.ordering import sort_keys
from django_flex.backends.orm.slots import Given
from django_flex.backends.orm.transactions import reading
from django_flex.plan.shape import ResultSet
from django_flex.query.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_flex.plan.nodes import ReadPlan, Row

_DEFAULTS = Limits()


def read(plan: ReadPlan, limits: Limits = _DEFAULTS) -> ResultSet:
    """Fetch the rows of a plan: one statement, one row more than the limit, no model instances."""
    using = database_of(plan)
    with reading(using, limits):
        if plan.asked.operation == "get":
            rows = fetch((plan, Given(plan.pk)), _row_query, using)
            return ResultSet(with_lists(plan.children, rows, using))
        found = _page(plan, using)
        count = plan.asked.page.count
        if count is None and plan.totals is None and not plan.children:
            return found
        return replace(
            found,
            rows=with_lists(plan.children, found.rows, using),
            count=None if count is None else counted(count, plan, counted_rows(plan, using), using),
            totals=None if plan.totals is None else read_total(plan.totals, using),
        )


def _page(plan: ReadPlan, using: str) -> ResultSet:
    plan = with_place(plan, using)
    if plan.keyset is not None:
        rows = fetch(plan, _page_query, using, (0, plan.limit + 1))
        return cut(plan, plan.keyset, rows, using)
    build_page = _late_query if joins_late(plan) else _page_query
    rows = fetch(plan, build_page, using, (plan.offset, plan.offset + plan.limit + 1))
    return ResultSet(rows[: plan.limit], has_more=len(rows) > plan.limit)


def read_back(plan: ReadPlan, keys: Sequence[Any], using: str) -> dict[Any, Row]:
    """Fetch written rows for the reply, by key; one that the caller may not see is not there."""
    if len(keys) == 1:
        found = fetch((plan, Given(keys[0])), _row_query, using)
    else:
        found = list(with_keys(plan, keys, using))
    return {row[0]: row for row in with_lists(plan.children, found, using)}


def _page_query(plan: ReadPlan, using: str) -> Any:
    return build(plan, using).query


def _late_query(plan: ReadPlan, using: str) -> Any:
    return _late_page(plan, using).query


def _row_query(asked: tuple[ReadPlan, Given], using: str) -> Any:
    plan, key = asked
    return build(replace(plan, pk=key.value), using).query


def with_keys(plan: ReadPlan, keys: Sequence[Any], using: str) -> QuerySet[Any]:
    """Return the queryset of those rows of a plan that have one of some keys, in no order."""
    return _selected(plan, using).using(using).filter(pk__in=list(keys)).order_by()


def database_of(plan: ReadPlan) -> str:
    """Choose the database once: a router may choose another one each time that it is asked."""
    queryset = plan.rows.queryset
    return router.db_for_read(plan.resource.model) if queryset is None else queryset.db


def page_of(plan: ReadPlan, using: str) -> QuerySet[Any]:
    """Return the queryset by which a plan is read at once, which is not that of a stream."""
    return _late_page(plan, using) if joins_late(plan) else build(plan, using)


def _late_page(plan: ReadPlan, using: str) -> QuerySet[Any]:
    rows = late(plan, _matching(plan, using), _order(plan, using))
    queryset = select(rows, plan.columns, plan.flags, using)
    queryset.query.add_ordering(*_order(plan, using))
    return queryset


def build(plan: ReadPlan, using: str) -> QuerySet[Any]:
    """Return the queryset of a plan: of a get the row, of a list the page and one row more."""
    if plan.keyset is not None:
        return page(plan, plan.keyset, _matching(plan, using).using(using), using)
    if plan.cells:
        found = combinations(_matching(plan, using).using(using), plan, using)
        found.query.set_limits(plan.offset, plan.offset + plan.limit + 1)
        return found
    queryset = _selected(plan, using)
    if plan.rows.queryset is not None:
        queryset = queryset.using(using)
    if plan.pk is not None:
        row: QuerySet[Any] = queryset.filter(pk=plan.pk).order_by()[:1]
        return row
    # On the query itself: order_by() and a slice would each copy a queryset that is ours alone.
    queryset.query.clear_ordering(force=True, clear_default=True)
    queryset.query.add_ordering(*_order(plan, using))
    queryset.query.set_limits(plan.offset, plan.offset + plan.limit + 1)
    return queryset


def _selected(plan: ReadPlan, using: str) -> QuerySet[Any]:
    """Return all rows of a query, as tuples of the plan's columns."""
    return select(_matching(plan, using), plan.columns, plan.flags, using)


def _matching(plan: ReadPlan, using: str) -> QuerySet[Any]:
    """Return all visible rows that satisfy the filters, of each combination the first."""
    queryset = visible_rows(plan.rows, using)
    if plan.where is not None:
        queryset = filtered(queryset, plan.where, using)
    return first_rows(queryset, plan, using) if plan.distinct_on else queryset


def counted_rows(plan: ReadPlan, using: str) -> QuerySet[Any]:
    """Return the queryset of all rows of a list, to be counted."""
    queryset = _matching(plan, using).using(using)
    return combinations(queryset, plan, using) if plan.cells else queryset


def _order(plan: ReadPlan, using: str) -> list[Any]:
    """Sort, the primary key last: the order is total, so pages neither repeat nor skip rows."""
    names = computed_names(plan.columns)
    keys = [key for ordering in plan.order_by for key in sort_keys(ordering, using, names)]
    if plan.ranking is not None:
        keys = rank_keys(plan.ranking, using)
    # By its own name: Django then sorts by position, which is cheaper to compile than "pk".
    return [*keys, plan.resource.pk.lookup]
