"""Files that a client sends: which columns take them, how large they may be, and of which types."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile

from django_flex.exceptions.places import worded
from django_flex.policy.model import FileLimits

if TYPE_CHECKING:
    from django_flex.access.reach import Access
    from django_flex.schema.resources import Attribute

#: What a client says of content that it knows nothing about.
_UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file is not taken, for the client."""

    message: str
    code: str


def upload_limits(attribute: Attribute, access: Access, *, named: bool) -> FileLimits | None:
    """Return what may be uploaded to a column, ``None`` if nothing may.

    Args:
        attribute: the column.
        access: the caller's reach under the grant for writing.
        named: whether the grant names the column for writing.
    """
    if attribute.kind != "file":
        return None
    grant = access.grant
    if grant.unrestricted:
        return FileLimits()
    return grant.files.get(attribute.name) or (grant.uploads if named else None)


def most_bytes(limits: FileLimits, access: Access) -> int:
    """Return how large a file may be: as the grant says, but not above the setting."""
    most = access.limits.max_file_bytes
    return most if limits.max_bytes is None else min(most, limits.max_bytes)


def received(
    value: File[bytes], limits: FileLimits, access: Access
) -> UploadedFile[bytes] | Refusal:
    """Return a file as it may be stored, or why it is not.

    A storage would move an upload that is on disk. It gets a file without this way, so that the
    write can be tried again, and several rows can have it.
    """
    try:
        size = value.size
    except (AttributeError, OSError, ValueError):
        return Refusal("The file could not be read.", "unreadable")
    declared = getattr(value, "content_type", None)
    try:
        upload = UploadedFile(
            file=value,
            name=value.name,
            content_type=declared,
            size=size,
            charset=getattr(value, "charset", None),
        )
    except SuspiciousFileOperation:
        return Refusal("The name of the file is not valid.", "invalid_name")
    if not upload.name:
        return Refusal("The file has no name.", "invalid_name")
    most = most_bytes(limits, access)
    if not access.grant.unrestricted and size > most:
        return Refusal(
            worded("The file has {} bytes; at most {} are allowed.", size, most), "file_too_large"
        )
    if limits.types and not _has_type(upload.name, declared, limits.types):
        kinds = ", ".join(limits.types)
        return Refusal(
            worded("A file of this type is not allowed; one of {} is.", kinds), "file_type"
        )
    return upload


def _has_type(name: str, declared: str | None, types: tuple[str, ...]) -> bool:
    """Whether a file has one of some types, by its name and by what the client says of it.

    A server finds out by the name as what to send the file. What the client says must not differ.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix in types:
        return True
    guessed, encoding = mimetypes.guess_type(f"name{suffix}", strict=False)
    if guessed is None or encoding is not None or not _matches(guessed, types):
        return False
    said = (declared or "").partition(";")[0].strip().lower()
    return said in {"", _UNKNOWN_TYPE} or _matches(said, types)


def _matches(media_type: str, types: tuple[str, ...]) -> bool:
    family = f"{media_type.partition('/')[0]}/*"
    return media_type in types or family in types
