"""What the log tells of a payload and its reply: names and a number, never values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from django.core.files.base import File

from django_flex.audit import Names
from django_flex.dialects.flex.parser import RESERVED
from django_flex.query.operations import READ_OPERATIONS

if TYPE_CHECKING:
    from django_flex.plan.shape import FlexResult

_CONNECTORS = frozenset({"or", "and", "not"})
#: Names in a payload of a write that are no columns.
_NO_COLUMNS = frozenset({"id", "filters"})


def names_in(payload: Mapping[str, object], operation: str) -> Names:
    """Return the names that a payload uses, as they were sent; it may be malformed."""
    return Names(
        fields=payload.get("fields", payload.get("_fields", "*")),
        filters=_filter_names(payload.get("filters")),
        written=_written_names(payload, operation),
        files=() if operation in READ_OPERATIONS else _files(payload),
    )


def rows_in(result: FlexResult) -> int:
    """Return how many rows or groups a reply has."""
    results = result.data.get("results")
    if isinstance(results, list):
        return len(results)
    # The totals of all rows are one object, the rows of a page or an action are one each.
    by_key = isinstance(results, dict) and not {"pagination", "meta"}.isdisjoint(result.data)
    return len(results) if by_key and isinstance(results, dict) else 1


def _filter_names(filters: object) -> Iterator[str]:
    """Yield the keys of conditions, including those in and/or/not, outer ones first."""
    level = [filters]
    while level:
        inner: list[object] = []
        for part in level:
            if isinstance(part, Mapping):
                for key, value in part.items():
                    if key not in _CONNECTORS and key not in _NO_COLUMNS:
                        yield str(key)
                    inner += value if isinstance(value, list) else [value]
        level = [part for part in inner if isinstance(part, Mapping)]


def _files(payload: object) -> Iterator[str]:
    """Yield the names and sizes of uploads, wherever they are in a payload."""
    level = [payload]
    while level:
        inner: list[object] = []
        for part in level:
            if isinstance(part, File):
                yield f"{part.name}:{getattr(part, 'size', None)}"
            elif isinstance(part, Mapping):
                inner += part.values()
            elif isinstance(part, list | tuple):
                inner += part
        level = inner


def _written_names(payload: Mapping[str, object], operation: str) -> Iterator[str]:
    if operation in {"get", "list"}:
        return
    items = payload.get("_items")
    rows = [payload, payload.get("_set"), *(items if isinstance(items, list) else ())]
    for row in rows:
        if isinstance(row, Mapping):
            names = (str(key) for key in row if key not in _NO_COLUMNS)
            yield from (name for name in names if name not in RESERVED)
