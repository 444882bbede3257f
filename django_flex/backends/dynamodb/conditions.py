"""Authorized conditions as conditions on an item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_flex.backends.dynamodb.rows import compared_value, key_part, place_of, stored_key
from django_flex.dynamodb.core import values
from django_flex.dynamodb.core.conditions import (
    And,
    Comparison,
    Condition,
    Not,
    Operator,
    Or,
    all_of,
)
from django_flex.dynamodb.exceptions import InvalidValueError as UnstorableError
from django_flex.dynamodb.serializing import serialized_member
from django_flex.exceptions import InvalidValueError
from django_flex.exceptions.places import Part
from django_flex.resolved import AllOf, AnyOf, Column, Complement, Predicate

if TYPE_CHECKING:
    from django_flex.backends.dynamodb.tables import Table
    from django_flex.dynamodb.core.conditions import Path
    from django_flex.dynamodb.core.schema import AttributeValue
    from django_flex.resolved import Rows, Where
    from django_flex.schema.resources import Attribute

NEVER: Condition = Or(())
_SINGLE = {
    "exact": Operator.EQ,
    "lt": Operator.LT,
    "lte": Operator.LTE,
    "gt": Operator.GT,
    "gte": Operator.GTE,
    "startswith": Operator.STARTS_WITH,
    "contains": Operator.CONTAINS,
}
#: The operators that this backend has, and the kinds of values that each is for.
_SCALARS = frozenset({"integer", "decimal", "float", "text", "datetime"})
_EQUAL = _SCALARS | {"boolean", "array"}
KINDS_OF_OPERATORS = {
    "exact": _EQUAL,
    "in": _EQUAL,
    "lt": _SCALARS,
    "lte": _SCALARS,
    "gt": _SCALARS,
    "gte": _SCALARS,
    "range": _SCALARS,
    "isnull": _EQUAL | {"json", "binary"},
    "startswith": frozenset({"text"}),
    "contains": frozenset({"text", "array"}),
}
#: The same by kind.
OPERATORS_OF_KINDS = (
    *(
        (kind, frozenset(name for name, kinds in KINDS_OF_OPERATORS.items() if kind in kinds))
        for kind in sorted(KINDS_OF_OPERATORS["isnull"])
    ),
    ("composite", frozenset({"exact", "in", "isnull"})),
)


def visible(rows: Rows, table: Table) -> Condition | None:
    """Return the condition that an item is one of some rows; ``None`` if each is."""
    if rows.nothing:
        return NEVER
    return None if rows.condition is None else condition_of(rows.condition, table)


def all_conditions(*parts: Condition | None) -> Condition | None:
    """Return one condition for several, of which some are none."""
    return all_of(tuple(one for one in parts if one is not None))


def condition_of(where: Where, table: Table) -> Condition:
    """Return a condition in the terms of DynamoDB.

    Raises:
        InvalidValueError: it has no such value.
    """
    match where:
        case Predicate():
            return _test(where, table)
        case AllOf(children=children):
            return And(tuple(condition_of(one, table) for one in children))
        case AnyOf(children=children):
            return Or(tuple(condition_of(one, table) for one in children))
        case Complement(child=child):
            return Not(condition_of(child, table))
        case _:
            raise TypeError("The planner lets no such condition through")


def _test(test: Predicate, table: Table) -> Condition:
    column, operator = test.column, test.operator
    if not isinstance(column, Column) or column.hops or column.keys or test.transforms:
        raise TypeError("The planner lets no such condition through")
    attribute = column.attribute
    try:
        if attribute.parts:
            return _of_key(test, table)
        return _compared(attribute, operator, test.value, table)
    except UnstorableError as error:
        raise InvalidValueError(
            "This database cannot store or compare such a value", path=Part.FILTERS
        ) from error


def _of_key(test: Predicate, table: Table) -> Condition:
    """Return the condition of a key of hash and range, which no item lacks."""
    if test.operator == "isnull":
        return NEVER if test.value else And(())
    keys = test.value if test.operator == "in" else [test.value]
    found = [stored_key(one, table) for one in keys if one is not None]
    return Or(
        tuple(
            And(tuple(_equals((name,), value) for name, value in one.items()))
            for one in found
            if one is not None
        )
    )


def _equals(path: Path, value: AttributeValue) -> Comparison:
    return Comparison(path=path, operator=Operator.EQ, values=(value,))


def _compared(attribute: Attribute, operator: str, value: Any, table: Table) -> Condition:
    path = place_of(attribute.lookup, table).path
    if operator == "isnull" or value is None:
        missing = is_missing(path)
        return missing if operator != "isnull" or value else Not(missing)
    if operator == "in":
        return _among(path, [_equal_to(one, attribute, table) for one in value if one is not None])
    if operator == "exact":
        return _among(path, [_equal_to(value, attribute, table)])
    if operator == "contains" and attribute.kind == "array":
        place = place_of(attribute.lookup, table)
        members = (serialized_member(place, one) for one in value)
        contained = tuple(
            Comparison(path=path, operator=Operator.CONTAINS, values=(one,)) for one in members
        )
        # Without a list there is none that contains nothing.
        return And(contained or (Not(is_missing(path)),))
    return _ordered(path, operator, value, attribute, table)


def is_missing(path: Path) -> Condition:
    """Return the condition that there is nothing at a path, or DynamoDB's null."""
    return Or(
        (
            Comparison(path=path, operator=Operator.MISSING),
            Comparison(path=path, operator=Operator.TYPE, values=({"S": "NULL"},)),
        )
    )


