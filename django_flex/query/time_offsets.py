"""The texts of ``$now``: the time of the request, the start of a period, a shift by some units."""

from __future__ import annotations

import re

from django_flex.exceptions import InvalidValueError
from django_flex.exceptions.places import worded
from django_flex.query.ast import Now
from django_flex.query.terms import excerpt, nearest

#: The periods that a time can be moved to the start of.
PERIODS = ("day", "week", "month", "quarter", "year")
_SECONDS = {
    "s": 1,
    "m": 60,
    "h": 3_600,
    "d": 86_400,
    "w": 604_800,
    "second": 1,
    "minute": 60,
    "hour": 3_600,
    "day": 86_400,
    "week": 604_800,
}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_WORDS = (*(unit for unit in _SECONDS if len(unit) > 1), *_MONTHS)
_SHIFT = re.compile(r"([+-]?)([0-9]{1,9}) ?([a-z]+)")
_START = re.compile(r"start of ([a-z]+)(?: (?=[+-])|$)")
HINT = worded(
    "'-7d', with s, m, h, d or w, '-1 month', with a word, 'start of week', or both as in "
    "'start of month -1 month'; '' means now"
)


def parse_now(text: str, place: str) -> Now:
    """Parse the text of ``$now``.

    Raises:
        InvalidValueError: it is not an offset in time; the hint says what is.
    """
    rest, start = text, ""
    found = _START.match(text)
    if found is not None and found[1] in PERIODS:
        start, rest = found[1], text[found.end() :]
    shift = _SHIFT.fullmatch(rest.strip())
    if rest.strip() and (shift is None or _unit(shift[3]) is None):
        raise InvalidValueError(
            worded("'{}' is not a time offset", excerpt(text)), path=place, hint=_hint(text)
        )
    if shift is None:
        return Now(0, text, start=start)
    number, unit = int(shift[1] + shift[2]), _unit(shift[3])
    if unit in _MONTHS:
        return Now(0, text, months=number * _MONTHS[unit], start=start)
    return Now(number * _SECONDS[str(unit)], text, start=start)


def _unit(text: str) -> str | None:
    """Return a unit by its letter, or by its word in singular or plural."""
    if len(text) == 1:
        return text if text in _SECONDS else None
    word = text.removesuffix("s")
    return word if word in _WORDS else None


def _hint(text: str) -> str:
    words = re.findall(r"[a-z]+", text.lower())
    known = (*_WORDS, *(f"{word}s" for word in _WORDS))
    last = words[-1] if words else ""
    meant = nearest(last, known) if len(last) > 1 and last not in known else None
    return meant or HINT
