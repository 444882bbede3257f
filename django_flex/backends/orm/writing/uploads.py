"""Uploaded files of rows: validated as the form of their field does, removed if nothing is stored.

Django stores a file in ``pre_save`` of its field, so when the row is saved, after it was validated.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache, partial
from threading import get_ident
from types import NoneType
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db.models.fields.files import FieldFile, FileField
from django.db.models.signals import pre_save

from django_flex.backends.orm.connection.stored_files import removed_on_rollback
from django_flex.backends.orm.django_internals.files import is_upload, was_stored
from django_flex.backends.orm.django_internals.models import columns_of
from django_flex.backends.orm.schema import field_of
from django_flex.backends.orm.writing.descriptors import own_descriptors

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from django.db.models import Model

    from django_flex.backends.orm.writing.pending_rows import PendingRow

#: What a row holds in a column of files that no code has read yet: a name, or nothing.
_NAMES = (str, NoneType)


def sent_files(pending: PendingRow) -> Mapping[str, File[bytes]]:
    """Return the files that were sent for a row, by the names of their columns."""
    return {
        part.attribute.own_name: part.value
        for part in pending.row.assignments
        if isinstance(part.value, File)
    }


def check_files(pending: PendingRow) -> None:
    """Validate uploads as a form would: not empty, a name that fits, an image that can be read.

    Raises:
        ValidationError: with the messages by field.
    """
    errors: dict[str, ValidationError] = {}
    for part in pending.row.assignments:
        if not isinstance(part.value, File):
            continue
        field = field_of(part.attribute)
        form_field: Any = field.formfield()
        if form_field is None:
            continue
        try:
            form_field.clean(part.value, None)
        except ValidationError as error:
            errors[field.name] = error
    if errors:
        raise ValidationError(errors)


def has_upload(instance: Model) -> bool:
    """Whether saving a row stores a file."""
    return bool(_uploads(instance))


def watch_files(instance: Model, using: str) -> None:
    """Have the files that saving a row stores removed if the write fails."""
    for file in _uploads(instance):
        removed_on_rollback(using, partial(_remove_if_stored, file, file.name, using))


@contextmanager
def saves_watched() -> Iterator[list[Any]]:
    """Have the files removed that code of the project stores by saving rows, if the write fails.

    It may fail in the middle, with rows that nobody else has seen. Yields the files.
    """
    watched: list[Any] = []
    thread = get_ident()

    def watch(instance: Model, using: str, **_: object) -> None:
        if get_ident() == thread:
            watched.extend(_uploads(instance))
            watch_files(instance, using)

    pre_save.connect(watch, weak=False)
    try:
        yield watched
    finally:
        pre_save.disconnect(watch)


def watch_stored(
    instance: Model, names: Iterable[str], using: str, watched: Collection[object]
) -> None:
    """Have the files removed that other code has stored already, in some columns of a row."""
    for name in names:
        file = getattr(instance, name, None)
        if isinstance(file, FieldFile) and file.name and not any(file is one for one in watched):
            removed_on_rollback(using, partial(_remove, file, file.name, using))


@cache
def _file_columns(model: type[Model]) -> tuple[tuple[str, bool], ...]:
    """Return the columns of files, each with whether a name in it is that of a stored file.

    Only code that is not Django's may make an upload of a name.
    """
    own = own_descriptors(model)
    fields = (field for field in columns_of(model) if isinstance(field, FileField))
    return tuple(
        (f.attname, f.attname not in own and f.attr_class.__module__.startswith("django."))
        for f in fields
    )


def _uploads(instance: Model) -> list[Any]:
    held, found = instance.__dict__, []
    for column, stored_if_name in _file_columns(type(instance)):
        if column not in held or (stored_if_name and type(held[column]) in _NAMES):
            continue
        file = getattr(instance, column)
        if is_upload(file):
            found.append(file)
    return found


def _remove_if_stored(file: Any, sent_name: str, using: str) -> None:
    """Remove a file that was stored; the object was replaced if the model has stored another one."""
    if was_stored(file, sent_name) and file.name:
        _remove(file, file.name, using)


def _remove(file: Any, name: str, using: str) -> None:
    """Remove a file, unless a row has it: a storage may overwrite files of the same name."""
    model, column = type(file.instance), file.field.attname
    if not model._base_manager.using(using).filter(**{column: name}).exists():
        file.storage.delete(name)