def _equal_to(value: Any, attribute: Attribute, table: Table) -> AttributeValue | None:
    """Return the stored value that is looked for; ``None`` if no item can have it."""
    if _is_key(attribute, table):
        return key_part(value, attribute, table)
    if attribute.kind == "array" and not value:
        return None  # a set is never empty
    return compared_value(value, attribute, table)


def _is_key(attribute: Attribute, table: Table) -> bool:
    return table.description.stored[attribute.lookup] in table.schema.key_types


def _among(path: Path, given: list[AttributeValue | None]) -> Condition:
    found: dict[str, AttributeValue] = {repr(one): one for one in given if one is not None}
    if not found:
        return NEVER
    if len(found) == 1:
        return _equals(path, next(iter(found.values())))
    return Comparison(path=path, operator=Operator.IN, values=tuple(found.values()))


def _ordered(
    path: Path, operator: str, value: Any, attribute: Attribute, table: Table
) -> Condition:
    low, *rest = value if operator == "range" else (value,)
    if operator == "range":
        first, second = (compared_value(one, attribute, table) for one in (low, *rest))
        if (values.compare(first, second) or 0) > 0:
            return NEVER
        if _is_key(attribute, table) and first == {"S": ""}:
            return _bounded(path, Operator.LTE, second, attribute, table)
        found = Comparison(path=path, operator=Operator.BETWEEN, values=(first, second))
        _check_bounds(found, attribute, table)
        return found
    return _bounded(
        path, _SINGLE[operator], compared_value(low, attribute, table), attribute, table
    )


def _bounded(
    path: Path, operator: Operator, value: AttributeValue, attribute: Attribute, table: Table
) -> Condition:
    if _is_key(attribute, table) and value == {"S": ""}:
        # DynamoDB takes no empty text for a key, and each key is greater.
        if operator in {Operator.LT, Operator.LTE}:
            return NEVER
        return Comparison(path=path, operator=Operator.EXISTS)
    found = Comparison(path=path, operator=operator, values=(value,))
    _check_bounds(found, attribute, table)
    return found


def _check_bounds(comparison: Comparison, attribute: Attribute, table: Table) -> None:
    """Refuse bounds of a key that DynamoDB would not take."""
    if not _is_key(attribute, table):
        return
    for one in comparison.values:
        try:
            kind = table.schema.key_types[comparison.attribute]
            values.check_key(one, kind, is_hash=False)
        except values.BadValueError as error:
            raise UnstorableError(str(error)) from error
