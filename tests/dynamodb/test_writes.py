"""Writes: what is created, changed and deleted, and under which conditions."""

from __future__ import annotations

from threading import Thread
from typing import Any

import pytest
from django.db import IntegrityError
from pynamodb.exceptions import PutError

from django_flex.dynamodb.exceptions import (
    AlreadyExistsError,
    DynamoDBQuerySetError,
    InvalidOperator,
    InvalidValueError,
    TransactionCanceledError,
)
from django_flex.dynamodb.transport import current_transport, override_transport
from tests.dynamodb.faults import FaultTransport
from tests.dynamodb.models import Account, Play


def play(moment: int, **attributes: Any) -> Play:
    return Play(listener="ada", moment=moment, **attributes)


def skip_without_transactions(database: str) -> None:
    if database == "dynalite":
        pytest.skip("dynalite has no transactions")


def test_an_item_is_created_once(database: str) -> None:
    made = Account.objects.create(owner="ada", balance=5)

    assert (1, 5) == (made.version, Account.objects.get(owner="ada").balance)
    with pytest.raises(IntegrityError):
        Account.objects.create(owner="ada")
    made.balance = 6
    made.save()
    assert (2, 6) == (made.version, Account.objects.get(owner="ada").balance)


def test_a_stale_version_overwrites_nothing(database: str) -> None:
    Account.objects.create(owner="ada")
    mine, yours = Account.objects.get(owner="ada"), Account.objects.get(owner="ada")
    mine.save()

    with pytest.raises(PutError):
        yours.save()


def test_changes_are_made_in_the_database(database: str) -> None:
    play(1, plays=1, tags={"a"}, history=[1], extra={"n": 1}).save()
    one = Play.objects.filter(listener="ada", moment=1)

    assert 1 == one.update(
        title="x",
        plays__inc=2,
        tags__add={"b", "c"},
        history__append=[2, 3],
        extra__n__inc=4,
        device__default="phone",
        size=None,
    )
    assert 1 == one.update(tags__remove={"a"}, history__prepend=[0], device__default="other")
    found = one.values("title", "plays", "tags", "history", "extra", "device").get()
    assert {
        "title": "x",
        "plays": 3,
        "tags": {"b", "c"},
        "history": [0, 1, 2, 3],
        "extra": {"n": 5},
        "device": "phone",
    } == found
    one.update(title=None, plays__unset=True)
    assert {"title": None, "plays": None} == one.values("title", "plays").get()


def test_what_is_not_there_counts_as_nought(database: str) -> None:
    play(1).save()
    Play.objects.filter(listener="ada", moment=1).update(plays__inc=3, history__append=[1])

    found = Play.objects.get(listener="ada", moment=1)
    assert (3, [1]) == (found.plays, [*found.history])


def test_an_update_changes_what_meets_the_conditions(database: str) -> None:
    Play.objects.bulk_create([play(one, size=one % 2) for one in range(5)], mode="batch")

    assert 2 == Play.objects.set_hash_key("ada").filter(size=1).update(title="odd")
    assert 2 == Play.objects.set_hash_key("ada").filter(title="odd").count()
    assert 0 == Play.objects.filter(listener="bob", moment=1).update(title="x")
    assert 5 == Play.objects.set_hash_key("ada").count()


def test_an_item_that_changed_in_between_is_left_alone(database: str) -> None:
    play(1, title="old").save()
    inner = current_transport()

    class Racing:
        """Somebody else changes the item between our read and our write."""

        def call(self, operation: str, parameters: Any) -> Any:
            if operation in {"UpdateItem", "DeleteItem"} and not raced:
                raced.append(operation)
                with override_transport(inner):
                    play(1, title="new").save()
            return inner.call(operation, parameters)

    old = Play.objects.set_hash_key("ada").filter(title="old")
    raced: list[str] = []
    with override_transport(Racing()):
        assert 0 == old.update(size=1)
    play(1, title="old").save()
    raced.clear()
    with override_transport(Racing()):
        assert (0, {}) == old.delete()
    assert "new" == Play.objects.get(listener="ada", moment=1).title


def test_delete_counts_as_django_does(database: str) -> None:
    Play.objects.bulk_create([play(one, size=one % 2) for one in range(30)], mode="batch")
    of_ada = Play.objects.set_hash_key("ada")

    assert (15, {"Play": 15}) == of_ada.filter(size=1).delete()
    assert (15, {"Play": 15}) == of_ada.delete()
    assert (0, {}) == of_ada.delete()


def test_a_version_is_increased_by_an_update(database: str) -> None:
    Account.objects.create(owner="ada")
    Account.objects.filter(owner="ada").update(note="x")

    assert 2 == Account.objects.get(owner="ada").version


def test_get_or_create(database: str) -> None:
    first = Account.objects.get_or_create(owner="ada", defaults={"balance": 3})
    second = Account.objects.get_or_create(owner="ada", defaults={"balance": 4})

    assert (True, False) == (first[1], second[1])
    assert (3, 3) == (first[0].balance, second[0].balance)
    with pytest.raises(DynamoDBQuerySetError, match="whole key"):
        Account.objects.get_or_create(balance=3)


