"""Values in plain Python: how a query says them, how a reply has them, how they compare."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django_flex.schema.conversions.ranges import Range

Path = tuple[str, ...]
#: What stands for a JSON key that is not there.
ABSENT = object()
TRANSFORMS: dict[str, Callable[[Any], Any]] = {
    "year": lambda value: value.year,
    "month": lambda value: value.month,
    "day": lambda value: value.day,
    "quarter": lambda value: (value.month - 1) // 3 + 1,
    "week": lambda value: value.isocalendar().week,
    "iso_year": lambda value: value.isocalendar().year,
    "week_day": lambda value: value.isoweekday() % 7 + 1,
    "iso_week_day": lambda value: value.isoweekday(),
    "hour": lambda value: value.hour,
    "minute": lambda value: value.minute,
    "second": lambda value: value.second,
    "date": lambda value: value.date(),
    "time": lambda value: value.time(),
    "len": len,
}
TRANSFORMED = {"date": "date", "time": "time"}


def _lower(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, other: test(value.lower(), other.lower())


def starts(value: Range) -> Any:
    """Return what sorts as the lower end of a range does."""
    return (value.lower is not None, value.lower, not value.lower_inc)


def ends(value: Range) -> Any:
    """Return what sorts as the upper end of a range does."""
    return (value.upper is None, value.upper, value.upper_inc)


def has(value: Any, other: Any) -> bool:
    """Whether a text, a list or a range has another one in it, or a range a value."""
    if isinstance(value, list):
        return all(one in value for one in other)
    if not isinstance(value, Range):
        return other in value
    other = other if isinstance(other, Range) else Range(other, other, "[]")
    return bool(starts(value) <= starts(other) and ends(other) <= ends(value))


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "exact": lambda value, other: value == other,
    "lt": lambda value, other: value < other,
    "lte": lambda value, other: value <= other,
    "gt": lambda value, other: value > other,
    "gte": lambda value, other: value >= other,
    "in": lambda value, other: value in other,
    "range": lambda value, other: other[0] <= value <= other[1],
    "iexact": _lower(lambda value, other: value == other),
    "contains": has,
    "contained_by": lambda value, other: has(other, value),
    "icontains": _lower(lambda value, other: other in value),
    "startswith": lambda value, other: value.startswith(other),
    "istartswith": _lower(lambda value, other: value.startswith(other)),
    "endswith": lambda value, other: value.endswith(other),
    "iendswith": _lower(lambda value, other: value.endswith(other)),
    "regex": lambda value, other: re.search(other, value) is not None,
    "iregex": lambda value, other: re.search(other, value, re.IGNORECASE) is not None,
    "has_key": lambda value, other: isinstance(value, dict) and other in value,
    "has_keys": lambda value, other: isinstance(value, dict) and {*other} <= value.keys(),
    "has_any_keys": lambda value, other: isinstance(value, dict) and bool({*other} & value.keys()),
}
COMPLEMENTS = {"ne": "exact", "nin": "in"}
NAMES = {*OPERATORS, *COMPLEMENTS, "isnull"}
QUANTIFIERS = {"some", "none", "every"}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def span(text: str) -> timedelta:
    hours, minutes, seconds = map(int, text.split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


READ: dict[str, Callable[[Any], Any]] = {
    "decimal": lambda value: Decimal(str(value)),
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "datetime": moment,
    "duration": span,
    "uuid": UUID,
}


def typed(value: Any, kind: str) -> Any:
    """Turn what a query says into what a column holds."""
    if isinstance(value, list):
        return [typed(one, kind) for one in value]
    return value if value is None else READ.get(kind, lambda same: same)(value)


def iso_span(value: timedelta) -> str:
    sign, value = ("-", -value) if value < timedelta(0) else ("", value)
    if not value:
        return "P0D"
    days = f"{value.days}D" if value.days else ""
    return f"{sign}P{days}T{value.seconds}S"


WRITE: dict[str, Callable[[Any], Any]] = {
    "decimal": lambda value: f"{value:.2f}",
    "date": date.isoformat,
    "time": time.isoformat,
    "datetime": lambda value: value.isoformat().replace("+00:00", "Z"),
    "duration": iso_span,
    "uuid": str,
    "file": lambda value: None,
    "binary": lambda value: base64.b64encode(value).decode(),
}


def written(value: Any, kind: str) -> Any:
    """Turn a value of a column into its form in a reply."""
    return None if value is None else WRITE.get(kind, lambda same: same)(value)


def part_of(document: Any, keys: Path) -> Any:
    for key in keys:
        if isinstance(document, list) and key.isdecimal() and int(key) < len(document):
            document = document[int(key)]
        elif isinstance(document, dict) and key in document:
            document = document[key]
        else:
            return ABSENT
    return document


def is_same(value: Any, other: Any) -> bool:
    """Whether two JSON values are equal: in JSON ``true`` is not 1."""
    return isinstance(value, bool) == isinstance(other, bool) and bool(value == other)


def transformed(name: str, value: Any, kind: str) -> Any:
    """Return a part of a value; inside JSON only lists have a length."""
    if name == "len" and not isinstance(value, list if kind == "json" else str | list):
        return None
    return TRANSFORMS[name](value)


def holds(found: Any, operator: str, value: Any, kind: str) -> bool:
    if operator in COMPLEMENTS:
        return not holds(found, COMPLEMENTS[operator], value, kind)
    if operator == "exact" and value is None:
        return found is None
    if found is None:
        return False
    if kind == "json":
        return holds_json(found, operator, value)
    return OPERATORS[operator](found, value)


def includes(value: Any, wanted: Any, *, item: bool = False) -> bool:
    """Whether all keys and items of a JSON value are in another, in whatever order and number.

    A list has a single value in it, too, but only as a whole: not as an ``item`` or at a key.
    """
    if isinstance(wanted, dict):
        return isinstance(value, dict) and all(
            key in value and includes(value[key], one, item=True) for key, one in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(value, list) and all(
            any(includes(other, one, item=True) for other in value) for one in wanted
        )
    if isinstance(value, list) and not item:
        return any(is_same(other, wanted) for other in value)
    return is_same(value, wanted)


def holds_json(found: Any, operator: str, value: Any) -> bool:
    if operator == "contained_by" or (operator == "contains" and not isinstance(value, str)):
        return includes(found, value) if operator == "contains" else includes(value, found)
    if operator == "exact":
        return is_same(found, value)
    if operator == "in":
        return any(is_same(found, one) for one in value)
    if operator in {"lt", "lte", "gt", "gte", "range"}:
        is_number = isinstance(found, int | float) and not isinstance(found, bool)
        return is_number and OPERATORS[operator](found, value)
    if operator in {"has_key", "has_keys", "has_any_keys"}:
        return OPERATORS[operator](found, value)
    text = json.dumps(found) if isinstance(found, list) else found
    return isinstance(text, str) and OPERATORS[operator](text, value)
