"""A read plan as one queryset of tuples."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils.timezone import get_current_timezone_name

from django_flex.backends.orm.bind_parameters import KeyArgument
from django_flex.backends.orm.connection.databases import database_of
from django_flex.backends.orm.connection.transactions import reading
from django_flex.backends.orm.django_internals.compilation import run_query
from django_flex.backends.orm.django_internals.keys import has_key, has_one_of
from django_flex.backends.orm.django_internals.queries import limit, sort
from django_flex.backends.orm.expressions.columns import computed_names, select
from django_flex.backends.orm.expressions.conditions import filtered, rank_keys, visible_rows
from django_flex.backends.orm.expressions.ordering import sort_keys
from django_flex.backends.orm.prepared.statement_cache import Database, StatementCache, fetch
from django_flex.backends.orm.reading.aggregates import read_total
from django_flex.backends.orm.reading.children import with_lists
from django_flex.backends.orm.reading.counts import counted
from django_flex.backends.orm.reading.deferred_joins import deferred, defers_joins
from django_flex.backends.orm.reading.distinct import combinations, first_rows
from django_flex.backends.orm.reading.keyset import cut_page, page, with_position
from django_flex.backends.orm.schema import model_of
from django_flex.plan.results import ResultSet
from django_flex.plan.sizes import ReplySize
from django_flex.query.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_flex.plan.nodes import AggregatePlan, ReadPlan, Row


def read(
    plan: ReadPlan, statements: StatementCache, limits: Limits, started: float | None = None
) -> ResultSet:
    """Fetch the rows of a plan: one statement, one row more than the limit, no model instances.

    Args:
        plan: of a get or a list.
        statements: those that are cached.
        limits: with ``read_timeout``.
        started: when the request began, as for ``reading``.
    """
    others = partial(reading, limits=limits, started=started)
    zone = get_current_timezone_name()
    database = Database(database_of(plan), statements, others, zone, plan.from_primary)
    reply_size = ReplySize(limits.max_reply_bytes)
    with reading(database.using, limits, started):
        found = _read(plan, database, reply_size)
    most = reply_size.to_measure
    return found if most is None else replace(found, most=most)


def _read(plan: ReadPlan, database: Database, reply_size: ReplySize) -> ResultSet:
    if plan.single:
        note = partial(reply_size.add, weight=plan.output.weight)
        rows = fetch((plan, *_key_arguments(plan, plan.pk)), _row_query, database, note=note)
        return ResultSet(with_lists(plan.children, rows, database, reply_size))
    found = _page(plan, database, reply_size)
    count = plan.count
    if count is None and plan.totals is None and not plan.children:
        return found
    using = database.using
    return replace(
        found,
        rows=with_lists(plan.children, found.rows, database, reply_size),
        count=None if count is None else counted(count, plan, counted_rows(plan, using), using),
        totals=None if plan.totals is None else _total(plan.totals, database, reply_size),
    )


def _total(plan: AggregatePlan, database: Database, reply_size: ReplySize) -> Row:
    return read_total(plan, database, partial(reply_size.add, weight=plan.weight))


def _page(plan: ReadPlan, database: Database, reply_size: ReplySize) -> ResultSet:
    using = database.using
    if plan.keyset is not None:
        plan = replace(plan, keyset=with_position(plan.keyset, plan.rows, using))
    note = partial(reply_size.add, weight=plan.output.weight)
    if plan.keyset is not None:
        rows = fetch(plan, _page_query, database, (0, plan.limit + 1), note)
        return cut_page(plan, plan.keyset, rows, using)
    build_page = _deferred_query if defers_joins(plan) else _page_query
    rows = fetch(plan, build_page, database, (plan.offset, plan.offset + plan.limit + 1), note)
    return ResultSet(rows[: plan.limit], has_more=len(rows) > plan.limit)


def read_back(
    plan: ReadPlan, keys: Sequence[object], database: Database, reply_size: ReplySize | None = None
) -> dict[object, Row]:
    """Fetch written rows for the reply, by key; one that the caller may not see is not there."""
    note = None if reply_size is None else partial(reply_size.add, weight=plan.output.weight)
    if len(keys) == 1:
        arguments = _key_arguments(plan, keys[0])
        found = fetch((plan, *arguments), _row_query, database, note=note)
    else:
        using = database.using
        found = run_query(with_keys(plan, keys, using).query, using, note)
    rows = with_lists(plan.children, found, database, reply_size)
    return {plan.output.key_of(row): row for row in rows}


def _page_query(plan: ReadPlan, using: str) -> Any:
    return build(plan, using).query


def _deferred_query(plan: ReadPlan, using: str) -> Any:
    return _deferred_page(plan, using).query


def _key_arguments(plan: ReadPlan, key: Any) -> tuple[KeyArgument, ...]:
    """Return the values that a row is looked up by: one for each column of the key."""
    return tuple(map(KeyArgument, key)) if plan.resource.pk.parts else (KeyArgument(key),)


def _row_query(asked: tuple[ReadPlan, *tuple[KeyArgument, ...]], using: str) -> Any:
    plan, *key = asked
    values = tuple([part.value for part in key])
    return build(replace(plan, pk=values if len(values) > 1 else values[0]), using).query


def with_keys(plan: ReadPlan, keys: Sequence[object], using: str) -> QuerySet[Any]:
    """Return the queryset of those rows of a plan that have one of some keys, in no order."""
    these = has_one_of(model_of(plan.resource), keys)
    return _selected(plan, using).using(using).filter(these).order_by()


def page_of(plan: ReadPlan, using: str) -> QuerySet[Any]:
    """Return the queryset by which a plan is read at once, which is not that of a stream."""
    return _deferred_page(plan, using) if defers_joins(plan) else build(plan, using)


def _deferred_page(plan: ReadPlan, using: str) -> QuerySet[Any]:
    rows = deferred(plan, _matching(plan, using), _order(plan, using))
    queryset = select(rows, plan.columns, plan.flags, using)
    sort(queryset.query, _order(plan, using))
    return queryset


def build(plan: ReadPlan, using: str) -> QuerySet[Any]:
    """Return the queryset of a plan: of a get the row, of a list the page and one row more."""
    if plan.keyset is not None:
        return page(plan, plan.keyset, _matching(plan, using).using(using), using)
    if plan.cells:
        found = combinations(_matching(plan, using).using(using), plan, using)
        limit(found.query, plan.offset, plan.offset + plan.limit + 1)
        return found
    queryset = _selected(plan, using)
    if plan.rows.queryset is not None:
        queryset = queryset.using(using)
    if plan.pk is not None:
        row: QuerySet[Any] = queryset.filter(has_key(queryset.model, plan.pk)).order_by()[:1]
        return row
    # On the query itself: order_by() and a slice would each copy a queryset that is ours alone.
    sort(queryset.query, _order(plan, using))
    limit(queryset.query, plan.offset, plan.offset + plan.limit + 1)
    return queryset


def _selected(plan: ReadPlan, using: str) -> QuerySet[Any]:
    """Return all rows of a query, as tuples of the plan's columns."""
    return select(_matching(plan, using), plan.columns, plan.flags, using)


def _matching(plan: ReadPlan, using: str) -> QuerySet[Any]:
    """Return all visible rows that satisfy the filters, of each combination the first."""
    queryset = visible_rows(plan.rows, using)
    if plan.where is not None:
        queryset = filtered(queryset, plan.where, using, (plan.rows,))
    return first_rows(queryset, plan, using) if plan.distinct_on else queryset


def counted_rows(plan: ReadPlan, using: str) -> QuerySet[Any]:
    """Return the queryset of all rows of a list, to be counted."""
    queryset = _matching(plan, using).using(using)
    return combinations(queryset, plan, using) if plan.cells else queryset


def _order(plan: ReadPlan, using: str) -> list[object]:
    """Sort, the primary key last: the order is total, so pages neither repeat nor skip rows."""
    names = computed_names(plan.columns)
    keys = [key for ordering in plan.order_by for key in sort_keys(ordering, using, names)]
    if plan.ranking is not None:
        keys = rank_keys(plan.ranking, using)
    # By its own name: Django then sorts by position, which is cheaper to compile than "pk".
    pk = plan.resource.pk
    return [*keys, *[part.lookup for part in pk.parts]] if pk.parts else [*keys, pk.lookup]
