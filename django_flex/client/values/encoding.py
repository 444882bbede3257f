"""Python values as JSON, and JSON as Python values."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from math import isfinite
from os import PathLike
from typing import Any
from uuid import UUID

from pydantic_core import from_json, to_json

from django_flex.client.exceptions import BuildError, ProtocolError, excerpt
from django_flex.client.values.models import is_instance
from django_flex.client.values.uploads import Upload, is_file


def _duration(value: timedelta) -> str:
    """Return ``value`` in ISO 8601, as Django's parser reads it."""
    sign, value = ("-", -value) if value < timedelta(0) else ("", value)
    seconds = value.seconds
    text = f"{sign}P{value.days}DT{seconds // 3600}H{seconds % 3600 // 60}M{seconds % 60}"
    return f"{text}.{value.microseconds:06d}S" if value.microseconds else f"{text}S"


_AS_TEXT: Mapping[type, Callable[[Any], str]] = {
    datetime: datetime.isoformat,
    date: date.isoformat,
    time: time.isoformat,
    Decimal: lambda value: format(value, "f"),
    UUID: str,
    timedelta: _duration,
    bytes: lambda value: b64encode(value).decode("ascii"),
}


def encode(value: object, *, files: bool = False) -> Any:
    """Return ``value`` as it stands in JSON.

    Takes JSON's own types, dates and times, ``Decimal`` (as text, exactly), ``UUID``, ``bytes``
    (as base64), enums, sets, mappings and sequences of these. With ``files`` it takes paths and open
    files, too, and returns each as an ``Upload``.

    Raises:
        BuildError: it is of another type.
    """
    if isinstance(value, Enum):
        return encode(value.value, files=files)
    if isinstance(value, float) and not isfinite(value):
        raise BuildError(f"JSON has no {value}; send null instead")
    if value is None or isinstance(value, str | int | float):
        return value
    for kind, text in _AS_TEXT.items():
        if isinstance(value, kind):
            return text(value)
    if isinstance(value, Mapping):
        return {str(key): encode(item, files=files) for key, item in value.items()}
    if isinstance(value, Upload | PathLike) or is_file(value):
        return _upload(value, files=files)
    if isinstance(value, Iterable):
        return [encode(item, files=files) for item in value]
    raise BuildError(f"A value of type {type(value).__qualname__} cannot be sent as JSON")


def key_of(value: object) -> Any:
    """Return the key that ``value`` stands for in a filter: its own, if it is an instance of a model."""
    if is_instance(value) or (is_dataclass(value) and not isinstance(value, type)):
        for name in ("id", "pk"):
            if hasattr(value, name):
                return encode(getattr(value, name))
        raise BuildError(f"{type(value).__qualname__} has no id to filter by")
    return encode(value)


def columns_of(row: object) -> dict[str, Any]:
    """Return what a write sends for ``row``: a mapping, or an instance of a model.

    Of a pydantic model that are the fields that were set, of a dataclass all fields, of a msgspec
    ``Struct`` those that differ from their defaults. Files are in it as ``Upload``.

    Raises:
        BuildError: it is neither.
    """
    if is_instance(row):
        dumped = row.model_dump(by_alias=True, exclude_unset=True)
        return {name: encode(value, files=True) for name, value in dumped.items()}
    if isinstance(row, Mapping):
        return {str(name): encode(value, files=True) for name, value in row.items()}
    if is_dataclass(row) and not isinstance(row, type):
        return {
            item.name: _column(getattr(row, item.name))
            for item in fields(row)
            if _is_set(row, item.name)
        }
    if hasattr(row, "__struct_fields__"):
        return _struct(row)
    raise BuildError(f"A row is a mapping or an instance of a model, not {type(row).__qualname__}")


def dumps(value: object) -> bytes:
    """Return ``value``, which ``encode`` has made, as JSON in UTF-8."""
    return to_json(value)


def loads(content: bytes, *, status: int | None = None) -> Any:
    """Return the value of the JSON text ``content``.

    Raises:
        ProtocolError: it is no JSON; the error shows its beginning.
    """
    try:
        # Names repeat in each row, values mostly do not: to look for them takes longer.
        return from_json(content, cache_strings="keys")
    except ValueError as error:
        what = "An empty reply" if not content else "A reply that is no JSON"
        raise ProtocolError(what, status=status, excerpt=excerpt(content)) from error


def _is_set(row: object, name: str) -> bool:
    """Say whether an instance has this attribute itself, beside a default of its class."""
    own = getattr(row, "__dict__", None)
    return hasattr(row, name) if own is None else name in own


def _column(value: object) -> Any:
    if is_instance(value) or hasattr(value, "__struct_fields__") or is_dataclass(value):
        return columns_of(value)
    if isinstance(value, list | tuple):
        return [_column(item) for item in value]
    return encode(value, files=True)


def _upload(value: Any, *, files: bool) -> Upload:
    if not files:
        raise BuildError("A file is only sent in a row that is created or updated")
    return value if isinstance(value, Upload) else Upload(value)


def _struct(row: Any) -> dict[str, Any]:
    import msgspec

    kept = {}
    for item in msgspec.structs.fields(type(row)):
        value = getattr(row, item.name)
        if value is msgspec.UNSET or (
            item.default is not msgspec.NODEFAULT and value == item.default
        ):
            continue
        kept[item.encode_name] = _column(value)
    return kept
