"""What the log tells of a payload and its reply: names and a number, never values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from django_flex.audit import Names

if TYPE_CHECKING:
    from django_flex.plan.shape import FlexResult


def names_in(payload: Mapping[str, object], operation: str) -> Names:
    """Return the names that a payload uses, as they were sent; it may be malformed."""
    query = payload.get("query")
    asked = query if isinstance(query, Mapping) else {}
    fields = asked.get("fields")
    return Names(
        fields=",".join(map(str, fields)) if isinstance(fields, list) else "*",
        filters=_paths(asked.get("filter"), ""),
        written=_written(payload.get("body")),
    )


def rows_in(result: FlexResult) -> int:
    """Return how many rows or groups a reply has."""
    rows = result.data.get("data")
    return len(rows) if isinstance(rows, list) else int("data" in result.data)


def _paths(value: object, place: str) -> Iterator[str]:
    """Yield the path of each comparison: ``author.name._eq``."""
    level: list[tuple[str, object]] = [(place, value)]
    while level:
        inner: list[tuple[str, object]] = []
        for path, part in level:
            if isinstance(part, Mapping):
                inner += [(f"{path}.{key}" if path else str(key), one) for key, one in part.items()]
            elif isinstance(part, list) and any(isinstance(one, Mapping) for one in part):
                inner += [(path, one) for one in part]
            elif path:
                yield path
        level = inner


def _written(body: object) -> Iterator[str]:
    rows = body if isinstance(body, list) else [body]
    for row in rows:
        if isinstance(row, Mapping):
            data = row.get("data")
            inner = data if isinstance(data, Mapping) and "keys" in row else row
            yield from map(str, inner)
