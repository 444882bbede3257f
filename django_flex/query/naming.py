"""Names in camelCase."""

from __future__ import annotations

import re

# Words that begin with a letter, so that no two words run into each other, and the way back is clear.
_WORDS = re.compile(r"_?[a-z][a-z0-9]*(?:_[a-z][a-z0-9]*)+")
_CAMEL = re.compile(r"_?[a-z][a-z0-9]*(?:[A-Z][a-z0-9]*)+")
_CAPITAL = re.compile(r"[A-Z]")


def to_camel(name: str) -> str:
    """Return a name in camelCase; one that would not come back stays as it is."""
    if not _WORDS.fullmatch(name):
        return name
    begin = 1 if name.startswith("_") else 0
    first, *rest = name[begin:].split("_")
    return name[:begin] + first + "".join(word.capitalize() for word in rest)


def to_snake(name: str) -> str:
    """Return the name that ``to_camel`` makes this one of; any other stays as it is."""
    if not _CAMEL.fullmatch(name):
        return name
    return _CAPITAL.sub(lambda found: f"_{found[0].lower()}", name)
