"""Numbers, texts and lists of a query object, held against the caps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django_flex.exceptions import InvalidValueError, LimitExceededError
from django_flex.query.ast import Constant, ParameterText
from django_flex.query.filters import comparisons

if TYPE_CHECKING:
    from django_flex.query.ast import Condition
    from django_flex.query.limits import Limits

_INTEGER = re.compile(r"-?[0-9]{1,18}")


def parse_integer(value: Any, place: str, *, minimum: int) -> int:
    """Read a whole number, as JSON number or as text of a parameter."""
    if isinstance(value, ParameterText) and _INTEGER.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
        raise InvalidValueError(
            f"A whole number of at least {minimum} is needed", path=place, hint=f"{place}: 20"
        )
    return value


def check_condition_values(condition: Condition | None, limits: Limits) -> None:
    """Hold the values of a condition against the caps on texts and lists."""
    for comparison in comparisons(condition) if condition is not None else ():
        _check_value(comparison.value, comparison.place, limits)


def _check_value(value: Any, place: str, limits: Limits) -> None:
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
    """Refuse text that is too long or that a database cannot store."""
    if len(value) > limits.max_text_length:
        raise LimitExceededError(
            "The text is too long", path=place, hint=f"at most {limits.max_text_length} characters"
        )
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise InvalidValueError("The text has a NUL character or half a surrogate pair", path=place)
