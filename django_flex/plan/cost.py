"""What a read may cost, reckoned from its plan before it runs.

The unit is one value of one row in the reply. The estimate knows the query and the models, never
the data: it is the same whatever rows there are, so nobody can learn of hidden rows by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from django_flex.exceptions import CostExceededError
from django_flex.permissions.authorized import (
    AllOf,
    AnyOf,
    Complement,
    Derived,
    Exists,
    Search,
    Test,
)
from django_flex.schema.indexes import is_indexed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_flex.permissions.authorized import Ordering, Value, Visible, Where
    from django_flex.plan.aggregates import AggregatePlan
    from django_flex.plan.nodes import ChildPlan, ReadPlan
    from django_flex.query.ast import Query
    from django_flex.query.limits import Limits

#: The header of a reply that says what it cost by the estimate.
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
    each = _rows(plan.columns, plan.flags) + sum(map(_list, plan.children))
    once = _condition(plan.where) + sum(map(_statement, plan.children))
    if plan.asked.operation == "get":
        return each + once
    rows = min(plan.limit, limits.max_limit)
    return rows * each + once + plan.offset + _order(plan.order_by) + _whole(plan.asked)


def estimate_groups(plan: AggregatePlan) -> int:
    """Return the cost of an aggregate: every row is gone through, once for each related total."""
    columns = [*(key.value for key in plan.keys), *(total.value for total in plan.totals)]
    related = sum(isinstance(column, Derived) for column in columns)
    shown = len(columns) * (plan.limit if plan.keys else 1)
    conditions = _condition(plan.where) + _condition(plan.having)
    return WHOLE * (1 + related) + shown + plan.offset + conditions + (SORTED if plan.keys else 0)


def check_cost(cost: int, limits: Limits) -> None:
    """Hold an estimate against the caps.

    Raises:
        CostExceededError: the read would cost more than the role may spend on one.
    """
    if cost > limits.max_cost:
        raise CostExceededError(cost=cost, max_cost=limits.max_cost)


def _rows(columns: Iterable[Value], flags: tuple[Visible, ...]) -> int:
    """Return what one row costs: its values, and looking whether related rows are visible."""
    values = sum(COMPUTED if isinstance(column, Derived) else 1 for column in columns)
    return values + FLAG * len(flags)


def _list(child: ChildPlan) -> int:
    """Return what the list inside one row costs."""
    output = child.output
    each = _rows(output.columns, output.flags) + sum(map(_list, output.children))
    return child.limit * each + child.offset


def _statement(child: ChildPlan) -> int:
    """Return what is worked out once for the lists of all rows."""
    inner = sum(map(_statement, child.output.children))
    return RELATED + _condition(child.where) + _order(child.order_by) + inner


def _whole(asked: Query) -> int:
    """Return what the clauses cost that need every row."""
    count = asked.page.count
    clauses = (
        count is not None and count.kind != "estimated",
        bool(asked.aggregate),
        bool(asked.distinct),
    )
    return WHOLE * sum(clauses)


def _order(order_by: Iterable[Ordering]) -> int:
    """Return what sorting costs; after a key that an index has in order the rest is cheap."""
    first = next(iter(order_by), None)
    if first is None:
        return 0
    column = first.column
    if isinstance(column, Derived):
        return SORTED + WHOLE
    plain = not (column.hops or column.keys or first.nulls)
    return FOUND if plain and is_indexed(column.attribute) else SORTED


def _condition(where: Where | None) -> int:
    match where:
        case None:
            return 0
        case Test():
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


def _test(test: Test) -> int:
    column = test.column
    size = len(test.value) if isinstance(test.value, list | tuple) else 1
    if isinstance(column, Derived):
        return WHOLE
    served = test.operator in _BY_INDEX and not (test.transforms or column.keys)
    guarded = RELATED * len(column.guards)
    if served and is_indexed(column.attribute):
        return FOUND * size + guarded
    return SCANNED + size + guarded
