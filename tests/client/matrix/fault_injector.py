"""A connection on which every other request fails, each time in another way."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import Any

import httpx2

#: After these the server may have done what was asked.
_LATE: dict[str, Callable[[httpx2.Request], httpx2.Response]] = {
    "502": lambda _: httpx2.Response(502, html="<h1>502 Bad Gateway</h1>"),
    "503": lambda _: httpx2.Response(503),
    "504": lambda _: httpx2.Response(504, json={}),
}
_READS = {"GET", "SEARCH", "OPTIONS"}


class FaultInjector(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Let each request fail once before it goes through to ``inner``; ``done`` has the faults.

    A write that has no ``Idempotency-Key`` only fails where it certainly did not begin.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.done: list[str] = []
        self._failed = False
        self._early = cycle(["429", "unreachable"])
        self._any = cycle(["502", "reset", "429", "503", "slow", "unreachable", "504", "lost"])

    def _next(self, request: httpx2.Request) -> str:
        self._failed = not self._failed
        if not self._failed:
            return ""
        read = request.method in _READS or request.url.path.endswith("/query")
        again = read or "Idempotency-Key" in request.headers
        self.done.append(next(self._any if again else self._early))
        return self.done[-1]

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        kind = self._next(request)
        if kind == "lost":
            self.inner.handle_request(request).read()
        told = _failure(kind, request)
        return told or self.inner.handle_request(request)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        kind = self._next(request)
        if kind == "lost":
            await (await self.inner.handle_async_request(request)).aread()
        told = _failure(kind, request)
        return told or await self.inner.handle_async_request(request)

    def close(self) -> None:
        self.inner.close()

    async def aclose(self) -> None:
        await self.inner.aclose()


def _failure(kind: str, request: httpx2.Request) -> httpx2.Response | None:
    errors = {
        "unreachable": httpx2.ConnectError,
        "reset": httpx2.ReadError,
        "slow": httpx2.ReadTimeout,
        "lost": httpx2.RemoteProtocolError,
    }
    if kind in errors:
        raise errors[kind]("it broke", request=request)
    if kind == "429":
        return httpx2.Response(429, headers={"Retry-After": "0"})
    return _LATE[kind](request) if kind else None
