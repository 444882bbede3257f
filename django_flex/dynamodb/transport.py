"""How requests reach DynamoDB: one function, so that tests can put another one in its place."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache, partial
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from django_flex.dynamodb.configuration import (
    Configuration,
    configuration,
    configuration_with,
)
from django_flex.dynamodb.core.schema import TableSchema
from django_flex.dynamodb.exceptions import (
    ConditionFailedError,
    RequestFailedError,
    ThrottledError,
    TransactionCanceledError,
)
from django_flex.dynamodb.wire.attempts import (
    CONFLICT,
    THROTTLED,
    attempted,
    code_of,
    is_in_doubt,
    pause,
)
from django_flex.dynamodb.wire.clients import BotocoreTransport, Response, Transport
from django_flex.dynamodb.wire.direct import OPERATIONS, DirectTransport
from django_flex.metering import READ_UNITS, WRITE_UNITS, Meter, current_meter

_TRANSPORTS: dict[str, Callable[[Configuration], Transport]] = {
    "direct": DirectTransport,
    "botocore": BotocoreTransport,
}


@cache
def _transport(found: Configuration) -> Transport:
    return _TRANSPORTS[found.transport](found)


_OVERRIDES: list[Transport] = []
#: The tables that this process has written to, for tests, which empty them.
written_tables: set[str] = set()
_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})


def current_transport(found: Configuration | None = None) -> Transport:
    """Return what sends requests: that of a configuration, unless a test has its own.

    Args:
        found: the configuration, if it is not that of the project.
    """
    return _OVERRIDES[-1] if _OVERRIDES else _transport(found or configuration())


@contextmanager
def override_transport(transport: Transport) -> Iterator[None]:
    """Send all requests by another transport, in every thread."""
    _OVERRIDES.append(transport)
    try:
        yield
    finally:
        _OVERRIDES.remove(transport)


def forget_clients() -> None:
    """Drop all connections, for a process that was forked."""
    _transport.cache_clear()


# Connections of the parent are not those of a child: both would read the same answers.
os.register_at_fork(after_in_child=forget_clients)


def tables_of(parameters: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the tables that a request is about."""
    if "TableName" in parameters:
        yield parameters["TableName"]
    yield from parameters.get("RequestItems", ())
    for one in parameters.get("TransactItems", ()):
        for action in one.values():
            yield action["TableName"]


def send(
    operation: str, parameters: Mapping[str, Any], found: Configuration | None = None
) -> Response:
    """Send a request until there is a response, and return it; errors are those of botocore."""
    if operation in _WRITES:
        written_tables.update(tables_of(parameters))
    if operation == "TransactWriteItems" and not parameters.get("ClientRequestToken"):
        # However often it is sent, its writes are made once.
        parameters = {**parameters, "ClientRequestToken": str(uuid4())}
    found, meter = found or configuration(), current_meter()
    is_charged = meter is not None and operation in OPERATIONS and bool(meter.names)
    if is_charged:
        parameters = {**parameters, "ReturnConsumedCapacity": "TOTAL"}
    once = partial(current_transport(found).call, operation, parameters)
    response = attempted(once, operation, parameters, found.max_attempts)
    if is_charged and meter is not None:
        _meter(meter, operation, response)
    return response


def _meter(meter: Meter, operation: str, response: Response) -> None:
    """Take what a request has cost, of each of its tables; it was carried out, whatever is told."""
    told: Any = response.get("ConsumedCapacity") or ()
    kind = WRITE_UNITS if operation in _WRITES else READ_UNITS
    for one in told if isinstance(told, list) else [told]:
        with suppress(AttributeError, TypeError, ValueError):
            meter.add(one.get("TableName"), kind, float(one.get("CapacityUnits")))


def call_table(schema: TableSchema, operation: str, parameters: Mapping[str, Any]) -> Response:
    """Send a request about a table to where that is. Raises what ``call`` does."""
    return call(operation, parameters, configuration_with(schema.options))


def call(
    operation: str, parameters: Mapping[str, Any], found: Configuration | None = None
) -> Response:
    """Send a request, and return the response.

    Raises:
        ConditionFailedError: the condition of a write does not hold.
        TransactionCanceledError: a transaction wrote nothing.
        ThrottledError: the capacity is used up, after all attempts.
        RequestFailedError: any other failure. The text of the server is not passed on: it may have
            names of tables and accounts.
    """
    try:
        return send(operation, parameters, found)
    except ClientError as error:
        raise _translated(error, operation) from error
    except BotoCoreError as error:
        name = type(error).__name__
        in_doubt = operation in _WRITES and is_in_doubt(error)
        text = f"DynamoDB did not answer {operation}: {name}"
        raise RequestFailedError(text, name, in_doubt=in_doubt) from error


def _translated(error: ClientError, operation: str) -> Exception:
    code = code_of(error)
    if code == "ConditionalCheckFailedException":
        return ConditionFailedError("the item is not as the write expects it")
    if code == "TransactionCanceledException":
        given: Any = error.response.get("CancellationReasons") or ()
        codes = (one.get("Code") for one in given)
        reasons = tuple(None if code in {None, "None"} else str(code) for code in codes)
        causes = ", ".join(sorted({one for one in reasons if one})) or "unknown"
        return TransactionCanceledError(f"nothing was written: {causes}", reasons)
    if code == CONFLICT:
        return TransactionCanceledError(
            "nothing was written: TransactionConflict", ("TransactionConflict",)
        )
    if code in THROTTLED:
        return ThrottledError("the capacity of the table is used up", code)
    in_doubt = operation in _WRITES and is_in_doubt(error)
    return RequestFailedError(f"DynamoDB refused {operation}: {code}", code, in_doubt=in_doubt)


def repeatedly(send: Callable[[Any], Any], work: Any) -> None:
    """Send work until nothing of it is left.

    Args:
        send: sends some work, and returns what was not processed.
        work: what is to be done, in the form that ``send`` takes.

    Raises:
        ThrottledError: nothing was processed in as many attempts as are configured.
    """
    failures, left = 0, len(work)
    while work:
        work = send(work)
        if not work:
            return
        failures = failures + 1 if len(work) >= left else 0
        left = len(work)
        if failures >= configuration().max_attempts or not pause(failures + 1):
            raise ThrottledError("the capacity of the table is used up")
