"""Connections that write a request in one go, and read no more of an answer than matters here.

urllib3 keeps them, checks certificates, and tells how a request has failed. http.client reads the
bodies. What is left out is for any request to any server: a state for each step of a request, and
the headers of an answer as those of an e-mail, which took a quarter of the time of a small read.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import client
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

#: Headers of responses that matter: to urllib3, how long the body is, and to the transport its sum.
_TOLD = ("content-length", "transfer-encoding", "x-amz-crc32")
#: Those, and whether the connection stays open.
_HEADERS = frozenset({b"connection", *(name.encode() for name in _TOLD)})
#: How long a line of a header may be, and how many there may be, as in http.client.
_LONGEST, _MOST = 65_536, 100
_ENDS = frozenset({b"\r\n", b"\n", b""})


@contextmanager
def _after_the_handshake() -> Iterator[None]:
    """Have a TLS error count as an answer that is lost: the request may have arrived."""
    try:
        yield
    except (ssl.SSLError, urllib3.exceptions.SSLError) as error:
        raise urllib3.exceptions.ProtocolError("The connection broke", error) from error


class _Answer(client.HTTPResponse):
    """A response of http.client with the few headers that somebody looks at."""

    headers: Any
    msg: Any

    def begin(self) -> None:
        """Read the status and the headers."""
        version, status, reason = self._read_head()
        while client.CONTINUE <= status < client.OK:  # the answer itself is still to come
            version, status, reason = self._read_head()
        if not version.startswith(("HTTP/1.", "HTTP/0.9")):
            raise client.UnknownProtocol(version)
        self.code = self.status = status
        self.reason = reason.strip()
        is_old = version in {"HTTP/1.0", "HTTP/0.9"}
        self.version = 10 if is_old else 11
        told = self.headers.get("connection", "").lower()
        stays = "keep-alive" in told if is_old else "close" not in told
        self.chunked = self.headers.get("transfer-encoding", "").lower() == "chunked"
        self.chunk_left = None
        self.length = None if self.chunked else _length(self.headers.get("content-length"))
        if status in {client.NO_CONTENT, client.NOT_MODIFIED}:
            self.length = 0
        self.will_close = not (stays and (self.chunked or self.length is not None))

    def _read_head(self) -> tuple[str, int, str]:
        found: tuple[str, int, str] = self._read_status()  # type: ignore[attr-defined]
        self.headers = self.msg = _headers_of(self.fp)
        return found


def _headers_of(lines: Any) -> dict[str, str]:
    """Read the headers of a response, and return those that matter, by their names in lower case.

    Raises:
        HTTPException: a line is too long, or there are too many.
    """
    found: dict[str, str] = {}
    for _ in range(_MOST + 1):
        line = lines.readline(_LONGEST + 1)
        if len(line) > _LONGEST:
            raise client.LineTooLong("header line")
        if line in _ENDS:
            return found
        name, _, value = line.partition(b":")
        name = name.lower()
        if name in _HEADERS:
            # Of several, the first one counts, as for http.client.
            found.setdefault(name.decode(), value.strip().decode("latin-1"))
    raise client.HTTPException(f"got more than {_MOST} headers")


def _length(text: str | None) -> int | None:
    """Return how long a body is, ``None`` if it is not said."""
    try:
        found = int(text or "")
    except ValueError:
        return None
    return found if found >= 0 else None


class _AtOnce:
    """A connection that writes a request in one go: each packet of its own costs a system call."""

    def request(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], **_options: Any
    ) -> None:
        """Send a request as ``http.client`` does; urllib3 has more to decide about its body.

        Raises:
            InvalidHeader: there is something in a header that none may have; nothing was sent.
        """
        connection = _any(self)
        if connection.sock is not None:
            connection.sock.settimeout(connection.timeout)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        if lines.count("\r") != len(headers) or lines.count("\n") != len(headers):
            raise urllib3.exceptions.InvalidHeader("a header with a line break")
        head = (
            f"{method} {url} HTTP/1.1\r\nAccept-Encoding: identity\r\n"
            f"Content-Length: {len(body)}\r\n{lines}\r\n"
        )
        try:
            sent = head.encode("latin-1") + body
        except UnicodeEncodeError as error:
            raise urllib3.exceptions.InvalidHeader("a header with another character") from error
        with _after_the_handshake():
            connection.send(sent)

    def getresponse(self) -> urllib3.HTTPResponse:
        """Return the response, which has been read, with the headers that somebody looks at."""
        connection = _any(self)
        connection.sock.settimeout(connection.timeout)
        with _after_the_handshake():
            answer = _Answer(connection.sock, method="POST")
            try:
                answer.begin()
                body = answer.read()
            finally:
                answer.close()
            if answer.will_close:
                connection.close()
            headers = {name: answer.headers[name] for name in _TOLD if name in answer.headers}
            return urllib3.HTTPResponse(
                body=body,
                headers=headers,
                status=answer.status,
                version=answer.version,
                reason=answer.reason,
                preload_content=False,
                decode_content=False,
                request_method="POST",
            )


class Connection(_AtOnce, HTTPConnection):  # type: ignore[misc]
    """One without TLS."""


class SecureConnection(_AtOnce, HTTPSConnection):  # type: ignore[misc]
    """One with TLS."""


def _any(value: Any) -> Any:
    return value
