"""The two clients behind one interface, so that a test is written once and proves both."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import httpx2
from asgiref.sync import async_to_sync
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application

from django_flex.client import AsyncClient, Client, Retry

#: As many retries as usual, without the wait.
QUICK = Retry(backoff=0.0, max_delay=5.0)


class SyncShell:
    """``Client``; what it returns is the result."""

    name = "sync"

    def http(self, transport: Any) -> httpx2.Client:
        return httpx2.Client(transport=transport)

    def client(self, url: str, transport: Any, **options: Any) -> Client:
        return Client(url, http=self.http(transport), **{"retries": QUICK, **options})

    def project(self, **options: Any) -> Client:
        """A client of the test project, in this process."""
        return self.client("http://testserver/api/", self.application(), dialect="flex", **options)

    def application(self) -> httpx2.WSGITransport:
        return httpx2.WSGITransport(get_wsgi_application())

    def run(self, value: Any) -> Any:
        return value

    def rows(self, iterator: Any) -> list[Any]:
        return list(iterator)

    def take(self, iterator: Any, number: int) -> list[Any]:
        return [next(iterator) for _ in range(number)]


class AsyncShell:
    """``AsyncClient``; what it returns is awaited, in a loop that shares the test's connection."""

    name = "async"

    def http(self, transport: Any) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=transport)

    def client(self, url: str, transport: Any, **options: Any) -> AsyncClient:
        return AsyncClient(url, http=self.http(transport), **{"retries": QUICK, **options})

    def project(self, **options: Any) -> AsyncClient:
        """A client of the test project, in this process."""
        return self.client("http://testserver/api/", self.application(), dialect="flex", **options)

    def application(self) -> httpx2.ASGITransport:
        application: Any = get_asgi_application()
        return httpx2.ASGITransport(application)

    def run(self, value: Any) -> Any:
        async def awaited() -> Any:
            return await value

        return async_to_sync(awaited)() if inspect.isawaitable(value) else value

    def rows(self, iterator: Any) -> list[Any]:
        async def collected() -> list[Any]:
            return [row async for row in iterator]

        return async_to_sync(collected)()

    def take(self, iterator: Any, number: int) -> list[Any]:
        async def collected() -> list[Any]:
            return [await anext(iterator) for _ in range(number)]

        return async_to_sync(collected)()


SHELLS = (SyncShell(), AsyncShell())
Shell = SyncShell | AsyncShell


def directus(shell: Shell, server: Any, **options: Any) -> Any:
    """A client of the stand-in for Directus, or of another server with a transport."""
    options = {"dialect": "directus", **options}
    return shell.client("https://directus.example/", server.transport(), **options)


def together(shell: Shell, calls: list[Callable[[], Any]]) -> list[Any]:
    """Make all calls at the same time: in threads, or as tasks of one loop."""
    if isinstance(shell, AsyncShell):

        async def gathered() -> list[Any]:
            return await asyncio.gather(*(call() for call in calls))

        return asyncio.run(gathered())
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        return list(pool.map(lambda call: call(), calls))
