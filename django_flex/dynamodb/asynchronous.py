"""The methods of querysets for asynchronous code: the same, in a thread."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from asgiref.sync import sync_to_async


class AsyncTwins:
    """An ``a`` before the name of a method makes it a coroutine."""

    async def _in_thread(self, name: str, *args: Any, **kwargs: Any) -> Any:
        method: Callable[..., Any] = getattr(self, name)
        return await sync_to_async(method, thread_sensitive=False)(*args, **kwargs)

    async def __aiter__(self) -> AsyncIterator[Any]:
        ended = object()
        found = iter(getattr(self, "__iter__")())  # noqa: B009 - the other base has it
        read = sync_to_async(lambda: next(found, ended), thread_sensitive=False)
        while (one := await read()) is not ended:
            yield one

    async def aget(self, *conditions: Any, **lookups: Any) -> Any:
        """Return ``get()``."""
        return await self._in_thread("get", *conditions, **lookups)

    async def afirst(self) -> Any:
        """Return ``first()``."""
        return await self._in_thread("first")

    async def alast(self) -> Any:
        """Return ``last()``."""
        return await self._in_thread("last")

    async def aexists(self) -> bool:
        """Return ``exists()``."""
        return bool(await self._in_thread("exists"))

    async def acount(self) -> int:
        """Return ``count()``."""
        return int(await self._in_thread("count"))

    async def apage(self, size: int, cursor: str | None = None, **options: Any) -> Any:
        """Return ``page()``."""
        return await self._in_thread("page", size, cursor, **options)

    async def ain_bulk(self, keys: Any) -> Any:
        """Return ``in_bulk()``."""
        return await self._in_thread("in_bulk", keys)

    async def acreate(self, **attributes: Any) -> Any:
        """Return ``create()``."""
        return await self._in_thread("create", **attributes)

    async def aget_or_create(self, **attributes: Any) -> Any:
        """Return ``get_or_create()``."""
        return await self._in_thread("get_or_create", **attributes)

    async def aupdate_or_create(self, **attributes: Any) -> Any:
        """Return ``update_or_create()``."""
        return await self._in_thread("update_or_create", **attributes)

    async def abulk_create(self, objs: Any, **options: Any) -> Any:
        """Return ``bulk_create()``."""
        return await self._in_thread("bulk_create", objs, **options)

    async def aupdate(self, **changes: Any) -> int:
        """Return ``update()``."""
        return int(await self._in_thread("update", **changes))

    async def adelete(self) -> Any:
        """Return ``delete()``."""
        return await self._in_thread("delete")
