"""The kinds of values, in one table: their form in replies and requests, and their description.

A *kind* is the type family of a column; each field of a database, a project or another backend has
one. Modules with a part for each kind (coercion, operators) check it against this table on import,
so a kind with a missing part fails there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

JSONSchema: TypeAlias = "Mapping[str, Any]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of value.

    ``reply`` and ``sent`` are JSON Schema (2020-12): of the value in a reply, and of what a client
    may send for it. ``expected`` completes "This has to be …" in an error.
    """

    name: str
    help: str
    expected: str
    reply: JSONSchema
    sent: JSONSchema

    def __post_init__(self) -> None:
        if not (self.name and self.help and self.expected):
            message = f"the kind '{self.name}' has no documentation"
            raise TypeError(message)


def _kind(
    name: str, text: str, expected: str, reply: JSONSchema, sent: JSONSchema | None = None
) -> Kind:
    return Kind(name=name, help=text, expected=expected, reply=reply, sent=sent or reply)


_TEXT: JSONSchema = {"type": "string"}
_FILE: JSONSchema = {
    "type": "object",
    "properties": {"url": _TEXT, "name": _TEXT},
    "required": ["url", "name"],
}
_GEOMETRY: JSONSchema = {
    "type": "object",
    "properties": {"type": _TEXT},
    "required": ["type"],
}
_KINDS = (
    _kind("integer", "a whole number", "a whole number of at most 64 bits", {"type": "integer"}),
    _kind(
        "decimal",
        "an exact number, as a string with the decimal places of the column",
        "a decimal number",
        {"type": "string", "format": "decimal"},
        {"type": ["string", "number"], "format": "decimal"},
    ),
    _kind("float", "a number", "a number", {"type": "number"}),
    _kind("boolean", "`true` or `false`", "true or false", {"type": "boolean"}),
    _kind("text", "a string", "a string", _TEXT),
    _kind("uuid", "a UUID", "a UUID", {"type": "string", "format": "uuid"}),
    _kind(
        "datetime",
        "a date and time, ISO 8601 with offset",
        "a date and time such as 2026-01-31T12:00:00Z",
        {"type": "string", "format": "date-time"},
        _TEXT,
    ),
    _kind(
        "date",
        "a date, ISO 8601",
        "a date such as 2026-01-31",
        {"type": "string", "format": "date"},
    ),
    # JSON Schema's format "time" needs an offset, which a time without a date cannot have.
    _kind(
        "time",
        "a time of day, ISO 8601",
        "a time such as 12:30:00",
        {"type": "string", "format": "time-local"},
    ),
    _kind(
        "duration",
        "a duration, ISO 8601; `HH:MM:SS` may be sent, too",
        "a duration such as 01:30:00 or P1DT2H",
        {"type": "string", "format": "duration"},
        _TEXT,
    ),
    _kind("json", "any JSON value", "a JSON value", {}),
    _kind(
        "binary",
        "bytes as base64",
        "base64 text",
        {"type": "string", "contentEncoding": "base64"},
    ),
    _kind(
        "file",
        "a stored file: its URL and name; to write one, send a part of a form, or a stored name",
        "a string",
        _FILE,
        _TEXT,
    ),
    _kind(
        "array",
        "a list of values of one kind (PostgreSQL)",
        "a list",
        {"type": "array"},
    ),
    _kind(
        "range",
        "a range, as an object with `lower`, `upper` and `bounds` (PostgreSQL)",
        'a range such as {"lower": 1, "upper": 5} or [1, 5]',
        {"type": "object"},
        {"type": ["object", "array"]},
    ),
    _kind(
        "hstore",
        "texts by their keys, as an object (PostgreSQL)",
        "an object with texts and nulls",
        {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
    ),
    _kind(
        "geometry",
        "a geometry, as GeoJSON (GeoDjango)",
        'a GeoJSON geometry such as {"type": "Point", "coordinates": [13.4, 52.5]}',
        _GEOMETRY,
    ),
    _kind(
        "composite",
        "a key of several columns, as one text; its parts are fields, too",
        "the key of a row, as a reply has it",
        _TEXT,
    ),
    _kind("other", "a value of a custom field", "a valid value of this field", {}),
    _kind(
        "converted",
        "a value of a custom field that stores it in another form, which is compared for equality only",
        "a valid value of this field",
        {},
    ),
    _kind(
        "encrypted",
        "a value of a custom field that stores it in a form that cannot be found by the value",
        "a valid value of this field",
        {},
    ),
)

KINDS = {kind.name: kind for kind in _KINDS}
#: The kinds whose values consist of others, which an attribute describes.
WITH_ITEMS = frozenset({"array", "range"})
#: The kinds of values that are stored in another form, by which nothing can be sorted.
STORED_OTHERWISE = frozenset({"converted", "encrypted"})
#: The kinds of values that have no order.
UNSORTED = STORED_OTHERWISE | {"geometry"}
#: The kinds of whole values in whose order a row has no place that a cursor could hold.
WITHOUT_PLACES = WITH_ITEMS | {"json"}
#: The kinds of values that only the code of a custom field knows.
CUSTOM = STORED_OTHERWISE | {"other"}


def check_total(
    part: str,
    names: Collection[str],
    needed: Collection[str] | None = None,
    of: str = "kinds",
) -> None:
    """Check that every kind has a part; to be called by a module with a table of that part.

    Args:
        part: what the part is, for the message.
        names: the kinds that have it.
        needed: those that need it; all of them by default.
        of: what has parts, if not kinds.

    Raises:
        TypeError: a kind does not have it, or a name in the table is not a kind.
    """
    wanted = set(KINDS if needed is None else needed)
    if wanted != set(names):
        odd = ", ".join(sorted(wanted ^ set(names)))
        message = f"{part} and {of} do not match: {odd}"
        raise TypeError(message)
