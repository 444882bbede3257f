"""Transactions: all or nothing, once."""

from __future__ import annotations

import asyncio
import random
from threading import Thread
from typing import Any

import pytest
from django.db import IntegrityError
from django.db.models import Q

from django_flex.dynamodb.exceptions import DynamoDBQuerySetError, TransactionCanceledError
from django_flex.dynamodb.transactions import Transaction, atransaction, transaction
from django_flex.dynamodb.transport import override_transport
from tests.dynamodb.faults import FaultTransport, refuse, reply
from tests.dynamodb.models import Account, Play


@pytest.fixture
def two(database: str) -> tuple[Account, Account]:
    """Two accounts with 100 each, where there are transactions."""
    if database == "dynalite":
        pytest.skip("dynalite has no transactions")
    return (
        Account.objects.create(owner="ada", balance=100),
        Account.objects.create(owner="bob", balance=100),
    )


def balances() -> dict[str, float]:
    found = Account.objects.consistent().in_bulk(["ada", "bob"])
    return {owner: one.balance for owner, one in found.items()}


def transfer(amount: int, **options: Any) -> None:
    with transaction(**options) as tx:
        tx.update(Account(owner="ada"), Q(balance__gte=amount), balance__inc=-amount)
        tx.update(Account(owner="bob"), balance__inc=amount)


def test_all_writes_or_none(two: tuple[Account, Account]) -> None:
    transfer(30)
    with pytest.raises(IntegrityError) as refused:
        transfer(71)

    assert {"ada": 70, "bob": 130} == balances()
    assert isinstance(refused.value, TransactionCanceledError)
    assert ("ConditionalCheckFailed", None) == refused.value.reasons


def test_a_block_that_raises_writes_nothing(two: tuple[Account, Account]) -> None:
    def fail() -> None:
        with transaction() as tx:
            tx.update(two[0], balance__inc=1)
            raise KeyError

    with pytest.raises(KeyError):
        fail()

    assert 100 == balances()["ada"]


def test_each_kind_of_write(two: tuple[Account, Account]) -> None:
    ada, bob = two
    carl = Account(owner="carl")
    ada.note = "saved"
    with transaction() as tx:
        tx.create(carl)
        tx.save(ada)
        tx.delete(bob, Q(balance=100))
    with transaction() as tx:
        tx.check(ada, note="saved")
        tx.create(Play(listener="ada", moment=1))

    assert (1, 2) == (carl.version, ada.version)
    assert {"ada", "carl"} == Account.objects.in_bulk(["ada", "bob", "carl"]).keys()
    assert Play.objects.filter(listener="ada", moment=1).exists()
    with pytest.raises(TransactionCanceledError), transaction() as tx:
        tx.check(Account(owner="nobody"))


def test_a_stale_instance_is_not_written(two: tuple[Account, Account]) -> None:
    stale = Account.objects.get(owner="ada")
    two[0].save()

    for write in ("save", "delete"):
        with pytest.raises(TransactionCanceledError), transaction() as tx:
            getattr(tx, write)(stale)
    assert Account.objects.filter(owner="ada").exists()


def test_a_token_has_one_effect(two: tuple[Account, Account], database: str) -> None:
    if database == "moto":
        pytest.skip("moto knows no tokens")
    transfer(10, token="the-same")
    transfer(10, token="the-same")

    assert {"ada": 90, "bob": 110} == balances()


@pytest.mark.exhaustive
def test_no_money_is_lost_between_threads(
    two: tuple[Account, Account], database: str, settings: Any
) -> None:
    if database == "moto":
        pytest.skip("moto loses updates of threads")
    settings.PYDJAMODB_DATABASE |= {"MAX_ATTEMPTS": 50}

    def move(seed: int) -> None:
        drawn = random.Random(seed)
        for _ in range(20):
            first, second = drawn.sample(["ada", "bob"], 2)
            try:
                with transaction() as tx:
                    tx.update(Account(owner=first), Q(balance__gte=30), balance__inc=-30)
                    tx.update(Account(owner=second), balance__inc=30)
            except TransactionCanceledError as error:
                assert "ConditionalCheckFailed" in error.reasons  # noqa: PT017 - in a thread

    threads = [Thread(target=move, args=(one,)) for one in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert 200 == sum(balances().values())
    assert min(balances().values()) >= 0


def test_asynchronous_transactions(two: tuple[Account, Account]) -> None:
    async def run() -> None:
        async with atransaction() as tx:
            tx.update(two[0], balance__inc=5)

    asyncio.run(run())
    assert 105 == balances()["ada"]


CONFLICT = {"CancellationReasons": [{"Code": "TransactionConflict"}]}


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.PYDJAMODB_DATABASE = {"MAX_ATTEMPTS": 3}
    monkeypatch.setattr("django_flex.dynamodb.wire.attempts.time.sleep", lambda seconds: None)


@pytest.mark.usefixtures("_at_once")
def test_conflicts_are_tried_again_with_the_same_token() -> None:
    conflict = refuse("TransactionCanceledException", **CONFLICT)
    faults = FaultTransport(faults=[conflict, conflict, reply()])
    with override_transport(faults), transaction() as tx:
        tx.create(Account(owner="ada"))

    assert 1 == len({given["ClientRequestToken"] for _, given in faults.sent})
    faults = FaultTransport(faults=[conflict] * 3)
    with override_transport(faults), pytest.raises(TransactionCanceledError), transaction() as tx:
        tx.create(Account(owner="ada"))


@pytest.mark.parametrize("reasons", [None, [], [{}], [{"Code": "None"}]], ids=str)
def test_a_refusal_without_a_reason_is_one(reasons: Any) -> None:
    faults = FaultTransport(
        faults=[refuse("TransactionCanceledException", CancellationReasons=reasons)]
    )
    with (
        override_transport(faults),
        pytest.raises(TransactionCanceledError, match="unknown"),
        transaction() as tx,
    ):
        tx.create(Account(owner="ada"))


@pytest.mark.usefixtures("_at_once")
def test_what_cannot_be_a_transaction_is_refused_before_it_is_sent() -> None:
    tx = Transaction()
    tx.create(Account(owner="ada"))
    with pytest.raises(DynamoDBQuerySetError, match="one write"):
        tx.delete(Account(owner="ada"))
    for one in range(99):
        tx.create(Account(owner=f"{one}"))
    with pytest.raises(DynamoDBQuerySetError, match="100"):
        tx.create(Account(owner="99"))
    with pytest.raises(DynamoDBQuerySetError, match="token"):
        Transaction(token="x" * 37)
    with override_transport(FaultTransport()):
        Transaction().commit()
