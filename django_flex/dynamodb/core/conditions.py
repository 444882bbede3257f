"""Conditions on an item as data, in the terms of DynamoDB's expressions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django_flex.dynamodb.core.schema import AttributeValue

#: A document path: the attribute, then keys of maps and positions in lists.
Path = tuple[str | int, ...]


class Operator(StrEnum):
    """What a comparison does, as expressions spell it."""

    EQ = "="
    NE = "<>"
    LT = "<"
    LTE = "<="
    GT = ">"
    GTE = ">="
    BETWEEN = "BETWEEN"
    IN = "IN"
    STARTS_WITH = "begins_with"
    CONTAINS = "contains"
    EXISTS = "attribute_exists"
    MISSING = "attribute_not_exists"
    TYPE = "attribute_type"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One comparison of the value at a path.

    Attributes:
        path: where the value is.
        operator: how it is compared.
        values: with what; none for existence, two for ``BETWEEN``, any number for ``IN``.
        of_size: whether the size of the value is compared, not the value.
    """

    path: Path
    operator: Operator
    values: tuple[AttributeValue, ...] = ()
    of_size: bool = False

    @property
    def attribute(self) -> str:
        """Return the attribute of the item that the path is in."""
        return str(self.path[0])


@dataclass(frozen=True, slots=True)
class And:
    """All of these; of none it is true."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of these; of none it is false."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite. An attribute that an item does not have makes a comparison false."""

    condition: Condition


Condition = Comparison | And | Or | Not


def conjuncts(condition: Condition) -> Iterator[Condition]:
    """Yield the conditions that all have to hold."""
    if isinstance(condition, And):
        for one in condition.conditions:
            yield from conjuncts(one)
    else:
        yield condition


def comparisons(condition: Condition) -> Iterator[Comparison]:
    """Yield each comparison in a condition."""
    match condition:
        case Comparison():
            yield condition
        case Not():
            yield from comparisons(condition.condition)
        case And() | Or():
            for one in condition.conditions:
                yield from comparisons(one)


def attributes(condition: Condition) -> frozenset[str]:
    """Return the attributes of the item that a condition looks at."""
    return frozenset(one.attribute for one in comparisons(condition))


def all_of(conditions: tuple[Condition, ...]) -> Condition | None:
    """Return one condition for several, and ``None`` for none."""
    if len(conditions) <= 1:
        return conditions[0] if conditions else None
    return And(conditions)


def simplified(condition: Condition) -> Condition | bool:
    """Return a condition without parts that are always true or never, or which of both it is."""
    if isinstance(condition, Comparison):
        return condition
    if isinstance(condition, Not):
        inner = simplified(condition.condition)
        return not inner if isinstance(inner, bool) else Not(inner)
    decides = isinstance(condition, Or)
    parts = [simplified(one) for one in condition.conditions]
    if any(one is decides for one in parts):
        return decides
    left = tuple(one for one in parts if not isinstance(one, bool))
    if not left:
        return not decides
    return left[0] if len(left) == 1 else type(condition)(left)
