"""Forms with files, as ``multipart/form-data`` (RFC 7578), without reading the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django_flex.client.values.uploads import Upload

#: As WHATWG's HTML has it, which servers expect of browsers.
_NAME = str.maketrans(
    {'"': "%22", "\\": "\\\\", **{chr(code): f"%{code:02X}" for code in (*range(32), 127)}}
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a form: a text or a file."""

    name: str
    content: str | Upload


@dataclass(frozen=True, slots=True)
class Form:
    """The parts of a form in their order, and what is written between them."""

    parts: tuple[Part, ...]
    boundary: str = field(default_factory=lambda: uuid4().hex)

    @property
    def media_type(self) -> str:
        return f"multipart/form-data; boundary={self.boundary}"

    def pieces(self) -> list[bytes | Upload]:
        """Return the body: what stands around the texts and files, and the files."""
        found: list[bytes | Upload] = []
        for part in self.parts:
            found += [self._head(part), _body(part.content), b"\r\n"]
        return [*found, f"--{self.boundary}--\r\n".encode()]

    def _head(self, part: Part) -> bytes:
        lines = [f'Content-Disposition: form-data; name="{part.name.translate(_NAME)}"']
        if isinstance(part.content, Upload):
            lines[0] += f'; filename="{part.content.name.translate(_NAME)}"'
            lines.append(f"Content-Type: {part.content.media_type}")
        return "\r\n".join([f"--{self.boundary}", *lines, "", ""]).encode()


def taken_out(value: Any, marker: str) -> tuple[Any, tuple[Part, ...]]:
    """Return a JSON value in which ``{marker: name}`` stands for each file, and the files as parts.

    The names are like nothing that the value can hold.
    """
    prefix, parts = uuid4().hex, list[Part]()

    def without(value: Any) -> Any:
        if isinstance(value, Upload):
            parts.append(Part(f"{prefix}-{len(parts)}", value))
            return {marker: parts[-1].name}
        if isinstance(value, Mapping):
            return {key: without(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [without(item) for item in value]
        return value

    return without(value), tuple(parts)


def _body(content: str | Upload) -> bytes | Upload:
    return content.encode() if isinstance(content, str) else content
