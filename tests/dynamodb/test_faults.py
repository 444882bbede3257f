"""What no emulator does: throttling, partial batches, and errors that may not be passed on."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from django_flex.dynamodb.exceptions import RequestFailedError, ThrottledError
from django_flex.dynamodb.transport import current_transport, override_transport
from django_flex.dynamodb.wire.attempts import THROTTLED
from tests.dynamodb.faults import FaultTransport, client_error, refuse, reply
from tests.dynamodb.models import Play

OF_ADA = Play.objects.set_hash_key("ada")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Nothing waits."""
    settings.PYDJAMODB_DATABASE = {"MAX_ATTEMPTS": 3, "AWS_REGION": "us-east-1"}
    monkeypatch.setattr("django_flex.dynamodb.wire.attempts.time.sleep", lambda seconds: None)


@pytest.mark.parametrize("code", sorted(THROTTLED))
def test_throttling_is_an_error_of_its_own(code: str) -> None:
    faults = FaultTransport(faults=[refuse(code)] * 9)
    with override_transport(faults), pytest.raises(ThrottledError):
        len(OF_ADA.all())

    assert 3 == len(faults.sent)


@pytest.mark.parametrize("code", sorted(THROTTLED))
def test_what_is_throttled_twice_is_served_by_the_third_attempt(code: str) -> None:
    answer = reply(Items=[], ScannedCount=0)
    faults = FaultTransport(faults=[refuse(code), refuse(code), answer])
    with override_transport(faults):
        assert [] == list(OF_ADA.all())

    assert 3 == len(faults.sent)


def test_texts_of_the_server_are_not_passed_on() -> None:
    faults = FaultTransport(faults=[refuse("ValidationException")])
    with override_transport(faults), pytest.raises(RequestFailedError) as failed:
        len(OF_ADA.all())

    assert "ValidationException" == failed.value.code
    assert "arn" not in str(failed.value)


def test_no_answer_is_an_error_without_the_address() -> None:
    def times_out(operation: str, parameters: Any) -> Any:
        raise ReadTimeoutError(endpoint_url="https://secret.example.com")

    faults = FaultTransport(faults=[times_out] * 3)
    with (
        override_transport(faults),
        pytest.raises(RequestFailedError, match="ReadTimeout") as failed,
    ):
        len(OF_ADA.all())
    assert "secret" not in str(failed.value)


def leaves(number: int) -> Any:
    """Return a fault that processes all items of a batch but so many, and so on until all are."""

    def fault(operation: str, parameters: Any) -> Any:
        [(table, work)] = parameters["RequestItems"].items()
        return {"UnprocessedItems": {table: work[:number]} if number else {}}

    return fault


def test_unprocessed_items_are_sent_again(database: str) -> None:
    faults = FaultTransport(faults=[leaves(20), leaves(7), leaves(0)])
    with override_transport(faults):
        Play.objects.bulk_create([Play(listener="a", moment=n) for n in range(25)], mode="batch")

    sizes = [len(next(iter(one["RequestItems"].values()))) for _, one in faults.sent]
    assert [25, 20, 7] == sizes


def test_a_batch_of_which_nothing_is_processed_fails_in_the_end() -> None:
    faults = FaultTransport(faults=[leaves(25)] * 9)
    with override_transport(faults), pytest.raises(ThrottledError):
        Play.objects.bulk_create([Play(listener="a", moment=n) for n in range(25)], mode="batch")

    assert 3 == len(faults.sent)


def test_unprocessed_keys_are_asked_for_again(database: str) -> None:
    Play.objects.bulk_create([Play(listener="a", moment=n) for n in range(5)], mode="batch")
    inner = current_transport()

    class Partial:
        """Answers two keys at a time."""

        def call(self, operation: str, parameters: Any) -> Any:
            [(table, asked)] = parameters["RequestItems"].items()
            keys = asked["Keys"]
            some = {"RequestItems": {table: asked | {"Keys": keys[:2]}}}
            left = {table: asked | {"Keys": keys[2:]}} if keys[2:] else {}
            return inner.call(operation, some) | {"UnprocessedKeys": left}

    with override_transport(Partial()):
        assert 5 == len(Play.objects.in_bulk([("a", n) for n in range(5)]))


def test_an_item_that_was_deleted_since_the_index_saw_it_is_left_out() -> None:
    keys = [{"listener": {"S": "a"}, "moment": {"N": str(n)}} for n in range(2)]
    entries = [one | {"genre": {"S": "jazz"}} for one in keys]
    table = Play.Meta.table_name
    faults = FaultTransport(
        faults=[
            reply(Items=entries, ScannedCount=2),
            reply(Responses={table: [entries[1]]}, UnprocessedKeys={}),
        ]
    )
    with override_transport(faults):
        assert [1] == [one.moment for one in Play.objects.filter(genre="jazz")]


def test_a_transport_of_tests_is_removed_again() -> None:
    before = current_transport()
    with pytest.raises(KeyError), override_transport(FaultTransport()):
        raise KeyError

    assert before is current_transport()


def test_errors_are_made_as_botocore_makes_them() -> None:
    assert "X" == client_error("X").response["Error"]["Code"]
