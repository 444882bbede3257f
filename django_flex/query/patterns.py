"""Which regular expressions are safe to run.

SQLite runs patterns with Python's backtracking engine, which can take exponential time and holds
the interpreter while it does; MariaDB's engine backtracks too. Such patterns are recognised by
their structure and refused on every database, so that a query means the same everywhere.
"""

from __future__ import annotations

import re

# Two open-ended repetitions cost at most a quadratic number of steps, three already a cubic one.
MAX_REPETITIONS = 2
MAX_OPTIONALS = 8

_ESCAPE = re.compile(r"\\.", re.DOTALL)
_CLASS = re.compile(r"\[\^?\]?[^\]]*\]")
_COUNT = re.compile(r"\{\d*,?\d*\}")


def pattern_fault(pattern: str) -> str | None:
    """Return why a pattern is refused, or ``None`` if it is valid and safe."""
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return "is not a valid regular expression"
    if re.search(r"\\[1-9]|\(\?", pattern):
        return "may not use back-references, look-around or inline flags"
    return _repetition_fault(_skeleton(pattern))


def _skeleton(pattern: str) -> str:
    """Reduce escapes and classes to one letter and counts to ``+``, leaving the structure."""
    plain = _CLASS.sub("x", _ESCAPE.sub("x", pattern))
    return _COUNT.sub("+", plain)


def _repetition_fault(skeleton: str) -> str | None:
    if re.search(r"\)[*+?]", skeleton):
        return "may not repeat a group"
    if len(re.findall(r"[*+]", skeleton)) > MAX_REPETITIONS:
        return f"may not have more than {MAX_REPETITIONS} repetitions"
    if skeleton.count("?") > MAX_OPTIONALS:
        return f"may not have more than {MAX_OPTIONALS} optional parts"
    return None
