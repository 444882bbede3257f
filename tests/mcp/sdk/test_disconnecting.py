"""A client of the view that goes away while a write runs: the write is whole, or was never there."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.core.asgi import get_asgi_application
from django.db.models.signals import post_save, pre_save

from tests.mcp.conftest import run
from tests.mcp.sdk.test_http import ACCEPT, ByName, call, urlpatterns
from tests.testapp.models import Booking

__all__ = ["urlpatterns"]
pytestmark = pytest.mark.exhaustive
#: Two rows, so that a write may be interrupted between them.
DATA = {"_items": [{"id": 1, "status": "paid"}, {"id": 2, "status": "paid"}]}


@pytest.fixture
def write(agents: Callable[..., None], settings: Any) -> dict[str, Any]:
    """Return the message of a write that has been tried."""
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = []
    agents(AUTHENTICATION=[ByName])
    arguments = {"model": "booking", "operation": "edit", "data": DATA}
    confirmation = run("clara", "write", **arguments)["confirmation"]
    called = {"name": "write", "arguments": {**arguments, "confirmation": confirmation}}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": called}


@contextmanager
def at_row(signal: Any, number: int, act: Callable[[], None]) -> Iterator[list[int]]:
    """Do something once when a row is saved; yield the keys of all that are."""
    saved: list[int] = []

    def receive(instance: Booking, **_others: object) -> None:
        saved.append(instance.pk)
        if len(saved) == number:
            act()

    signal.connect(receive, sender=Booking)
    try:
        yield saved
    finally:
        signal.disconnect(receive, sender=Booking)


def statuses() -> set[str]:
    return set(Booking.objects.filter(pk__in=[1, 2]).values_list("status", flat=True))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("signal", "number"),
    [(pre_save, 1), (post_save, 1), (post_save, 2)],
    ids=["before", "between", "after"],
)
def test_a_client_of_asgi_that_goes_away(signal: Any, number: int, write: dict[str, Any]) -> None:
    before = statuses()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        seen = threading.Event()
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/mcp/",
            "query_string": b"",
            "headers": [
                (b"host", b"testserver"),
                (b"content-type", b"application/json"),
                (b"accept", ACCEPT["Accept"].encode()),
                (b"authorization", b"Bearer clara"),
            ],
        }
        application = ApplicationCommunicator(get_asgi_application(), scope)

        async def leave() -> None:
            await application.send_input({"type": "http.disconnect"})
            await asyncio.sleep(0.05)  # the handler cancels the request now
            seen.set()

        def disconnect() -> None:
            asyncio.run_coroutine_threadsafe(leave(), loop)
            assert seen.wait(10)

        with at_row(signal, number, disconnect) as saved:
            await application.send_input(
                {"type": "http.request", "body": json.dumps(write).encode()}
            )
            await application.wait(timeout=20)
        assert len(saved) >= number
        assert application.output_queue.empty()  # it was noticed: there is no reply

    async_to_sync(main)()

    assert statuses() in (before, {"paid"})
    # Nothing is held: the same rows can be written again.
    sent = {"model": "booking", "operation": "edit", "data": {"_id": 1, "status": "late"}}
    _, (_, text) = call("clara", "write", **sent)
    call("clara", "write", **sent, confirmation=json.loads(text)["confirmation"])
    assert Booking.objects.get(pk=1).status == "late"


@pytest.mark.django_db(transaction=True)
def test_a_client_of_wsgi_that_goes_away(
    write: dict[str, Any], settings: Any, request: pytest.FixtureRequest
) -> None:
    """A server of WSGI learns of it when it replies: the write is done."""
    settings.STATIC_URL = "/static/"  # the server of tests asks for one
    live_server = request.getfixturevalue("live_server")
    body, done = json.dumps(write).encode(), threading.Event()
    address = urlsplit(live_server.url)
    assert address.hostname is not None
    assert address.port is not None
    client = socket.create_connection((address.hostname, address.port), timeout=10)
    head = {
        "Host": address.netloc,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Authorization": "Bearer clara",
        **ACCEPT,
    }

    def leave() -> None:
        client.close()
        done.set()

    with at_row(post_save, 1, leave) as saved:
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        client.sendall(f"POST /mcp/ HTTP/1.1\r\n{lines}\r\n".encode() + body)
        assert done.wait(20)
        for _ in range(200):
            # SQLite's tests share a connection: what is written is seen before its signal is sent.
            if statuses() == {"paid"} and len(saved) == len(DATA["_items"]):
                break
            threading.Event().wait(0.05)

    assert saved == [1, 2]
    assert statuses() == {"paid"}
