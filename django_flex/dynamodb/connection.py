"""Connections to tables, with the names and signatures of pydjamodb, as migrations use them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError
from pynamodb.connection.base import Connection, MetaTable
from pynamodb.connection.table import TableConnection as BaseTableConnection

from django_flex.dynamodb import transport
from django_flex.dynamodb.configuration import (
    Configuration,
    configuration,
    is_loopback,
    real_table_name,
)
from django_flex.dynamodb.exceptions import RequestFailedError
from django_flex.dynamodb.introspection import describe
from django_flex.dynamodb.wire.clients import BotocoreTransport

#: Seconds between two looks at a table that is being made: on this machine, and elsewhere.
LOCAL_WAIT, REMOTE_WAIT = 0.05, 2.0
#: Seconds after which a table that is still being made is an error.
PATIENCE = 600.0
#: How many items one request writes at most.
BATCH = 25


@dataclass(frozen=True, slots=True)
class _Client:
    """What PynamoDB takes for a client of botocore; its requests go through our transport."""

    configuration: Configuration

    def _make_api_call(self, operation: str, parameters: Mapping[str, Any]) -> Any:
        return transport.send(operation, parameters, self.configuration)

    def __getattr__(self, name: str) -> Any:
        return getattr(BotocoreTransport(self.configuration).client, name)


class DatabaseConnection(Connection):
    """PynamoDB's connection, whose requests go the same way as those of querysets."""

    def __init__(self, found: Configuration) -> None:
        super().__init__(region=found.region, host=found.host)
        self.configuration = found

    def __repr__(self) -> str:
        return f"DatabaseConnection<{self.configuration.host or self.configuration.region}>"

    @property
    def client(self) -> Any:
        """Return what sends requests."""
        return _Client(self.configuration)


