"""Converts values for storage to the type of their column, before the model validates them."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import File
from django.core.files.utils import validate_file_name

from django_flex.exceptions.places import worded
from django_flex.query.ast import ParameterText
from django_flex.query.kinds import CUSTOM
from django_flex.schema.conversions.bounds import MAX_INTEGER
from django_flex.schema.field_checks import check_lookup
from django_flex.schema.values import UNSTORABLE, UnfitValueError, coerce

if TYPE_CHECKING:
    from django_flex.schema.resources import Attribute

#: The maximum depth of a JSON value; Python code has no other limit.
MAX_DEPTH = 100


def fit(value: object, attribute: Attribute, *, takes_all: bool = False) -> object:
    """Return a value as the Python type of the column; ``None`` does not change.

    Args:
        value: as it was sent.
        attribute: the column.
        takes_all: whether it is known, of a key of another row, that any can be looked up.

    Raises:
        UnfitValueError: it is invalid; the text says what would be valid.
    """
    if type(value) is ParameterText:
        value = _of_form(value, attribute)
    if value is None:
        # Django stores the empty name for no file, where a column has no null.
        return "" if attribute.kind == "file" and not attribute.null else None
    if attribute.kind == "json":
        check_json(value)
        return value
    if attribute.kind == "binary":
        return _binary(value)
    if attribute.kind == "file":
        return _file_name(coerce(value, "file", attribute))
    if attribute.kind == "array" or (attribute.kind in CUSTOM and not attribute.reference):
        return _fit_items(value, attribute)
    typed = coerce(value, attribute.kind, attribute)
    if attribute.reference and not takes_all:  # a key, by which a row is looked up
        check_lookup(typed, attribute, "exact")
    return typed


def _fit_items(value: object, attribute: Attribute) -> object:
    """Return an array with its items as their type; the model knows what else is valid."""
    items = attribute.items
    if items is None:
        check_json(value)
        return value
    if not isinstance(value, list | tuple):
        message = "a list"
        raise UnfitValueError(message)
    return [fit(part, items) for part in value]


def _of_form(text: ParameterText, attribute: Attribute) -> object:
    """Return what a text in a form means: JSON for JSON; nothing is null where no text is empty."""
    is_json = attribute.kind in {"json", "geometry"} or attribute.items is not None
    takes_empty = attribute.kind in {"text", "file", *CUSTOM} and not attribute.reference
    has_empty = takes_empty and not is_json
    if not text and attribute.null and not has_empty:
        return None
    return _parsed(text) if is_json else text


def _parsed(text: str) -> object:
    """Parse the JSON in a part of a form."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        message = "a JSON value"
        raise UnfitValueError(message) from error


def _refuse_constant(name: str) -> object:
    raise ValueError(name)


def _binary(value: object) -> bytes:
    message = "base64 text"
    if not isinstance(value, str):
        raise UnfitValueError(message)
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnfitValueError(message) from error


def _file_name(name: str) -> str:
    """Refuse names outside of the storage."""
    try:
        if name:
            validate_file_name(name, allow_relative_path=True)
    except SuspiciousFileOperation as error:
        message = "the name of a stored file"
        raise UnfitValueError(message) from error
    return name


def check_json(value: object, depth: int = MAX_DEPTH) -> None:
    """Refuse values that some database cannot store in a JSON column.

    Raises:
        UnfitValueError: a string with NUL or an unpaired surrogate, a number beyond 64 bits, or too
            much nesting.
    """
    if depth < 0:
        raise UnfitValueError(worded("a JSON value nested at most {} deep", MAX_DEPTH))
    if isinstance(value, str):
        if UNSTORABLE.search(value):
            raise UnfitValueError("text without NUL and without an unpaired surrogate")
    elif isinstance(value, dict):
        for key, part in value.items():
            check_json(key)
            check_json(part, depth - 1)
    elif isinstance(value, list | tuple):
        for part in value:
            check_json(part, depth - 1)
    else:
        _check_scalar(value)


def _check_scalar(value: object) -> None:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > MAX_INTEGER:
        raise UnfitValueError("a whole number of at most 64 bits")
    if isinstance(value, float) and value - value != 0:
        raise UnfitValueError("a finite number")
    if isinstance(value, File):
        raise UnfitValueError("a JSON value, which a file is not")


def is_computed(attribute: Attribute) -> bool:
    """Whether an attribute is generated or not a column, so that it cannot be written."""
    return attribute.computed is not None or attribute.generated


def needs_naming(attribute: Attribute) -> bool:
    """Whether only a grant that names the column makes it writable.

    A key determines which row it is; a column that is not editable was not meant for input; the
    name of a file could be that of another user's file.
    """
    return attribute.primary_key or not attribute.editable or attribute.kind == "file"
