"""Files: what is sent and read for them."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from django_flex.client.exceptions import BuildError
from django_flex.client.messages import Request
from django_flex.client.values.encoding import dumps, encode
from django_flex.client.values.forms import Form, Part
from django_flex.client.values.uploads import Upload

FITS = ("cover", "contain", "inside", "outside")
FORMATS = ("auto", "jpg", "png", "webp", "tiff", "avif")


class UploadedFile(Protocol):
    """A file that a program received itself, such as an ``UploadFile`` of Starlette or FastAPI."""

    @property
    def filename(self) -> str | None: ...
    @property
    def content_type(self) -> str | None: ...
    async def read(self) -> bytes: ...


Source: TypeAlias = str | PathLike[str] | UploadedFile


async def upload_of(source: Source, media_type: str | None, *, use_magic: bool) -> Upload:
    """Return the file to send, with its media type: as told, else as its bytes or its name say.

    Raises:
        BuildError: it is no file.
    """
    if isinstance(source, str | PathLike):
        upload, told = Upload(source), None
    elif hasattr(source, "filename") and hasattr(source, "read"):
        # Those of Starlette have been written to a file already.
        content = getattr(source, "file", None) or await source.read()
        upload = Upload(content, source.filename or "file")
        told = source.content_type
    else:
        raise BuildError(f"upload_file() takes a path or an uploaded file, not {source!r}")
    kind = media_type or told or (await to_thread(_recognised, upload) if use_magic else None)
    return Upload(upload.content, upload.name, kind or upload.media_type)


def upload_request(upload: Upload, folder: str | None) -> Request:
    """Return the request that adds a file; the fields about a file have to come before it."""
    told = [Part("title", Path(upload.name).stem)]
    told += [Part("folder", folder)] if folder else []
    return Request(method="POST", path="files", form=Form((*told, Part("file", upload))))


def transformation(
    *, fit: str | None, img_format: str | None, more: Mapping[str, Any], **sizes: int | bool | None
) -> tuple[tuple[str, str], ...]:
    """Return the parameters that transform an image: ``more`` are operations with arguments.

    Raises:
        BuildError: there is no such fit or format.
    """
    for name, value, known in (("fit", fit, FITS), ("img_format", img_format, FORMATS)):
        if value is not None and value not in known:
            raise BuildError(f"{name} is one of {', '.join(known)}, not {value!r}")
    asked: dict[str, Any] = {"fit": fit, **sizes, "format": img_format}
    if more:
        asked["transforms"] = [
            [name, *(value if isinstance(value, list | tuple) else [value])]
            for name, value in more.items()
        ]
    return tuple(
        (name, value if isinstance(value, str) else dumps(encode(value)).decode())
        for name, value in asked.items()
        if value is not None
    )


def _recognised(upload: Upload) -> str | None:
    """Return the media type that libmagic sees in the bytes, if it is installed."""
    if find_spec("magic") is None:
        return None
    return str(import_module("magic").from_buffer(upload.head(4096), mime=True))