def test_update_or_create(database: str) -> None:
    made = Account.objects.update_or_create(owner="ada", defaults={"balance": 3})
    again = Account.objects.update_or_create(
        owner="ada", defaults={"balance__inc": 4}, create_defaults={"balance": 1}
    )
    other = Account.objects.update_or_create(
        owner="bob", defaults={"balance__inc": 4}, create_defaults={"balance": 1}
    )

    assert [(3, True), (7, False), (1, True)] == [
        (one.balance, new) for one, new in (made, again, other)
    ]


def test_a_transaction_creates_all_or_nothing(database: str) -> None:
    skip_without_transactions(database)
    made = Account.objects.bulk_create([Account(owner=one) for one in "abc"])

    assert [1, 1, 1] == [one.version for one in made]
    with pytest.raises(AlreadyExistsError):
        Account.objects.bulk_create([Account(owner=one) for one in "xyc"])
    assert 3 == Account.objects.scan(max_items=100).count()


def test_batches_write_any_number(database: str) -> None:
    Play.objects.bulk_create([play(one) for one in range(60)], mode="batch")
    Play.objects.bulk_create([play(one, size=1) for one in range(60)], mode="batch")

    assert 60 == Play.objects.set_hash_key("ada").filter(size=1).count()
    assert [] == Play.objects.bulk_create([])


def test_in_bulk_has_the_items_that_are_there(database: str) -> None:
    Play.objects.bulk_create([play(one) for one in range(120)], mode="batch")
    keys = [("ada", one) for one in (3, 1, 3, 999, *range(110))]

    found = Play.objects.in_bulk(keys)
    assert 110 == len(found)
    assert 3 == found["ada", 3].moment
    Account.objects.create(owner="ada")
    assert {"ada"} == Account.objects.in_bulk(["ada", "bob"]).keys()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({}, DynamoDBQuerySetError),
        ({"moment": 5}, DynamoDBQuerySetError),
        ({"extra__a": 1, "extra": {}}, DynamoDBQuerySetError),
        ({"title__inc": 1}, InvalidOperator),
        ({"title__double": 1}, InvalidOperator),
        ({"tags__append": [1]}, InvalidOperator),
        ({"history__append": 1}, InvalidOperator),
        ({"plays": "many"}, InvalidValueError),
        ({"tags__add": {1}}, InvalidValueError),
        ({"skipped": {1}}, InvalidValueError),
        ({f"extra__{'x' * 40}{one}": one for one in range(400)}, InvalidValueError),
    ],
    ids=lambda value: str(value)[:40],
)
def test_changes_that_cannot_be_are_refused_before_anything_is_sent(
    changes: dict[str, Any], error: type[Exception], settings: Any
) -> None:
    settings.PYDJAMODB_DATABASE = {}
    with override_transport(FaultTransport()), pytest.raises(error):
        Play.objects.filter(listener="ada", moment=1).update(**changes)


@pytest.mark.parametrize(
    "instance",
    [
        play(1, cover=b"x" * 410_000),
        Play(listener="", moment=1),
        Play(listener="x" * 2049, moment=1),
        Play(listener="ada"),
        play(1, plays=10**38 + 1),
        play(1, device=""),
        play(1, ranks={1, float("nan")}),
    ],
    ids=["large", "empty-key", "long-key", "no-range", "39-digits", "empty-index-key", "no-number"],
)
def test_items_that_cannot_be_are_refused_before_anything_is_sent(
    instance: Play, settings: Any
) -> None:
    settings.PYDJAMODB_DATABASE = {}
    with override_transport(FaultTransport()), pytest.raises(InvalidValueError):
        Play.objects.bulk_create([instance])


def test_partly_read_instances_are_not_saved(database: str) -> None:
    play(1, title="x", size=2).save()
    found = Play.objects.only("size").get(listener="ada", moment=1)

    assert (2, None, 1) == (found.size, found.title, found.moment)
    with pytest.raises(DynamoDBQuerySetError, match="only"):
        found.save()


@pytest.mark.exhaustive
def test_no_increment_is_lost(database: str) -> None:
    if database == "moto":
        pytest.skip("moto loses updates of threads")
    Account.objects.create(owner="ada")

    def add() -> None:
        for _ in range(100):
            Account.objects.filter(owner="ada").update(balance__inc=1)

    threads = [Thread(target=add) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    found = Account.objects.consistent().get(owner="ada")
    assert (800, 801) == (found.balance, found.version)


def test_a_refused_transaction_says_why(database: str) -> None:
    skip_without_transactions(database)
    Account.objects.create(owner="c")
    with pytest.raises(AlreadyExistsError) as refused:
        Account.objects.bulk_create([Account(owner=one) for one in "bc"])

    cause = refused.value.__context__
    assert isinstance(cause, TransactionCanceledError)
    assert (None, "ConditionalCheckFailed") == cause.reasons
