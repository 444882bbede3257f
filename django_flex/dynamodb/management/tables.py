"""Tables as they are, and what makes them as their models say."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from django_flex.dynamodb import transport
from django_flex.dynamodb.configuration import configuration_with
from django_flex.dynamodb.connection import LOCAL_WAIT, PATIENCE, REMOTE_WAIT
from django_flex.dynamodb.core.differences import (
    Difference,
    differences,
    index_request,
    table_of,
)
from django_flex.dynamodb.exceptions import RequestFailedError
from django_flex.dynamodb.introspection import describe
from django_flex.dynamodb.models import DynamoModel, dynamodb_model_classes

#: Units of a new index of a table whose capacity is provisioned; it can be changed later.
CAPACITY = 1


def models() -> list[type[DynamoModel]]:
    """Return the models with a table of their own, by the names of the tables."""
    return sorted(dynamodb_model_classes, key=lambda model: describe(model).table.name)


def lacking(model: type[DynamoModel]) -> Iterator[Difference]:
    """Yield in what the table of a model is not as the model says.

    Raises:
        RequestFailedError: there is no answer.
    """
    found = _described(model)
    return differences(describe(model).table, None if found is None else table_of(found))


def apply(model: type[DynamoModel], difference: Difference, *, wait: bool) -> None:
    """Create a table or an index that is missing.

    Args:
        model: of the table.
        difference: of the kind ``table`` or ``index``.
        wait: until a table is ready. Indexes are always waited for: DynamoDB creates one at a time.

    Raises:
        RequestFailedError: DynamoDB refuses, or it takes too long.
    """
    if difference.kind == "table":
        model.create_table(wait=wait)
        return
    described = _described(model)
    if difference.index is None or described is None:
        raise ValueError(difference.text)
    table, found = describe(model).table, table_of(described)
    mode = described.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    capacity = None if mode == "PAY_PER_REQUEST" else CAPACITY
    transport.call_table(
        table, "UpdateTable", index_request(table, found, difference.index, capacity)
    )
    _wait_for(model, difference.index.name)


def drop_table(model: type[DynamoModel]) -> None:
    """Delete the table of a model, if there is one, and wait until it is gone."""
    if _described(model) is not None:
        model.delete_table(wait=True)


def drop_index(model: type[DynamoModel], name: str) -> None:
    """Remove a global index, if there is one, and wait until it is gone.

    Raises:
        RequestFailedError: DynamoDB refuses, or it takes too long.
    """
    indexes = (_described(model) or {}).get("GlobalSecondaryIndexes") or ()
    if name not in {one["IndexName"] for one in indexes}:
        return
    table = describe(model).table
    updates = [{"Delete": {"IndexName": name}}]
    transport.call_table(
        table, "UpdateTable", {"TableName": table.name, "GlobalSecondaryIndexUpdates": updates}
    )
    _wait_for(model, name, None)


def _wait_for(model: type[DynamoModel], name: str, wanted: str | None = "ACTIVE") -> None:
    """Wait until an index has a status, ``None`` for one that is gone."""
    ends = time.monotonic() + PATIENCE
    host = configuration_with(describe(model).table.options).host
    while True:
        indexes = (_described(model) or {}).get("GlobalSecondaryIndexes") or ()
        states = {one["IndexName"]: one.get("IndexStatus", "ACTIVE") for one in indexes}
        if states.get(name) == wanted:
            return
        if time.monotonic() > ends:
            raise RequestFailedError(f"the index {name} is not ready in time")
        time.sleep(REMOTE_WAIT if host is None else LOCAL_WAIT)


def _described(model: type[DynamoModel]) -> Mapping[str, Any] | None:
    table = describe(model).table
    found = configuration_with(table.options)
    try:
        described: Mapping[str, Any] = transport.send(
            "DescribeTable", {"TableName": table.name}, found
        )["Table"]
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code == "ResourceNotFoundException":
            return None
        raise RequestFailedError(f"DynamoDB refused DescribeTable: {code}", code) from error
    return described
