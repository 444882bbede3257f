"""What a read would do: its statements, as Django writes them and as the database plans them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec
from django.core.exceptions import EmptyResultSet
from django.db import connections, router
from django.db.models import Count

from django_flex.backends.orm.aggregates import build_groups, build_total, read_groups
from django_flex.backends.orm.children import sample_of
from django_flex.backends.orm.counts import shows_all
from django_flex.backends.orm.reads import counted_rows, database_of, page_of, read
from django_flex.backends.orm.transactions import reading
from django_flex.plan.explain import Explanation, Statement

if TYPE_CHECKING:
    from django_flex.permissions.authorized import Rows, Where
    from django_flex.plan.aggregates import AggregatePlan
    from django_flex.plan.nodes import ChildPlan, ReadPlan
    from django_flex.query.limits import Limits

Named = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class _Ways:
    """How to explain: on which database, whether its own plan is shown and made by running."""

    using: str
    shown: bool
    analyze: bool


def explain(plan: ReadPlan, limits: Limits, *, whole: bool = False) -> Explanation:
    """Explain a read; it is run only for ``analyze``, under the time limit of any read.

    Args:
        plan: of the read.
        limits: with ``read_timeout``.
        whole: show the plan of the database, though rows are hidden from the caller.

    Raises:
        UnavailableError: the database is away, or ``analyze`` took too long.
    """
    using = database_of(plan)
    shown = whole or (_sees_all(plan.rows, plan.where, plan.children) and not plan.flags)
    ways = _Ways(using, shown=shown, analyze=plan.asked.explain == "analyze")
    return _explained(_queries(plan, using), ways, limits, lambda: len(read(plan, limits).rows))


def explain_groups(plan: AggregatePlan, limits: Limits, *, whole: bool = False) -> Explanation:
    """Explain an aggregate; as ``explain``."""
    queryset = plan.rows.queryset
    using = router.db_for_read(plan.resource.model) if queryset is None else queryset.db
    shown = whole or _sees_all(plan.rows, plan.where, ())
    ways = _Ways(using, shown=shown, analyze=plan.asked.explain == "analyze")
    query = build_groups(plan, using) if plan.keys else build_total(plan, using)
    return _explained([("groups", query)], ways, limits, lambda: len(read_groups(plan, limits)[0]))


def _sees_all(rows: Rows, where: Where | None, children: tuple[ChildPlan, ...]) -> bool:
    """Whether no rule hides rows from the caller, of which the planner's numbers would tell."""
    below = (
        _sees_all(child.rows, child.where, child.output.children) and not child.output.flags
        for child in children
    )
    return rows.plain and (where is None or shows_all(where)) and all(below)


def _explained(queries: Any, ways: _Ways, limits: Limits, run: Callable[[], int]) -> Explanation:
    with reading(ways.using, limits):
        found = tuple(_statement(name, query, ways) for name, query in queries)
    explanation = Explanation(vendor=connections[ways.using].display_name, statements=found)
    if not ways.analyze:
        return explanation
    started = time.perf_counter()
    rows = run()
    elapsed = round((time.perf_counter() - started) * 1_000, 3)
    return replace(explanation, rows=rows, milliseconds=elapsed)


def _queries(plan: ReadPlan, using: str) -> Iterator[Named]:
    yield "rows", page_of(plan, using).query
    yield from _of_lists(plan.children, "", using)
    if plan.asked.page.count is not None:
        counting = counted_rows(plan, using).order_by().query.clone()
        if not plan.cells:
            counting.add_annotation(Count("*"), "flex_count")
            counting.set_values(["flex_count"])
            counting.group_by = None
        yield "count", counting
    if plan.totals is not None:
        yield "aggregates", build_total(plan.totals, using)


def _of_lists(children: tuple[ChildPlan, ...], prefix: str, using: str) -> Iterator[Named]:
    for child in children:
        name = f"{prefix}{child.relation.name}"
        yield name, sample_of(child, using).query
        yield from _of_lists(child.output.children, f"{name}.", using)


def _statement(name: str, query: Any, ways: _Ways) -> Statement:
    try:
        sql, parameters = query.get_compiler(ways.using).as_sql()
    except EmptyResultSet:
        return Statement(reads=name, sql=None, parameters=0, database=None)
    planned = _planned(sql, parameters, ways) if ways.shown else None
    return Statement(reads=name, sql=sql, parameters=len(parameters), database=planned)


def _planned(sql: str, parameters: Any, ways: _Ways) -> Any:
    """Return what EXPLAIN says: JSON where the database has it, else lines of text.

    Not by Django's ``explain()``, which puts the word inside where it filters by a window.
    """
    connection: Any = connections[ways.using]
    in_json = "JSON" in connection.features.supported_explain_formats
    # MySQL has no time limit for it, SQLite does not have it: there the read is run and measured.
    measures = connection.vendor == "postgresql" or getattr(connection, "mysql_is_mariadb", False)
    options = {"analyze": True} if ways.analyze and measures else {}
    prefix = connection.ops.explain_query_prefix("json" if in_json else None, **options)
    with connection.cursor() as cursor:
        cursor.execute(f"{prefix} {sql}", parameters)
        rows = cursor.fetchall()
    if not in_json:
        return [str(row[-1]) for row in rows]
    said = rows[0][0]
    return msgspec.json.decode(said) if isinstance(said, str) else said
