"""Groups of rows and totals over them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from django_flex.plan.nodes import AggregatePlan
from django_flex.query.aggregates import TRUNCATIONS
from django_flex.resolved import (
    AggregateSubquery,
    AllOf,
    AnyOf,
    Complement,
    ComputedValue,
    GroupKey,
    Predicate,
    Total,
    Where,
)
from tests.differential.measures import reduced
from tests.differential.totals import TRUNCATED
from tests.memory.evaluation import Evaluation, compare, ordered, transform
from tests.memory.tables import Row
from tests.memory.values import to_scale

Group = dict[str, Any]


def totals_of(plan: AggregatePlan, evaluation: Evaluation) -> tuple[Any, ...]:
    """Return the one group of all rows."""
    rows = evaluation.matching(plan.rows, plan.where)
    values = tuple(_total(total, rows, evaluation) for total in plan.totals)
    return values if len(rows) >= plan.least or plan.least <= 1 else (None,) * len(values)


def groups_of(plan: AggregatePlan, evaluation: Evaluation) -> list[tuple[Any, ...]]:
    """Return the groups of a plan in order, all pages of them."""
    grouped: dict[str, tuple[tuple[Any, ...], list[Row]]] = {}
    for row in evaluation.matching(plan.rows, plan.where):
        values = tuple(_key(key, row, evaluation) for key in plan.keys)
        # By its text, since in JSON 1 is not true.
        grouped.setdefault(repr(values), (values, []))[1].append(row)
    found: list[Group] = []
    for values, rows in grouped.values():
        group = dict(zip([key.alias for key in plan.keys], values, strict=True))
        group |= {total.alias: _total(total, rows, evaluation) for total in plan.totals}
        if len(rows) >= plan.least and (plan.having is None or _holds(group, plan.having)):
            found.append(group)
    for key in reversed(plan.keys):
        found.sort(key=lambda group, alias=key.alias: _rank(group[alias]))  # type: ignore[misc]
    return [tuple(group.values()) for group in ordered(found, plan.order_by, _value)]


def _rank(value: Any) -> tuple[bool, str, Any]:
    """Return what sorts values: NULL, numbers, texts."""
    return (
        value is not None,
        "str" if isinstance(value, str) else "",
        0 if value is None else value,
    )


def _key(key: GroupKey, row: Row, evaluation: Evaluation) -> Any:
    value = evaluation.value(row, key.value)
    if value is None or key.part is None:
        return value
    if key.part in TRUNCATIONS:
        return _truncated(value, TRUNCATIONS[key.part].unit)
    return transform(value, (key.part,))


def _truncated(value: Any, unit: str) -> Any:
    if isinstance(value, datetime):
        value = timezone.localtime(value)
        value = value.replace(minute=0, second=0, microsecond=0)
        if unit != "hour":
            value = value.replace(hour=0)
    if unit == "quarter":
        return value.replace(month=(value.month - 1) // 3 * 3 + 1, day=1)
    return TRUNCATED.get(f"trunc_{unit}", lambda same: same)(value)


def _total(total: Total, rows: list[Row], evaluation: Evaluation) -> Any:
    if total.value is None:
        return len(rows)
    found = reduced(total.function, [evaluation.value(row, total.value) for row in rows])
    if isinstance(found, Decimal):
        found = to_scale(found, total.result)
    if total.function == "sum" and found is None and _counts(total):
        found = 0
    if total.related is not None:
        related = sum(evaluation.value(row, total.related) or 0 for row in rows)
        return found if related >= total.least else None
    return found


def _counts(total: Total) -> bool:
    source = total.value.source if isinstance(total.value, ComputedValue) else None
    return isinstance(source, AggregateSubquery) and source.function.startswith("count")


def _value(group: Group, value: Any) -> Any:
    return group[value.key[1]]


def _holds(group: Group, where: Where) -> bool:
    match where:
        case Predicate():
            return compare(_value(group, where.column), where, where.value, "")
        case Complement(child=child):
            return not _holds(group, child)
        case AllOf(children=children):
            return all(_holds(group, child) for child in children)
        case AnyOf(children=children):
            return any(_holds(group, child) for child in children)
        case _:
            raise AssertionError(where)
