"""Items as rows: stored values as Python values, and back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from django_flex.dynamodb.attributes import IntegerAttribute, StringJoinAttribute
from django_flex.dynamodb.core import values
from django_flex.dynamodb.core.values import exact_number
from django_flex.dynamodb.serializing import Place, deserialized, operand, plain, serialized
from django_flex.resolved import Column
from django_flex.schema.conversions.keys import key_text

if TYPE_CHECKING:
    from django_flex.backends.dynamodb.tables import Table
    from django_flex.dynamodb.core.schema import AttributeValue, Item
    from django_flex.plan.nodes import Row, SelectOutput
    from django_flex.schema.resources import Attribute

logger = logging.getLogger("django_flex")


class UnreadableValueError(ValueError):
    """An attribute cannot read what is stored for it. Internal: a write is refused for it."""


def row_of(item: Item, output: SelectOutput, table: Table) -> Row:
    """Return the values of an item in the order of a plan's columns."""
    return rows_of([item], output, table)[0]


def rows_of(items: Iterable[Item], output: SelectOutput, table: Table) -> list[Row]:
    """Return the values of items in the order of a plan's columns.

    DynamoDB checks the types of keys only. A stored value that its attribute cannot read is ``None``,
    and that is logged, once for each attribute.
    """
    attributes: list[Attribute] = []
    for column in output.columns:
        if not isinstance(column, Column):
            raise TypeError("The planner lets no computed value through")
        attributes.append(column.attribute)
    items = list(items)
    columns: list[Sequence[Any]] = []
    for attribute in attributes:
        try:
            columns.append(_column(items, attribute, table))
        except Exception:  # noqa: BLE001 - the code of an attribute may raise anything
            columns.append(
                [_part_of_key(item, attribute, table) for item in items]
                if attribute in table.resource.key_columns
                else _each_or_none(items, attribute, table)
            )
    return list(zip(*columns, strict=True)) if columns else [() for _ in items]


def _each_or_none(items: list[Item], attribute: Attribute, table: Table) -> list[Any]:
    found: list[Any] = []
    failed: list[Exception] = []
    for item in items:
        try:
            found.append(value_of(item, attribute, table))
        except Exception as error:  # noqa: BLE001 - as above
            found.append(None)
            failed.append(error)
    if failed:
        text = "%s of %s stored values of '%s' cannot be read, and are null"
        logger.error(text, len(failed), len(items), attribute.name, exc_info=failed[0])
    return found


def _column(items: list[Item], attribute: Attribute, table: Table) -> list[Any]:
    """Return the values of an attribute: those of its type at once, where all items have one."""
    stored = table.description.attributes.get(attribute.lookup)
    if stored is not None and type(stored) in _CONTENT:
        name, kind, make = stored.attr_name, stored.attr_type, _CONTENT[type(stored)]
        try:
            contents = [item[name][kind] for item in items]
        except KeyError:  # without the attribute, or with a value of another type
            pass
        else:
            return contents if make is None else list(map(make, contents))
    return [value_of(item, attribute, table) for item in items]


def value_of(item: Item, attribute: Attribute, table: Table) -> Any:
    """Return the value of an attribute; ``None`` for what is not there."""
    if attribute.parts:
        return tuple(_part_of_key(item, part, table) for part in attribute.parts)
    description, name = table.description, attribute.lookup
    if isinstance(description.attributes[name], StringJoinAttribute):
        return item.get(description.stored[name], {}).get("S")
    found = deserialized(description, item, (name,))[name]
    make = _SHOWN.get(attribute.kind)
    return found if found is None or make is None else make(found)


def _part_of_key(item: Item, attribute: Attribute, table: Table) -> Any:
    """Return the value of a part of a key, or what is stored if the attribute cannot read it.

    Two such items have different keys then, and none of them has that of another item.
    """
    try:
        return value_of(item, attribute, table)
    except Exception:  # noqa: BLE001 - the code of an attribute may raise anything
        return values.decode(item[table.description.stored[attribute.lookup]])


def instance_of(item: Item, table: Table) -> Any:
    """Return an item as an instance of its model, without the values that cannot be read."""
    try:
        return table.model.from_raw_data(dict(item))
    except Exception:  # noqa: BLE001 - as above
        return table.model.from_raw_data(
            {name: value for name, value in item.items() if _is_readable(name, value, table)}
        )


