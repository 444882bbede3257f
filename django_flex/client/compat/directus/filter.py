"""``F`` as py-directus has it: the conditions of the client, with their filter object to look at."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from django_flex.client.compat.directus.operators import FILTER_OPERATORS
from django_flex.client.dialects.directus_filters import filter_object
from django_flex.client.exceptions import BuildError
from django_flex.client.queries import filters
from django_flex.client.queries.filters import NOTHING, Group, all_of

_JOINED = {"__and": "and", "__or": "or"}


class F(filters.F):
    """A condition: ``F(first_name="John")``, ``F(price__gte=5)``, ``F(author__name__contains="x")``.

    Conditions are combined with ``&`` and ``|``, and negated with ``~``. An empty ``F()`` or
    ``None`` leaves the other condition as it is, so that one can be built up in a loop.

    Raises:
        UnknownOperator: there is no such operator; the message suggests one.
    """

    __slots__ = ()

    def __init__(self, *test: Any, **tests: Any) -> None:
        joined = [_joined(word, tests.pop(name)) for name, word in _JOINED.items() if name in tests]
        super().__init__(*test, **tests)
        self.condition = all_of([self.condition, *joined])

    @property
    def query(self) -> dict[str, Any]:
        """The filter object that is sent."""
        return {} if self.condition == NOTHING else filter_object(self.condition)

    def __and__(self, other: filters.F | None) -> F:
        return self if other is None else F.of(all_of([self.condition, other.condition]))

    def __or__(self, other: filters.F | None) -> F:
        if other is None or other.condition == NOTHING:
            return self
        if self.condition == NOTHING:
            return F.of(other.condition)
        return F.of(super().__or__(other).condition)

    __rand__ = __and__
    __ror__ = __or__

    def __invert__(self) -> F:
        return F.of(super().__invert__().condition)

    @classmethod
    def of(cls, condition: filters.Condition) -> F:
        """Return the ``F`` of a condition."""
        made = cls()
        made.condition = condition
        return made

    def get_explanation(self, tab_char: str = "  ") -> str:
        """Return the condition in words, a line for each comparison, indented by ``tab_char``."""
        return "\n".join(f"{tab_char * depth}{text}" for depth, text in _lines(self.query, 0, ()))

    def print_explanation(self, tab_char: str = "  ") -> None:
        """Write the condition in words to the standard output."""
        sys.stdout.write(self.get_explanation(tab_char) + "\n")


def _joined(word: str, parts: Any) -> Group:
    if not isinstance(parts, list | tuple) or not all(isinstance(p, filters.F) for p in parts):
        raise BuildError(f"__{word} takes a list of F objects, not {parts!r}")
    return Group("and" if word == "and" else "or", tuple(part.condition for part in parts))


def _lines(asked: Any, depth: int, path: tuple[str, ...]) -> list[tuple[int, str]]:
    """Return the lines of a filter object, each with its depth."""
    lines: list[tuple[int, str]] = []
    for key, value in asked.items():
        if key in {"_and", "_or"}:
            for number, part in enumerate(value):
                if number:
                    lines.append((depth, FILTER_OPERATORS[key]))
                lines += _lines(part, depth + 1, path)
        elif key in FILTER_OPERATORS:
            lines.append((depth, f"{'.'.join(path)} {FILTER_OPERATORS[key]} {value}"))
        elif key in {"_some", "_none"}:
            word = "Some" if key == "_some" else "None"
            lines.append((depth, f"{word} of {'.'.join(path)}"))
            lines += _lines(value, depth + 1, ())
        elif isinstance(value, Mapping):
            lines += _lines(value, depth, (*path, key))
    return lines
