"""Hints for keys that no query has: what a caller of another API probably meant.

They are drawn from what was sent and from the keys of a query, never from the model.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from django_flex.exceptions.places import worded
from django_flex.query.ast import ParameterText
from django_flex.query.synonyms import COLUMNS_TOO, dotted, meant_key
from django_flex.query.terms import MAX_PATH_SEGMENTS, SEGMENT, excerpt

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Keys that hold an object: names of parameters may go on behind them.
OBJECTS = ("filters", "having", "related")
#: How similar a name has to be to a key to count as a typo of it, and not as a field.
ALIKE = 0.75
MAX_SHOWN = 40
_PLAIN = re.compile(r"[\w.,:-]*")
#: A name, and the comparison that is left of `name!=x` in a URL.
_NAME = re.compile(rf"{SEGMENT.pattern}[!<>]?")


def unknown_key_hint(key: str, value: object, known: Sequence[str], at: str = "") -> str:
    """Return what is probably meant by a key that does not exist.

    Args:
        key: the key as sent, of any length.
        value: what was sent for it, also an object if the key is the start of a dotted parameter.
        known: the keys that there are, some of which begin with ``_``.
        at: the path of the object that the key is in, with a dot at its end.
    """
    key = key[:200]
    head, bracket, _ = key.partition("[")
    if bracket:
        return _in_brackets(key, head, value, known, at)
    found = meant_key(key)
    if found is not None and (not found[0] or found[0] in known):
        too = key.lower() in COLUMNS_TOO and "filters" in known
        return (
            worded("{} To filter by a field: {}", found[1], _filter(key, value, at))
            if too
            else found[1]
        )
    close = get_close_matches(key, known, n=1, cutoff=ALIKE)
    if close and close[0] == "filters" and isinstance(value, dict) and _is_parameter(value):
        return worded("did you mean '{}'?", _filter("", value, at))
    if close:
        return worded("did you mean '{}'?", close[0])
    keys = ", ".join(sorted(known, key=lambda name: name.startswith("_")))
    if "filters" in known and _NAME.fullmatch(key):
        return worded("to filter by a field: {}; other keys are {}", _filter(key, value, at), keys)
    return worded("one of {}", keys)


def _in_brackets(key: str, head: str, value: object, known: Sequence[str], at: str) -> str:
    """Return the hint for ``filters[status]``, ``page[size]`` and ``fields[tracks]``."""
    inner = dotted(key.removeprefix(head))
    close = get_close_matches(head, known, n=1, cutoff=ALIKE)
    if close and close[0] in OBJECTS and inner:
        return worded("names are joined by dots: {}", _shown(f"{at}{close[0]}.{inner}", value))
    found = meant_key(f"{head}.{inner}") or meant_key(inner if head == "page" else head)
    if found is not None and (not found[0] or found[0] in known):
        return found[1]
    if close:
        return worded("did you mean '{}'?", close[0])
    if "filters" not in known:
        return worded("names are joined by dots, not put into brackets")
    if not inner and SEGMENT.fullmatch(head):  # `status[]=a&status[]=b`
        return worded("to filter by a field: {}", _filter(f"{head}.in", value, at))
    return worded("names are joined by dots, as in {}", _filter("name.icontains", value, at))


def _filter(name: str, value: object, at: str) -> str:
    """Return a filter by a name in the language of the request: a parameter, or JSON."""
    path, depth = dotted(name), 0
    while isinstance(value, dict) and len(value) == 1 and depth < MAX_PATH_SEGMENTS:
        [(inner, value)] = value.items()
        path, depth = f"{path}.{dotted(str(inner))}".strip("."), depth + 1
    if _is_parameter(value):
        return _shown(f"{at}filters.{path}", value)
    return f'{{"filters": {{"{excerpt(path, MAX_SHOWN)}": …}}}}'


def _shown(name: str, value: object) -> str:
    text = value[0] if isinstance(value, list) and value else value
    text = text if isinstance(text, str) and text.isascii() and _PLAIN.fullmatch(text) else "…"
    return f"{excerpt(name)}={text if len(text) <= MAX_SHOWN else '…'}"


def _is_parameter(value: object) -> bool:
    first = value[0] if isinstance(value, list) and value else value
    while isinstance(first, dict) and first:
        first = next(iter(first.values()))
    return isinstance(first, ParameterText)
