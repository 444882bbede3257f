"""A read plan as one queryset of tuples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import router
from django.db.models import Case, F, Q, QuerySet, When

from django_flex.backends.orm.by_key import fetch_by_key
from django_flex.backends.orm.conditions import (
    filtered,
    json_value,
    path_of,
    visibility,
    visible_rows,
)
from django_flex.backends.orm.json_functions import JSONNumber, JSONText
from django_flex.backends.orm.transactions import reading
from django_flex.plan.shape import ResultSet
from django_flex.query.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_flex.permissions.authorized import Ordering
    from django_flex.plan.nodes import ReadPlan, Row

_DEFAULTS = Limits()


def read(plan: ReadPlan, limits: Limits = _DEFAULTS) -> ResultSet:
    """Fetch the rows of a plan: one statement, one row more than the limit, no model instances."""
    using = _database(plan)
    with reading(using, limits):
        if plan.asked.operation == "get" and _is_plain(plan):
            row = _plain_row(plan, plan.pk, using)
            return ResultSet([] if row is None else [row])
        queryset = build(plan, using)
        if plan.asked.operation == "get":
            return ResultSet(list(queryset[:1]))
        rows = list(queryset)
    return ResultSet(rows[: plan.limit], has_more=len(rows) > plan.limit)


def read_back(plan: ReadPlan, keys: Sequence[Any], using: str) -> dict[Any, Row]:
    """Fetch written rows for the reply, by key; one that the caller may not see is not there."""
    if len(keys) == 1 and _is_plain(plan):
        row = _plain_row(plan, keys[0], using)
        return {} if row is None else {row[0]: row}
    queryset = _selected(plan, using).using(using).filter(pk__in=list(keys)).order_by()
    return {row[0]: row for row in queryset}


def _is_plain(plan: ReadPlan) -> bool:
    """Whether a row is shown to whoever knows its key, so that only the key is in the SQL."""
    return plan.rows.plain and plan.where is None and not plan.flags


def _plain_row(plan: ReadPlan, key: Any, using: str) -> Row | None:
    resource = plan.resource
    paths = tuple(path_of(column) for column in plan.columns)
    return fetch_by_key(resource.model, paths, resource.pk.model_field, key, using)


def _database(plan: ReadPlan) -> str:
    """Choose the database once: a router may choose another one each time that it is asked."""
    queryset = plan.rows.queryset
    return router.db_for_read(plan.resource.model) if queryset is None else queryset.db


def build(plan: ReadPlan, using: str) -> QuerySet[Any]:
    """Return the queryset of a plan: of a get the row, of a list the page and one row more."""
    queryset = _selected(plan, using)
    if plan.rows.queryset is not None:
        queryset = queryset.using(using)
    if plan.asked.operation == "get":
        return queryset.filter(pk=plan.pk).order_by()
    # On the query itself: order_by() and a slice would each copy a queryset that is ours alone.
    queryset.query.clear_ordering(force=True, clear_default=True)
    queryset.query.add_ordering(*_order(plan, using))
    queryset.query.set_limits(plan.offset, plan.offset + plan.limit + 1)
    return queryset


def _selected(plan: ReadPlan, using: str) -> QuerySet[Any]:
    """Return all visible rows that satisfy the filters, as tuples of the plan's columns."""
    queryset = visible_rows(plan.rows, using)
    if plan.where is not None:
        queryset = filtered(queryset, plan.where, using)
    flags = {f"flex_v{n}": visibility(guard, using) for n, guard in enumerate(plan.flags)}
    if flags:
        queryset = queryset.annotate(**flags)
    return queryset.values_list(*(path_of(column) for column in plan.columns), *flags)


def _order(plan: ReadPlan, using: str) -> list[Any]:
    """Sort, the primary key last: the order is total, so pages neither repeat nor skip rows."""
    keys = [key for ordering in plan.order_by for key in _sort_keys(ordering, using)]
    # By its own name: Django then sorts by position, which is cheaper to compile than "pk".
    return [*keys, plan.resource.pk.lookup]


def _sort_keys(ordering: Ordering, using: str) -> list[Any]:
    """Return what one ordering sorts by; a JSON value by its number, then by its text.

    Databases order a mixture of JSON values each in its own way, some of them numbers as texts.
    """
    column = ordering.column
    path = path_of(column)
    if not (column.keys or column.guards or ordering.nulls):
        return [f"-{path}" if ordering.descending else path]
    if not column.keys:
        return [_directed(F(path), ordering, using)]
    value = json_value(column)
    return [_directed(part, ordering, using) for part in (JSONNumber(value), JSONText(value))]


def _directed(expression: Any, ordering: Ordering, using: str) -> Any:
    if ordering.column.guards:
        visible = Q(*(Q(visibility(guard, using)) for guard in ordering.column.guards))
        expression = Case(When(visible, then=expression), default=None)
    nulls = {f"nulls_{ordering.nulls}": True} if ordering.nulls else {}
    return expression.desc(**nulls) if ordering.descending else expression.asc(**nulls)
