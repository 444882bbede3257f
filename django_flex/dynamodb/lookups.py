"""Conditions in Django's words, and PynamoDB's own, as conditions of the core."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from django.db.models import Q
from pynamodb.expressions.condition import Condition as PynamoCondition

from django_flex.dynamodb.core import values
from django_flex.dynamodb.core.conditions import (
    And,
    Comparison,
    Condition,
    Not,
    Operator,
    Or,
    Path,
    all_of,
)
from django_flex.dynamodb.core.schema import AttributeValue
from django_flex.dynamodb.exceptions import (
    DynamoDBQuerySetError,
    InvalidOperator,
    InvalidValueError,
)
from django_flex.dynamodb.introspection import ModelDescription
from django_flex.dynamodb.serializing import (
    Place,
    operand,
    place_of,
    serialized,
    serialized_key,
    serialized_member,
)

#: Lookups that compare with one value.
_SINGLE = {
    "eq": Operator.EQ,
    "exact": Operator.EQ,
    "not": Operator.NE,
    "ne": Operator.NE,
    "lt": Operator.LT,
    "lte": Operator.LTE,
    "gt": Operator.GT,
    "gte": Operator.GTE,
}
_ONE_VALUE = _SINGLE | {"startswith": Operator.STARTS_WITH, "contains": Operator.CONTAINS}
#: Lookups that DynamoDB has for values that can be sorted.
_SORTED = {"lt", "lte", "gt", "gte", "between", "range"}
LOOKUPS = frozenset(
    {*_SINGLE, "between", "range", "in", "exists", "isnull", "startswith", "contains", "type"}
)
#: DynamoDB's types, for ``type``.
TYPES = frozenset({"S", "N", "B", "SS", "NS", "BS", "BOOL", "NULL", "L", "M"})
#: What DynamoDB cannot do, and what comes near.
_NEAR = {
    "icontains": "contains",
    "iexact": "exact",
    "istartswith": "startswith",
    "endswith": "contains",
    "iendswith": "contains",
    "regex": "startswith or contains",
    "iregex": "startswith or contains",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """The left side of a condition: a place, and what is done with its value."""

    place: Place
    operator: str
    of_size: bool = False


def condition_of(
    description: ModelDescription, conditions: tuple[Any, ...], lookups: Mapping[str, Any]
) -> Condition | None:
    """Return one condition for all that was given, or ``None`` for nothing.

    Args:
        description: the model.
        conditions: each a ``Q`` of lookups, or a condition of PynamoDB.
        lookups: values by lookups.

    Raises:
        FieldDoesNotExists: a name is no attribute of the model.
        InvalidOperator: a lookup does not exist, or its attribute does not have it.
        InvalidValueError: a value does not have the type of the attribute.
    """
    parts = [_given(description, one) for one in conditions]
    parts += [lookup_condition(description, name, value) for name, value in lookups.items()]
    return all_of(tuple(one for one in parts if one is not None))


def _given(description: ModelDescription, condition: Any) -> Condition | None:
    if isinstance(condition, Q):
        return _of_q(description, condition)
    if isinstance(condition, PynamoCondition):
        return _of_pynamodb(condition)
    raise DynamoDBQuerySetError(
        f"a condition is a Q, or one of PynamoDB, not {type(condition).__name__}"
    )


def _of_q(description: ModelDescription, q: Q) -> Condition | None:
    parts: list[Condition] = []
    for child in q.children:
        one = (
            lookup_condition(description, *child)
            if isinstance(child, tuple)
            else _given(description, child)
        )
        if one is not None:
            parts.append(one)
    if q.connector not in {Q.AND, Q.OR}:
        raise DynamoDBQuerySetError(f"DynamoDB has AND, OR and NOT, not {q.connector}")
    if not parts:
        return None
    joined = all_of(tuple(parts)) if q.connector == Q.AND else _either(parts)
    return Not(joined) if q.negated and joined is not None else joined


def _either(parts: list[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def lookup_condition(description: ModelDescription, name: str, value: Any) -> Condition:
    """Return the condition of one lookup such as ``number__gte=3``."""
    lookup = parse_lookup(description, name)
    try:
        return _condition(description, lookup, value)
    except (values.BadValueError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, InvalidValueError):
            raise
        raise InvalidValueError(f"{name}: {error}") from error


@lru_cache(maxsize=1024)
def parse_lookup(description: ModelDescription, name: str) -> Lookup:
    """Return what a lookup is about; an attribute wins over a lookup of the same name."""
    parts = name.split("__")
    place, rest = place_of(description, parts)
    of_size = bool(rest) and rest[0] == "size"
    if of_size:
        rest = rest[1:]
    operator = rest[0] if rest else "exact"
    if len(rest) > 1 or operator not in LOOKUPS:
        raise InvalidOperator(_no_lookup(place, rest))
    if of_size and operator not in {*_SINGLE, "between", "range", "in"}:
        raise InvalidOperator(f"a size is a number, which has no lookup {operator!r}")
    return Lookup(place=place, operator=operator, of_size=of_size)


def _no_lookup(place: Place, rest: list[str]) -> str:
    tried = "__".join(rest)
    near = _NEAR.get(tried) or next(iter(get_close_matches(tried, LOOKUPS, 1)), None)
    hint = f": use {near}" if near else ""
    return f"{place.name} has no lookup or key {tried!r}{hint}"


def _condition(description: ModelDescription, lookup: Lookup, value: Any) -> Condition:
    path, operator = lookup.place.path, lookup.operator
    if operator in {"exists", "isnull"}:
        if not isinstance(value, bool):
            raise InvalidValueError(f"{operator} is True or False")
        return _existence(path, operator, is_wanted=value)
    if value is None:
        if operator not in {"exact", "eq", "not", "ne"}:
            raise InvalidValueError("None is compared for equality only")
        return _existence(path, "isnull", is_wanted=operator in {"exact", "eq"})
    if operator == "type":
        if value not in TYPES:
            raise InvalidValueError(f"a type is one of {', '.join(sorted(TYPES))}")
        return Comparison(path=path, operator=Operator.TYPE, values=({"S": value},))
    return _comparison(lookup, value, _writer(description, lookup))


def _comparison(lookup: Lookup, value: Any, write: Callable[[Any], AttributeValue]) -> Condition:
    path, operator = lookup.place.path, lookup.operator
    given: tuple[AttributeValue, ...]
    if operator == "in":
        if isinstance(value, str | bytes):
            raise InvalidValueError("in takes a list of values")
        return _any_of(path, tuple(write(one) for one in value), of_size=lookup.of_size)
    if operator in {"between", "range"}:
        low, high = map(write, value)
        found, given = Operator.BETWEEN, (low, high)
        if (values.compare(low, high) or 0) > 0:
            raise InvalidValueError("the first of two values is not greater than the second")
    else:
        found, given = _ONE_VALUE[operator], (write(value),)
    if not lookup.of_size:
        _check_type(operator, given[0])
    return Comparison(path=path, operator=found, values=given, of_size=lookup.of_size)


def _check_type(operator: str, value: AttributeValue) -> None:
    [kind] = value
    if operator in _SORTED and kind not in {"S", "N", "B"}:
        raise InvalidOperator(f"values of type {kind} have no order")
    if operator == "startswith" and kind not in {"S", "B"}:
        raise InvalidOperator("startswith is for texts and bytes")


def _any_of(path: Path, given: tuple[AttributeValue, ...], *, of_size: bool) -> Condition:
    if not given:
        return Or(())
    if len(given) == 1:
        return Comparison(path=path, operator=Operator.EQ, values=given, of_size=of_size)
    return Comparison(path=path, operator=Operator.IN, values=given, of_size=of_size)


def _existence(path: Path, operator: str, *, is_wanted: bool) -> Condition:
    if operator == "exists":
        found = Operator.EXISTS if is_wanted else Operator.MISSING
        return Comparison(path=path, operator=found)
    null = ({"S": "NULL"},)
    missing = Or(
        (
            Comparison(path=path, operator=Operator.MISSING),
            Comparison(path=path, operator=Operator.TYPE, values=null),
        )
    )
    return missing if is_wanted else Not(missing)


def _writer(description: ModelDescription, lookup: Lookup) -> Callable[[Any], AttributeValue]:
    place = lookup.place
    if lookup.of_size:
        return values.encode
    if lookup.operator == "contains":
        return lambda value: serialized_member(place, value)
    if len(place.path) == 1 and place.path[0] in description.table.key_types:
        # The beginning of a key is checked as a key is: it is neither empty nor longer.
        return lambda value: operand(place, value, serialized_key(description, place, value))
    return lambda value: operand(place, value, serialized(place, value))


_PYNAMODB_JOINS: dict[str, type[And | Or]] = {"AND": And, "OR": Or}


def _of_pynamodb(condition: PynamoCondition) -> Condition:
    """Return a condition of PynamoDB as one of ours, so that it can serve as a key, too."""
    operator, operands = condition.operator, condition.values
    if operator in _PYNAMODB_JOINS:
        return _PYNAMODB_JOINS[operator](tuple(_of_pynamodb(one) for one in operands))
    if operator == "NOT":
        return Not(_of_pynamodb(operands[0]))
    left, *rest = operands
    of_size = type(left).__name__ == "_Size"
    path = getattr(left.values[0] if of_size else left, "path", None)
    given: tuple[Any, ...] = tuple(getattr(one, "value", None) for one in rest)
    if path is None or any(not isinstance(one, Mapping) for one in given):
        raise DynamoDBQuerySetError(
            "a condition compares an attribute with values, not with another attribute"
        )
    steps: list[str | int] = []
    for one in path:
        name, *positions = str(one).split("[")
        steps += [name, *(int(position.rstrip("]")) for position in positions)]
    return Comparison(path=tuple(steps), operator=Operator(operator), values=given, of_size=of_size)
