"""What a table lacks of what its model says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django_flex.dynamodb.core.schema import IndexSchema, KeySchema, TableSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing in which a table is not as its model says.

    Attributes:
        kind: ``table`` and ``index`` are missing and can be created; an index is ``unused`` if the
            model does not have it; what is ``fixed`` cannot be changed in a table that is there.
        text: what it is, for people.
        index: the index, if it is about one.
    """

    kind: Literal["table", "index", "unused", "fixed"]
    text: str
    index: IndexSchema | None = None


def table_of(described: Mapping[str, Any]) -> TableSchema:
    """Return a table from what DescribeTable says of it."""
    types = {
        one["AttributeName"]: one["AttributeType"] for one in described["AttributeDefinitions"]
    }
    kinds = {"GlobalSecondaryIndexes": True, "LocalSecondaryIndexes": False}
    return TableSchema(
        name=described["TableName"],
        key=_key_of(described["KeySchema"]),
        key_types=types,
        indexes=tuple(
            _index_of(one, is_global=is_global)
            for name, is_global in kinds.items()
            for one in described.get(name) or ()
        ),
    )


def _key_of(parts: list[Mapping[str, str]]) -> KeySchema:
    names = {one["KeyType"]: one["AttributeName"] for one in parts}
    return KeySchema(hash=names["HASH"], range=names.get("RANGE"))


def _index_of(described: Mapping[str, Any], *, is_global: bool) -> IndexSchema:
    projection = described["Projection"]
    is_whole = projection["ProjectionType"] == "ALL"
    return IndexSchema(
        name=described["IndexName"],
        key=_key_of(described["KeySchema"]),
        is_global=is_global,
        projected=None if is_whole else frozenset(projection.get("NonKeyAttributes") or ()),
    )


def differences(wanted: TableSchema, found: TableSchema | None) -> Iterator[Difference]:
    """Yield in what a table is not as its model says.

    Args:
        wanted: the table of the model.
        found: the one that is there, if any.
    """
    if found is None:
        yield Difference(kind="table", text="the table is missing")
        return
    if wanted.key != found.key or _types(wanted, wanted.key) != _types(found, wanted.key):
        yield Difference(kind="fixed", text="the table has another key")
    for index in wanted.indexes:
        there = found.index(index.name)
        if there is None and index.is_global:
            yield Difference(kind="index", text=f"index {index.name} is missing", index=index)
        elif there is None:
            text = f"index {index.name} is missing, and a local one is only created with its table"
            yield Difference(kind="fixed", text=text, index=index)
        elif there != index or _types(wanted, index.key) != _types(found, index.key):
            yield Difference(
                kind="fixed", text=f"index {index.name} has another key or projection", index=index
            )
    for index in found.indexes:
        if wanted.index(index.name) is None:
            text = f"index {index.name} is not in the model"
            yield Difference(kind="unused", text=text, index=index)


def _types(table: TableSchema, key: KeySchema) -> list[str | None]:
    return [table.key_types.get(name) for name in key.names]


def index_request(
    wanted: TableSchema, found: TableSchema, index: IndexSchema, capacity: int | None
) -> dict[str, Any]:
    """Return the UpdateTable that creates a global index.

    Args:
        wanted: the table of the model.
        found: the one that is there.
        index: the index.
        capacity: units for reads and for writes, ``None`` where they are charged on demand.
    """
    projection: dict[str, Any] = {"ProjectionType": "ALL"}
    if index.projected is not None:
        projection = {"ProjectionType": "KEYS_ONLY"}
        if index.projected:
            names = sorted(index.projected)
            projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": names}
    roles = zip(("HASH", "RANGE"), index.key.names, strict=False)
    create: dict[str, Any] = {
        "IndexName": index.name,
        "KeySchema": [{"AttributeName": name, "KeyType": role} for role, name in roles],
        "Projection": projection,
    }
    if capacity is not None:
        create["ProvisionedThroughput"] = {
            "ReadCapacityUnits": capacity,
            "WriteCapacityUnits": capacity,
        }
    types = {**found.key_types, **{name: wanted.key_types[name] for name in index.key.names}}
    return {
        "TableName": wanted.name,
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": one} for name, one in types.items()
        ],
        "GlobalSecondaryIndexUpdates": [{"Create": create}],
    }
