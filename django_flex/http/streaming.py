"""Sends a stream as an HTTP reply, under WSGI and ASGI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from django.http import HttpRequest

    from django_flex.plan.streams import Stream

#: The media type of each format, and its name in ``Accept``.
MEDIA_TYPES = {
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8; header=present",
    "json": "application/json",
}
NDJSON, CSV, JSON = "application/x-ndjson", "text/csv", "application/json"
_BY_ACCEPT = {NDJSON: "ndjson", CSV: "csv"}


def accepted(request: HttpRequest) -> str | None:
    """Return the format that ``Accept`` prefers to a page of JSON, ``None`` if it does not."""
    header = str(request.META.get("HTTP_ACCEPT", ""))
    if "ndjson" not in header and "csv" not in header:
        return None
    return _BY_ACCEPT.get(request.get_preferred_type([JSON, NDJSON, CSV]) or "")


def respond_with(request: HttpRequest, stream: Stream, name: str) -> StreamingHttpResponse:
    """Return the reply of a stream; for HEAD nothing is read from it.

    Args:
        request: the request.
        stream: the rows; the reply closes it.
        name: the name of the file, without its extension.
    """
    content: Any = AsyncBytes(stream) if isinstance(request, ASGIRequest) else stream
    if request.method == "HEAD":
        stream.close()
        content = []
    response = StreamingHttpResponse(content, content_type=MEDIA_TYPES[stream.name])
    if stream.name == "csv":
        response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


class AsyncBytes:
    """A stream for ASGI: each part is read in the thread of the request."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._next = sync_to_async(self._take, thread_sensitive=True)

    def _take(self) -> bytes | None:
        return next(self._stream, None)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        piece = await self._next()
        if piece is None:
            raise StopAsyncIteration
        return piece

    def close(self) -> None:
        """Close the stream; Django calls this in the thread of the request."""
        self._stream.close()
