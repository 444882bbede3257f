"""The bodies of forms with files, read from where the files are while they are sent.

Each is iterated once for each time that the request is sent; the files are read from the start.
"""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, nullcontext
from io import BytesIO
from pathlib import Path
from typing import IO

from django_flex.client.exceptions import ClientError
from django_flex.client.values.forms import Form
from django_flex.client.values.uploads import Upload

#: How much of a file is in memory.
CHUNK = 65_536


class _Body:
    """A form, and its length, which a server of Django's wants to know first."""

    __slots__ = ("_pieces", "length")

    def __init__(self, form: Form) -> None:
        self._pieces = [(piece, _size(piece)) for piece in form.pieces()]
        self.length = sum(size for _, size in self._pieces)


class SyncBody(_Body):
    """What ``Client`` sends."""

    __slots__ = ()

    def __iter__(self) -> Iterator[bytes]:
        for piece, size in self._pieces:
            if isinstance(piece, bytes):
                yield piece
                continue
            with _opened(piece) as file:
                while size:
                    chunk = _checked(piece, file.read(min(CHUNK, size)))
                    size -= len(chunk)  # noqa: PLW2901 # what is left
                    yield chunk


class AsyncBody(_Body):
    """What ``AsyncClient`` sends; the disk is read in a thread."""

    __slots__ = ()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece, size in self._pieces:
            if isinstance(piece, bytes):
                yield piece
                continue
            with _opened(piece) as file:
                while size:
                    chunk = _checked(piece, await to_thread(file.read, min(CHUNK, size)))
                    size -= len(chunk)  # noqa: PLW2901 # what is left
                    yield chunk


def _size(piece: bytes | Upload) -> int:
    if isinstance(piece, bytes):
        return len(piece)
    try:
        return piece.size()
    except OSError as error:
        raise _unreadable(piece, error) from error


def _opened(upload: Upload) -> AbstractContextManager[IO[bytes]]:
    """Return the file, which is only closed afterwards if it was opened here."""
    if isinstance(upload.content, Path):
        try:
            return upload.content.open("rb")
        except OSError as error:
            raise _unreadable(upload, error) from error
    if isinstance(upload.content, bytes):
        return BytesIO(upload.content)
    upload.content.seek(upload.start)
    return nullcontext(upload.content)


def _checked(upload: Upload, chunk: bytes) -> bytes:
    if not chunk:
        raise ClientError(f"The file {upload.name!r} has become shorter while it was sent")
    return chunk


def _unreadable(upload: Upload, error: OSError) -> ClientError:
    return ClientError(f"The file {upload.name!r} cannot be read: {error.strerror}")
