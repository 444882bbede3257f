"""The reply to a query with ``explain``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django_flex.plan.shape import FlexResult

if TYPE_CHECKING:
    from django_flex.plan.aggregates import AggregatePlan
    from django_flex.plan.nodes import ReadPlan
    from django_flex.query.limits import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement: what it reads, its SQL with ``%s`` for each value, the database's plan.

    The plan is ``None`` for a caller from whom rows are hidden. ``sql`` is ``None`` where Django knows that no row can match, so that nothing is run.
    """

    reads: str
    sql: str | None
    parameters: int
    database: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All statements of a read, on which kind of database, and what running it took."""

    vendor: str
    statements: tuple[Statement, ...]
    rows: int | None = None
    milliseconds: float | None = None


def shape_explanation(
    plan: ReadPlan | AggregatePlan, explained: Explanation, cost: int, limits: Limits
) -> FlexResult:
    """Build the reply: rules, statements and costs; no value of any row, none of the query's."""
    costs: dict[str, Any] = {"estimated": cost, "max": limits.max_cost}
    if explained.rows is not None:
        costs |= {"rows": explained.rows, "ms": explained.milliseconds}
    first = plan.rules[0]
    return FlexResult(
        data={
            "plan": {
                "operation": plan.asked.operation,
                "model": first.model,
                "role": first.role,
                "rules": [asdict(rule) for rule in plan.rules],
                "cost": costs,
                "database": explained.vendor,
                "statements": [asdict(statement) for statement in explained.statements],
            }
        }
    )
