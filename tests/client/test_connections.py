"""Connections that break or wait at the worst moment, and replies that are very large."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest

from django_flex.client import Password, ReplyTooLarge
from tests.client.directus_server import DirectusServer
from tests.client.shells import AsyncShell, Shell
from tests.doors.fronts import FLEX_MIDDLEWARE
from tests.testapp.models import Company

ADA = Password("ada@example.org", "secret-of-ada")


class LosesReply(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Let the server answer each request, and break the connection before the first reply."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.keys: list[str | None] = []

    def _lose(self, request: httpx2.Request) -> None:
        self.keys.append(request.headers.get("Idempotency-Key"))
        if len(self.keys) == 1:
            raise httpx2.ReadError("connection reset by peer", request=request)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        reply: httpx2.Response = self.inner.handle_request(request)
        reply.read()
        self._lose(request)
        return reply

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        reply: httpx2.Response = await self.inner.handle_async_request(request)
        await reply.aread()
        self._lose(request)
        return reply


@pytest.mark.parametrize("write", ["create", "create_many", "delete"])
def test_a_write_whose_reply_is_lost_has_one_effect(
    shell: Shell, write: str, settings: Any, bookings: None, configure: Any
) -> None:
    settings.MIDDLEWARE = [FLEX_MIDDLEWARE]
    configure({"company": {"anon": "*"}})
    transport = LosesReply(shell.application())
    client: Any = shell.client("http://testserver/api/", transport, dialect="flex")
    companies = client.collection("company")
    row = {"name": "Once", "address": "x"}
    if write == "delete":
        # Done a second time it would be a 404.
        assert shell.run(companies.delete(Company.objects.create(**row).pk)) == 1
        assert not Company.objects.filter(name="Once").exists()
    else:
        call = getattr(companies, write)
        made = shell.run(call(row) if write == "create" else call([row]))
        rows = [made] if write == "create" else made
        assert [one["id"] for one in rows] == [Company.objects.get(name="Once").pk]
    first, second = transport.keys
    assert first
    assert first == second


class Chunks(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body of 100 MB, of which one chunk is there at a time."""

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(100):
            yield bytes(1_000_000)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self:
            yield chunk


class Nowhere:
    def write(self, chunk: bytes) -> int:
        return len(chunk)


def test_an_export_of_100_megabytes_takes_the_memory_of_some_chunks(shell: Shell) -> None:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, stream=Chunks()))
    client: Any = shell.client("https://flex.example/", transport, dialect="flex")
    people = client.collection("people")
    tracemalloc.start()
    try:
        assert shell.run(people.export(Nowhere())) == 100_000_000
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


class Endless(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body without an end; ``sent`` counts its chunks, ``closed`` says that nobody reads on."""

    def __init__(self) -> None:
        self.sent, self.closed = 0, False

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.sent += 1
            yield b" " * 65_536

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self:
            yield chunk

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


@pytest.mark.parametrize(("how", "status"), [("list", 200), ("list", 500), ("export", 500)])
def test_a_reply_is_no_larger_than_the_client_may_hold(shell: Shell, how: str, status: int) -> None:
    body = Endless()
    transport = httpx2.MockTransport(lambda _: httpx2.Response(status, stream=body))
    client: Any = shell.client(
        "https://flex.example/", transport, dialect="flex", max_bytes=1_000_000
    )
    people = client.collection("people")
    tracemalloc.start()
    try:
        with pytest.raises(ReplyTooLarge, match=r"more than 1,000,000 bytes.*iter\(\).*export\(\)"):
            shell.run(people.list() if how == "list" else people.export(Nowhere()))
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    assert (body.sent, body.closed) == (16, True)


@pytest.mark.parametrize(("told", "read"), [("100000000", 0), ("x", 16), (None, 16)])
def test_nothing_is_read_of_a_reply_that_says_that_it_is_too_large(
    shell: Shell, told: str | None, read: int
) -> None:
    body = Endless()
    headers = {} if told is None else {"Content-Length": told}
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, headers=headers, stream=body))
    client: Any = shell.client(
        "https://flex.example/", transport, dialect="flex", max_bytes=1_000_000
    )
    with pytest.raises(ReplyTooLarge):
        shell.run(client.collection("people").list())
    assert (body.sent, body.closed) == (read, True)


def test_a_reply_as_large_as_the_client_may_hold_is_read(shell: Shell) -> None:
    content = b'{"pagination": {}, "results": [{"id": 1}]}'
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, content=content))
    for most, fits in ((len(content), True), (len(content) - 1, False)):
        client: Any = shell.client(
            "https://flex.example/", transport, dialect="flex", max_bytes=most
        )
        if fits:
            assert shell.run(client.collection("people").list()).items == [{"id": 1}]
        else:
            with pytest.raises(ReplyTooLarge):
                shell.run(client.collection("people").list())


class Held(httpx2.AsyncBaseTransport):
    """Hold the requests for ``path`` until ``go`` is set; ``arrived`` says that there is one."""

    def __init__(self, server: DirectusServer, path: str) -> None:
        self.server = server
        self.path = path
        self.arrived, self.go = asyncio.Event(), asyncio.Event()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path == self.path:
            self.arrived.set()
            await self.go.wait()
        return self.server.handle(request)


@pytest.mark.parametrize("path", ["/items/people", "/auth/login", "/auth/refresh"])
def test_a_client_works_after_a_request_is_cancelled(path: str) -> None:
    rows = [{"id": number} for number in range(1, 5)]
    server = DirectusServer({"people": rows}, users={"ada@example.org": "secret-of-ada"})

    async def scenario() -> int:
        transport = Held(server, path)
        client = AsyncShell().client(
            "https://directus.example/", transport, dialect="directus", auth=ADA
        )
        if path != "/auth/login":
            await client.login()
        if path == "/auth/refresh":
            server.expire_tokens()
        people = client.collection("people")
        task = asyncio.ensure_future(people.list())
        await transport.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        transport.go.set()
        return len(await people.list())

    assert asyncio.run(asyncio.wait_for(scenario(), 10)) == 4
    # What was sent has arrived: another login or refresh would have been of no use.
    sent = [request.url.path for request in server.asked]
    assert sent.count("/auth/login") == 1
    assert sent.count("/auth/refresh") == (path == "/auth/refresh")