def _is_readable(name: str, value: AttributeValue, table: Table) -> bool:
    try:
        table.model.from_raw_data({name: value})
    except Exception:  # noqa: BLE001 - as above
        return False
    return True


def changeable_value(item: Item, attribute: Attribute, table: Table) -> Any:
    """Return the value that a write changes a part of: what is in maps and lists keeps its types.

    Raises:
        UnreadableValueError: the attribute cannot read what is stored.
    """
    try:
        if attribute.kind != "json":
            return value_of(item, attribute, table)
        return plain(deserialized(table.description, item, (attribute.lookup,))[attribute.lookup])
    except Exception as error:  # the code of an attribute may raise anything
        raise UnreadableValueError(attribute.name) from error


def whole(value: Any) -> Any:
    """Return a number as DynamoDB has it, which does not know 1.0 from 1."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def key_value(item: Item, table: Table) -> Any:
    """Return the key of an item: a value, or those of hash and range."""
    return _part_of_key(item, table.resource.pk, table)


def shown_key(item: Item, table: Table) -> object:
    """Return the key of an item as a reply has it."""
    found = key_value(item, table)
    return key_text(found) if isinstance(found, tuple) else found


def as_json(value: Any) -> Any:
    """Return what is in a map or a list as JSON has it: numbers as numbers, sets as lists."""
    if isinstance(value, Mapping):
        return {str(key): as_json(one) for key, one in value.items()}
    if isinstance(value, list):
        return [as_json(one) for one in value]
    if isinstance(value, set | frozenset):
        return sorted(map(as_json, value))
    return float(value) if isinstance(value, Decimal) else value


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        found = float(text)
        return int(found) if found.is_integer() else found


#: Makes values of what is stored, for attributes whose values need nothing else.
_CONTENT: dict[type[Any], Callable[[Any], Any] | None] = {
    UnicodeAttribute: None,
    BooleanAttribute: None,
    NumberAttribute: _number,
    IntegerAttribute: lambda text: int(exact_number(text)),
}
#: What becomes of stored values of some kinds.
_SHOWN: dict[str, Callable[[Any], Any]] = {
    "float": whole,
    "array": lambda found: sorted(map(whole, found)),
    "json": lambda found: as_json(plain(found)),
}


def place_of(name: str, table: Table) -> Place:
    """Return where an attribute is stored, by its name in Python."""
    description = table.description
    return Place(
        name=name, path=(description.stored[name],), attribute=description.attributes[name]
    )


def stored_value(value: Any, attribute: Attribute, table: Table) -> AttributeValue:
    """Return what is stored for a value of an attribute.

    Raises:
        InvalidValueError: of ``django_flex.dynamodb``: DynamoDB does not take it.
    """
    place = place_of(attribute.lookup, table)
    if attribute.kind == "array":
        value = {whole(one) for one in value}
    return serialized(place, whole(value))


def compared_value(value: Any, attribute: Attribute, table: Table) -> AttributeValue:
    """Return what an attribute is compared with for a value. Raises what ``stored_value`` does."""
    return operand(place_of(attribute.lookup, table), value, stored_value(value, attribute, table))


def stored_key(key: Any, table: Table) -> dict[str, AttributeValue] | None:
    """Return the key of an item as it is stored; ``None`` if no item can have it."""
    resource, schema = table.resource, table.schema
    parts = key if resource.pk.parts else (key,)
    found: dict[str, AttributeValue] = {}
    for attribute, part in zip(resource.key_columns, parts, strict=True):
        stored = None if part is None else key_part(part, attribute, table)
        if stored is None:
            return None
        found[table.description.stored[attribute.lookup]] = stored
    return {name: found[name] for name in schema.key.names}


def key_part(value: Any, attribute: Attribute, table: Table) -> AttributeValue | None:
    """Return the stored value of a key attribute; ``None`` if no item can have it."""
    name = table.description.stored[attribute.lookup]
    schema = table.schema
    is_hash = name in {schema.key.hash, *(one.key.hash for one in schema.indexes)}
    try:
        found = compared_value(value, attribute, table)
        values.check_key(found, schema.key_types[name], is_hash=is_hash)
    except ValueError:
        return None
    return found
