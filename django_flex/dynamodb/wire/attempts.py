"""When a request is sent again: if that can help, and cannot do its work twice."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ChecksumError,
    ClientError,
    HTTPClientError,
)
from botocore.exceptions import ConnectionError as NotConnectedError

from django_flex.dynamodb.wire.deadlines import seconds_left

Result = TypeVar("Result")

#: Codes of DynamoDB for too many requests.
THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)
#: A transaction was at the same item.
CONFLICT = "TransactionConflictException"
#: The longest wait before the second attempt, and before any, in seconds.
FIRST_WAIT, LONGEST_WAIT = 0.05, 5.0
#: Statuses of HTTP from which on a server has failed, rather than refused.
FAILED = 500
#: Statuses of HTTP by which a server has refused a request.
REFUSED = range(400, FAILED)
#: Refusals that follow from the request alone, which an earlier attempt would have met as well.
_OF_THE_REQUEST = frozenset({"TransactionCanceledException", "ValidationException"})
#: What has the same effect however often it is done.
_REPEATABLE = frozenset(
    {"GetItem", "BatchGetItem", "Query", "Scan", "BatchWriteItem", "TransactGetItems"}
)


def wait_before(attempt: int) -> float:
    """Return how long to wait before an attempt, the second of which is 1: any time up to a bound.

    The bound doubles. Any time below it is as good as another ("full jitter"), so that those who
    were refused together do not come back together.
    """
    bound = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1))
    return random.uniform(0, bound)  # noqa: S311 - nothing secret


def pause(attempt: int) -> bool:
    """Wait before an attempt; return whether there is time for it."""
    wait, left = wait_before(attempt), seconds_left()
    if left is not None and wait >= left:
        return False
    time.sleep(wait)
    return True


def attempted(
    send: Callable[[], Result], operation: str, parameters: Mapping[str, Any], most: int
) -> Result:
    """Send a request until there is a response, or an error that another attempt would not change.

    Args:
        send: sends it once.
        operation: its name.
        parameters: its parameters.
        most: how often it is sent.

    Raises:
        ClientError, BotoCoreError: of the last attempt.
    """
    attempt, lost = 1, None
    while True:
        try:
            return send()
        except (ClientError, BotoCoreError) as error:
            lost = error if is_in_doubt(error) else lost
            worth = _is_worth_repeating(error, operation, parameters)
            if not (worth and attempt < most and pause(attempt)):
                # That the last attempt was not carried out does not tell it of those before.
                if lost is None or lost is error or _tells_of_all(error):
                    raise
                raise lost from error
        attempt += 1


def is_in_doubt(error: ClientError | BotoCoreError) -> bool:
    """Whether a request may have been carried out, though it has failed."""
    if isinstance(error, ClientError):
        status = _status_of(error)
        return bool(status) and status not in REFUSED
    return isinstance(error, HTTPClientError | ChecksumError)


def _tells_of_all(error: ClientError | BotoCoreError) -> bool:
    """Whether no attempt before was carried out, either: credentials expire in between."""
    return isinstance(error, ClientError) and code_of(error) in _OF_THE_REQUEST


def _status_of(error: ClientError) -> int:
    found: int = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return found


def code_of(error: ClientError) -> str:
    """Return the code of an error of DynamoDB."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _is_worth_repeating(
    error: ClientError | BotoCoreError, operation: str, parameters: Mapping[str, Any]
) -> bool:
    if isinstance(error, ClientError):
        if code_of(error) in {*THROTTLED, CONFLICT}:
            return True
    elif isinstance(error, NotConnectedError):
        return True
    return is_in_doubt(error) and _is_repeatable(operation, parameters)


def _is_repeatable(operation: str, parameters: Mapping[str, Any]) -> bool:
    """Whether a request that may have been carried out can be sent again.

    An increment would be made twice, and the condition of a write may no longer hold since the
    write itself was made. A transaction has a token, so that DynamoDB makes it once.
    """
    if operation in _REPEATABLE:
        return True
    if operation in {"PutItem", "DeleteItem"}:
        return not parameters.keys() & {"ConditionExpression", "Expected"}
    return operation != "UpdateItem"
