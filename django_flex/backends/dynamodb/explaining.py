"""What a read would send: the requests as texts, with ``%s`` for each value."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django_flex.backends.dynamodb.lists import access_of, condition_of_list, read
from django_flex.dynamodb.core.conditions import all_of
from django_flex.dynamodb.core.expressions import Placeholders, condition_text
from django_flex.plan.explain import ExplainedStatement, Explanation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.backends.dynamodb.planning import Access
    from django_flex.backends.dynamodb.tables import Table
    from django_flex.dynamodb.core.conditions import Condition
    from django_flex.plan.nodes import ReadPlan
    from django_flex.query.limits import Limits

VENDOR = "DynamoDB"
_PLACEHOLDER = re.compile(r"[#:][nv]\d+")


def explain(
    table: Table, plan: ReadPlan, limits: Limits, started: float | None = None
) -> Explanation:
    """Explain a read; it is run only for ``analyze``.

    Args:
        table: the table.
        plan: of the read.
        limits: with ``read_timeout``.
        started: when the request began.

    Raises:
        NeedsKeyError: no key of the table finds the rows, or sorts them as wanted.
        TimeLimitExceededError: it takes too long.
    """
    found = Explanation(vendor=VENDOR, statements=tuple(_statements(table, plan)))
    if plan.explain != "analyze":
        return found
    begun = time.perf_counter()
    rows = len(read(table, plan, limits, started).rows)
    elapsed = round((time.perf_counter() - begun) * 1_000, 3)
    return replace(found, rows=rows, milliseconds=elapsed)


def _statements(table: Table, plan: ReadPlan) -> Iterator[ExplainedStatement]:
    if plan.single:
        yield _of_keys(table, 1)
        return
    access = access_of(table, plan, condition_of_list(table, plan))
    yield _statement("rows", table, access)
    if plan.count is not None:
        yield _statement("count", table, access)


def _statement(reads: str, table: Table, access: Access) -> ExplainedStatement:
    if access.keys:
        return replace(_of_keys(table, len(access.keys)), reads=reads)
    if access.scan is not None:
        text, parameters = _text(access.scan.filter)
        return ExplainedStatement(
            reads=reads,
            sql=f"SCAN {table.resource.name}" + (f" FILTER {text}" if text else ""),
            parameters=parameters,
            database={"max_evaluated": table.max_evaluated},
        )
    plans = [branch.plan for branch in access.branches if branch.plan.kind != "none"]
    if not plans:
        return ExplainedStatement(reads=reads, sql=None, parameters=0, database=None)
    first = plans[0]
    text, parameters = _text(all_of(first.key))
    if first.filter is not None:
        filters, more = _text(first.filter)
        text, parameters = f"{text} FILTER {filters}", parameters + more
    of = table.resource.name if first.index is None else first.index.name
    said: dict[str, Any] = {
        "queries": len(plans),
        "index": None if first.index is None else first.index.name,
        "ascending": access.forward,
        "items_by_key": first.hydrate,
        "filtered_afterwards": first.post is not None,
        "max_evaluated": table.max_evaluated,
    }
    sql = f"{'COUNT' if reads == 'count' else 'QUERY'} {of} KEY {text}"
    return ExplainedStatement(
        reads=reads, sql=sql, parameters=parameters * len(plans), database=said
    )


def _of_keys(table: Table, number: int) -> ExplainedStatement:
    names = table.schema.key.names
    key = " AND ".join(f"{name} = %s" for name in names)
    said = {"keys": number, "filtered_afterwards": True}
    return ExplainedStatement(
        reads="rows",
        sql=f"GET {table.resource.name} KEY {key}",
        parameters=number * len(names),
        database=said,
    )


def _text(condition: Condition | None) -> tuple[str, int]:
    """Return a condition with the names of its attributes, and how many values are in it."""
    if condition is None:
        return "", 0
    used = Placeholders()
    text = condition_text(condition, used)
    names = {placeholder: name for name, placeholder in used.names.items()}
    return _PLACEHOLDER.sub(lambda one: names.get(one[0], "%s"), text), len(used.values)
