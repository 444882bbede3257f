"""Values to be stored, typed by their column before the model's own validation sees them."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.utils import validate_file_name
from django.db import models

from django_flex.schema.values import MAX_INTEGER, UNSTORABLE, UnfitValueError, coerce

if TYPE_CHECKING:
    from django_flex.schema.introspection import Attribute

# Of columns whose kind is unknown the model alone can say what fits.
_LEFT_TO_MODEL = frozenset({"other"})
#: How deep a JSON value may be; code that sends one has no other limit.
MAX_DEPTH = 100


def fit(value: Any, attribute: Attribute) -> Any:
    """Return a value as the Python type that the column holds; ``None`` stays.

    Raises:
        UnfitValueError: it does not fit; the text says what would.
    """
    if value is None:
        return None
    if attribute.kind == "json":
        check_json(value)
        return value
    if attribute.kind == "binary":
        return _binary(value)
    if attribute.kind == "file":
        return _file_name(coerce(value, "file", attribute.value_field))
    if attribute.kind in _LEFT_TO_MODEL and attribute.model_field is attribute.value_field:
        check_json(value)
        return value
    return coerce(value, attribute.kind, attribute.value_field)


def _binary(value: Any) -> bytes:
    message = "base64 text"
    if not isinstance(value, str):
        raise UnfitValueError(message)
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnfitValueError(message) from error


def _file_name(name: str) -> str:
    """Refuse names that lead out of their storage."""
    try:
        if name:
            validate_file_name(name, allow_relative_path=True)
    except SuspiciousFileOperation as error:
        message = "the name of a stored file"
        raise UnfitValueError(message) from error
    return name


def check_json(value: Any, depth: int = MAX_DEPTH) -> None:
    """Refuse what some database cannot keep in a JSON column.

    Raises:
        UnfitValueError: a text with NUL or half a surrogate pair, a number beyond 64 bits, or
            too many values inside each other.
    """
    if depth < 0:
        raise UnfitValueError(f"a JSON value nested at most {MAX_DEPTH} deep")
    if isinstance(value, str):
        if UNSTORABLE.search(value):
            raise UnfitValueError("text without NUL and without half a surrogate pair")
    elif isinstance(value, dict):
        for key, part in value.items():
            check_json(key)
            check_json(part, depth - 1)
    elif isinstance(value, list | tuple):
        for part in value:
            check_json(part, depth - 1)
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) > MAX_INTEGER:
        raise UnfitValueError("a whole number of at most 64 bits")
    elif isinstance(value, float) and value - value != 0:
        raise UnfitValueError("a finite number")


def is_computed(attribute: Attribute) -> bool:
    """Whether it fills itself, or is no column, so that nobody can write it."""
    field: Any = attribute.model_field
    return (
        attribute.computed is not None
        or isinstance(field, models.GeneratedField)
        or getattr(field, "auto_now", False)
        or getattr(field, "auto_now_add", False)
    )


def needs_naming(attribute: Attribute) -> bool:
    """Whether only a grant that writes the column out lets it be written.

    A key decides which row is meant; a column that forms do not show was not meant for input; the
    name of a file would open somebody else's file.
    """
    field = attribute.model_field
    return attribute.primary_key or not field.editable or attribute.kind == "file"
