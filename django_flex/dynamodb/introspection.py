"""Describes the table of a model: the only place that reads PynamoDB's attributes and indexes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pynamodb.attributes import (
    Attribute,
    DiscriminatorAttribute,
    TTLAttribute,
    VersionAttribute,
)
from pynamodb.indexes import GlobalSecondaryIndex
from pynamodb.models import Model

from django_flex.dynamodb.configuration import META_OPTIONS
from django_flex.dynamodb.core.schema import IndexSchema, KeySchema, TableSchema


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelDescription:
    """A model and its table. There is one for each model, and name of its table.

    Attributes:
        table: the table; its name is the one with all prefixes.
        attributes: the attributes by their names in Python.
        stored: their names in the table, by their names in Python.
        version: the name in Python of the attribute with the version, if any.
        discriminator: that of the attribute that tells models in one table apart, if any.
    """

    table: TableSchema
    attributes: dict[str, Attribute[Any]]
    stored: dict[str, str]
    version: str | None
    discriminator: str | None

    def python_name(self, stored: str) -> str:
        """Return the name in Python of a stored attribute."""
        return next((name for name, one in self.stored.items() if one == stored), stored)


def describe(model: type[Model]) -> ModelDescription:
    """Return the description of a model."""
    return _described(model, model.Meta.table_name)


@lru_cache(maxsize=1024)
def _described(model: type[Model], table_name: str) -> ModelDescription:
    attributes: dict[str, Attribute[Any]] = dict(model.get_attributes())
    schema = model._get_schema()  # noqa: SLF001 - what PynamoDB creates the table from
    types = {
        str(one["AttributeName"]): str(one["AttributeType"])
        for one in _any(schema["attribute_definitions"])
    }
    table = TableSchema(
        name=table_name,
        key=_key(_any(schema["key_schema"])),
        key_types=types,
        indexes=tuple(_index(one) for one in model._indexes.values()),  # noqa: SLF001 - by name
        options=own_options(model.Meta),
    )
    return ModelDescription(
        table=table,
        attributes=attributes,
        stored={name: one.attr_name for name, one in attributes.items()},
        version=_named(attributes, VersionAttribute),
        discriminator=_named(attributes, DiscriminatorAttribute),
    )


def own_options(meta: Any) -> tuple[tuple[str, Any], ...]:
    """Return what ``Meta`` of a model says about where its table is.

    Returns:
        Pairs of an attribute of the configuration and its value. ``max_retry_attempts`` counts
        those after the first, the configuration counts all.
    """
    given = {name: vars(meta).get(name) for name in META_OPTIONS}
    if given["max_retry_attempts"] is not None:
        given["max_retry_attempts"] += 1
    return tuple((META_OPTIONS[name], one) for name, one in given.items() if one is not None)


def ttl_attribute(model: type[Model]) -> str | None:
    """Return the stored name of the attribute with the time at which items expire."""
    attributes = model.get_attributes()
    name = _named(dict(attributes), TTLAttribute)
    return None if name is None else attributes[name].attr_name


def _any(value: Any) -> Any:
    return value


def _named(attributes: dict[str, Attribute[Any]], kind: type[Attribute[Any]]) -> str | None:
    return next((name for name, one in attributes.items() if isinstance(one, kind)), None)


def _key(parts: list[dict[str, Any]]) -> KeySchema:
    names = {str(one["KeyType"]): str(one["AttributeName"]) for one in parts}
    return KeySchema(hash=names["HASH"], range=names.get("RANGE"))


def _index(index: Any) -> IndexSchema:
    schema = index._get_schema()  # noqa: SLF001 - what PynamoDB creates the index from
    projection = schema["projection"]
    projected = None
    if projection["ProjectionType"] != "ALL":
        projected = frozenset(projection.get("NonKeyAttributes", ()))
    return IndexSchema(
        name=schema["index_name"],
        key=_key(schema["key_schema"]),
        is_global=isinstance(index, GlobalSecondaryIndex),
        projected=projected,
    )
