"""``Agg`` as py-directus has it: one object may ask for several aggregates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django_flex.client.compat.directus.operators import AggregationOperators
from django_flex.client.dialects.directus_aggregates import FUNCTIONS, aggregate_object
from django_flex.client.exceptions import BuildError, UnknownOperator
from django_flex.client.queries import aggregates

_NAMES = {word: name for name, word in FUNCTIONS.items()}


class Agg:
    """What to compute: ``Agg("price__sum")``, ``Agg(sum="price", count=["id", "name"])``, or
    ``Agg(operator=AggregationOperators.Sum, fields="price")``. Without anything it counts the rows.

    Objects are added with ``+`` or ``&``, which leaves both as they are.

    Raises:
        UnknownOperator: there is no such aggregate, or it needs a field.
    """  # noqa: D205 # one sentence

    __slots__ = ("parts",)

    def __init__(
        self,
        *terms: str,
        operator: AggregationOperators | str | None = None,
        fields: str | Iterable[str] | None = None,
        **more: str | Iterable[str],
    ) -> None:
        parts = [_of_term(term) for term in terms]
        if operator is not None or fields is not None:
            parts += _parts(operator or AggregationOperators.Count, fields or "*")
        for name, paths in more.items():
            parts += _parts(name, paths)
        self.parts: tuple[aggregates.Agg, ...] = tuple(parts) or (aggregates.Agg.count(),)

    @property
    def query(self) -> dict[str, Any]:
        """The object that is sent."""
        return aggregate_object([("", part) for part in self.parts])

    def __add__(self, other: Agg) -> Agg:
        made = Agg()
        made.parts = (*self.parts, *other.parts)
        return made

    __and__ = __add__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Agg) and self.query == other.query

    def __hash__(self) -> int:
        return hash(self.parts)

    def __repr__(self) -> str:
        return f"Agg({self.query})"


def _of_term(term: str) -> aggregates.Agg:
    if not isinstance(term, str):
        raise BuildError(f'Agg takes texts such as "price__sum", not {term!r}')
    path, _, word = term.rpartition("__")
    if path and word in _NAMES:
        return _part(word, path)
    return _part("count", term)


def _parts(word: str, paths: str | Iterable[str]) -> list[aggregates.Agg]:
    listed = [paths] if isinstance(paths, str) else list(paths)
    return [_part(str(word), path) for path in listed]


def _part(word: str, path: str) -> aggregates.Agg:
    if word not in _NAMES:
        raise UnknownOperator(
            f"There is no aggregate {word!r}; there are {', '.join(sorted(_NAMES))}"
        )
    return aggregates.Agg(_NAMES[word], "" if path == "*" else path.replace("__", "."))
