"""Values as Python source, laid out as ``ruff format`` does by default."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import TypeAlias

#: How wide a line may be.
WIDTH = 88
INDENT = "    "
#: A value that has a literal: texts, numbers, ``None``, and lists and dictionaries of these.
Literal: TypeAlias = "str | int | float | bool | list[Literal] | dict[str, Literal] | None"
_WIDE = frozenset({"F", "W"})


def literal(value: object, *, depth: int = 0, before: int = 0) -> str:
    """Return the source of a value.

    Args:
        value: texts, numbers, ``None``, and lists and dictionaries of these.
        depth: how many times the line that it begins on is indented.
        before: how many columns of this line are taken, the indent included.

    Raises:
        TypeError: it is anything else.
    """
    flat = _flat(value)
    # Behind a value comes a comma, or the bracket that closes what it is in.
    if before + _columns(flat) + 1 <= WIDTH or not isinstance(value, Mapping | list) or not value:
        return flat
    inner = INDENT * (depth + 1)
    lines = [f"{inner}{one},\n" for one in _items(value, depth + 1)]
    opened, closed = "{}" if isinstance(value, Mapping) else "[]"
    return f"{opened}\n{''.join(lines)}{INDENT * depth}{closed}"


def _items(value: Mapping[object, object] | list[object], depth: int) -> list[str]:
    taken = len(INDENT) * depth
    if not isinstance(value, Mapping):
        return [literal(one, depth=depth, before=taken) for one in value]
    items = []
    for key, one in value.items():
        name = f"{_flat(key)}: "
        items.append(name + literal(one, depth=depth, before=taken + _columns(name)))
    return items


def _flat(value: object) -> str:
    """Return a value on one line."""
    if isinstance(value, str):
        return quoted(value)
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_flat(key)}: {_flat(one)}' for key, one in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flat, value))}]"
    raise TypeError(f"{type(value).__name__} has no literal here")


def quoted(text: str) -> str:
    """Return a text in double quotes, or in single ones if these need fewer backslashes."""
    plain = repr(text)
    quote, inner = plain[0], plain[1:-1]
    if quote == '"':
        return plain
    if '"' in text:
        if "'" not in text:
            return plain
        inner = inner.replace("\\'", "'")  # repr escaped these, as both kinds occur
        if text.count('"') > text.count("'"):
            return plain
        inner = inner.replace('"', '\\"')
    return f'"{inner}"'


def _columns(text: str) -> int:
    """Return how many columns a text takes."""
    wide = sum(unicodedata.east_asian_width(one) in _WIDE for one in text)
    return len(text) + wide - sum(unicodedata.combining(one) > 0 for one in text)


def comment(text: str, *, depth: int = 0) -> list[str]:
    """Return lines as comments, each as wide as it is: a line break is one of the comment, too."""
    margin = INDENT * depth
    return [
        f"{margin}# {line}".rstrip() if line.strip() else f"{margin}#" for line in text.split("\n")
    ]
