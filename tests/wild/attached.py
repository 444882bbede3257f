"""Columns with files as projects have them: named, checked, changed and stored in ways of their own."""

from __future__ import annotations

import posixpath
from hashlib import sha256
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import models
from django.db.models.fields.files import FieldFile, ImageFieldFile


def under_its_code(instance: Any, name: str) -> str:
    return f"{instance.code}/{name}"


def current_storage() -> Any:
    return default_storage


class Attached(models.Model):
    """What rows with files have in common."""

    code = models.CharField(max_length=20, unique=True)

    class Meta:
        abstract = True


class Filed(Attached):
    """The name of its file is made of another column, and its storage is code."""

    file = models.FileField(upload_to=under_its_code, storage=current_storage)


class PlainTextField(models.FileField):
    """It looks at what a client says of a file, as packages with types of content do."""

    def clean(self, *args: Any) -> Any:
        file = super().clean(*args)
        if "text/plain" != file.file.content_type:
            raise ValidationError("Only plain text", "type")
        return file


class Textual(Attached):
    """Its field refuses what is no plain text."""

    file = PlainTextField(upload_to="textual")


class ByContent(FileSystemStorage):
    """Files of the same content have the same name and are stored once."""

    @property
    def base_location(self) -> Any:  # where the storage of the test is
        stored_elsewhere: Any = default_storage
        return stored_elsewhere.location

    @property
    def location(self) -> Any:
        return self.base_location

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def _save(self, name: str, content: Any) -> str:
        digest = sha256(content.read()).hexdigest()[:8]
        content.seek(0)
        name = posixpath.join(posixpath.dirname(name), f"{digest}.txt")
        return name if self.exists(name) else super()._save(name, content)  # type: ignore[misc]


class Digested(Attached):
    """Several rows may have one file."""

    file = models.FileField(upload_to="digested", storage=ByContent())


class UpperFile(FieldFile):
    """It stores other bytes under another name, as fields that resize images do."""

    def save(self, name: Any, content: Any, save: bool = True) -> None:
        super().save(f"upper-{name}", ContentFile(content.read().upper()), save)


class UpperField(models.FileField):
    """A field with files of its own."""

    attr_class = UpperFile


class Raised(Attached):
    """Its file is changed while it is stored."""

    file = UpperField(upload_to="raised")


class Paper(Attached):
    """It is in a table of its own, with its file."""

    file = models.FileField(upload_to="papers")


class Annex(Paper):
    """Its file is in the table of its parent."""


class Measured(Attached):
    """Its ``save`` reads the file before it is stored."""

    file = models.FileField(upload_to="measured")
    bytes = models.IntegerField(default=0, editable=False)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.bytes = len(self.file.read())
        self.file.seek(0)
        super().save(*args, **kwargs)


class Closed(ContentFile[bytes]):
    """A file that nobody can read again, as one that a storage has closed."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        raise ValueError("The file cannot be reopened")


class ShutFile(ImageFieldFile):
    """What is stored is closed when Django looks for its size."""

    def save(self, name: Any, content: Any, save: bool = True) -> None:
        super().save(name, Closed(content.read(), name), save)


class ShutField(models.ImageField):
    """It fails when its file is in the storage, and before anybody says so."""

    attr_class = ShutFile


class Shut(Attached):
    """Its image has a height to be written, which cannot be found."""

    file = ShutField(upload_to="shut", height_field="height")
    height = models.IntegerField(null=True, editable=False)


class LateField(models.FileField):
    """It stumbles over what it has stored."""

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        super().pre_save(model_instance, add)
        raise ValueError("no")


class Late(Attached):
    """Its field fails behind the storage."""

    file = LateField(upload_to="late")
