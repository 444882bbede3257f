"""JSON Schema (2020-12) of columns: of values in replies, and of values that may be sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django_flex.describe.geometry_schema import geometry_schema
from django_flex.plan.json_values import plain
from django_flex.query.kinds import KINDS
from django_flex.schema.conversions.ranges import BOUNDS

if TYPE_CHECKING:
    from django_flex.describe.values import ColumnDescription
    from django_flex.query.kinds import JSONSchema

_NUMBERS = frozenset({"integer", "float"})


def reply_schema(column: ColumnDescription) -> dict[str, Any]:
    """Return JSON Schema of the value in a reply."""
    kind = KINDS[column.kind]
    # Rows may be older than the current choices, length and bounds.
    declared = column.declaration.format
    schema = {**kind.reply, **({"format": declared} if declared else {})}
    if column.geometry is not None:
        schema = geometry_schema(column.geometry)
    if column.kind == "array" and column.items is not None:
        schema["items"] = reply_schema(column.items)
    if column.kind == "range" and column.items is not None:
        schema |= _parts_of_range(reply_schema(replace(column.items, null=True)))
    # Without a file the column has an empty text, and the reply null.
    return _or_null(schema, column) if column.null or column.kind == "file" else schema


def sent_schema(column: ColumnDescription) -> dict[str, Any]:
    """Return JSON Schema of the values that may be sent; labels and help are not among it.

    Bounds that are no JSON numbers (dates, decimals) are left to the server.
    """
    declared, schema = column.declaration, dict(KINDS[column.kind].sent)
    if declared.format:
        schema["format"] = declared.format
    if declared.choices:
        schema["enum"] = [as_json(choice.value) for choice in declared.choices]
    if column.geometry is not None:
        schema |= geometry_schema(column.geometry)
    if column.kind == "array" and column.items is not None:
        schema["items"] = sent_schema(column.items)
    if column.kind == "range" and column.items is not None:
        end = sent_schema(replace(column.items, null=True))
        schema |= {**_parts_of_range(end), "items": end, "minItems": 2, "maxItems": 2}
    if column.types:
        key: JSONSchema = {"type": ["integer", "string"]}
        schema = {"type": "object", "required": ["type", "id"], "additionalProperties": False}
        schema["properties"] = {"type": {"enum": [*column.types]}, "id": key}
        if column.null:
            schema["type"] = ["object", "null"]
        return schema
    if column.kind == "text":
        schema |= _present(minLength=declared.min_length, maxLength=declared.max_length)
    if column.kind in _NUMBERS:
        schema |= _present(minimum=declared.minimum, maximum=declared.maximum)
    return _or_null(schema, column) if column.null else schema


def _parts_of_range(end: dict[str, Any]) -> JSONSchema:
    bounds = {"enum": [*BOUNDS]}
    return {
        "properties": {"lower": end, "upper": end, "bounds": bounds, "empty": {"const": True}},
        "additionalProperties": False,
    }


def as_json(value: object) -> object:
    """Return a value as a client sees it after decoding our JSON."""
    return plain({"value": value})["value"]


def _present(**parts: object) -> JSONSchema:
    return {name: value for name, value in parts.items() if value is not None}


def _or_null(schema: dict[str, Any], column: ColumnDescription) -> dict[str, Any]:
    """Allow null in a schema, unless it allows everything."""
    if not KINDS[column.kind].reply:
        return schema
    if "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    types = schema["type"]
    schema["type"] = [*([types] if isinstance(types, str) else types), "null"]
    return schema
