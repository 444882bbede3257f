"""What a read may cost, estimated from its plan before it runs.

The unit is one value of one row in the reply; a text of any length, a JSON or a binary value, each
time that it is shown, is ten. The estimate knows the query and the models, never
the data: it does not depend on the rows, so it cannot reveal hidden ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from django_flex.exceptions import CostExceededError
from django_flex.resolved import (
    AggregateSubquery,
    AllOf,
    AnyOf,
    Complement,
    ComputedValue,
    Exists,
    Predicate,
    Search,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_flex.plan.nodes import AggregatePlan, ChildPlan, ReadPlan
    from django_flex.query.limits import Limits
    from django_flex.resolved import Ordering, Value, VisibleHop, Where

#: The header with the estimated cost.
COST = "Flex-Cost"
#: Beside the values of each row: whether a related row is visible, a value that SQL computes.
FLAG, COMPUTED = 5, 10
#: For the whole statement: a condition that an index serves, and one for which rows are read.
FOUND, SCANNED = 1, 100
#: A condition on the rows of a relation, and the sorting of rows that no index has in order.
RELATED, SORTED = 50, 200
#: Going through every row that satisfies the filters: counts, totals, searches, distinct rows.
WHOLE = 1_000
_BY_INDEX = frozenset({"exact", "in", "range", "lt", "lte", "gt", "gte", "isnull", "startswith"})


def estimate(plan: ReadPlan, limits: Limits) -> int:
    """Return the cost of a read.

    Args:
        plan: of the read.
        limits: the caps that apply; an export costs as much as its largest page.
    """
    each = (
        _rows(plan.columns, plan.flags) + plan.output.weight.extra + sum(map(_list, plan.children))
    )
    once = _condition(plan.where) + sum(map(_statement, plan.children))
    if plan.single:
        return each + once
    rows = min(plan.limit, limits.max_limit)
    return rows * each + once + plan.offset + _order(plan.order_by) + _whole(plan)


def estimate_groups(plan: AggregatePlan) -> int:
    """Return the cost of an aggregate, which reads every row, once for each related total."""
    columns = [*(key.value for key in plan.keys), *(total.value for total in plan.totals)]
    related = sum(isinstance(column, ComputedValue) for column in columns)
    shown = (len(columns) + plan.weight.extra) * (plan.limit if plan.keys else 1)
    conditions = _condition(plan.where) + _condition(plan.having)
    return WHOLE * (1 + related) + shown + plan.offset + conditions + (SORTED if plan.keys else 0)


def check_cost(plan: ReadPlan, limits: Limits) -> int:
    """Return the cost of a read that the caps allow, or of which only the plan is asked for.

    Raises:
        CostExceededError: the read would cost more than the role may spend on one.
    """
    cost = estimate(plan, limits)
    if cost > limits.max_cost and plan.explain != "plan":
        raise CostExceededError(cost=cost, max_cost=limits.max_cost)
    return cost


def check_cost_of_groups(plan: AggregatePlan, limits: Limits) -> int:
    """Return the cost of an aggregate, like ``check_cost``."""
    cost = estimate_groups(plan)
    if cost > limits.max_cost and plan.explain != "plan":
        raise CostExceededError(cost=cost, max_cost=limits.max_cost)
    return cost


def _rows(columns: Iterable[Value], flags: tuple[VisibleHop, ...]) -> int:
    """Return the cost of one row: its values, and checks whether related rows are visible."""
    values = sum(
        [_computed(column) if isinstance(column, ComputedValue) else 1 for column in columns]
    )
    return values + FLAG * len(flags)


def _computed(value: ComputedValue) -> int:
    """Return the cost of a computed value, for which related rows may be filtered."""
    filtered = isinstance(value.source, AggregateSubquery) and value.source.where is not None
    return COMPUTED + RELATED if filtered else COMPUTED


def _list(child: ChildPlan) -> int:
    """Return what the list inside one row costs."""
    output = child.output
    each = _rows(output.columns, output.flags) + output.weight.extra
    each += sum(map(_list, output.children))
    return child.limit * each + child.offset


def _statement(child: ChildPlan) -> int:
    """Return the costs that are the same for any number of rows with lists."""
    inner = sum(map(_statement, child.output.children))
    distinct = WHOLE if child.cells or child.distinct_on else 0
    return RELATED + _condition(child.where) + _order(child.order_by) + distinct + inner


def _whole(plan: ReadPlan) -> int:
    """Return the cost of the clauses that need every row."""
    count = plan.count
    clauses = (
        count is not None and count.kind != "estimated",
        plan.totals is not None,
        bool(plan.cells or plan.distinct_on),
    )
    return WHOLE * sum(clauses)


def _order(order_by: Iterable[Ordering]) -> int:
    """Return the cost of sorting; after a first key in the order of an index the rest is cheap."""
    first = next(iter(order_by), None)
    if first is None:
        return 0
    column = first.column
    if isinstance(column, ComputedValue):
        return SORTED + WHOLE
    plain = not (column.hops or column.keys or first.nulls)
    return FOUND if plain and column.attribute.indexed else SORTED


def _condition(where: Where | None) -> int:
    match where:
        case None:
            return 0
        case Predicate():
            return _test(where)
        case AllOf(children=children) | AnyOf(children=children):
            return sum(map(_condition, children))
        case Complement(child=child):
            return _condition(child)
        case Exists(where=inner):
            return RELATED + _condition(inner)
        case Search():
            return WHOLE
    assert_never(where)


def _test(test: Predicate) -> int:
    column = test.column
    size = len(test.value) if isinstance(test.value, list | tuple) else 1
    if not isinstance(column, ComputedValue):
        size *= len(column.attribute.parts) or 1
    if isinstance(column, ComputedValue):
        return WHOLE
    served = test.operator in _BY_INDEX and not (test.transforms or column.keys)
    masked = RELATED * len(column.masks)
    if served and column.attribute.indexed:
        return FOUND * size + masked
    return SCANNED + size + masked
