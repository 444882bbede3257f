"""What did not work in pydjamodb 0.0.10, each with a test."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import MultipleObjectsReturned as DjangoMultiple
from django.core.exceptions import ObjectDoesNotExist as DjangoNone

from django_flex.dynamodb import transport
from django_flex.dynamodb.connection import TableConnection
from django_flex.dynamodb.exceptions import (
    FieldDoesNotExists,
    InvalidOperator,
    InvalidValueError,
    NoKeyError,
)
from django_flex.dynamodb.test_runner import clean_dynamodb_database
from django_flex.dynamodb.transport import current_transport, override_transport
from tests.dynamodb.faults import FaultTransport, reply
from tests.dynamodb.models import Account, Play

SEVEN = [Play(listener="ada", moment=moment, size=moment % 3) for moment in range(7)]


@pytest.fixture
def recorded() -> Any:
    """Requests that are sent on, and recorded."""
    transport = FaultTransport(inner=current_transport())
    with override_transport(transport):
        yield transport


@pytest.fixture
def seven(database: str) -> list[Play]:
    """Seven items of one hash key."""
    Play.objects.bulk_create(SEVEN, mode="batch")
    return SEVEN


def test_chained_filters_all_hold(seven: list[Play]) -> None:
    found = Play.objects.set_hash_key("ada").filter(moment__lte=5).filter(moment__gte=4)

    assert seven[4:6] == [*found]


def test_several_lookups_at_once(seven: list[Play]) -> None:
    assert seven[4:6] == [*Play.objects.filter(listener="ada", moment__lt=6, moment__gt=3)]


def test_other_attributes_are_filtered_by(seven: list[Play]) -> None:
    assert [seven[1], seven[4]] == [*Play.objects.filter(listener="ada", size=1)]


def test_in_and_not_on_the_range_key(seven: list[Play]) -> None:
    of_ada = Play.objects.set_hash_key("ada")

    assert [seven[1], seven[3]] == [*of_ada.filter(moment__in=[1, 3, 99])]
    assert [*seven[:2], *seven[3:]] == [*of_ada.filter(moment__not=2)]
    assert [] == [*of_ada.filter(moment__in=[])]


def test_the_documented_key_is_there(seven: list[Play]) -> None:
    key = Play.objects.set_hash_key("ada").set_limit(2).last_evaluated_key

    assert {"listener": {"S": "ada"}, "moment": {"N": "1"}} == key


def test_instances_are_hashable_and_equal_by_key(seven: list[Play]) -> None:
    found = {*Play.objects.set_hash_key("ada")}

    assert {*seven} == found
    assert Play(listener="ada", moment=1) == Play(listener="ada", moment=1, size=9)
    assert Play(listener="ada", moment=1) != Play(listener="ada", moment=2)
    assert Play(listener="ada") != Play(listener="ada")
    assert Account(owner="ada") != Play(listener="ada", moment=1)
    assert Account(owner="ada") != "ada"
    with pytest.raises(TypeError, match="key"):
        hash(Play(listener="ada"))


def test_len_slices_and_positions(seven: list[Play]) -> None:
    of_ada = Play.objects.set_hash_key("ada")

    assert 7 == len(of_ada)
    assert seven[:3] == [*of_ada[:3]]
    assert seven[2:4] == [*of_ada[2:4]]
    assert seven[5] == of_ada[5]
    assert seven == [*of_ada.all()]
    assert [] == [*of_ada.all()[:0]]
    assert seven[3:] == [*of_ada.all()[3:]]
    with pytest.raises(IndexError):
        of_ada[7]
    with pytest.raises(ValueError, match="negative"):
        of_ada[-1]


@pytest.mark.parametrize("lookup", ["save", "objects", "nobody", "Meta", "by_device"])
def test_only_attributes_are_fields(lookup: str) -> None:
    with pytest.raises(FieldDoesNotExists, match="there is no attribute"):
        Play.objects.filter(**{lookup: 1})


def test_nested_lookups_are_understood(database: str) -> None:
    Play(listener="ada", moment=1, place={"city": "Rom", "floor": 3}, extra={"a": {"b": 5}}).save()
    of_ada = Play.objects.set_hash_key("ada")

    assert 1 == of_ada.filter(place__floor__gt=2, extra__a__b__gt=4).count()
    assert 0 == of_ada.filter(place__city="Ulm").count()
    with pytest.raises(InvalidOperator, match="country"):
        of_ada.filter(place__country="x")


def test_iteration_reads_page_by_page(seven: list[Play], recorded: FaultTransport) -> None:
    rows = Play.objects.set_hash_key("ada").iterator(page_size=2)

    assert [seven[0], seven[1], seven[2]] == [next(rows), next(rows), next(rows)]
    assert ["Query", "Query"] == recorded.operations


def test_get_reads_one_item_by_its_key(seven: list[Play], recorded: FaultTransport) -> None:
    assert seven[3] == Play.objects.get(listener="ada", moment=3)
    assert ["GetItem"] == recorded.operations


def test_get_without_the_whole_key_reads_two(seven: list[Play], recorded: FaultTransport) -> None:
    with pytest.raises(Play.MultipleObjectsReturned):
        Play.objects.get(listener="ada")

    assert [("Query", 2)] == [(one, given["Limit"]) for one, given in recorded.sent]


def test_count_counts_in_the_database(seven: list[Play], recorded: FaultTransport) -> None:
    assert 7 == Play.objects.set_hash_key("ada").count()
    assert 3 == Play.objects.set_hash_key("ada").set_limit(3).count()
    assert "COUNT" == recorded.sent[0][1]["Select"]


def test_consistent_reads_and_projections(seven: list[Play], recorded: FaultTransport) -> None:
    of_ada = Play.objects.set_hash_key("ada").consistent()

    assert {"size": 1} == of_ada.values("size")[1]
    assert recorded.sent[0][1]["ConsistentRead"] is True
    assert "ProjectionExpression" in recorded.sent[0][1]


def test_exceptions_are_those_of_django(seven: list[Play]) -> None:
    with pytest.raises(DjangoNone) as none:
        Play.objects.get(listener="bob", moment=1)
    with pytest.raises(DjangoMultiple):
        Play.objects.get(listener="ada")

    assert isinstance(none.value, Play.DoesNotExist)
    assert not isinstance(none.value, Account.DoesNotExist)
    with pytest.raises(Play.DoesNotExist):
        Play.get("bob", 1)


def test_numbers_keep_their_digits(database: str) -> None:
    exact = Decimal("0.12345678901234567890123")
    Play(listener="ada", moment=1, price=exact, extra={"n": 1}).save()
    Play.objects.filter(listener="ada", moment=1).update(extra__n=exact)

    found = Play.objects.filter(listener="ada", price=exact).values("price", "extra").get()
    assert {"price": exact, "extra": {"n": exact}} == found
    with pytest.raises(InvalidValueError, match="38 digits"):
        Play.objects.filter(listener="ada", price=Decimal("1." + "1" * 38))


def test_no_key_is_an_error_that_says_what_would_do() -> None:
    with pytest.raises(NoKeyError, match=r"listener or device \(index by_device\) or genre"):
        len(Play.objects.filter(size=1))


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("PutItem", {"TableName": "club"}),
        ("UpdateItem", {"TableName": "club"}),
        ("DeleteItem", {"TableName": "club"}),
        ("BatchWriteItem", {"RequestItems": {"club": []}}),
        ("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "club"}}]}),
    ],
)
def test_whatever_has_written_to_a_table_it_is_emptied_after_the_test(
    operation: str, parameters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    written: set[str] = set()
    monkeypatch.setattr(transport, "written_tables", written)
    with override_transport(FaultTransport(faults=[reply()])):
        transport.send(operation, parameters)

    assert {"club"} == written


def test_only_keys_are_read_to_empty_a_table_and_nothing_if_there_was_no_write(
    seven: list[Play], recorded: FaultTransport
) -> None:
    for _ in range(2):
        clean_dynamodb_database()

    assert ["Scan", "BatchWriteItem"] == recorded.operations
    assert "#n0, #n1" == recorded.sent[0][1]["ProjectionExpression"]
    assert 0 == Play.objects.set_hash_key("ada").count()


def test_a_server_on_this_machine_is_asked_often_whether_a_table_is_ready(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PYDJAMODB_DATABASE = {"HOST": "http://127.0.0.1:1", "AWS_REGION": "us-east-1"}
    waits: list[float] = []
    monkeypatch.setattr("django_flex.dynamodb.connection.time.sleep", waits.append)
    states = [reply(Table={"TableStatus": one}) for one in ("CREATING", "CREATING", "ACTIVE")]
    with override_transport(FaultTransport(faults=states)):
        TableConnection("club").wait_until(exists=True)

    assert 2 == len(waits)
    assert max(waits) <= 0.1
