"""Numbers, strings and JSON values of a query object."""

from __future__ import annotations

import re

from django_flex.exceptions import InvalidValueError
from django_flex.exceptions.places import Place, worded
from django_flex.query.ast import ParameterText

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
            worded("A whole number of at least {} is needed", minimum),
            path=place,
            hint=f"{place}: 20",
        )
    return value


def check_storable(text: str, place: Place) -> None:
    """Refuse a string that a database cannot store."""
    if _UNSTORABLE.search(text):
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
