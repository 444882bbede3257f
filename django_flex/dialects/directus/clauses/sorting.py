"""``sort``: paths, functions and, of groups, aggregates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.dialects.directus.clauses.functions import parse_term
from django_flex.query.ast import OrderTerm

if TYPE_CHECKING:
    from collections.abc import Mapping


def parse_sort(
    value: object, place: str = "sort", names: Mapping[str, str] | None = None
) -> tuple[OrderTerm, ...]:
    """Return sort keys; ``-`` in front of one means descending.

    Args:
        value: the terms, normalised.
        place: where they are.
        names: other names of columns and relations, from ``alias``.

    Raises:
        QueryError: a term is no path.
    """
    assert isinstance(value, list)  # noqa: S101 - for mypy: it is normalised
    found = []
    for text in value:
        descending = text.startswith("-")
        first, *rest = parse_term(text.removeprefix("-"), place).meant
        found.append(OrderTerm(((names or {}).get(first, first), *rest), descending))
    return tuple(found)
