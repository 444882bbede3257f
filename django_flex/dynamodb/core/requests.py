"""The parameters of requests, from plans and keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django_flex.dynamodb.core.conditions import Comparison, Condition, Operator, all_of
from django_flex.dynamodb.core.expressions import Placeholders, condition_text
from django_flex.dynamodb.core.planner import Plan
from django_flex.dynamodb.core.schema import Item, TableSchema
from django_flex.dynamodb.core.updates import Update, update_text

Parameters = dict[str, Any]


def get_request(schema: TableSchema, plan: Plan) -> Parameters:
    """Return the GetItem of a plan whose key conditions are a whole key."""
    used = Placeholders()
    key = {one.attribute: one.values[0] for one in plan.key}
    found: Parameters = {"TableName": schema.name, "Key": key}
    if plan.consistent:
        found["ConsistentRead"] = True
    _project(found, plan.projection, used)
    return found | used.parameters()


def page_request(
    schema: TableSchema,
    plan: Plan,
    *,
    limit: int | None = None,
    start: Item | None = None,
    count: bool = False,
) -> Parameters:
    """Return the Query or Scan of a plan for one page.

    Args:
        schema: the table.
        plan: the plan.
        limit: how many items DynamoDB looks at, at most, before it filters.
        start: the position after which the page begins.
        count: only the number of items is wanted.
    """
    used = Placeholders()
    found: Parameters = {"TableName": schema.name}
    if plan.index is not None:
        found["IndexName"] = plan.index.name
    key = all_of(plan.key)
    if key is not None:
        found["KeyConditionExpression"] = condition_text(key, used)
        found["ScanIndexForward"] = plan.forward
    if plan.filter is not None:
        found["FilterExpression"] = condition_text(plan.filter, used)
    if count:
        found["Select"] = "COUNT"
    else:
        _project(found, plan.projection, used)
    if limit is not None:
        found["Limit"] = limit
    if start is not None:
        found["ExclusiveStartKey"] = start
    if plan.consistent:
        found["ConsistentRead"] = True
    return found | used.parameters()


def _project(found: Parameters, names: Iterable[str] | None, used: Placeholders) -> None:
    if names is not None:
        found["ProjectionExpression"] = ", ".join(used.path((name,)) for name in names)


def batch_get_request(
    schema: TableSchema,
    keys: Iterable[Item],
    *,
    projection: Iterable[str] | None = None,
    consistent: bool = False,
) -> Parameters:
    """Return a BatchGetItem of at most 100 keys, none of them twice."""
    used = Placeholders()
    found: Parameters = {"Keys": [*keys]}
    _project(found, projection, used)
    if consistent:
        found["ConsistentRead"] = True
    return {"RequestItems": {schema.name: found | used.parameters()}}


def batch_write_request(
    schema: TableSchema, *, puts: Iterable[Item] = (), deletes: Iterable[Item] = ()
) -> Parameters:
    """Return a BatchWriteItem of at most 25 items or keys, no key of which is there twice."""
    written: list[Mapping[str, Any]] = [{"PutRequest": {"Item": one}} for one in puts]
    written += [{"DeleteRequest": {"Key": one}} for one in deletes]
    return {"RequestItems": {schema.name: written}}


def put_request(schema: TableSchema, item: Item, condition: Condition | None = None) -> Parameters:
    """Return a PutItem."""
    return _conditional({"TableName": schema.name, "Item": item}, condition, Placeholders())


def delete_request(
    schema: TableSchema, key: Item, condition: Condition | None = None
) -> Parameters:
    """Return a DeleteItem."""
    return _conditional({"TableName": schema.name, "Key": key}, condition, Placeholders())


def check_request(schema: TableSchema, key: Item, condition: Condition) -> Parameters:
    """Return a ConditionCheck, for transactions."""
    return _conditional({"TableName": schema.name, "Key": key}, condition, Placeholders())


def update_request(
    schema: TableSchema, key: Item, update: Update, condition: Condition | None = None
) -> Parameters:
    """Return an UpdateItem."""
    used = Placeholders()
    text = update_text(update, used)
    found: Parameters = {"TableName": schema.name, "Key": key, "UpdateExpression": text}
    return _conditional(found, condition, used)


def _conditional(found: Parameters, condition: Condition | None, used: Placeholders) -> Parameters:
    if condition is not None:
        found["ConditionExpression"] = condition_text(condition, used)
    return found | used.parameters()


def is_new(schema: TableSchema) -> Condition:
    """Return the condition that no item has the key."""
    return Comparison(path=(schema.key.hash,), operator=Operator.MISSING)


def is_there(schema: TableSchema) -> Condition:
    """Return the condition that an item has the key."""
    return Comparison(path=(schema.key.hash,), operator=Operator.EXISTS)


def key_of(schema: TableSchema, item: Item) -> dict[str, Any]:
    """Return the key of an item."""
    return {name: item[name] for name in schema.key.names}
