"""Writes items, under conditions that DynamoDB checks at the same time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from django_flex.dynamodb.core import requests, values
from django_flex.dynamodb.core.conditions import And, Comparison, Condition, Operator
from django_flex.dynamodb.core.schema import Item, TableSchema
from django_flex.dynamodb.core.updates import Update
from django_flex.dynamodb.exceptions import (
    AlreadyExistsError,
    ConditionFailedError,
    DynamoDBQuerySetError,
    InvalidValueError,
    TransactionCanceledError,
)
from django_flex.dynamodb.introspection import ModelDescription, describe
from django_flex.dynamodb.transport import call_table, repeatedly

#: How many items one BatchWriteItem, and one TransactWriteItems has at most.
BATCH, TRANSACTION = 25, 100
TAKEN = "there is an item with this key"


def item_of(instance: Any) -> dict[str, Any]:
    """Return what is stored for an instance, with the first version if it has none.

    Raises:
        InvalidValueError: a value is missing, or DynamoDB does not take it.
    """
    description = describe(type(instance))
    try:
        item = _serialized(instance)
        if description.version is not None:
            version = getattr(instance, description.version) or 0
            item[description.stored[description.version]] = values.encode(version + 1)
        values.check_item(item)
        table = description.table
        hashes = {table.key.hash, *(one.key.hash for one in table.indexes)}
        for name, kind in table.key_types.items():
            if name in item or name in table.key.names:
                values.check_key(item.get(name, {"NULL": True}), kind, is_hash=name in hashes)
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidValueError(f"{type(instance).__name__}: {error}") from error
    return item


def _serialized(instance: Any) -> dict[str, Any]:
    try:
        item: dict[str, Any] = instance.serialize(null_check=True)
    except (ValueError, TypeError, AttributeError):
        raise
    except Exception as error:  # the code of an attribute may raise anything
        raise values.BadValueError(
            f"an attribute does not take its value ({type(error).__name__}: {error})"
        ) from error
    return item


def create(instance: Any) -> None:
    """Write an item that is new.

    Raises:
        AlreadyExistsError: there is one with this key.
    """
    schema = describe(type(instance)).table
    parameters = requests.put_request(schema, item_of(instance), requests.is_new(schema))
    try:
        call_table(schema, "PutItem", parameters)
    except ConditionFailedError:
        raise AlreadyExistsError(TAKEN) from None
    instance.update_local_version_attribute()


def create_many(instances: Sequence[Any], mode: Literal["transact", "batch"]) -> None:
    """Write items: all or nothing if none of their keys is taken, or over what is there.

    Raises:
        AlreadyExistsError: in a transaction, a key is taken.
        DynamoDBQuerySetError: two have the same key, or there are too many for a transaction.
    """
    if not instances:
        return
    schema = describe(type(instances[0])).table
    items = [item_of(one) for one in instances]
    keys = {repr(sorted(requests.key_of(schema, one).items())) for one in items}
    if len(keys) < len(items):
        raise DynamoDBQuerySetError("two items have the same key")
    if mode == "batch":
        put_batches(schema, items)
    elif len(items) > TRANSACTION:
        raise DynamoDBQuerySetError(
            f"a transaction writes at most {TRANSACTION} items: use mode='batch', or several"
        )
    else:
        new = requests.is_new(schema)
        puts = [{"Put": requests.put_request(schema, one, new)} for one in items]
        try:
            call_table(schema, "TransactWriteItems", {"TransactItems": puts})
        except TransactionCanceledError as error:
            if "ConditionalCheckFailed" in error.reasons:
                raise AlreadyExistsError(TAKEN) from None
            raise
    for one in instances:
        one.update_local_version_attribute()


def put_batches(schema: TableSchema, items: Sequence[Item]) -> None:
    """Write items in batches, until each is written."""
    _in_batches(schema, [{"PutRequest": {"Item": one}} for one in items])


def delete_batches(schema: TableSchema, keys: Iterable[Item]) -> int:
    """Delete items in batches, until each is deleted; return how many keys there were."""
    total = 0
    for some in _chunks(keys, BATCH):
        _in_batches(schema, [{"DeleteRequest": {"Key": one}} for one in some])
        total += len(some)
    return total


def _in_batches(schema: TableSchema, work: Sequence[Any]) -> None:
    def write(some: list[Any]) -> list[Any]:
        response = call_table(schema, "BatchWriteItem", {"RequestItems": {schema.name: some}})
        left: list[Any] = response.get("UnprocessedItems", {}).get(schema.name, [])
        return left

    for first in range(0, len(work), BATCH):
        repeatedly(write, [*work[first : first + BATCH]])


def _chunks(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    found: list[Any] = []
    for one in items:
        found.append(one)
        if len(found) == size:
            yield found
            found = []
    if found:
        yield found


def delete_each(schema: TableSchema, keys: Iterable[Item], condition: Condition) -> int:
    """Delete items one by one, if they still meet a condition; return how many were deleted."""
    deleted = 0
    for key in keys:
        try:
            call_table(
                schema,
                "DeleteItem",
                requests.delete_request(schema, key, _there(schema, condition)),
            )
        except ConditionFailedError:
            continue
        deleted += 1
    return deleted


def update_each(
    schema: TableSchema, keys: Iterable[Item], update: Update, condition: Condition | None
) -> int:
    """Change items one by one, if they are there and meet a condition; return how many were."""
    changed = 0
    for key in keys:
        try:
            update_one(schema, key, update, condition)
        except ConditionFailedError:
            continue
        changed += 1
    return changed


def update_one(
    schema: TableSchema, key: Item, update: Update, condition: Condition | None = None
) -> None:
    """Change one item that is there.

    Raises:
        ConditionFailedError: it is not there, or does not meet the condition.
    """
    call_table(
        schema,
        "UpdateItem",
        requests.update_request(schema, key, update, _there(schema, condition)),
    )


def _there(schema: TableSchema, condition: Condition | None) -> Condition:
    there = requests.is_there(schema)
    return there if condition is None else And((there, condition))


def version_condition(description: ModelDescription, instance: Any) -> Condition | None:
    """Return the condition that an item has the version of an instance, if it has one."""
    if description.version is None:
        return None
    path = (description.stored[description.version],)
    version = getattr(instance, description.version)
    if version is None:
        return Comparison(path=path, operator=Operator.MISSING)
    return Comparison(path=path, operator=Operator.EQ, values=(values.encode(version),))
