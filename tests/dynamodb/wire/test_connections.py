"""What is written to a connection and read from it, to the byte, and in how many calls."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from botocore import exceptions

from django_flex.dynamodb.configuration import Configuration
from django_flex.dynamodb.wire.attempts import is_in_doubt
from django_flex.dynamodb.wire.deadlines import until
from django_flex.dynamodb.wire.direct import DirectTransport
from tests import counting

KEYS: dict[str, Any] = {"access_key": "a", "secret_key": "b"}
BODY = b'{"Item":{"id":{"S":"a"}}}'
FOUND = {"Item": {"id": {"S": "a"}}}
OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
GET: dict[str, Any] = {"TableName": "t", "Key": {"id": {"S": "a"}}}
#: Python and C calls of one request, its answer read. Lower it after making it faster.
CALLS = 345


class Wire:
    """A server that writes the same bytes for each request, and keeps what arrived.

    Attributes:
        requests: the requests, as they arrived.
        connections: how many there were.
    """

    def __init__(self, answers: tuple[bytes, ...], *, closes: bool, waits: float) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._answers, self._closes, self._waits = answers, closes, waits
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._opened: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            self._opened.append(connection)
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with suppress(OSError):  # the client, or this server, has had enough
            while request := _request_of(connection):
                self.requests.append(request)
                for part in self._answers:
                    connection.sendall(part)
                    time.sleep(self._waits)
                if self._closes:
                    connection.close()
                    return

    def close(self) -> None:
        """End."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for one in self._opened:
            one.close()


def _request_of(connection: socket.socket) -> bytes:
    found = b""
    while not found.endswith(b"}"):
        part = connection.recv(65_536)
        if not part:
            return b""
        found += part
    return found


@contextmanager
def answering(
    *answers: bytes, closes: bool = False, waits: float = 0, **options: Any
) -> Iterator[tuple[DirectTransport, Wire]]:
    wire = Wire(answers, closes=closes, waits=waits)
    host = f"http://127.0.0.1:{wire.port}"
    try:
        found = Configuration(host=host, region="us-east-1", **{**KEYS, **options})
        yield DirectTransport(found), wire
    finally:
        wire.close()


@pytest.mark.parametrize(
    ("answer", "closes"),
    [
        pytest.param(OK + LENGTH + b"\r\n" + BODY, False, id="a length"),
        pytest.param(OK + LENGTH.lower() + b"\r\n" + BODY, False, id="a name in lower case"),
        pytest.param(OK + b"content-length:%d \r\n\r\n" % len(BODY) + BODY, False, id="spaces"),
        pytest.param(OK.replace(b"\r\n", b"\n") + LENGTH + b"\n" + BODY, False, id="no returns"),
        pytest.param(OK + LENGTH + b"Content-Length: 3\r\n\r\n" + BODY, False, id="two lengths"),
        pytest.param(
            b"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n" + OK + LENGTH + b"\r\n" + BODY,
            False,
            id="an interim answer",
        ),
        pytest.param(
            b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK + LENGTH + b"\r\n" + BODY,
            False,
            id="another interim answer",
        ),
        pytest.param(
            OK
            + b"Transfer-Encoding: Chunked\r\n\r\n5\r\n"
            + BODY[:5]
            + b"\r\n14\r\n"
            + BODY[5:]
            + b"\r\n0\r\n\r\n",
            False,
            id="chunks",
        ),
        pytest.param(b"HTTP/1.1 200\r\n" + LENGTH + b"\r\n" + BODY, False, id="no reason"),
        pytest.param(OK + b"no header\r\n" + LENGTH + b"\r\n" + BODY, False, id="no header"),
        pytest.param(OK + b"\r\n" + BODY, True, id="no length"),
        pytest.param(OK + b"Content-Length: -1\r\n\r\n" + BODY, True, id="a negative length"),
        pytest.param(OK + b"Content-Length: x\r\n\r\n" + BODY, True, id="no number"),
        pytest.param(b"HTTP/1.0 200 OK\r\n" + LENGTH + b"\r\n" + BODY, True, id="HTTP/1.0"),
    ],
)
def test_an_answer_is_read_however_it_is_written(answer: bytes, closes: bool) -> None:
    with answering(answer, closes=closes) as (transport, wire):
        assert [FOUND, FOUND] == [transport.call("GetItem", GET) for _ in range(2)]
        assert (2 if closes else 1) == wire.connections


