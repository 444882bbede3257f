"""Requests by https go to the server that was meant, and to no other."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from botocore.exceptions import SSLError

from django_flex.dynamodb.configuration import Configuration
from django_flex.dynamodb.wire.direct import DirectTransport

pytest.importorskip("cryptography")  # moto needs it, too

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ITEM = {"Item": {"listener": {"S": "ada"}}}


def certificate(folder: Path) -> Path:
    """Write the certificate of ``localhost``, with its key, and return where they are."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2200, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "localhost.pem"
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        data = json.dumps(ITEM).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        pass


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *args: object) -> None:
        """A client that trusts nobody leaves in the middle."""


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The port of a server, and its certificate."""
    path = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    with QuietServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port, path
        finally:
            server.shutdown()
            thread.join()


def transport(host: str, port: int) -> DirectTransport:
    return DirectTransport(
        Configuration(
            host=f"https://{host}:{port}", region="us-east-1", access_key="a", secret_key="b"
        )
    )


def test_a_server_with_the_right_certificate_answers(
    secure: tuple[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, path = secure
    monkeypatch.setenv("AWS_CA_BUNDLE", str(path))
    found = transport("localhost", port)

    assert [ITEM, ITEM] == [found.call("GetItem", {"TableName": "t"}) for _ in range(2)]


@pytest.mark.parametrize(("host", "trusted"), [("127.0.0.1", True), ("localhost", False)])
def test_another_name_or_an_unknown_authority_gets_no_request(
    secure: tuple[int, Path], monkeypatch: pytest.MonkeyPatch, host: str, trusted: bool
) -> None:
    port, path = secure
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    if trusted:
        monkeypatch.setenv("AWS_CA_BUNDLE", str(path))

    with pytest.raises(SSLError):
        transport(host, port).call("GetItem", {"TableName": "t"})
