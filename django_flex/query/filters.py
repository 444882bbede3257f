"""The filter language: parses a JSON object into a tree of conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django_flex.exceptions import InvalidValueError, LimitExceededError, QueryError
from django_flex.exceptions.places import worded
from django_flex.query.ast import (
    And,
    Comparison,
    Condition,
    Constant,
    FieldValue,
    Not,
    ObjectValue,
    Or,
    Path,
    Quantified,
    Quantifier,
    UserValue,
)
from django_flex.query.operators import OPERATORS
from django_flex.query.synonyms import meant_operators
from django_flex.query.terms import excerpt, nearest, parse_path
from django_flex.query.time_offsets import parse_now

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django_flex.exceptions.places import Place
    from django_flex.query.limits import Limits

QUANTIFIERS = frozenset({"some", "every", "none"})
CONNECTORS = frozenset({"or", "and", "not"})
#: What an object that is a range consists of.
RANGE_KEYS = frozenset({"lower", "upper", "bounds", "empty"})
DYNAMIC = ("$now", "$user", "$field", "$value")


def parse_filters(value: object, limits: Limits, place: str) -> Condition | None:
    """Parse a filter object; an empty one at the top means no condition.

    Raises:
        QueryError: a part of it is not a condition, or is empty where that would mean "all".
        LimitExceededError: deeper nesting than ``limits`` allow.
    """
    return None if value == {} else _parse_object(value, place, limits.max_nesting)


def check_conditions(condition: Condition, limits: Limits, place: Place) -> list[Comparison]:
    """Return the comparisons of a condition, whichever dialect it was written in.

    Raises:
        LimitExceededError: there are more than ``limits`` allow.
    """
    found = [*comparisons(condition)]
    if len(found) > limits.max_conditions:
        raise LimitExceededError(
            worded("Too many conditions: {}", len(found)),
            path=place,
            hint=worded("at most {} in one query", limits.max_conditions),
        )
    return found


def comparisons(condition: Condition) -> Iterator[Comparison]:
    """Yield every comparison of a tree, depth first."""
    match condition:
        case Comparison():
            yield condition
        case Quantified(condition=child) | Not(child=child):
            yield from comparisons(child)
        case And(children=children) | Or(children=children):
            for child in children:
                yield from comparisons(child)


def _parse_object(value: object, place: str, depth: int) -> And:
    if depth < 0:
        raise LimitExceededError(
            "The filters are nested too deeply", path=place, hint="flatten the conditions"
        )
    if not isinstance(value, dict):
        raise InvalidValueError(
            "An object of conditions is needed", path=place, hint=_object_hint(value)
        )
    if not value:
        raise QueryError(
            "An empty condition is ambiguous", path=place, hint="leave it out, or add a condition"
        )
    return And(tuple(_parse_entry(key, part, place, depth) for key, part in value.items()))


def _object_hint(value: object) -> str:
    if isinstance(value, str):
        return worded("filters.name.icontains=x, or the whole query as q={…}")
    if isinstance(value, list):
        return worded('{"and": […]} or {"or": […]}')
    return '{"name.icontains": "x"}'


def _parse_entry(key: object, value: object, place: str, depth: int) -> Condition:
    if not isinstance(key, str):
        raise InvalidValueError("Names of conditions are strings", path=place)
    here = f"{place}.{excerpt(key)}"
    if key in CONNECTORS:
        return _parse_connector(key, value, here, depth - 1)
    if key.startswith("$") and key[1:].lower() in CONNECTORS:
        hint = worded("did you mean '{}'?", key[1:].lower())
        raise QueryError(worded("'{}' is not a path", excerpt(key)), path=here, hint=hint)
    path = parse_path(key, here)
    # Without an object as its value, "none" is not a quantifier but the name of a JSON key.
    if len(path) > 1 and path[-1] in QUANTIFIERS and isinstance(value, dict):
        inner = _parse_object(value, here, depth - 1)
        return Quantified(path[:-1], cast("Quantifier", path[-1]), inner, here)
    return Comparison(path, parse_value(value, here, path[-1]), here)


def _parse_connector(key: str, value: object, place: str, depth: int) -> Condition:
    children: tuple[Condition, ...]
    if isinstance(value, list):
        if not value:
            raise QueryError(
                worded("An empty list under '{}'", key), path=place, hint="leave it out"
            )
        children = tuple(
            _parse_object(part, f"{place}[{index}]", depth) for index, part in enumerate(value)
        )
    else:
        whole = _parse_object(value, place, depth)
        # Keys of an object under `or` are alternatives; under `and`/`not` they stay one object.
        children = whole.children if key == "or" else (whole,)
    if key == "or":
        return Or(children)
    together = children[0] if len(children) == 1 else And(children)
    return Not(together) if key == "not" else together


def parse_value(value: object, place: str, operator: str = "exact") -> object:
    """Turn a JSON value into a constant, a tuple, or a dynamic value.

    Args:
        value: as it was sent.
        place: where.
        operator: the end of the path; behind some an object is a value.

    Raises:
        QueryError: an object that is no value.
    """
    if isinstance(value, dict):
        return _parse_object_value(value, place, operator)
    if isinstance(value, list):
        return tuple(value)
    return value


def _parse_object_value(value: Mapping[str, object], place: str, operator: str) -> object:
    name = next(iter(value), "")
    if len(value) == 1 and name in DYNAMIC:
        return _parse_dynamic(name, value[name], place)
    takes = OPERATORS[operator].takes if operator in OPERATORS else "value"
    if takes in {"part", "document", "distance"} or (value and value.keys() <= RANGE_KEYS):
        return ObjectValue(value)
    raise no_value(value, place)


def no_value(value: Mapping[str, object], place: str) -> QueryError:
    """Return the error of an object where a single value is needed."""
    return QueryError(
        "A value is needed here, not an object of conditions",
        path=place,
        hint=_value_hint(str(next(iter(value), ""))),
    )


def _parse_dynamic(name: str, inner: object, place: str) -> object:
    if name == "$value":
        return Constant(tuple(inner) if isinstance(inner, list) else inner)
    if not isinstance(inner, str):
        raise InvalidValueError(worded("'{}' needs a string", name), path=place)
    if name == "$now":
        return parse_now(inner, place)
    path: Path = parse_path(inner, place)
    return UserValue(path) if name == "$user" else FieldValue(path)


def _value_hint(name: str) -> str | None:
    """Return the hint for an object with a name that is not the one of a dynamic value."""
    bare = name.removeprefix("$")
    operator = bare if bare in OPERATORS else next(iter(meant_operators(bare)), None)
    if operator is not None:
        return worded("operators are joined to the path by a dot, as in 'name.{}'", operator)
    return nearest(name, DYNAMIC) or worded('join paths with dots, or wrap it: {"$value": …}')