@pytest.mark.parametrize(
    "told",
    [b"Connection: close\r\n", b"connection: Close, x\r\n"],
)
def test_a_connection_is_not_used_again_if_the_server_closes_it(told: bytes) -> None:
    with answering(OK + told + LENGTH + b"\r\n" + BODY) as (transport, wire):
        for _ in range(2):
            transport.call("GetItem", GET)
        assert 2 == wire.connections


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(OK + LENGTH + b"\r\n" + BODY[:-1], id="a short body"),
        pytest.param(OK + LENGTH[:-2], id="half of the headers"),
        pytest.param(OK + b"Transfer-Encoding: chunked\r\n\r\n19\r\n" + BODY, id="a short chunk"),
        pytest.param(OK + b"Transfer-Encoding: chunked\r\n\r\nx\r\n" + BODY, id="no chunk"),
        pytest.param(OK + b"x: " + b"x" * 70_000 + b"\r\n\r\n", id="a long header"),
        pytest.param(OK + b"x: y\r\n" * 101 + LENGTH + b"\r\n" + BODY, id="many headers"),
        pytest.param(b"ICY 200 OK\r\n" + LENGTH + b"\r\n" + BODY, id="another protocol"),
        pytest.param(b"HTTP/2 200 OK\r\n" + LENGTH + b"\r\n" + BODY, id="another version"),
        pytest.param(b"HTTP/1.1 OK\r\n" + LENGTH + b"\r\n" + BODY, id="no status"),
        pytest.param(b"\r\n\r\n", id="no line"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_no_answer_is_a_lost_one(answer: bytes) -> None:
    with answering(answer, closes=True) as (transport, _):
        with pytest.raises(exceptions.HTTPClientError) as failed:
            transport.call("GetItem", GET)
        assert type(failed.value) in {exceptions.HTTPClientError, exceptions.ConnectionClosedError}


def test_a_body_without_anything_is_no_answer() -> None:
    with (
        answering(OK + b"Content-Length: 0\r\n\r\n") as (transport, _),
        pytest.raises(exceptions.HTTPClientError),
    ):
        transport.call("GetItem", GET)


def test_no_body_takes_longer_than_the_deadline() -> None:
    with (
        answering(OK + LENGTH + b"\r\n" + BODY[:5], b"", waits=5) as (transport, _),
        until(time.monotonic() + 0.05),
        pytest.raises(exceptions.ReadTimeoutError),
    ):
        transport.call("GetItem", GET)


def test_a_request_is_written_as_http_client_would() -> None:
    with answering(OK + LENGTH + b"\r\n" + BODY, session_token="token") as (transport, wire):
        transport.call("GetItem", GET)
    head, _, body = wire.requests[0].partition(b"\r\n\r\n")
    first, *headers = head.decode().split("\r\n")
    named = dict(one.split(": ", 1) for one in headers)

    assert ("POST / HTTP/1.1", "Accept-Encoding: identity") == (first, headers[0])
    assert str(len(body)) == named["Content-Length"]
    assert f"127.0.0.1:{wire.port}" == named["host"]
    assert ("token", "DynamoDB_20120810.GetItem") == (
        named["x-amz-security-token"],
        named["x-amz-target"],
    )
    assert len(named) == len(headers) == 8


@pytest.mark.parametrize("token", ["a\r\nx: y", "a\nx: y", "a\rb", "ключ"])
def test_a_token_that_is_no_header_is_not_sent(token: str) -> None:
    with (
        answering(OK + LENGTH + b"\r\n" + BODY, session_token=token) as (transport, wire),
        pytest.raises(exceptions.BotoCoreError) as failed,
    ):
        transport.call("PutItem", {"TableName": "t", "Item": {"id": {"S": "a"}}})
    assert [] == wire.requests
    assert not is_in_doubt(failed.value)


def test_a_request_takes_no_more_calls() -> None:
    headers = b"x-amzn-RequestId: 1\r\nContent-Type: application/x-amz-json-1.0\r\n"
    with answering(OK + headers + LENGTH + b"\r\n" + BODY) as (transport, _):
        for _ in range(3):
            transport.call("GetItem", GET)
        taken = counting.calls(lambda: transport.call("GetItem", GET))

    assert taken <= CALLS
