"""Exports from real servers, to clients that go away, read slowly or wait too long.

Whatever becomes of a stream, the next requests in its thread are answered, the project's own ORM
works there, and no connection to the database stays behind.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from tests.backends.conftest import HUNG, ON_A_SERVER, VENDOR, run
from tests.testapp.models import Company, Customer

pytestmark = [pytest.mark.exhaustive, ON_A_SERVER, pytest.mark.django_db(transaction=True)]

ROWS = 300
EXPORT = "/api/customer/?format=ndjson&fields=name,metadata"
PAGE = "/api/customer/?fields=name&limit=1"
#: Seconds that an export may take; a client that waits longer finds an error at its end. One that is
#: read at once takes a hundredth of it.
TIMEOUT = 2.0
GRANT = {"rows": "*", "fields": ["*", "wait"], "order_by": "*", "ops": ["list", "export"]}
FLEX = {
    "REQUIRE_AUTHENTICATION": False,
    "EXPORT_TIMEOUT": TIMEOUT,
    "EXPOSE": {"customer": {"anon": {**GRANT, "fields": "*"}}, "company": {"anon": GRANT}},
}
SERVERS = {
    # One thread, so that every request meets what the one before has left.
    "gunicorn": (
        "gunicorn",
        "--workers=1",
        "--worker-class=gthread",
        "--threads=1",
        "-b",
        "fd://{}",
    ),
    "uvicorn": ("uvicorn", "--log-level=warning", "--lifespan=off", "--fd={}"),
}


class Server:
    """A server of the test project, and how many connections it has to the database."""

    def __init__(self, name: str, port: int) -> None:
        self.name = name
        self.port = port

    def get(self, path: str) -> tuple[int, bytes]:
        """Send a GET and read all of the reply."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=HUNG)) as http:
            http.request("GET", path)
            reply = http.getresponse()
            return reply.status, reply.read()

    def open(self, path: str) -> socket.socket:
        """Send a GET by a socket that takes little at a time; return it, to be read from."""
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.settimeout(HUNG)
        client.connect(("127.0.0.1", self.port))
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        return client


def connected() -> int:
    """Return how many connections there are to the test database, that of the test aside."""
    if VENDOR == "postgresql":
        count = run("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
    else:
        count = run("SELECT count(*) FROM information_schema.processlist WHERE db = DATABASE()")
    return int(count) - 1


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Each kind of server in turn, over rows of some megabytes."""
    name = request.param
    text = "x" * 20_000
    Customer.objects.bulk_create(
        Customer(name=f"n{n:03}", metadata={"text": text}) for n in range(ROWS)
    )
    Company.objects.bulk_create(Company(name=f"n{n:03}") for n in range(60))
    facts = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")
    database: dict[str, Any] = {key: connection.settings_dict[key] for key in facts}
    if name == "gunicorn":
        database["CONN_MAX_AGE"] = None  # the connection outlives its request
    job = json.dumps({"databases": {"default": database}, "flex": FLEX})
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        command = [part.format(listening.fileno()) for part in SERVERS[name]]
        door = "tests.backends.served:" + ("wsgi" if name == "gunicorn" else "asgi")
        with subprocess.Popen(
            [sys.executable, "-m", *command, door],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "FLEX_SERVED": job, "PYTHONWARNINGS": "ignore"},
            pass_fds=[listening.fileno()],
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                yield Server(name, listening.getsockname()[1])
            finally:
                process.terminate()
    connections.close_all()


def read_to_the_end(client: socket.socket) -> bytes:
    pieces = []
    while piece := client.recv(65_536):
        pieces.append(piece)
    return b"".join(pieces)


def go_away(server: Server) -> None:
    """Read the beginning of an export, and reset the connection."""
    client = server.open(EXPORT)
    assert client.recv(1_000).startswith(b"HTTP/1.1 200")
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def read_slowly(server: Server) -> None:
    """Read the beginning of an export, and the rest when its time is over."""
    with closing(server.open(EXPORT)) as client:
        client.recv(1_000)
        time.sleep(TIMEOUT + 0.5)
        assert b'"code":"backend.timeout"' in read_to_the_end(client)


def wait_in_vain(server: Server) -> None:
    """Export rows, the third chunk of which takes the database longer than there is time."""
    status, body = server.get("/api/company/?format=ndjson&fields=name,wait")
    *rows, last = [json.loads(line) for line in body.splitlines()]
    assert (200, 40, "backend.timeout") == (status, len(rows), last["code"])


def read_it_all(server: Server) -> None:
    status, body = server.get("/api/customer/?format=ndjson&fields=name")
    assert (200, ROWS) == (status, len(body.splitlines()))


def only_look(server: Server) -> None:
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=HUNG)) as http:
        http.request("HEAD", EXPORT)
        assert 200 == http.getresponse().status


ENDS: dict[str, Callable[[Server], None]] = {
    "the client goes away": go_away,
    "the client reads slowly": read_slowly,
    "the time is over": wait_in_vain,
    "it is read": read_it_all,
    "it is not wanted": only_look,
}


def test_however_a_stream_ends_its_thread_goes_on(server: Server) -> None:
    state: dict[str, Any] = {"in_atomic_block": False, "needs_rollback": False, "autocommit": True}
    if VENDOR == "postgresql":
        state |= {"cursors": 0, "timeout": "0"}
    assert 200 == server.get("/orm/")[0]
    threads = set()
    for end, stream in ENDS.items():
        stream(server)
        for _ in range(2):
            status, body = server.get("/orm/")
            assert 200 == status, (end, body)
            found = json.loads(body)
            threads.add(found.pop("thread"))
            assert state == found, end
            assert 200 == server.get(PAGE)[0], end
    assert server.name == "uvicorn" or 1 == len(threads)

    kept = 1 if server.name == "gunicorn" else 0
    deadline = time.monotonic() + HUNG
    while connected() > kept and time.monotonic() < deadline:
        time.sleep(0.05)  # a server closes its connections after the reply
    assert kept == connected()
