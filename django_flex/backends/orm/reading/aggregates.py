"""An aggregate plan as one grouped statement."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.models import Case, Count, F, When
from django.db.models import functions as f
from django.db.models.lookups import GreaterThanOrEqual

from django_flex.backends.orm.connection.databases import database_of
from django_flex.backends.orm.connection.transactions import reading
from django_flex.backends.orm.django_internals.queries import limit, sort, ungrouped
from django_flex.backends.orm.expressions.aggregate_functions import aggregate
from django_flex.backends.orm.expressions.conditions import (
    expression_of,
    filtered,
    seen,
    visible_rows,
)
from django_flex.backends.orm.expressions.json_functions import JSONNumber, JSONText, JSONWord
from django_flex.backends.orm.expressions.masks import masked
from django_flex.backends.orm.expressions.parts import part_of
from django_flex.backends.orm.expressions.project_querysets import each_once
from django_flex.backends.orm.prepared.statement_cache import Database, StatementCache, fetch
from django_flex.query.aggregates import FUNCTIONS
from django_flex.query.limits import Limits
from django_flex.resolved import AggregateSubquery, ComputedValue
from django_flex.schema.output_fields import output_field_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

    from django_flex.backends.orm.django_internals.compilation import Note
    from django_flex.plan.nodes import AggregatePlan, Row
    from django_flex.plan.sizes import ReplySize
    from django_flex.resolved import GroupKey, Ordering, Total

_ROWS = "flex_rows"


def read_groups(
    plan: AggregatePlan,
    statements: StatementCache,
    limits: Limits,
    started: float | None = None,
    reply_size: ReplySize | None = None,
) -> tuple[list[Row], bool]:
    """Fetch the groups of a plan by one statement; return them, and whether there are more.

    Args:
        plan: of the aggregate.
        statements: those that are cached.
        limits: with ``read_timeout``.
        started: when the request began, as for ``reading``.
        reply_size: counts what the reply comes to.
    """
    note = None if reply_size is None else partial(reply_size.add, weight=plan.weight)
    using = database_of(plan)
    database = Database(using, statements)
    with reading(using, limits, started):
        if not plan.keys:
            return [read_total(plan, database, note)], False
        page = plan.offset, plan.offset + plan.limit + 1
        rows = fetch(plan, build_groups, database, page, note)
    return rows[: plan.limit], len(rows) > plan.limit


def read_total(plan: AggregatePlan, database: Database, note: Note | None = None) -> Row:
    """Fetch the one group of all rows, which exists even if there are no rows."""
    found = next(iter(fetch(plan, build_total, database, note=note)), None)
    # If Django knows that no row can match, it does not query the database.
    if plan.least <= 1:
        return tuple(found or map(_of_nothing, plan.totals))
    *values, rows = found or (*plan.totals, 0)
    return (None,) * len(values) if rows < plan.least else tuple(values)


def build_total(plan: AggregatePlan, using: str) -> Any:
    """Return Django's query of the one group of all rows."""
    totals = {total.alias: _total(total, using) for total in plan.totals}
    if plan.least > 1:
        totals[_ROWS] = Count("*")
    return ungrouped(_rows(plan, using).query, totals)


def _of_nothing(total: Total) -> int | None:
    return 0 if total.result.kind == "integer" and _counts(total) else None


def _counts(total: Total) -> bool:
    """Whether a total says how many there are: of rows, or of the rows that are related to them."""
    functions = [total.function]
    if isinstance(total.value, ComputedValue) and isinstance(total.value.source, AggregateSubquery):
        functions.append(total.value.source.function)
    return any(FUNCTIONS[name].gives == "count" for name in functions)


def _rows(plan: AggregatePlan, using: str) -> QuerySet[Any]:
    """Return the rows that are grouped, none of them twice."""
    queryset = each_once(visible_rows(plan.rows, using)).using(using)
    return queryset if plan.where is None else filtered(queryset, plan.where, using, (plan.rows,))


def build_groups(plan: AggregatePlan, using: str) -> Any:
    """Return Django's query of a page of groups, and one group more."""
    keys = {key.alias: _key(key, using) for key in plan.keys}
    totals = {total.alias: _total(total, using) for total in plan.totals}
    queryset: QuerySet[Any] = _rows(plan, using).annotate(**keys).values_list(*keys)
    queryset = queryset.annotate(**totals)
    if plan.least > 1:
        queryset = queryset.filter(GreaterThanOrEqual(Count("*"), plan.least))
    if plan.having is not None:
        queryset = filtered(queryset, plan.having, using)
    # On the query itself: order_by() and a slice would each copy a queryset that is ours alone.
    sort(queryset.query, _order(plan, using))
    limit(queryset.query, plan.offset, plan.offset + plan.limit + 1)
    return queryset.query


def _key(key: GroupKey, using: str) -> object:
    if key.result.kind == "json":
        word = JSONWord(expression_of(key.value, using), output_field=output_field_of(key.result))
        return masked(word, key.value.masks, using)
    value = seen(key.value, using)
    return value if key.part is None else part_of(value, key.part, key.value.attribute)


def _total(total: Total, using: str) -> object:
    vendor = connections[using].vendor
    output = output_field_of(total.result)
    source = "*" if total.value is None else seen(total.value, using)
    found = aggregate(total.function, source, output, vendor)
    if _counts(total) and total.function == "sum":
        found = f.Coalesce(found, 0, output_field=output)
    if total.related is None:
        return found
    rows = aggregate("sum", expression_of(total.related, using), output, vendor)
    return Case(When(GreaterThanOrEqual(rows, total.least), then=found), output_field=output)


def _order(plan: AggregatePlan, using: str) -> list[object]:
    """Sort, by all keys at last: the order is total, so pages neither repeat nor skip groups."""
    json = {key.alias: key for key in plan.keys if key.result.kind == "json"}
    sorts = [part for ordering in plan.order_by for part in _sorts(ordering, json, using)]
    named = {part.removeprefix("-") for part in sorts if isinstance(part, str)}
    return [*sorts, *(key.alias for key in plan.keys if key.alias not in named)]


def _sorts(ordering: Ordering, json: dict[str, GroupKey], using: str) -> Iterator[object]:
    alias: Any = getattr(ordering.column, "key", ("", ""))[1]
    if alias not in json and not ordering.nulls:
        yield f"-{alias}" if ordering.descending else alias
        return
    values: list[Any] = [F(alias)]
    if alias in json:
        value, masks = expression_of(json[alias].value, using), json[alias].value.masks
        values = [masked(part, masks, using) for part in (JSONNumber(value), JSONText(value))]
    nulls = {f"nulls_{ordering.nulls}": True} if ordering.nulls else {}
    for part in values:
        yield part.desc(**nulls) if ordering.descending else part.asc(**nulls)
