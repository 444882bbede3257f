"""Whether the file of a row is in its storage yet.

Uses ``FieldFile._committed``, which ``pre_save`` of the field asks before it stores a file, and that
``FieldFile.save`` gives it the name in the storage, puts that on the row, and says ``_committed`` last.
"""

from __future__ import annotations

from typing import Any

from django.db.models.fields.files import FieldFile


def is_stored(file: Any) -> bool:
    """Whether the file of a row is in its storage; also if there is no file."""
    return bool(file._committed)  # noqa: SLF001 - the subject of this module


def was_stored(file: Any, sent_name: str) -> bool:
    """Whether an upload is in its storage by now; also if reading its size there has failed.

    The name alone does not tell: a ``save`` of the project may change it before anything is stored.
    """
    replaced = file.instance.__dict__.get(file.field.attname) is not file
    return is_stored(file) or (replaced and file.name != sent_name)


def is_upload(value: object) -> bool:
    """Whether a value of a row is a file that its field will store when the row is saved."""
    return isinstance(value, FieldFile) and bool(value) and not is_stored(value)
