"""Which conditions on a range key the one range condition of a query can say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django_flex.dynamodb.core import values
from django_flex.dynamodb.core.conditions import Comparison, Operator
from django_flex.dynamodb.core.schema import AttributeValue

_LOWER = (Operator.GT, Operator.GTE)
_UPPER = (Operator.LT, Operator.LTE)
#: What a key condition can do with a range key.
RANGE_OPERATORS = frozenset({Operator.EQ, Operator.BETWEEN, Operator.STARTS_WITH, *_LOWER, *_UPPER})


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeChoice:
    """One condition for the key, and what is left to check of each item.

    Attributes:
        key: the condition of the query, or ``None`` without any.
        rest: the conditions that ``key`` does not imply.
        impossible: no item can meet them all.
    """

    key: Comparison | None
    rest: tuple[Comparison, ...] = ()
    impossible: bool = False


def choose(conditions: Iterable[Comparison]) -> RangeChoice:
    """Return the narrowest key condition for conditions on one range key."""
    found = list(conditions)
    exact = next((one for one in found if one.operator is Operator.EQ), None)
    if exact is not None:
        return RangeChoice(key=exact, rest=tuple(one for one in found if one is not exact))
    prefix = next((one for one in found if one.operator is Operator.STARTS_WITH), None)
    if prefix is not None:
        return RangeChoice(key=prefix, rest=tuple(one for one in found if one is not prefix))
    return _bounded(found)


def _bounded(found: list[Comparison]) -> RangeChoice:
    lows = [(one.values[0], one) for one in found if one.operator in {*_LOWER, Operator.BETWEEN}]
    highs = [(one.values[-1], one) for one in found if one.operator in {*_UPPER, Operator.BETWEEN}]
    low, high = _extreme(lows, 1), _extreme(highs, -1)
    if low is None or high is None:
        only = low or high
        rest = tuple(one for one in found if only is None or one is not only[1])
        return RangeChoice(key=only[1] if only else None, rest=rest)
    order = values.compare(low[0], high[0])
    if order is None or order > 0:
        return RangeChoice(key=None, impossible=True)
    key = Comparison(path=low[1].path, operator=Operator.BETWEEN, values=(low[0], high[0]))
    # Both ends are in BETWEEN, so an open end is checked again.
    rest = tuple(one for one in found if one.operator in {Operator.GT, Operator.LT})
    return RangeChoice(key=key, rest=rest)


def _extreme(
    ends: list[tuple[AttributeValue, Comparison]], sign: int
) -> tuple[AttributeValue, Comparison] | None:
    """Return the highest end with sign 1, the lowest with -1; of equal ones the open one."""
    best: tuple[AttributeValue, Comparison] | None = None
    for one in ends:
        order = 1 if best is None else sign * (values.compare(one[0], best[0]) or 0)
        opens = one[1].operator in {Operator.GT, Operator.LT}
        if order > 0 or (order == 0 and opens):
            best = one
    return best
