"""Which regular expressions are safe to run.

SQLite runs patterns with Python's backtracking engine, which can take exponential time and holds
the interpreter while it does; MariaDB's engine backtracks too. Such patterns are recognised by
their structure and refused on every database, so that a query means the same everywhere.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from django_flex.exceptions.places import worded

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT_LENGTH = 4_000
# About a second of Python's engine on a text of that length. One open-ended repetition fits, or two
# in a pattern that begins with "^", with a few choices beside them.
MAX_STEPS = 10 * TEXT_LENGTH**2

_ESCAPE = re.compile(r"\\.", re.DOTALL)
_CLASS = re.compile(r"\[\^?\]?[^\]]*\]")
_SET_OPERATION = re.compile(r"\[|--|&&|~~|\|\|")
_CHOICE = re.compile(r"[*+?]|\{(\d*)(,?)(\d*)\}")


def pattern_fault(pattern: str) -> str | None:
    """Return why a pattern is refused, or ``None`` if it is valid and safe."""
    plain = _ESCAPE.sub("x", pattern)
    # Python warns that the meaning of these may change; in other engines it is different already.
    if any(_SET_OPERATION.search(found[0], 1) for found in _CLASS.finditer(plain)):
        return worded("may not contain '[', '--', '&&', '~~' or '||' in a character class")
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return worded("is not a valid regular expression")
    if re.search(r"\\[1-9]|\(\?", pattern):
        return worded("may not use back-references, look-around or inline flags")
    skeleton = _CLASS.sub("x", plain)
    if re.search(r"\)[*+?{]", skeleton):
        return worded("may not repeat a group")
    if _steps(skeleton) > MAX_STEPS:
        return worded("may take too long: start it with '^', or use fewer repetitions")
    return None


def _steps(skeleton: str) -> int:
    """Return an upper bound of the steps that a failing match takes: all choices, multiplied."""
    alternatives = list(_alternatives(skeleton))
    ways, length = math.prod(alternatives), 1
    for found in _CHOICE.finditer(skeleton):
        low, high = _bounds(found)
        ways *= min(high - low, TEXT_LENGTH) + 1
        length += min(low if high > TEXT_LENGTH else high, TEXT_LENGTH)
    anchored = skeleton.startswith("^") and alternatives[-1] == 1
    return ways * length * (1 if anchored else TEXT_LENGTH)


def _bounds(found: re.Match[str]) -> tuple[int, int]:
    """Return how often a quantifier repeats, at least and at most."""
    if found[0] in "*+?":
        return 0, 1 if found[0] == "?" else TEXT_LENGTH + 1
    low = int(found[1] or 0)
    return low, int(found[3] or TEXT_LENGTH + 1) if found[2] else low


def _alternatives(skeleton: str) -> Iterator[int]:
    """Yield the number of alternatives of each group, and last that of the whole pattern."""
    open_groups = [1]
    for letter in skeleton:
        if letter == "(":
            open_groups.append(1)
        elif letter == ")":
            yield open_groups.pop()
        elif letter == "|":
            open_groups[-1] += 1
    yield from open_groups
