"""Requests about items without a client of botocore, which takes most of the time of a read."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import urllib3
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import (
    BotoCoreError,
    ChecksumError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.httpsession import get_cert_path
from botocore.utils import get_environ_proxies

from django_flex.dynamodb.configuration import Configuration
from django_flex.dynamodb.core.encoding import decoded, encoded
from django_flex.dynamodb.wire.clients import BotocoreTransport, Response
from django_flex.dynamodb.wire.connections import Connection, SecureConnection
from django_flex.dynamodb.wire.deadlines import seconds_left
from django_flex.dynamodb.wire.signing import signed_headers

#: The operations that are sent from here; all that is in them is JSON, but for bytes.
OPERATIONS = frozenset(
    {
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "TransactGetItems",
        "TransactWriteItems",
        "UpdateItem",
    }
)
OK = 200
_PAGE: dict[str, type] = {"Items": list, "Count": int, "ScannedCount": int}
#: What is in all answers to an operation.
_CONTENT: dict[str, dict[str, type]] = {
    "Query": _PAGE,
    "Scan": _PAGE,
    "BatchGetItem": {"Responses": dict},
}
#: No retry, as an object: urllib3 would make one for each request.
_ONCE = urllib3.Retry(total=False, redirect=False)


class UnfitCredentialsError(BotoCoreError):  # type: ignore[misc]  # botocore has no types
    """A key or a token cannot be in a header, such as one with the line break of its file."""

    fmt = "Credentials have a line break, or a character that is not in Latin-1"


#: What urllib3 raises, and what botocore would, which takes an unfit header for a lost answer.
_ERRORS: tuple[tuple[type[Exception], Any], ...] = (
    (urllib3.exceptions.InvalidHeader, UnfitCredentialsError),
    (urllib3.exceptions.SSLError, SSLError),
    (urllib3.exceptions.NewConnectionError, EndpointConnectionError),
    (urllib3.exceptions.ConnectTimeoutError, ConnectTimeoutError),
    (urllib3.exceptions.ReadTimeoutError, ReadTimeoutError),
    (urllib3.exceptions.ProtocolError, ConnectionClosedError),
)


class DirectTransport:
    """Sends requests about items by urllib3, and all others by botocore.

    botocore finds the credentials and the address. Its event ``before-send`` is sent, in which moto
    answers. Behind a proxy, or to a path, all requests are sent by botocore, which knows how.
    """

    def __init__(self, found: Configuration) -> None:
        self._botocore = BotocoreTransport(found)
        session = self._botocore.session
        self._credentials: Any = session.get_credentials()
        self._events: Any = session.get_component("event_emitter")
        self._region = found.region or session.get_config_variable("region")
        if not self._region:
            raise NoRegionError
        url: str = found.host or self._botocore.client.meta.endpoint_url
        is_plain = urlsplit(url).path in {"", "/"} and not get_environ_proxies(url)
        self._url = url.rstrip("/") + "/"
        self._host = _host_of(url)
        self._timeout = urllib3.Timeout(connect=found.connect_timeout, read=found.read_timeout)
        self._configuration = found
        self._pool = _pool_of(url, found, session) if is_plain else None

    def call(self, operation: str, parameters: Mapping[str, Any]) -> Response:
        """Return the response to an operation."""
        if self._pool is None or operation not in OPERATIONS:
            return self._botocore.call(operation, parameters)
        if self._credentials is None:
            raise NoCredentialsError
        body = encoded(parameters).encode()
        headers = signed_headers(
            operation,
            body,
            host=self._host,
            region=self._region,
            credentials=self._credentials.get_frozen_credentials(),
            now=datetime.now(UTC),
        )
        status, told, answer = self._sent(operation, body, headers)
        _check_sum(told, answer)
        if status != OK:
            raise _refused(operation, status, answer)
        return _complete(parsed(answer), operation, parameters)

    def _sent(
        self, operation: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, Mapping[str, str], bytes]:
        request = AWSPreparedRequest("POST", self._url, headers, body, stream_output=False)
        told = self._events.emit(f"before-send.dynamodb.{operation}", request=request)
        for _, response in told:
            if response is not None:
                return response.status_code, response.headers, response.content
        assert self._pool is not None  # noqa: S101 - for mypy
        try:
            found = self._pool.urlopen(
                "POST",
                "/",
                body=body,
                headers=headers,
                timeout=self._timeout_now(),
                retries=_ONCE,
                redirect=False,
                decode_content=False,
            )
        except Exception as error:
            raise _as_of_botocore(error, self._url) from error
        return found.status, found.headers, found.data or b""  # without a body it has none

    def _timeout_now(self) -> urllib3.Timeout:
        left, found = seconds_left(), self._configuration
        if left is None:
            return self._timeout
        if left <= 0:
            # Nothing was sent.
            raise urllib3.exceptions.ConnectTimeoutError(_any(self._pool), "no time left")
        connect, read = min(found.connect_timeout, left), min(found.read_timeout, left)
        return urllib3.Timeout(total=left, connect=connect, read=read)


def _any(value: Any) -> Any:
    return value


def _host_of(url: str) -> str:
    """Return the host as it is signed: with a port, if that is not the usual one."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else str(parts.hostname)
    usual = {"http": 80, "https": 443}[parts.scheme]
    return host if parts.port in {None, usual} else f"{host}:{parts.port}"


