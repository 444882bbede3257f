"""What is sent again, and what is not since it may have been done."""

from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, NoCredentialsError, ReadTimeoutError

from django_flex.dynamodb.exceptions import RequestFailedError, TransactionCanceledError
from django_flex.dynamodb.transport import call, override_transport, send
from django_flex.dynamodb.wire import attempts
from django_flex.dynamodb.wire.deadlines import seconds_left, until
from tests.dynamodb.faults import FaultTransport, refuse, reply

NO_ANSWER = ReadTimeoutError(endpoint_url="https://db")
NOT_SENT = ConnectTimeoutError(endpoint_url="https://db")
FAILED = refuse("InternalServerError", ResponseMetadata={"HTTPStatusCode": 500})
THROTTLED = refuse("ThrottlingException")
CONDITION = {"ConditionExpression": "attribute_exists(id)"}


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[float]:
    """The seconds that are waited for, at once."""
    settings.PYDJAMODB_DATABASE = {"MAX_ATTEMPTS": 4, "AWS_REGION": "us-east-1"}
    found: list[float] = []
    monkeypatch.setattr("django_flex.dynamodb.wire.attempts.time.sleep", found.append)
    return found


def raises(error: Exception) -> Any:
    def fault(operation: str, parameters: Any) -> Any:
        raise error

    return fault


@pytest.mark.parametrize("fault", [raises(NO_ANSWER), FAILED], ids=["no answer", "failure"])
@pytest.mark.parametrize(
    ("operation", "parameters", "sent"),
    [
        ("Query", {}, 2),
        ("PutItem", {}, 2),
        ("DeleteItem", {}, 2),
        ("BatchWriteItem", {}, 2),
        ("TransactWriteItems", {}, 2),
        ("PutItem", CONDITION, 1),
        ("DeleteItem", CONDITION, 1),
        ("UpdateItem", {}, 1),
    ],
)
def test_what_may_have_been_done_is_sent_again_if_that_changes_nothing(
    operation: str, parameters: Any, sent: int, fault: Any, waits: list[float]
) -> None:
    faults = FaultTransport(faults=[fault, reply()])
    with override_transport(faults):
        if sent == 1:
            with pytest.raises(RequestFailedError):
                call(operation, parameters)
        else:
            call(operation, parameters)

    assert sent == len(faults.sent)


@pytest.mark.parametrize(
    ("operation", "faults", "in_doubt"),
    [
        ("UpdateItem", [raises(NO_ANSWER)], True),
        ("UpdateItem", [FAILED], True),
        ("PutItem", [raises(NO_ANSWER), raises(NOT_SENT), raises(NOT_SENT), THROTTLED], True),
        ("TransactWriteItems", [FAILED, THROTTLED, THROTTLED, raises(NOT_SENT)], True),
        ("TransactWriteItems", [raises(NO_ANSWER), refuse("ValidationException")], False),
        # What is refused now may have been allowed then.
        ("TransactWriteItems", [raises(NO_ANSWER), refuse("ExpiredTokenException")], True),
        ("PutItem", [FAILED, THROTTLED, refuse("AccessDeniedException")], True),
        ("DeleteItem", [raises(NO_ANSWER), raises(NoCredentialsError())], True),
        ("UpdateItem", [raises(NOT_SENT)] * 4, False),
        ("UpdateItem", [THROTTLED] * 4, False),
        ("UpdateItem", [refuse("ValidationException")], False),
        ("Query", [raises(NO_ANSWER)] * 4, False),
    ],
)
def test_what_may_have_been_written_is_in_doubt(
    operation: str, faults: list[Any], in_doubt: bool, waits: list[float]
) -> None:
    with (
        override_transport(FaultTransport(faults=[*faults])),
        pytest.raises(RequestFailedError) as failed,
    ):
        call(operation, {})

    assert in_doubt is failed.value.in_doubt


@pytest.mark.parametrize(
    "fault", [raises(NOT_SENT), refuse("ThrottlingException")], ids=["not sent", "throttled"]
)
def test_what_was_not_done_is_sent_again(fault: Any, waits: list[float]) -> None:
    faults = FaultTransport(faults=[fault, reply()])
    with override_transport(faults):
        call("UpdateItem", {})

    assert 2 == len(faults.sent)


def test_a_transaction_that_is_sent_again_has_the_same_token(waits: list[float]) -> None:
    faults = FaultTransport(faults=[raises(NO_ANSWER), reply()])
    with override_transport(faults):
        call("TransactWriteItems", {"TransactItems": []})

    [first, second] = [parameters["ClientRequestToken"] for _, parameters in faults.sent]
    assert first == second


def test_what_another_attempt_does_not_change_is_not_sent_again(waits: list[float]) -> None:
    for fault in (refuse("ValidationException"), raises(NoCredentialsError())):
        faults = FaultTransport(faults=[fault, reply()])
        with override_transport(faults), pytest.raises(RequestFailedError):
            call("Query", {})

        assert 1 == len(faults.sent)
    assert [] == waits


def test_an_item_in_a_transaction_is_a_conflict(waits: list[float]) -> None:
    faults = FaultTransport(faults=[refuse("TransactionConflictException")] * 4)
    with override_transport(faults), pytest.raises(TransactionCanceledError):
        call("UpdateItem", {})

    assert 4 == len(faults.sent)


def test_waits_are_any_time_up_to_a_bound_that_doubles(
    monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    bounds: list[tuple[float, float]] = []

    def longest(low: float, high: float) -> float:
        bounds.append((low, high))
        return high

    monkeypatch.setattr("django_flex.dynamodb.wire.attempts.random.uniform", longest)
    faults = FaultTransport(faults=[refuse("ThrottlingException")] * 3 + [reply(Items=[])])
    with override_transport(faults):
        send("Query", {})

    assert [(0, 0.05), (0, 0.1), (0, 0.2)] == bounds
    assert attempts.LONGEST_WAIT == attempts.wait_before(20)


def test_nothing_is_waited_for_that_would_come_too_late(waits: list[float]) -> None:
    faults = FaultTransport(faults=[refuse("ThrottlingException"), reply()])
    with (
        until(time.monotonic() - 1),
        override_transport(faults),
        pytest.raises(RequestFailedError),
    ):
        call("Query", {})

    assert [] == waits


def test_the_earlier_of_two_deadlines_counts() -> None:
    now = time.monotonic()
    with until(now + 100), until(now + 1_000), until(None):
        left = seconds_left()

    assert left is not None
    assert left <= 100
    assert seconds_left() is None
