"""Collections as models are written from them, wherever they are described."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_DATES = {
    "date": "datetime.date",
    "dateTime": "datetime.datetime",
    "datetime": "datetime.datetime",
    "duration": "datetime.timedelta",
    "time": "datetime.time",
    "timestamp": "datetime.datetime",
}
#: Annotations by the kinds of this package and the types of Directus; the others can be anything.
TYPES: Mapping[str, str] = _DATES | {
    "array": "list[Any]",
    "bigInteger": "int",
    "binary": "str",
    "boolean": "bool",
    "csv": "list[str]",
    "decimal": "decimal.Decimal",
    "file": "dict[str, Any]",
    "float": "float",
    "geometry": "dict[str, Any]",
    "hash": "str",
    "hstore": "dict[str, str | None]",
    "integer": "int",
    "range": "dict[str, Any]",
    "string": "str",
    "text": "str",
    "uuid": "uuid.UUID",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One value of a row: its annotation, and whether it can be ``null``."""

    annotation: str
    null: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A collection: columns by their dotted paths, and which objects in between are lists."""

    collection: str
    label: str
    columns: Mapping[str, Column]
    many: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