def _pool_of(url: str, found: Configuration, session: Any) -> urllib3.HTTPConnectionPool:
    parts = urlsplit(url)
    if parts.scheme == "http":
        pool = urllib3.HTTPConnectionPool(_any(parts.hostname), parts.port, maxsize=found.pool_size)
        pool.ConnectionCls = _any(Connection)
        return pool
    secure = urllib3.HTTPSConnectionPool(
        _any(parts.hostname),
        parts.port,
        maxsize=found.pool_size,
        cert_reqs="CERT_REQUIRED",
        ca_certs=session.get_config_variable("ca_bundle") or get_cert_path(True),
    )
    secure.ConnectionCls = _any(SecureConnection)
    return secure


def parsed(answer: bytes) -> Response:
    """Return an answer, in which attribute values are as they are sent, but for bytes.

    Raises:
        HTTPClientError: it is no JSON, or no object.
    """
    try:
        found: Response = decoded(answer)
    except (ValueError, RecursionError) as error:
        raise HTTPClientError(error=type(error).__name__) from error
    if not isinstance(found, dict):
        raise HTTPClientError(error=f"an answer is an object, not {type(found).__name__}")
    return found


def _complete(found: Response, operation: str, parameters: Mapping[str, Any]) -> Response:
    """Return an answer with all that each one has; a server that is about to end may leave it out.

    Raises:
        HTTPClientError: something is missing, or of another type.
    """
    wanted = _CONTENT.get(operation, {})
    for name, kind in wanted.items():
        counted = name == "Items" and parameters.get("Select") == "COUNT"
        if not (counted or isinstance(found.get(name), kind)):
            raise HTTPClientError(error=f"an answer without {name}")
    return found


def _check_sum(headers: Mapping[str, str], answer: bytes) -> None:
    told = headers.get("x-amz-crc32")
    if told is not None and told != str(zlib.crc32(answer)):
        raise ChecksumError(
            checksum_type="crc32", expected_checksum=told, actual_checksum=zlib.crc32(answer)
        )


def _refused(operation: str, status: int, answer: bytes) -> ClientError:
    """Return the error of an answer as botocore has it."""
    try:
        found = parsed(answer)
    except HTTPClientError:
        found = {}
    code = str(found.pop("__type", status)).rsplit("#", 1)[-1]
    message = found.pop("message", found.pop("Message", ""))
    more = {"ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError({**found, "Error": {"Code": code, "Message": message}, **more}, operation)


def _as_of_botocore(error: Exception, url: str) -> Any:
    for ours, theirs in _ERRORS:
        if isinstance(error, ours):
            return theirs(endpoint_url=url, error=error, request=None)
    return HTTPClientError(error=type(error).__name__)
