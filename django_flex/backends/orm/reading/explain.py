"""Explains a read: its statements as Django compiles them, and the database's plans."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec
from django.db import connections
from django.db.models import Count

from django_flex.backends.orm.connection.databases import database_of
from django_flex.backends.orm.connection.transactions import reading
from django_flex.backends.orm.django_internals.compilation import compile_query
from django_flex.backends.orm.django_internals.connections import (
    explain_prefix,
    explains_in_json,
    is_mariadb,
)
from django_flex.backends.orm.django_internals.queries import ungrouped
from django_flex.backends.orm.reading.aggregates import build_groups, build_total, read_groups
from django_flex.backends.orm.reading.children import sample_of
from django_flex.backends.orm.reading.counts import shows_all
from django_flex.backends.orm.reading.keyset import with_position
from django_flex.backends.orm.reading.reads import counted_rows, page_of, read
from django_flex.plan.explain import ExplainedStatement, Explanation

if TYPE_CHECKING:
    from django_flex.backends.orm.prepared.statement_cache import StatementCache
    from django_flex.plan.nodes import AggregatePlan, ChildPlan, ReadPlan
    from django_flex.query.limits import Limits
    from django_flex.resolved import Rows, Where

#: What a query reads, the query, and its database.
Named = tuple[str, Any, str]


@dataclass(frozen=True, slots=True)
class _ExplainOptions:
    """How to explain: on which database, whether its plan is shown, and whether the query is run."""

    using: str
    shown: bool
    analyze: bool
    started: float | None


def explain(
    plan: ReadPlan,
    statements: StatementCache,
    limits: Limits,
    *,
    whole: bool = False,
    started: float | None = None,
) -> Explanation:
    """Explain a read; it is run only for ``analyze``, under the time limit of any read.

    Args:
        plan: of the read.
        statements: those that are cached.
        limits: with ``read_timeout``.
        whole: show the plan of the database, though rows are hidden from the caller.
        started: when the request began, as for ``reading``.

    Raises:
        UnavailableError: the database is away, or ``analyze`` took too long.
    """
    using = database_of(plan)
    shown = whole or (_sees_all(plan.rows, plan.where, plan.children) and not plan.flags)
    options = _ExplainOptions(
        using, shown=shown, analyze=plan.explain == "analyze", started=started
    )
    queries = _queries(plan, using)
    return _explained(
        queries, options, limits, lambda: len(read(plan, statements, limits, started).rows)
    )


def explain_groups(
    plan: AggregatePlan,
    statements: StatementCache,
    limits: Limits,
    *,
    whole: bool = False,
    started: float | None = None,
) -> Explanation:
    """Explain an aggregate; as ``explain``."""
    using = database_of(plan)
    shown = whole or _sees_all(plan.rows, plan.where, ())
    options = _ExplainOptions(
        using, shown=shown, analyze=plan.explain == "analyze", started=started
    )
    query = build_groups(plan, using) if plan.keys else build_total(plan, using)
    queries = [("groups", query, using)]

    def run() -> int:
        return len(read_groups(plan, statements, limits, started)[0])

    return _explained(queries, options, limits, run)


def _sees_all(rows: Rows, where: Where | None, children: tuple[ChildPlan, ...]) -> bool:
    """Whether no rule hides rows from the caller, which the planner's estimates would reveal."""
    below = (
        _sees_all(child.rows, child.where, child.output.children) and not child.output.flags
        for child in children
    )
    return rows.plain and (where is None or shows_all(where)) and all(below)


def _explained(
    queries: Any, options: _ExplainOptions, limits: Limits, run: Callable[[], int]
) -> Explanation:
    with reading(options.using, limits, options.started):
        found = tuple(
            _statement(name, query, replace(options, using=using)) for name, query, using in queries
        )
    explanation = Explanation(vendor=connections[options.using].display_name, statements=found)
    if not options.analyze:
        return explanation
    started = time.perf_counter()
    rows = run()
    elapsed = round((time.perf_counter() - started) * 1_000, 3)
    return replace(explanation, rows=rows, milliseconds=elapsed)


def _queries(plan: ReadPlan, using: str) -> Iterator[Named]:
    if plan.keyset is not None:
        plan = replace(plan, keyset=with_position(plan.keyset, plan.rows, using))
    yield "rows", page_of(plan, using).query, using
    yield from _of_lists(plan.children, "", using)
    if plan.count is not None:
        rows = counted_rows(plan, using).order_by().query
        count = rows if plan.cells else ungrouped(rows, {"flex_count": Count("*")})
        yield "count", count, using
    if plan.totals is not None:
        yield "aggregates", build_total(plan.totals, using), using


def _of_lists(children: tuple[ChildPlan, ...], prefix: str, using: str) -> Iterator[Named]:
    for child in children:
        name = f"{prefix}{child.relation.name}"
        lists, there = sample_of(child, using)
        yield name, lists.query, there
        yield from _of_lists(child.output.children, f"{name}.", there)


def _statement(name: str, query: Any, options: _ExplainOptions) -> ExplainedStatement:
    compiled = compile_query(query, options.using)
    if compiled is None:
        return ExplainedStatement(reads=name, sql=None, parameters=0, database=None)
    sql, parameters = compiled
    planned = _planned(sql, parameters, options) if options.shown else None
    return ExplainedStatement(reads=name, sql=sql, parameters=len(parameters), database=planned)


def _planned(sql: str, parameters: Any, options: _ExplainOptions) -> object:
    """Return what EXPLAIN says: JSON where the database has it, else lines of text.

    Not by Django's ``explain()``, which puts the word inside where it filters by a window.
    """
    connection = connections[options.using]
    in_json = explains_in_json(connection)
    # MySQL has no time limit for it, SQLite does not have it: there the read is run and measured.
    measures = connection.vendor == "postgresql" or is_mariadb(connection)
    analyze = options.analyze and measures
    prefix = explain_prefix(connection, analyze=analyze, as_json=in_json)
    with connection.cursor() as cursor:
        cursor.execute(f"{prefix} {sql}", parameters)
        rows = cursor.fetchall()
    if not in_json:
        return [str(row[-1]) for row in rows]
    said = rows[0][0]
    return msgspec.json.decode(said) if isinstance(said, str) else said
