"""Requests and replies as the HTTP library has them: httpx2, or httpx, whose names are the same."""

from __future__ import annotations

from hashlib import sha256
from importlib import import_module
from types import ModuleType
from typing import Any, TypeAlias
from urllib.parse import urlsplit
from uuid import uuid4
from weakref import WeakKeyDictionary

from django_flex.client.exceptions import (
    ClientError,
    ConfigurationError,
    ConnectionFailed,
    ProtocolError,
    ReplyTooLarge,
    TimedOut,
)
from django_flex.client.messages import Reply, Request
from django_flex.client.shells.uploading import AsyncBody, SyncBody

LIBRARIES = ("httpx2", "httpx")
#: How large a reply may be that is read into memory.
MAX_BYTES = 100_000_000
#: What httpx2's and httpx's clients have in common; the two have no class in common.
Http: TypeAlias = Any


def default_library() -> ModuleType:
    """Return httpx2, or httpx if only that is installed.

    Raises:
        ConfigurationError: neither is.
    """
    for name in LIBRARIES:
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
    raise ConfigurationError("The client needs httpx2: install django-flex with the extra 'client'")


def library_of(http: Http) -> ModuleType:
    """Return the library that a client of a program comes from.

    Raises:
        ConfigurationError: it is from neither.
    """
    for kind in type(http).__mro__:
        name = kind.__module__.partition(".")[0]
        if name in LIBRARIES:
            return import_module(name)
    raise ConfigurationError(f"http is a client of httpx2 or httpx, not {type(http).__qualname__}")


def server_of(url: str) -> str:
    """Return the address of an API, with a slash at its end.

    Raises:
        ConfigurationError: it is no address of HTTP.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ConfigurationError(f"{url!r} is no address such as https://example.org/api/")
    if parts.query or parts.fragment:
        raise ConfigurationError(
            f"{url!r} has a query or a fragment; the address of an API has none"
        )
    return url if url.endswith("/") else f"{url}/"


def address(server: str, path: str) -> str:
    """Return the URL of a path: from the root of the server if it begins with a slash."""
    if path.startswith("/"):
        parts = urlsplit(server)
        return f"{parts.scheme}://{parts.netloc}{path}"
    return server + path


def built(
    http: Http,
    server: str,
    request: Request,
    *,
    keeps_cookies: bool,
    body_of: type[SyncBody | AsyncBody],
) -> Any:
    """Return the request of the library.

    The cookies that replies to other users left in the connection are not sent.
    """
    url = address(server, request.path)
    headers = {"Accept": "application/json", **request.headers}
    content: Any = request.content
    if request.form is not None:
        content = body_of(request.form)
        headers |= {
            "Content-Type": request.form.media_type,
            "Content-Length": str(content.length),
        }
    if "Cookie" in headers:  # Django's CSRF check wants to know the page, over HTTPS
        headers.setdefault("Referer", url)
    if "export" in dict(request.params) or request.stream:
        headers["Accept"] = "*/*"
    made = http.build_request(
        request.method,
        url,
        params=list(request.params) or None,
        headers=headers,
        content=content,
    )
    if "Cookie" not in headers and not keeps_cookies and "cookie" in made.headers:
        del made.headers["cookie"]
    return made


def sender_of(http: Http, *, keeps_cookies: bool) -> str:
    """Return a text that differs between what connections of a program send by themselves.

    Their headers and cookies may change. What else signs their requests cannot be seen.
    """
    sent = sorted(http.headers.multi_items()), keeps_cookies and sorted(map(str, http.cookies.jar))
    return _marks.setdefault(http, uuid4().hex) + sha256(repr(sent).encode()).hexdigest()


#: Unlike ``id()``, no later connection has the same.
_marks: WeakKeyDictionary[Http, str] = WeakKeyDictionary()


class Content:
    """The bytes of a response, which are at most ``most``.

    Raises:
        ReplyTooLarge: it has more, or says so.
    """

    __slots__ = ("_chunks", "_left", "_most")

    def __init__(self, response: Any, most: int) -> None:
        self._chunks: list[bytes] = []
        self._most = self._left = most
        told = response.headers.get("content-length", "")
        if told.isdecimal() and int(told) > most:
            raise self._too_large()

    def add(self, chunk: bytes) -> None:
        self._left -= len(chunk)
        if self._left < 0:
            raise self._too_large()
        self._chunks.append(chunk)

    def joined(self) -> bytes:
        return self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)

    def _too_large(self) -> ReplyTooLarge:
        return ReplyTooLarge(
            f"The reply has more than {self._most:,} bytes, the max_bytes of this client: iter() reads"
            " rows page by page, export() writes them to a file"
        )


def reply_of(response: Any, content: bytes = b"", *, body: Any = None) -> Reply:
    """Return a response of the library as a reply; ``body`` is what a stream is read from."""
    return Reply(
        status=response.status_code,
        headers=response.headers,
        content=content,
        body=body,
        # Asking for those of a response without any still makes a jar.
        cookies=dict(response.cookies) if "set-cookie" in response.headers else {},
    )


def is_stream(request: Request, response: Any) -> bool:
    """Say whether what arrives is what was to be read piece by piece.

    A refusal or a redirect is not, nor is a page in HTML where rows are expected: that of a proxy,
    or of a login.
    """
    if not request.stream or not 200 <= response.status_code < 300:  # noqa: PLR2004 # RFC 9110
        return False
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return request.for_file or media_type != "text/html"


def faults(library: ModuleType) -> tuple[type[Exception], ...]:
    """Return the exceptions of the library about a connection, or about what arrived over it."""
    return library.TransportError, library.DecodingError, library.TooManyRedirects


def fault(library: ModuleType, server: str, error: Exception) -> ClientError:
    """Return an exception of the library as ours."""
    if not isinstance(error, library.TransportError):
        return ProtocolError(f"The reply of {server} cannot be read: {error}")
    unsent = (library.ConnectError, library.ConnectTimeout, library.PoolTimeout)
    text = str(error) or type(error).__name__
    if isinstance(error, library.TimeoutException):
        return TimedOut(
            f"{server} did not reply in time: {text}", sent=not isinstance(error, unsent)
        )
    return ConnectionFailed(
        f"{server} cannot be reached: {text}", sent=not isinstance(error, unsent)
    )
