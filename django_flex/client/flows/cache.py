"""Replies that are kept for a while, if a program asks for that."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from django_flex.client.messages import Reply, Request


@dataclass(frozen=True, slots=True)
class Entry:
    """A reply, the time until which it is fresh, and its ``ETag``."""

    reply: Reply
    fresh_until: float
    etag: str


class Cache:
    """The last ``entries`` replies to reads, each fresh for ``seconds``, of at most ``max_bytes``.

    A reply is kept for the server, the caller and the request that it answers. After ``seconds``
    it is asked for again, with its ``ETag`` where the server gave one. A write of any client that
    shares the cache drops what it has of the server.
    """

    def __init__(
        self, *, entries: int = 256, seconds: float = 60.0, max_bytes: int = 1_000_000
    ) -> None:
        self.seconds = seconds
        self._most = entries
        self._max_bytes = max_bytes
        self._entries: OrderedDict[tuple[object, ...], Entry] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[object, ...]) -> Entry | None:
        """Return the entry of ``key``, fresh or not."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                self._entries.move_to_end(key)
            return entry

    def put(self, key: tuple[object, ...], reply: Reply, now: float, etag: str) -> None:
        """Keep a reply; the entries that were not used for the longest time go."""
        if len(reply.content) > self._max_bytes:
            return
        with self._lock:
            self._entries[key] = Entry(reply, now + self.seconds, etag)
            self._entries.move_to_end(key)
            while len(self._entries) > self._most:
                self._entries.popitem(last=False)

    def discard(self, key: tuple[object, ...]) -> bool:
        """Drop the entry of ``key``, and say whether there was one."""
        with self._lock:
            return self._entries.pop(key, None) is not None

    def drop(self, server: str) -> None:
        """Drop all replies of a server."""
        with self._lock:
            for key in [key for key in self._entries if key[0] == server]:
                del self._entries[key]

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)


def cache_key(server: str, caller: tuple[str, ...], request: Request) -> tuple[object, ...]:
    """Return what a reply depends on."""
    headers = tuple(sorted(request.headers.items()))
    asked = (request.method, request.path, request.params, request.content, headers)
    return (server, caller, *asked)
