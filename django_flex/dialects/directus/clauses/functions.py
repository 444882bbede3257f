"""The functions of Directus (``year(published_at)``, ``count(tags)``), and paths with one at the end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_flex.exceptions import LimitExceededError, QueryError
from django_flex.exceptions.places import worded
from django_flex.query.terms import excerpt, nearest, parse_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_flex.query.ast import Path

#: What the language calls the functions.
FUNCTIONS: Mapping[str, str] = {
    "year": "year",
    "month": "month",
    "week": "week",
    "day": "day",
    "weekday": "week_day",
    "hour": "hour",
    "minute": "minute",
    "second": "second",
    "count": "count",
}
#: The parts of a path with wildcards, at most: what may be read is found again on each level.
_LEVELS = 20
_CALL = re.compile(r"(?:(.+)\.)?(\w{1,32})\(([^()]*)\)")


@dataclass(frozen=True, slots=True)
class Term:
    """A path as it was sent; with a function, ``path`` leads to what it is of."""

    path: Path
    function: str | None = None

    @property
    def meant(self) -> Path:
        """The path in the language."""
        return self.path if self.function is None else (*self.path, FUNCTIONS[self.function])

    @property
    def shown(self) -> Path:
        """Where the value is in a reply."""
        if self.function is None:
            return self.path
        return (*self.path[:-1], f"{self.path[-1]}_{self.function}")


def parse_term(text: str, place: str, *, wildcard: bool = False) -> Term:
    """Parse ``author.name`` and ``author.year(born)``.

    Args:
        text: the term.
        place: the parameter.
        wildcard: whether segments may be ``*``.

    Raises:
        QueryError: it is no path, or has a function that does not exist.
    """
    if "(" not in text:
        return Term(_path(text, place, wildcard=wildcard))
    call = _CALL.fullmatch(text)
    if call is None or "," in call[3]:
        raise QueryError(
            worded("'{}' is not a function of a field", excerpt(text)),
            path=place,
            hint="author.year(born)",
        )
    if call[2] not in FUNCTIONS:
        raise QueryError(
            worded("There is no function '{}'", excerpt(call[2])),
            path=place,
            hint=nearest(call[2], FUNCTIONS) or worded("one of {}", ", ".join(FUNCTIONS)),
        )
    before = () if call[1] is None else parse_path(call[1], place)
    return Term((*before, *parse_path(call[3].strip(), place)), call[2])


def _path(text: str, place: str, *, wildcard: bool) -> Path:
    if not wildcard or "*" not in text:
        return parse_path(text, place)
    names = text.split(".")
    if len(names) > _LEVELS:
        raise LimitExceededError(
            "A path is too long", path=place, hint=worded("at most {} segments", _LEVELS)
        )
    first = names.index("*") if "*" in names else len(names)
    if set(names[first:]) - {"*"} or first == len(names):
        raise QueryError(
            worded("'{}' is not a path", excerpt(text)), path=place, hint="'author.*', '*.*'"
        )
    before = parse_path(".".join(names[:first]), place) if first else ()
    return (*before, *names[first:])
