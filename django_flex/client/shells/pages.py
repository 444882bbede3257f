"""A page of rows, as a sequence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar, overload

from django_flex.client.dialects.base import RowSet

T = TypeVar("T")


class BasePage(Sequence[T], Generic[T]):
    """The rows of a reply: ``page[0]``, ``len(page)``, ``for row in page``.

    ``filtered`` is the number of rows of all pages and ``total`` that of all rows that the caller
    may see, if they were asked for and the server says them; ``has_more`` says whether a page
    follows, and is ``None`` if the server does not say; ``aggregates`` are totals beside the rows;
    ``raw`` is the reply.
    """

    __slots__ = ("_found", "_items")

    def __init__(self, items: list[T], found: RowSet) -> None:
        self._items = items
        self._found = found

    @property
    def items(self) -> list[T]:
        return self._items

    @property
    def total(self) -> int | None:
        return self._found.total

    @property
    def filtered(self) -> int | None:
        return self._found.filtered

    @property
    def has_more(self) -> bool | None:
        return self._found.has_more

    @property
    def aggregates(self) -> Mapping[str, Any] | None:
        return self._found.aggregates

    @property
    def raw(self) -> Mapping[str, Any]:
        return self._found.raw

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the rows as they stand in the reply."""
        return list(self._found.rows)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        return self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        return iter(self._items)

    def __eq__(self, other: object) -> bool:
        return self._items == (other._items if isinstance(other, BasePage) else other)

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        more = ", more follow" if self.has_more else ""
        return f"<{type(self).__name__} of {len(self)} rows{more}>"
