"""Python values as values of an attribute, wherever in an item it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from pynamodb.attributes import (
    Attribute,
    BooleanAttribute,
    DiscriminatorAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
)

from django_flex.dynamodb.core import values
from django_flex.dynamodb.core.conditions import Path
from django_flex.dynamodb.core.schema import AttributeValue, Item
from django_flex.dynamodb.exceptions import FieldDoesNotExists, InvalidValueError
from django_flex.dynamodb.introspection import ModelDescription

#: Types whose content is a text or a boolean, and attributes that have it as their value.
_SCALARS = frozenset({"S", "N", "BOOL"})
_SAME = frozenset({UnicodeAttribute, BooleanAttribute})
_SETS = {"SS": "S", "NS": "N", "BS": "B"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in an item.

    Attributes:
        name: the path as Python code writes it, with ``__`` between its parts.
        path: the path as it is stored.
        attribute: what is declared there; ``None`` in maps and lists that declare nothing.
    """

    name: str
    path: Path
    attribute: Attribute[Any] | None


def place_of(description: ModelDescription, parts: list[str]) -> tuple[Place, list[str]]:
    """Return the place that the first parts name, and the parts that are left.

    Raises:
        FieldDoesNotExists: the first is no attribute of the model.
    """
    first = parts[0]
    if first == "pk" and "pk" not in description.attributes:
        first = description.python_name(description.table.key.hash)
    if first not in description.attributes:
        names = ", ".join(sorted(description.attributes))
        raise FieldDoesNotExists(f"there is no attribute {first!r}; there are {names}")
    attribute: Attribute[Any] | None = description.attributes[first]
    path: list[str | int] = [description.stored[first]]
    used = 1
    for part in parts[1:]:
        step = _step(attribute, part)
        if step is None:
            break
        key, attribute = step
        path.append(key)
        used += 1
    place = Place(name="__".join(parts[:used]), path=tuple(path), attribute=attribute)
    return place, parts[used:]


#: Words that end a path: they are lookups and changes, not keys of a map that declares nothing.
RESERVED = frozenset(
    [
        "eq",
        "exact",
        "not",
        "ne",
        "lt",
        "lte",
        "gt",
        "gte",
        "between",
        "range",
        "in",
        "exists",
        "isnull",
        "startswith",
        "contains",
        "type",
        "size",
        "inc",
        "dec",
        "append",
        "prepend",
        "add",
        "remove",
        "default",
        "unset",
    ]
)


def _step(
    attribute: Attribute[Any] | None, part: str
) -> tuple[str | int, Attribute[Any] | None] | None:
    if part.isdecimal() and (attribute is None or isinstance(attribute, ListAttribute)):
        kind = getattr(attribute, "element_type", None)
        return int(part), kind() if kind is not None else None
    if attribute is None or type(attribute) is MapAttribute:
        return None if part in RESERVED else (part, None)
    if isinstance(attribute, MapAttribute):
        declared = attribute.get_attributes()
        if part in declared:
            return declared[part].attr_name, declared[part]
        is_open = not declared or type(attribute).__name__ == "DynamicMapAttribute"
        return (part, None) if is_open and part not in RESERVED else None
    return None


def serialized(place: Place, value: Any) -> AttributeValue:
    """Return the stored value for a Python value at a place.

    Raises:
        InvalidValueError: the value does not have the type of the attribute.
    """
    try:
        return values.check(_serialized(place.attribute, value))
    except (values.BadValueError, TypeError, ValueError, AttributeError) as error:
        raise InvalidValueError(f"{place.name}: {error}") from error


def _serialized(attribute: Attribute[Any] | None, value: Any) -> AttributeValue:
    if attribute is None or type(attribute) is MapAttribute:
        return values.encode(value)
    if value is None:
        return {"NULL": True}
    kind = attribute.attr_type
    if kind == "N" and isinstance(value, int | Decimal) and not isinstance(value, bool):
        # PynamoDB would make a float of a decimal.
        return {"N": values.number(value)}
    if kind == "BOOL" and not isinstance(value, bool):
        raise values.BadValueError(f"a boolean is expected, not {type(value).__name__}")
    if kind == "S" and isinstance(value, int | float | bytes):
        text = _content(attribute, value)
        if not isinstance(text, str):
            raise values.BadValueError(f"a text is expected, not {type(value).__name__}")
        return {"S": text}
    if kind == "L" and not isinstance(value, list | tuple):
        raise values.BadValueError(f"a list is expected, not {type(value).__name__}")
    content = _content(attribute, value)
    if content is None:
        raise values.BadValueError("the value has no stored form")
    return {kind: content}


def _content(attribute: Attribute[Any], value: Any) -> Any:
    """Return what an attribute makes of a value.

    Raises:
        BadValueError: its code does not take the value, whatever it raises.
    """
    try:
        return attribute.serialize(value)
    except values.BadValueError:
        raise
    except Exception as error:  # the code of an attribute may raise anything
        raise values.BadValueError(_not_taken(attribute, value, error)) from error


