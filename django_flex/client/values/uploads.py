"""Files that are sent, from where they are: a path, an open file, or bytes."""

from __future__ import annotations

import io
from inspect import iscoroutinefunction
from mimetypes import guess_type
from os import PathLike
from pathlib import Path
from typing import IO, Any, TypeAlias

from django_flex.client.exceptions import BuildError

Source: TypeAlias = str | PathLike[str] | bytes | IO[bytes]


class Upload:
    """A file to send, under a name and with a media type.

    ``content`` is a path, an open binary file, or bytes. ``name`` and ``media_type`` say what a path
    or a file does not say itself, or something else; bytes need a name. A path is read while it is
    sent, and an open file from where it stands now, so that it can be sent again.

    Raises:
        BuildError: there is no such file, it has no name, or it cannot be read twice.
    """

    __slots__ = ("content", "media_type", "name", "start")

    def __init__(self, content: Source, name: str = "", media_type: str = "") -> None:
        self.content: Path | bytes | IO[bytes]
        self.start = 0
        if isinstance(content, str | PathLike):
            self.content = Path(content)
            if not self.content.is_file():
                raise BuildError(f"There is no file {str(content)!r}")
        elif isinstance(content, bytes):
            self.content = content
        elif is_file(content):
            self.content, self.start = content, _position(content)
        else:
            raise BuildError(
                f"A file is a path, an open binary file or bytes, not {type(content).__qualname__}"
            )
        self.name = name or _name(self.content)
        self.media_type = media_type or guess_type(self.name)[0] or "application/octet-stream"

    def size(self) -> int:
        """Return how many bytes there are to send."""
        if isinstance(self.content, bytes):
            return len(self.content)
        if isinstance(self.content, Path):
            return self.content.stat().st_size
        end = self.content.seek(0, io.SEEK_END)
        self.content.seek(self.start)
        return max(0, end - self.start)

    def head(self, size: int) -> bytes:
        """Return the first bytes."""
        if isinstance(self.content, bytes):
            return self.content[:size]
        if isinstance(self.content, Path):
            with self.content.open("rb") as file:
                return file.read(size)
        self.content.seek(self.start)
        try:
            return self.content.read(size)
        finally:
            self.content.seek(self.start)

    def __repr__(self) -> str:
        return f"<Upload {self.name!r} {self.media_type}>"


def is_file(value: object) -> bool:
    """Say whether a value is an open file, of any kind."""
    return callable(getattr(value, "read", None))


def _position(file: Any) -> int:
    """Return where an open file stands.

    Raises:
        BuildError: it has no bytes, or cannot be read twice.
    """
    mode = getattr(file, "mode", "b")
    if isinstance(file, io.TextIOBase) or (isinstance(mode, str) and "b" not in mode):
        raise BuildError("A file to send has to be open in binary mode, as open(path, 'rb') does")
    if iscoroutinefunction(file.read):
        raise BuildError("A file to send is a path or an open(path, 'rb'), also in AsyncClient")
    try:
        return int(file.tell()) if file.seekable() else _once()
    except (AttributeError, OSError):
        return _once()


def _once() -> int:
    raise BuildError(
        "A file to send has to tell and seek: its length is sent before it, and a retry reads it"
        " again. Send its bytes, as Upload(file.read(), 'name'), or write it to disk first"
    )


def _name(content: Path | bytes | IO[bytes]) -> str:
    if isinstance(content, Path):
        return content.name
    told = getattr(content, "name", None)
    if isinstance(told, str) and told:
        return Path(told).name
    raise BuildError("A file to send needs a name: Upload(content, 'scan.pdf')")
