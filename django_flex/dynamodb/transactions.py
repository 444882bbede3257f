"""Several writes that are made together, or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import uuid4

from asgiref.sync import sync_to_async

from django_flex.dynamodb import writing
from django_flex.dynamodb.configuration import configuration, configuration_with
from django_flex.dynamodb.core import requests
from django_flex.dynamodb.core.conditions import Condition, all_of
from django_flex.dynamodb.core.schema import Item, TableSchema
from django_flex.dynamodb.exceptions import DynamoDBQuerySetError, TransactionCanceledError
from django_flex.dynamodb.introspection import ModelDescription, describe
from django_flex.dynamodb.lookups import condition_of
from django_flex.dynamodb.serializing import item_key
from django_flex.dynamodb.transport import call
from django_flex.dynamodb.updating import update_of
from django_flex.dynamodb.wire.attempts import THROTTLED, pause

#: Reasons that are gone a little later: another transaction had an item, or capacity was short.
_PASSING = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", *THROTTLED}
#: How long a token may be.
TOKEN = 36


class Transaction:
    """Collects writes, and sends them at once.

    Each method takes an instance, and conditions on the item as it is in the database: ``Q`` of
    lookups, or conditions of PynamoDB. If one of them does not hold, nothing is written.

    Args:
        token: makes the writes happen once, however often they are sent with it in 10 minutes.
    """

    def __init__(self, token: str | None = None) -> None:
        if token is not None and not 0 < len(token) <= TOKEN:
            raise DynamoDBQuerySetError(f"a token has between 1 and {TOKEN} characters")
        self._token = token or str(uuid4())
        self._actions: list[dict[str, Any]] = []
        self._keys: set[str] = set()
        self._saved: list[Any] = []
        self._options: tuple[tuple[str, Any], ...] | None = None

    def create(self, instance: Any) -> None:
        """Write an item whose key is not taken."""
        table = describe(type(instance)).table
        item = writing.item_of(instance)
        key = requests.key_of(table, item)
        self._add(table, "Put", key, requests.put_request(table, item, requests.is_new(table)))
        self._saved.append(instance)

    def save(self, instance: Any, *conditions: Any) -> None:
        """Write a whole item, whether it is there or not, if its version is that of the instance."""
        description = describe(type(instance))
        item = writing.item_of(instance)
        version = writing.version_condition(description, instance)
        condition = _joined(version, condition_of(description, conditions, {}))
        table = description.table
        key = requests.key_of(table, item)
        self._add(table, "Put", key, requests.put_request(table, item, condition))
        self._saved.append(instance)

    def update(self, instance: Any, *conditions: Any, **changes: Any) -> None:
        """Change an item that is there; only the key of the instance matters.

        Args:
            instance: any instance with this key.
            *conditions: what has to hold of the item.
            **changes: the same as those of ``update()`` of a queryset.
        """
        description, key = self._named(instance)
        table = description.table
        update = update_of(description, changes)
        condition = _joined(requests.is_there(table), condition_of(description, conditions, {}))
        self._add(table, "Update", key, requests.update_request(table, key, update, condition))

    def delete(self, instance: Any, *conditions: Any) -> None:
        """Delete an item that is there, if its version is that of the instance."""
        description, key = self._named(instance)
        table = description.table
        version = None
        if description.version is not None and getattr(instance, description.version) is not None:
            version = writing.version_condition(description, instance)
        there = requests.is_there(table)
        condition = _joined(there, version, condition_of(description, conditions, {}))
        self._add(table, "Delete", key, requests.delete_request(table, key, condition))

    def check(self, instance: Any, *conditions: Any, **lookups: Any) -> None:
        """Write nothing, but have the rest depend on an item being there, and on its values."""
        description, key = self._named(instance)
        table = description.table
        given = condition_of(description, conditions, lookups)
        condition = _joined(requests.is_there(table), given)
        if condition is not None:
            self._add(table, "ConditionCheck", key, requests.check_request(table, key, condition))

    def _named(self, instance: Any) -> tuple[ModelDescription, dict[str, Any]]:
        description = describe(type(instance))
        return description, item_key(description, instance.pk)

    def _add(self, table: TableSchema, action: str, key: Item, parameters: dict[str, Any]) -> None:
        if self._options not in {None, table.options}:
            raise DynamoDBQuerySetError("a transaction is about tables of one region and host")
        self._options = table.options
        identity = repr((parameters["TableName"], sorted(key.items())))
        if identity in self._keys:
            raise DynamoDBQuerySetError("a transaction has one write for each item")
        if len(self._actions) == writing.TRANSACTION:
            raise DynamoDBQuerySetError(f"a transaction has at most {writing.TRANSACTION} writes")
        self._keys.add(identity)
        self._actions.append({action: parameters})

    def commit(self) -> None:
        """Send all writes; ``transaction()`` does so at its end.

        Raises:
            TransactionCanceledError: a condition does not hold, or other writes were in the way all
                the time. Its ``reasons`` are in the order of the writes.
        """
        if not self._actions:
            return
        parameters = {"TransactItems": self._actions, "ClientRequestToken": self._token}
        attempts = configuration().max_attempts
        for attempt in range(1, attempts + 1):
            try:
                call("TransactWriteItems", parameters, configuration_with(self._options or ()))
                break
            except TransactionCanceledError as error:
                causes = {one for one in error.reasons if one is not None}
                if (
                    not causes
                    or not causes <= _PASSING
                    or attempt == attempts
                    or not pause(attempt)
                ):
                    raise
        for instance in self._saved:
            instance.update_local_version_attribute()


def _joined(*conditions: Condition | None) -> Condition | None:
    return all_of(tuple(one for one in conditions if one is not None))


@contextmanager
def transaction(token: str | None = None) -> Iterator[Transaction]:
    """Make the writes of a block together when it ends, and none of them if it raises.

    Args:
        token: makes them happen once, however often the block runs with it in 10 minutes.
    """
    writes = Transaction(token)
    yield writes
    writes.commit()


@asynccontextmanager
async def atransaction(token: str | None = None) -> AsyncIterator[Transaction]:
    """Do the same in asynchronous code; the writes are sent in a thread."""
    writes = Transaction(token)
    yield writes
    await sync_to_async(writes.commit, thread_sensitive=False)()
