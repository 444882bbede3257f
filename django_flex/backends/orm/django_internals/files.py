"""Whether the file of a row is in its storage yet.

Uses ``FieldFile._committed``, which ``pre_save`` of the field asks before it stores a file.
"""

from __future__ import annotations

from typing import Any

from django.db.models.fields.files import FieldFile


def is_stored(file: Any) -> bool:
    """Whether the file of a row is in its storage; also if there is no file."""
    return bool(file._committed)  # noqa: SLF001 - the subject of this module


def is_upload(value: object) -> bool:
    """Whether a value of a row is a file that its field will store when the row is saved."""
    return isinstance(value, FieldFile) and bool(value) and not is_stored(value)
