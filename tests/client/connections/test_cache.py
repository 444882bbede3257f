"""What the cache of a client keeps, for how long, and how a reply is asked for again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx2
import pytest

from django_flex.client import Cache
from tests.client.shells import Shell

BODY = {"pagination": {}, "results": [{"id": 1}]}


class Server:
    """Answers with an ETag, and with 304 to who has the same; ``version`` is what the row says."""

    def __init__(self) -> None:
        self.version = 1
        self.asked: list[str] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        etag = f'"{self.version}"'
        self.asked.append(request.headers.get("If-None-Match", ""))
        if self.asked[-1] == etag:
            return httpx2.Response(304, headers={"ETag": etag})
        row = {"id": 1, "version": self.version}
        return httpx2.Response(200, json={**BODY, "results": [row]}, headers={"ETag": etag})


@pytest.fixture
def server() -> Server:
    return Server()


def made(shell: Shell, server: Server, cache: Cache | None, url: str = "https://a.example/") -> Any:
    return shell.client(url, httpx2.MockTransport(server), dialect="flex", cache=cache)


def later(client: Any, seconds: float) -> None:
    """Let the client's clock go on."""
    clock = client.session.clock
    client._session = replace(client.session, clock=lambda: clock() + seconds)


def test_a_reply_is_asked_for_again_by_its_etag(shell: Shell, server: Server) -> None:
    client = made(shell, server, Cache(seconds=60))
    read = lambda: shell.run(client.collection("people").list()).items[0]["version"]  # noqa: E731
    assert [read(), read()] == [1, 1]
    assert server.asked == [""]
    later(client, 61)
    assert [read(), read()] == [1, 1]  # not modified, and fresh for another minute
    assert server.asked == ["", '"1"']
    server.version = 2
    assert read() == 1
    later(client, 61)
    assert [read(), read()] == [2, 2]
    assert server.asked == ["", '"1"', '"1"']


def test_without_a_cache_nothing_is_kept(shell: Shell, server: Server) -> None:
    client = made(shell, server, None)
    for _ in range(2):
        shell.run(client.collection("people").list())
    assert server.asked == ["", ""]


def test_a_cache_has_a_bound_on_replies_and_on_their_size(shell: Shell, server: Server) -> None:
    cache = Cache(entries=2)
    client = made(shell, server, cache)
    for limit in (1, 2, 3):
        shell.run(client.collection("people").limit(limit).list())
    assert len(cache) == 2
    shell.run(client.collection("people").limit(3).list())
    assert len(server.asked) == 3
    shell.run(client.collection("people").limit(1).list())  # the one that was used least
    assert len(server.asked) == 4
    small = Cache(max_bytes=10)
    shell.run(made(shell, server, small).collection("people").list())
    assert len(small) == 0


def test_servers_share_no_reply_and_a_write_drops_those_of_its_own(
    shell: Shell, server: Server
) -> None:
    cache = Cache()
    first, second = (made(shell, server, cache, f"https://{name}.example/") for name in "ab")
    for client in (first, second):
        shell.run(client.collection("people").list())
    assert (len(cache), len(server.asked)) == (2, 2)
    shell.run(first.collection("people").create({"name": "x"}))
    assert len(cache) == 1
    shell.run(second.collection("people").list())
    assert len(server.asked) == 3
