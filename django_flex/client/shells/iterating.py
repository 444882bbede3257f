"""Rows of all pages, one after the other, with pages read ahead in a thread."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, Self, TypeVar

from django_flex.client.dialects.base import RowSet
from django_flex.client.exceptions import BuildError
from django_flex.client.flows.effects import Flow
from django_flex.client.flows.paging import Pager
from django_flex.client.flows.progress import Progress
from django_flex.client.values.decoding import Decoder

T = TypeVar("T")


class Taken(Generic[T]):
    """The rows of one page that were not taken yet, and the position that they give."""

    __slots__ = ("_keys", "_place", "_position", "_rows")

    def __init__(self, rows: list[T], keys: list[Any], position: dict[str, Any]) -> None:
        self._rows = rows
        self._keys = keys
        self._position = position
        self._place = 0

    @property
    def empty(self) -> bool:
        return self._place >= len(self._rows)

    def take(self) -> T:
        """Return the next row."""
        row = self._rows[self._place]
        self._place += 1
        return row

    def token(self, pager: Pager) -> str:
        """Return the position after the last row that was taken."""
        return pager.token_after(self._position, self._keys[: self._place])


class RowIterator(Iterator[T], Generic[T]):
    """Yields rows; ``token`` is the position after the last one, to resume from."""

    def __init__(
        self,
        pager: Pager,
        run: Callable[[Flow[RowSet]], RowSet],
        decoder: Decoder[T],
        *,
        ahead: int,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        if ahead < 0:
            raise BuildError("concurrency is at least 1")
        self._pager = pager
        self._run = run
        self._decoder = decoder
        self._progress = progress
        self._page: Taken[T] = Taken([], [], pager.position)
        self._ahead = ahead
        self._coming: deque[Future[tuple[RowSet, dict[str, Any]] | None]] = deque()
        self._pool = ThreadPoolExecutor(max_workers=1) if ahead else None

    @property
    def token(self) -> str:
        return self._page.token(self._pager)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        while self._page.empty:
            found = self._next_page()
            if found is None:
                self.close()
                raise StopIteration
            page, position = found
            rows = self._decoder.rows(page.rows)
            self._page = Taken(rows, list(page.keys), position)
            if self._progress is not None:
                self._progress(self._pager.progress(len(rows)))
        return self._page.take()

    def close(self) -> None:
        """Stop reading ahead."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _next_page(self) -> tuple[RowSet, dict[str, Any]] | None:
        if self._pool is None:
            return self._one()
        while len(self._coming) <= self._ahead:
            self._coming.append(self._pool.submit(self._one))
        return self._coming.popleft().result()

    def _one(self) -> tuple[RowSet, dict[str, Any]] | None:
        if self._pager.ended:
            return None
        position = self._pager.position
        return self._run(self._pager.page()), position


class AsyncRowIterator(AsyncIterator[T], Generic[T]):
    """Yields rows; ``token`` is the position after the last one, to resume from."""

    def __init__(
        self,
        pager: Pager,
        run: Callable[[Flow[RowSet]], Awaitable[RowSet]],
        decoder: Decoder[T],
        *,
        ahead: int,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        if ahead < 0:
            raise BuildError("concurrency is at least 1")
        self._pager = pager
        self._run = run
        self._decoder = decoder
        self._progress = progress
        self._page: Taken[T] = Taken([], [], pager.position)
        self._ahead = ahead
        self._coming: deque[asyncio.Task[tuple[RowSet, dict[str, Any]] | None]] = deque()
        self._turn = asyncio.Lock()

    @property
    def token(self) -> str:
        return self._page.token(self._pager)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while self._page.empty:
            found = await self._next_page()
            if found is None:
                await self.aclose()
                raise StopAsyncIteration
            page, position = found
            rows = self._decoder.rows(page.rows)
            self._page = Taken(rows, list(page.keys), position)
            if self._progress is not None:
                self._progress(self._pager.progress(len(rows)))
        return self._page.take()

    async def aclose(self) -> None:
        """Stop reading ahead."""
        coming, self._coming = self._coming, deque()
        for task in coming:
            task.cancel()
        await asyncio.gather(*coming, return_exceptions=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _next_page(self) -> tuple[RowSet, dict[str, Any]] | None:
        if not self._ahead:
            return await self._one()
        while len(self._coming) <= self._ahead:
            self._coming.append(asyncio.create_task(self._one()))
        return await self._coming.popleft()

    async def _one(self) -> tuple[RowSet, dict[str, Any]] | None:
        async with self._turn:  # first come, first served: pages are read in their order
            if self._pager.ended:
                return None
            position = self._pager.position
            return await self._run(self._pager.page()), position
