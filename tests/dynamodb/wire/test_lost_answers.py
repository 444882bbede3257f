"""A write that may have arrived is in doubt, however its answer was lost, and not sent again."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from django_flex.dynamodb.configuration import Configuration
from django_flex.dynamodb.exceptions import RequestFailedError
from django_flex.dynamodb.transport import call, override_transport
from django_flex.dynamodb.wire.clients import BotocoreTransport
from django_flex.dynamodb.wire.direct import DirectTransport
from django_flex.metering import Meter, metered
from tests.dynamodb.wire.test_secure import QuietServer, certificate

pytest.importorskip("cryptography")  # moto needs it, too

TRANSPORTS = pytest.mark.parametrize("kind", [DirectTransport, BotocoreTransport])
INCREMENT: dict[str, Any] = {"TableName": "plays", "Key": {"id": {"S": "a"}}}


@pytest.fixture(autouse=True)
def _attempts(settings: Any) -> None:
    settings.PYDJAMODB_DATABASE = {"MAX_ATTEMPTS": 3, "AWS_REGION": "us-east-1"}


@contextmanager
def answering(
    answer: Callable[[Any], None], kind: Any, secured: Path | None = None
) -> Iterator[list[bytes]]:
    """Run a server; yield what arrives there, sent by a transport that is used meanwhile."""
    arrived: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            arrived.append(self.rfile.read(int(self.headers["Content-Length"])))
            answer(self)

        def log_message(self, *args: Any) -> None:
            pass

    with QuietServer(("127.0.0.1", 0), Handler) as server:
        if secured is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(secured)
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        scheme = "http" if secured is None else "https"
        host = f"{scheme}://localhost:{server.server_port}"
        found = Configuration(host=host, region="us-east-1", access_key="a", secret_key="b")
        try:
            with override_transport(kind(found)):
                yield arrived
        finally:
            server.shutdown()
            thread.join()


def breaks_with(record: bytes) -> Callable[[Any], None]:
    """Return an answer that is no record of this connection, or none at all."""

    def answer(handler: Any) -> None:
        with socket.socket(fileno=os.dup(handler.connection.fileno())) as raw:
            raw.sendall(record)
            raw.shutdown(socket.SHUT_RDWR)
        handler.close_connection = True

    return answer


@TRANSPORTS
@pytest.mark.parametrize(
    "record",
    [b"\x17\x03\x03\x00\x20" + b"x" * 32, b"\x15\x03\x03\x00\x02\x02\x50", b""],
    ids=["damaged", "alert", "closed"],
)
def test_an_increment_is_sent_once_if_tls_breaks_after_it(
    kind: Any, record: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = certificate(tmp_path)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(path))
    with (
        answering(breaks_with(record), kind, path) as arrived,
        pytest.raises(RequestFailedError) as failed,
    ):
        call("UpdateItem", INCREMENT)

    assert failed.value.in_doubt
    assert 1 == len(arrived)


@TRANSPORTS
def test_a_server_that_is_not_trusted_got_nothing(
    kind: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = certificate(tmp_path)
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    with (
        answering(breaks_with(b""), kind, path) as arrived,
        pytest.raises(RequestFailedError) as failed,
    ):
        call("UpdateItem", INCREMENT)

    assert not failed.value.in_doubt
    assert [] == arrived


def writes(status: int, body: bytes) -> Callable[[Any], None]:
    def answer(handler: Any) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@TRANSPORTS
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"[]"),
        (200, b"null"),
        (200, b"\xff{}"),
        (200, b"[" * 100_000),
        (302, b"{}"),
        (500, b"{}"),
    ],
)
def test_an_answer_that_is_not_dynamodbs_leaves_a_write_in_doubt(
    kind: Any, status: int, body: bytes
) -> None:
    with (
        answering(writes(status, body), kind) as arrived,
        pytest.raises(RequestFailedError) as failed,
    ):
        call("UpdateItem", INCREMENT)

    assert failed.value.in_doubt
    assert 1 == len(arrived)


@pytest.mark.parametrize(
    "told",
    [
        b"3",
        b"[3]",
        b'{"TableName": "plays"}',
        b'{"TableName": "plays", "CapacityUnits": "x"}',
        b'[{"CapacityUnits": 1}]',
    ],
)
def test_a_write_was_made_whatever_is_told_of_its_cost(told: bytes) -> None:
    meter = Meter(names={"plays"})
    body = b'{"ConsumedCapacity": %s}' % told
    with answering(writes(200, body), DirectTransport) as arrived, metered(meter):
        call("UpdateItem", INCREMENT)

    assert 1 == len(arrived)
    assert 0 == meter.total("plays", "write_units")
