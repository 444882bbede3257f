"""Whether an item meets a condition, as DynamoDB decides it.

Needed for what DynamoDB does not filter by itself: attributes of the key that is queried, what an
index does not have, and items that are got by their key.
"""

from __future__ import annotations

from typing import Any

from django_flex.dynamodb.core import values
from django_flex.dynamodb.core.conditions import And, Comparison, Condition, Not, Operator, Or, Path
from django_flex.dynamodb.core.schema import AttributeValue, Item

_ORDERED = {
    Operator.LT: lambda order: order < 0,
    Operator.LTE: lambda order: order <= 0,
    Operator.GT: lambda order: order > 0,
    Operator.GTE: lambda order: order >= 0,
}


def matches(condition: Condition | None, item: Item) -> bool:
    """Return whether an item meets a condition; ``None`` is met by each."""
    match condition:
        case None:
            return True
        case And():
            return all(matches(one, item) for one in condition.conditions)
        case Or():
            return any(matches(one, item) for one in condition.conditions)
        case Not():
            return not matches(condition.condition, item)
        case Comparison():
            return _holds(condition, find(item, condition.path))


def find(item: Item, path: Path) -> AttributeValue | None:
    """Return the value at a path, or ``None`` if there is nothing."""
    value: Any = {"M": item}
    for step in path:
        content = value.get("L" if isinstance(step, int) else "M")
        try:
            value = content[step]
        except (KeyError, IndexError, TypeError):
            return None
    found: AttributeValue = value
    return found


def _holds(comparison: Comparison, value: AttributeValue | None) -> bool:
    operator, given = comparison.operator, comparison.values
    if operator is Operator.MISSING or operator is Operator.EXISTS:
        return (value is None) is (operator is Operator.MISSING)
    if value is None:
        # Nothing is unequal to everything.
        return operator is Operator.NE
    if comparison.of_size:
        size = _size(value)
        if size is None:
            return False
        value = {"N": str(size)}
    return _compares(operator, value, given)


def _compares(operator: Operator, value: AttributeValue, given: tuple[AttributeValue, ...]) -> bool:
    match operator:
        case Operator.EQ | Operator.IN:
            return any(values.equal(value, one) for one in given)
        case Operator.NE:
            return not values.equal(value, given[0])
        case Operator.BETWEEN:
            low, high = values.compare(value, given[0]), values.compare(value, given[1])
            return low is not None and high is not None and low >= 0 >= high
        case Operator.TYPE:
            return given[0]["S"] in value
        case Operator.STARTS_WITH | Operator.CONTAINS:
            return _within(operator, value, given[0])
        case _:
            order = values.compare(value, given[0])
            return order is not None and _ORDERED[operator](order)


def _within(operator: Operator, value: AttributeValue, part: AttributeValue) -> bool:
    [(kind, content)], [(part_kind, wanted)] = value.items(), part.items()
    if kind == part_kind and kind in {"S", "B"}:
        if operator is Operator.STARTS_WITH:
            return bool(content.startswith(wanted))
        return wanted in content
    if operator is Operator.STARTS_WITH:
        return False
    if kind == "L":
        return any(values.equal(one, part) for one in content)
    return kind == f"{part_kind}S" and any(values.equal({part_kind: one}, part) for one in content)


def _size(value: AttributeValue) -> int | None:
    [(kind, content)] = value.items()
    if kind == "S":
        return len(content.encode())
    return len(content) if kind in {"B", "M", "L", "SS", "NS", "BS"} else None
