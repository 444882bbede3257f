"""The explanation of a plan, for a query with ``explain``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_flex.plan.nodes import AggregatePlan, ReadPlan
    from django_flex.query.limits import Limits
    from django_flex.resolved import AppliedRule


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedStatement:
    """One statement: what it reads, its SQL with ``%s`` for each value, the database's plan.

    The plan is ``None`` for a caller from whom rows are hidden. ``sql`` is ``None`` where Django
    knows that no row can match, so that nothing is run.
    """

    reads: str
    sql: str | None
    parameters: int
    database: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All statements of a read, on which kind of database, and what running it took."""

    vendor: str
    statements: tuple[ExplainedStatement, ...]
    rows: int | None = None
    milliseconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CallerExplanation:
    """How a read is run for its caller: the rules that apply, statements and costs.

    No value of any row is in it, and none of the query's. ``cost`` is the estimate, ``most`` what a
    read may cost.
    """

    model: str
    role: str | None
    rules: tuple[AppliedRule, ...]
    cost: int
    most: int
    explanation: Explanation


def shape_explanation(
    plan: ReadPlan | AggregatePlan, explanation: Explanation, cost: int, limits: Limits
) -> CallerExplanation:
    """Return the explanation of a plan, with its rules and cost."""
    first = plan.rules[0]
    return CallerExplanation(
        model=first.model,
        role=first.role,
        rules=plan.rules,
        cost=cost,
        most=limits.max_cost,
        explanation=explanation,
    )
