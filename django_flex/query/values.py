"""Numbers, strings and lists of a query object, checked against the caps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django_flex.exceptions import InvalidValueError, LimitExceededError
from django_flex.query.ast import Constant, ParameterText
from django_flex.query.filters import comparisons

if TYPE_CHECKING:
    from django_flex.query.ast import Condition
    from django_flex.query.limits import Limits

_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?([eE][+-]?[0-9]{1,2})?")
_WORDS = {"true": True, "false": False, "null": None}
_INTEGER = re.compile(r"-?[0-9]{1,18}")
#: NUL, which PostgreSQL refuses, and unpaired surrogates, which are not valid UTF-8.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def parse_integer(value: object, place: str, *, minimum: int) -> int:
    """Parse a whole number, a JSON number or the string of a parameter."""
    if isinstance(value, ParameterText) and _INTEGER.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
        raise InvalidValueError(
            f"A whole number of at least {minimum} is needed", path=place, hint=f"{place}: 20"
        )
    return value


def check_condition_values(condition: Condition | None, limits: Limits) -> None:
    """Check the values of a condition against the caps on strings and lists."""
    for comparison in comparisons(condition) if condition is not None else ():
        _check_value(comparison.value, comparison.place, limits)


def _check_value(value: object, place: str, limits: Limits) -> None:
    if isinstance(value, Constant):
        value = value.value
    if isinstance(value, dict):
        value = (*value.keys(), *value.values())
    if isinstance(value, tuple | list):
        if len(value) > limits.max_in_items:
            raise LimitExceededError(
                f"Too many values: {len(value)}",
                path=place,
                hint=f"at most {limits.max_in_items}",
            )
        for part in value:
            _check_value(part, place, limits)
    elif isinstance(value, str):
        check_text(value, place, limits)


def check_text(value: str, place: str, limits: Limits) -> None:
    """Refuse a string that is too long, or that a database cannot store."""
    if len(value) > limits.max_text_length:
        raise LimitExceededError(
            "The text is too long", path=place, hint=f"at most {limits.max_text_length} characters"
        )
    if _UNSTORABLE.search(value):
        raise InvalidValueError("The text has a NUL character or an unpaired surrogate", path=place)


def json_scalar(text: str) -> object:
    """Read a parameter as JSON if it is a number, ``true``, ``false`` or ``null``, else as a string."""
    if text in _WORDS:
        return _WORDS[text]
    if not _NUMBER.fullmatch(text):
        return str(text)
    return int(text) if text.lstrip("-").isdecimal() else float(text)


def differ(one: object, other: object) -> bool:
    """Whether two values of a column are different; in JSON 1 and true are, which Python equates."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() != other.keys() or any(differ(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) != len(other) or any(map(differ, one, other))
    return isinstance(one, bool) != isinstance(other, bool) or bool(one != other)
