"""Requests without a client of botocore: the same answers, the same errors, no secrets in logs."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore import exceptions
from pynamodb.attributes import BinaryAttribute, BinarySetAttribute, MapAttribute, UnicodeAttribute

from django_flex.dynamodb.configuration import Configuration, configuration
from django_flex.dynamodb.models import DynamoModel
from django_flex.dynamodb.transport import current_transport, forget_clients, override_transport
from django_flex.dynamodb.wire.clients import BotocoreTransport
from django_flex.dynamodb.wire.deadlines import until
from django_flex.dynamodb.wire.direct import DirectTransport, parsed

KEYS: dict[str, Any] = {
    "access_key": "AKIDSECRET",
    "secret_key": "very-secret",
    "session_token": "token-secret",
}


class Blob(DynamoModel):
    """An item with bytes, and with attributes that are called like the types of bytes."""

    id = UnicodeAttribute(hash_key=True)
    data = BinaryAttribute(legacy_encoding=False, null=True)
    parts = BinarySetAttribute(legacy_encoding=False)
    B = UnicodeAttribute(null=True)
    BS: Any = MapAttribute(null=True)

    class Meta:
        table_name = "blob"


def test_bytes_are_the_same_as_those_of_botocore(database: str) -> None:
    Blob(id="a", data=b"\x00\xff", parts={b"x", b"y"}, B="B", BS={"B": "x"}).save()
    Blob(id="b", B="only").save()
    table = Blob.Meta.table_name
    both = DirectTransport(configuration()), BotocoreTransport(configuration())
    for operation, parameters in (
        ("GetItem", {"TableName": table, "Key": {"id": {"S": "a"}}}),
        ("Scan", {"TableName": table}),
        ("BatchGetItem", {"RequestItems": {table: {"Keys": [{"id": {"S": "b"}}]}}}),
    ):
        ours, theirs = [one.call(operation, parameters) for one in both]
        del theirs["ResponseMetadata"]

        assert theirs == {"UnprocessedKeys": {}} | ours if "Responses" in ours else theirs == ours
    assert (b"\x00\xff", {b"x", b"y"}) == (Blob.get("a").data, Blob.get("a").parts)


@pytest.mark.exhaustive
def test_errors_are_those_of_botocore(database: str) -> None:
    both = DirectTransport(configuration()), BotocoreTransport(configuration())
    for table, key in (("nothing-here", "id"), (Blob.Meta.table_name, "wrong")):
        parameters = {"TableName": table, "Key": {key: {"S": "a"}}}
        found = []
        for one in both:
            with pytest.raises(exceptions.ClientError) as failed:
                one.call("GetItem", parameters)
            found.append(failed.value.response["Error"]["Code"])

        assert found[0] == found[1]


def test_reasons_and_items_of_failures_are_there() -> None:
    body = {
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "message": "secret",
        "CancellationReasons": [{"Code": "None"}, {"Code": "X", "Item": {"a": {"B": "AA=="}}}],
    }
    with (
        answering(lambda handler: write(handler, 400, body)) as transport,
        pytest.raises(exceptions.ClientError) as failed,
    ):
        transport.call("TransactWriteItems", {})

    response: Any = failed.value.response
    assert "TransactionCanceledException" == response["Error"]["Code"]
    assert {"a": {"B": b"\x00"}} == response["CancellationReasons"][1]["Item"]
    assert 400 == response["ResponseMetadata"]["HTTPStatusCode"]


def test_the_transport_of_the_settings_is_used(settings: Any) -> None:
    for name, kind in (("direct", DirectTransport), ("botocore", BotocoreTransport)):
        settings.PYDJAMODB_DATABASE = {"TRANSPORT": name, "AWS_REGION": "us-east-1"}

        assert kind is type(current_transport())
    forget_clients()


# A server that does what none does


def write(handler: Any, status: int, body: Any, **headers: str) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


@contextmanager
def answering(answer: Callable[[Any], None]) -> Iterator[DirectTransport]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.body = self.rfile.read(int(self.headers["Content-Length"]))
            answer(self)

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        host = f"http://127.0.0.1:{server.server_port}"
        try:
            yield DirectTransport(Configuration(host=host, region="us-east-1", **KEYS))
        finally:
            server.shutdown()
            thread.join()


def test_a_damaged_answer_is_no_answer() -> None:
    def damaged(handler: Any) -> None:
        write(handler, 200, {"Items": []}, x_amz_crc32=str(zlib.crc32(b"something else")))

    with answering(damaged) as transport, pytest.raises(exceptions.ChecksumError):
        transport.call("Query", {})


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b'{"Items": [', b"[]", b'"busy"', b"null", b"[" * 100_000],
    ids=["empty", "html", "cut", "list", "text", "null", "deep"],
)
def test_what_is_no_json_is_no_answer(body: bytes) -> None:
    with (
        answering(lambda handler: write(handler, 200, body)) as transport,
        pytest.raises(exceptions.HTTPClientError),
    ):
        transport.call("Query", {})
    with (
        answering(lambda handler: write(handler, 502, body)) as transport,
        pytest.raises(exceptions.ClientError) as failed,
    ):
        transport.call("Query", {})
    assert "502" == failed.value.response["Error"]["Code"]


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("Query", {}),
        ("Query", {"Items": None, "Count": 0, "ScannedCount": 0}),
        ("Scan", {"Items": [], "Count": 0}),
        ("BatchGetItem", {"UnprocessedKeys": {}}),
    ],
)
def test_an_answer_without_what_each_has_is_none(operation: str, body: Any) -> None:
    with (
        answering(lambda handler: write(handler, 200, body)) as transport,
        pytest.raises(exceptions.HTTPClientError, match="an answer without"),
    ):
        transport.call(operation, {})


def test_a_count_has_no_items() -> None:
    counted = {"Count": 3, "ScannedCount": 4}
    with answering(lambda handler: write(handler, 200, counted)) as transport:
        assert counted == transport.call("Query", {"Select": "COUNT"})


def test_a_closed_connection_is_no_answer() -> None:
    def closes(handler: Any) -> None:
        handler.connection.shutdown(socket.SHUT_RDWR)
        handler.close_connection = True

    with answering(closes) as transport, pytest.raises(exceptions.ConnectionClosedError):
        transport.call("Query", {})


def test_no_answer_takes_longer_than_the_deadline() -> None:
    late = threading.Event()

    def waits(handler: Any) -> None:
        late.wait(20)

    with answering(waits) as transport:
        with until(time.monotonic() + 0.05), pytest.raises(exceptions.ReadTimeoutError):
            transport.call("Query", {})
        late.set()


def test_nothing_is_sent_after_the_deadline() -> None:
    sent: list[Any] = []
    with (
        answering(sent.append) as transport,
        until(time.monotonic() - 1),
        pytest.raises(exceptions.ConnectTimeoutError),
    ):
        transport.call("Query", {})

    assert [] == sent


def test_there_is_no_server() -> None:
    found = Configuration(host="http://127.0.0.1:9", region="us-east-1", **KEYS)
    with pytest.raises(exceptions.EndpointConnectionError):
        DirectTransport(found).call("Query", {})


def test_logs_have_no_credentials(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), answering(lambda one: write(one, 200, {})) as transport:
        transport.call("GetItem", {"TableName": "t"})

    assert [] == [one for one in KEYS.values() if one in caplog.text]
    assert [] == [one for one in KEYS.values() if one in repr(vars(transport)["_configuration"])]


def test_without_credentials_or_a_region_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nothing")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nothing")
    with pytest.raises(exceptions.NoCredentialsError):
        DirectTransport(Configuration(host="http://127.0.0.1:9", region="x")).call("GetItem", {})
    with pytest.raises(exceptions.NoRegionError):
        DirectTransport(Configuration(host="http://127.0.0.1:9"))


def test_a_proxy_is_left_to_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    transport = DirectTransport(Configuration(host="https://db.example", region="x", **KEYS))

    with pytest.raises(exceptions.ProxyConnectionError):
        transport.call("GetItem", {"TableName": "t"})


def test_a_name_of_a_type_is_an_attribute_like_any_other() -> None:
    answer = {"Item": {"B": {"S": "x"}, "BS": {"M": {"B": {"B": b64encode(b"x").decode()}}}}}

    assert {"Item": {"B": {"S": "x"}, "BS": {"M": {"B": {"B": b"x"}}}}} == parsed(
        json.dumps(answer).encode()
    )


def test_a_transport_of_a_test_comes_first() -> None:
    with (
        answering(lambda one: write(one, 200, {"Item": {}})) as transport,
        override_transport(transport),
    ):
        assert transport is current_transport()
