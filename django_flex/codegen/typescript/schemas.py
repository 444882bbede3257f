"""JSON Schema as types of TypeScript."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_flex.codegen.texts import comment, literal, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

JSON = "flex.Json"
#: What says that a value has one of several forms; of `allOf`, pydantic writes lists of one.
_EITHER = ("anyOf", "oneOf", "allOf")
_TYPES = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}


def type_of(
    schema: Mapping[str, Any],
    definitions: Mapping[str, Any] | None = None,
    seen: tuple[str, ...] = (),
) -> str:
    """Return the type of what a schema describes, as far as types can say it.

    Args:
        schema: JSON Schema (2020-12).
        definitions: what is under ``$defs``; by default the schema's own.
        seen: the definitions around this part: one that refers to itself is any JSON.
    """
    definitions = schema.get("$defs", {}) if definitions is None else definitions
    if "$ref" in schema:
        name = str(schema["$ref"]).removeprefix("#/$defs/")
        if name in seen or name not in definitions:
            return JSON
        return type_of(definitions[name], definitions, (*seen, name))
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if values is not None:
        return union(map(value, values))
    alternatives = next((schema[word] for word in _EITHER if schema.get(word)), None)
    if alternatives is not None:
        return union(type_of(one, definitions, seen) for one in alternatives)
    types = schema.get("type", ())
    names = [types] if isinstance(types, str) else types
    found = [_of_type(one, schema, definitions, seen) for one in names]
    return union(found) if found else JSON


def _of_type(
    name: str, schema: Mapping[str, Any], definitions: Mapping[str, Any], seen: tuple[str, ...]
) -> str:
    if name in _TYPES:
        return _TYPES[name]
    if name == "array":
        if "prefixItems" in schema:
            parts = ", ".join(type_of(one, definitions, seen) for one in schema["prefixItems"])
            return f"readonly [{parts}]"
        return listed(type_of(schema.get("items", {}), definitions, seen))
    properties: Mapping[str, Any] = schema.get("properties", {})
    if not properties:
        more = schema.get("additionalProperties", {})
        inner = type_of(more, definitions, seen) if isinstance(more, dict) else JSON
        return f"{{ readonly [key: string]: {inner} }}"
    needed = schema.get("required", ())
    members = (
        f"{named(one)}{'' if one in needed else '?'}: {type_of(part, definitions, seen)}"
        for one, part in properties.items()
    )
    return f"{{ {'; '.join(members)} }}"


def listed(item: str) -> str:
    """Return the type of a list, which is only read."""
    return f"readonly ({item})[]" if " " in item else f"readonly {item}[]"


def union(types: Iterable[str]) -> str:
    """Return the type of any of these."""
    found = list(dict.fromkeys(types))
    return JSON if JSON in found else " | ".join(found) or "never"


def value(found: object) -> str:
    """Return the type of one value of JSON."""
    match found:
        case bool():
            return "true" if found else "false"
        case None:
            return "null"
        case int() | float():
            return repr(found)
        case str():
            return literal(found)
        case _:
            return JSON


def or_null(one: str) -> str:
    """Return a type with null."""
    return one if one == JSON or one.endswith(" | null") else f"{one} | null"


def named(name: str) -> str:
    """Return a name as that of a member."""
    return name if plain(name) else literal(name)


def documented(member: str, *texts: object) -> str:
    """Return a member with a comment before it, if there is anything to say."""
    said = ". ".join(text for text in (comment(str(one)) for one in texts) if text)
    return f"/** {said} */\n  {member}" if said else member
