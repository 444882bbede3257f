"""Attribute values as texts of JSON, as DynamoDB sends and takes them: bytes are base64."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

import msgspec

from django_flex.dynamodb.core.schema import Item, TableSchema
from django_flex.dynamodb.core.values import BadValueError, check_item, check_key


def _as_json(value: Any) -> Any:
    if isinstance(value, bytes | bytearray):
        return b64encode(value).decode()
    if isinstance(value, Mapping):
        return dict(value)
    return [*value]


_DECODER = msgspec.json.Decoder()
_ENCODER = json.JSONEncoder(default=_as_json, separators=(",", ":"))


def encoded(value: Any) -> str:
    """Return a text of JSON for what has attribute values anywhere in it."""
    return _ENCODER.encode(value)


def decoded(text: bytes) -> Any:
    """Return what is in a text of JSON: attribute values as they are sent, but for bytes.

    Raises:
        ValueError: it is no JSON.
    """
    # Most texts have no bytes in them, and need no look at each value.
    if b'"B"' in text or b'"BS"' in text:
        return json.loads(text, object_hook=_with_bytes)
    try:
        return _DECODER.decode(text)
    except msgspec.DecodeError:
        return json.loads(text)  # it takes more: numbers out of range, half of a surrogate


def _with_bytes(found: dict[str, Any]) -> dict[str, Any]:
    """Return an object with its bytes; in an item, attributes that are called B hold objects."""
    if len(found) == 1:
        one, several = found.get("B"), found.get("BS")
        if isinstance(one, str):
            return {"B": b64decode(one, validate=True)}
        if isinstance(several, list):
            return {"BS": [b64decode(value, validate=True) for value in several]}
    return found


def line_of(item: Item) -> str:
    """Return an item as a line of an export, in the form that AWS uses for its own."""
    return encoded({"Item": item}) + "\n"


def item_of(line: bytes, table: TableSchema) -> Item:
    """Return the item in a line of an export.

    Raises:
        BadValueError: there is none that the table could have.
    """
    item: Any = None
    try:
        item = decoded(line)["Item"]
        well_formed = isinstance(item, dict) and all(map(_is_value, item.values()))
    except (ValueError, KeyError, TypeError, RecursionError):
        well_formed = False
    if not well_formed:
        raise BadValueError('an item is expected, such as {"Item": {"id": {"S": "x"}}}')
    for name in table.key.names:
        if name not in item:
            raise BadValueError(f"the key attribute {name!r} is not there")
        check_key(item[name], table.key_types[name], is_hash=name == table.key.hash)
    checked: Item = item
    check_item(checked)
    return checked


_CONTENTS: dict[str, type[Any]] = {
    "S": str,
    "N": str,
    "B": bytes,
    "BOOL": bool,
    "NULL": bool,
    "M": dict,
    "L": list,
    "SS": list,
    "NS": list,
    "BS": list,
}


def _is_value(value: Any) -> bool:
    """Whether something has the form of an attribute value: one type, and content of that type."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    [(kind, content)] = value.items()
    if type(content) is not _CONTENTS.get(kind):
        return False
    if kind == "M":
        return all(_is_value(one) for one in content.values())
    return kind != "L" or all(_is_value(one) for one in content)