def _not_taken(attribute: Attribute[Any], value: Any, error: Exception) -> str:
    if isinstance(attribute, DiscriminatorAttribute):
        names = sorted(one.__name__ for one in attribute.get_registered_subclasses(object))
        return f"a class is expected, one of {', '.join(names)}, not {value!r}"
    said = f": {error}" if str(error) else ""
    kind, of = type(attribute).__name__, type(value).__name__
    return f"{kind} does not take this {of} ({type(error).__name__}{said})"


def serialized_key(description: ModelDescription, place: Place, value: Any) -> AttributeValue:
    """Return the stored value of a key attribute.

    Raises:
        InvalidValueError: it is empty, too long, or of another type.
    """
    found = serialized(place, value)
    name = str(place.path[0])
    table = description.table
    is_hash = name in {table.key.hash, *(one.key.hash for one in table.indexes)}
    try:
        values.check_key(found, table.key_types[name], is_hash=is_hash)
    except values.BadValueError as error:
        raise InvalidValueError(f"{place.name}: {error}") from error
    return found


def operand(place: Place, value: Any, stored: AttributeValue) -> AttributeValue:
    """Return what a place is compared with for a value, exactly.

    A ``TTLAttribute`` stores whole seconds: what it would store is an earlier time than the value.

    Args:
        place: the place.
        value: the value.
        stored: what would be stored for it.
    """
    if isinstance(place.attribute, TTLAttribute) and isinstance(value, datetime):
        return values.encode(Decimal(stored["N"]) + Decimal(value.microsecond).scaleb(-6))
    return stored


def serialized_member(place: Place, value: Any) -> AttributeValue:
    """Return the stored value for what a text, a set or a list at a place may contain."""
    attribute = place.attribute
    if attribute is None or isinstance(attribute, MapAttribute):
        return values.encode(value)
    kind = attribute.attr_type
    if kind in _SETS:
        [member] = serialized(place, {value}).values()
        return {_SETS[kind]: next(iter(member))}
    if isinstance(attribute, ListAttribute):
        element = attribute.element_type
        return _serialized(element() if element is not None else None, value)
    if kind in {"S", "B"}:
        return values.check({kind: value})
    raise InvalidValueError(f"{place.name}: contains is for texts, lists and sets")


def item_key(description: ModelDescription, key: Any) -> dict[str, AttributeValue]:
    """Return the key of an item for a hash key, or for a pair of hash and range key.

    Raises:
        InvalidValueError: it has too few or too many parts, or one is not of its type.
    """
    names = description.table.key.names
    parts = key if len(names) > 1 else (key,)
    if not isinstance(parts, tuple | list) or len(parts) != len(names):
        raise InvalidValueError("a key is a pair of a hash key and a range key")
    found: dict[str, AttributeValue] = {}
    for name, part in zip(names, parts, strict=True):
        place, _ = place_of(description, [description.python_name(name)])
        found[name] = serialized_key(description, place, part)
    return found


def deserialized(
    description: ModelDescription, item: Item, names: tuple[str, ...]
) -> dict[str, Any]:
    """Return Python values of an item by their names in Python; what is not there is ``None``."""
    found: dict[str, Any] = {}
    for name in names:
        attribute = description.attributes[name]
        value = item.get(description.stored[name])
        if value is None or "NULL" in value:
            found[name] = None
        else:
            found[name] = _deserialized(attribute, value)
    return found


def _deserialized(attribute: Attribute[Any], value: AttributeValue) -> Any:
    content = value.get(attribute.attr_type)
    if content is not None and attribute.attr_type in _SCALARS:
        # Whatever PynamoDB does for other types of values, there is nothing to do here.
        return content if type(attribute) in _SAME else attribute.deserialize(content)
    if type(attribute) is MapAttribute or (
        isinstance(attribute, ListAttribute) and attribute.element_type is None
    ):
        return values.decode(value)
    found = attribute.deserialize(attribute.get_value(dict(value)))
    return found.attribute_values if isinstance(found, MapAttribute) else found


def reader_of(description: ModelDescription, name: str) -> Callable[[Item], Any]:
    """Return the function that gives a Python value of items, the same as in ``deserialized``.

    What is decided here is not decided for each item. Maps are dicts, at any depth.
    """
    attribute, stored = description.attributes[name], description.stored[name]
    kind, make = attribute.attr_type, _MADE.get(type(attribute))

    def read(item: Item) -> Any:
        value = item.get(stored)
        return None if value is None or "NULL" in value else plain(_deserialized(attribute, value))

    def read_same(item: Item) -> Any:
        value = item.get(stored)
        if value is None:
            return None
        content = value.get(kind)
        return read(item) if content is None else content

    def read_made(item: Item) -> Any:
        value = item.get(stored)
        if value is None:
            return None
        content = value.get(kind)
        return read(item) if content is None or make is None else make(content)

    if type(attribute) in _SAME:
        return read_same
    return read if make is None else read_made


def _number(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        return json.loads(text)


#: What makes the values of attributes whose type is all there is to know, as PynamoDB does.
_MADE: dict[type[Any], Callable[[str], Any]] = {NumberAttribute: _number}


def plain(value: Any) -> Any:
    """Return maps as dicts, at any depth."""
    if isinstance(value, MapAttribute):
        value = value.attribute_values
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value
