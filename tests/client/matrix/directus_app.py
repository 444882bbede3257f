"""The stand-in for Directus as an application: the rows of the music shop.

``DIRECTUS_ROWS`` names the file that they are in.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, Iterable
from functools import cache
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import Any

import httpx2

from tests.client.directus_server import DirectusServer

ADMIN = ("admin", "admin-demo")
#: What the server or the library says itself.
_OWN = {"content-length", "transfer-encoding", "connection", "date", "server"}
_lock = Lock()


@cache
def server() -> DirectusServer:
    """The one server of this process."""
    rows = json.loads(Path(os.environ["DIRECTUS_ROWS"]).read_text())
    collections = {**rows, "directus_files": []}
    return DirectusServer(collections, users=dict([ADMIN]), public=True, unique={"genre": "name"})


def answered(
    method: str, target: bytes, headers: Iterable[tuple[str, str]], body: bytes
) -> httpx2.Response:
    url = httpx2.URL("http://127.0.0.1/").copy_with(raw_path=target)
    request = httpx2.Request(method, url, headers=list(headers), content=body)
    with _lock:
        made = server()
        made.asked.clear()
        return made.handle(request)


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    query = environ.get("QUERY_STRING", "")
    # Servers decode the path, as latin-1; the clients send no encoded slash here.
    path = httpx2.URL("http://x/").copy_with(path=environ["PATH_INFO"].encode("latin-1").decode())
    target = path.raw_path + (b"?" + query.encode() if query else b"")
    sent = {
        name[5:].replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    if environ.get("CONTENT_TYPE"):
        sent["Content-Type"] = environ["CONTENT_TYPE"]
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    reply = answered(environ["REQUEST_METHOD"], target, sent.items(), body)
    told = [(name, value) for name, value in reply.headers.items() if name not in _OWN]
    start_response(f"{reply.status_code} {HTTPStatus(reply.status_code).phrase}", told)
    return [reply.content]


async def asgi(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    query: bytes = scope["query_string"]
    target = scope["raw_path"] + (b"?" + query if query else b"")
    headers = [(name.decode(), value.decode()) for name, value in scope["headers"]]
    reply = answered(scope["method"], target, headers, body)
    told = [
        (name.encode(), value.encode()) for name, value in reply.headers.items() if name not in _OWN
    ]
    await send({"type": "http.response.start", "status": reply.status_code, "headers": told})
    await send({"type": "http.response.body", "body": reply.content})