class TableConnection(BaseTableConnection):
    """A table by its name without the prefix of the project."""

    def __init__(  # noqa: PLR0913, PLR0917 - the signature of pydjamodb
        self,
        table_name: str,
        region: str | None = None,
        host: str | None = None,
        connect_timeout_seconds: float | None = None,
        read_timeout_seconds: float | None = None,
        max_retry_attempts: int | None = None,
        base_backoff_ms: int | None = None,
        max_pool_connections: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
        aws_access_key_id: str | None = None,
        aws_secret_access_key: str | None = None,
        aws_session_token: str | None = None,
        *,
        meta_table: MetaTable | None = None,
    ) -> None:
        given = {
            "region": region,
            "host": host,
            "connect_timeout": connect_timeout_seconds,
            "read_timeout": read_timeout_seconds,
            "max_attempts": None if max_retry_attempts is None else max_retry_attempts + 1,
            "pool_size": max_pool_connections,
            "access_key": aws_access_key_id,
            "secret_key": aws_secret_access_key,
            "session_token": aws_session_token,
        }
        changes: dict[str, Any] = {name: one for name, one in given.items() if one is not None}
        self.configuration = replace(configuration(), **changes)
        super().__init__(real_table_name(table_name))
        self.connection = DatabaseConnection(self.configuration)
        if meta_table is not None:
            self.connection.add_meta_table(meta_table)

    def create_table(  # noqa: PLR0913, PLR0917 - the signature of pydjamodb
        self,
        attribute_definitions: Any = None,
        key_schema: Any = None,
        read_capacity_units: int | None = None,
        write_capacity_units: int | None = None,
        global_secondary_indexes: Any = None,
        local_secondary_indexes: Any = None,
        stream_specification: Mapping[str, Any] | None = None,
        billing_mode: str | None = None,
        tags: Mapping[str, str] | None = None,
        wait: bool = False,  # noqa: FBT001, FBT002 - as in pydjamodb
        set_point_in_time_recovery: bool | None = None,  # noqa: FBT001 - as in pydjamodb
    ) -> Any:
        """Create the table, with what the configuration says about new tables."""
        found = self.configuration
        if tags is None:
            tags = {key: one.format(table_name=self.table_name) for key, one in found.tags}
        recovery = set_point_in_time_recovery
        recovery = found.point_in_time_recovery if recovery is None else recovery
        result = self.connection.create_table(
            self.table_name,
            attribute_definitions=attribute_definitions,
            key_schema=key_schema,
            read_capacity_units=read_capacity_units,
            write_capacity_units=write_capacity_units,
            global_secondary_indexes=global_secondary_indexes,
            local_secondary_indexes=local_secondary_indexes,
            stream_specification=dict(stream_specification or found.stream_specification) or None,
            billing_mode=billing_mode or found.billing_mode,
            tags=dict(tags) or None,
        )
        if wait or recovery:
            self.wait_until(exists=True)
        if recovery:
            self.set_point_in_time_recovery()
        return result

    def delete_table(self, wait: bool = False) -> Any:  # noqa: FBT001, FBT002 - as in pydjamodb
        """Delete the table, and wait until it is gone if that is wanted."""
        result = super().delete_table()
        if wait:
            self.wait_until(exists=False)
        return result

    def exists_table(self) -> bool:
        """Return whether there is the table."""
        return self._status() is not None

    def set_point_in_time_recovery(self, enabled: bool = True) -> None:  # noqa: FBT001, FBT002 - as in pydjamodb
        """Switch point-in-time recovery on or off.

        Raises:
            RequestFailedError: AWS is not ready for it after a minute or more.
        """
        parameters = {
            "TableName": self.table_name,
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": enabled},
        }
        ends = time.monotonic() + PATIENCE
        while True:
            try:
                transport.call("UpdateContinuousBackups", parameters, self.configuration)
            except RequestFailedError as error:
                # Backups of a new table are enabled a little later than the table.
                if error.code != "ContinuousBackupsUnavailableException" or time.monotonic() > ends:
                    raise
                time.sleep(self._wait)
            else:
                return

    def wait_until(self, *, exists: bool) -> None:
        """Wait until the table is ready, or is gone.

        Raises:
            RequestFailedError: it takes too long.
        """
        ends = time.monotonic() + PATIENCE
        while self._status() != ("ACTIVE" if exists else None):
            if time.monotonic() > ends:
                raise RequestFailedError("the table is not ready in time")
            time.sleep(self._wait)

    def _status(self) -> str | None:
        parameters = {"TableName": self.table_name}
        try:
            found = transport.send("DescribeTable", parameters, self.configuration)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "ResourceNotFoundException":
                return None
            raise
        return str(found["Table"]["TableStatus"])

    @property
    def _wait(self) -> float:
        host = self.configuration.host or ""
        return LOCAL_WAIT if is_loopback(host.split("//")[-1].split(":")[0]) else REMOTE_WAIT


class TestTableConnection:
    """A table of tests, with a name of its own, which knows whether it was written to."""

    __test__ = False  # no test case, whatever its name begins with

    def __init__(self, wrapped_connection: TableConnection, prefix: str | None = None) -> None:
        name = wrapped_connection.table_name
        wrapped_connection.table_name = f"test_{prefix}_{name}" if prefix else f"test_{name}"
        self._wrapped_connection = wrapped_connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wrapped_connection, name)

    def post_test_clean(self, model_class: Any) -> None:
        """Delete all items, if there was a write since the last time."""
        empty(model_class)


def empty(model: Any) -> None:
    """Delete all items of a model's table, if this process has written to it since the last time.

    Only keys are read. Tables are emptied between tests, since creating them takes longer.
    """
    name = model.Meta.table_name
    if name not in transport.written_tables:
        return
    table = describe(model).table
    keys = table.key.names
    names = {f"#n{number}": key for number, key in enumerate(keys)}
    parameters: dict[str, Any] = {
        "TableName": name,
        "ProjectionExpression": ", ".join(names),
        "ExpressionAttributeNames": names,
        "ConsistentRead": True,
    }
    while True:
        page = transport.call_table(table, "Scan", parameters)
        for start in range(0, len(page["Items"]), BATCH):
            batch = page["Items"][start : start + BATCH]
            transport.repeatedly(
                lambda work: (
                    transport.call_table(table, "BatchWriteItem", {"RequestItems": {name: work}})
                    .get("UnprocessedItems", {})
                    .get(name, [])
                ),
                [{"DeleteRequest": {"Key": key}} for key in batch],
            )
        if "LastEvaluatedKey" not in page:
            break
        parameters["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    transport.written_tables.discard(name)
