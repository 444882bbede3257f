"""The README of pydjamodb, as written after its import root."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pynamodb.attributes import (
    BooleanAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from django_flex.dynamodb.models import DynamoModel
from django_flex.dynamodb.queryset import DynamoDBManager


class StringNumberIndex(GlobalSecondaryIndex[Any]):
    string = UnicodeAttribute(hash_key=True)
    number = NumberAttribute(range_key=True)

    class Meta:
        projection = AllProjection()


class TestDynamoModel(DynamoModel):
    __test__ = False

    id = UnicodeAttribute(hash_key=True)
    date = UTCDateTimeAttribute(range_key=True)
    string = UnicodeAttribute(null=True)
    number = NumberAttribute()
    bool = BooleanAttribute()

    string_number_index = StringNumberIndex()

    objects_string_number = DynamoDBManager(index=string_number_index)

    class Meta:
        table_name = "pydjamodbtest"


START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def five(database: str) -> list[TestDynamoModel]:
    """Five items of one hash key, a day apart, and one of another."""
    made = [
        TestDynamoModel(
            id="test", date=START + timedelta(days=day), string="a", number=10 - day, bool=True
        )
        for day in range(5)
    ]
    for one in [*made, TestDynamoModel(id="other", date=START, string="b", number=1, bool=False)]:
        one.save()
    return made


def test_all_elements_of_a_hash_key(five: list[TestDynamoModel]) -> None:
    assert five == [*TestDynamoModel.objects.set_hash_key("test")]


def test_first_and_last(five: list[TestDynamoModel]) -> None:
    assert five[0] == TestDynamoModel.objects.set_hash_key("test").first()
    assert five[-1] == TestDynamoModel.objects.set_hash_key("test").last()
    assert TestDynamoModel.objects.set_hash_key("nobody").first() is None
    assert TestDynamoModel.objects.set_hash_key("nobody").last() is None


def test_get_is_the_only_one(five: list[TestDynamoModel]) -> None:
    assert "other" == TestDynamoModel.objects.set_hash_key("other").get().id
    with pytest.raises(TestDynamoModel.MultipleObjectsReturned):
        TestDynamoModel.objects.set_hash_key("test").get()
    with pytest.raises(TestDynamoModel.DoesNotExist):
        TestDynamoModel.objects.set_hash_key("test").get(date=datetime.now())  # noqa: DTZ005 - as in the README


def test_get_by_the_whole_key(five: list[TestDynamoModel]) -> None:
    found = TestDynamoModel.objects.set_hash_key("test").get(date=five[2].date)

    assert (five[2].date, 8) == (found.date, found.number)


def test_count(five: list[TestDynamoModel]) -> None:
    assert 5 == TestDynamoModel.objects.set_hash_key("test").count()


def test_filters_of_the_range_key(five: list[TestDynamoModel]) -> None:
    items = TestDynamoModel.objects.set_hash_key("test")
    day = five[2].date

    assert [five[2]] == [*items.filter(date=day)]
    assert [five[2]] == [*items.filter(date__eq=day)]
    assert five[:2] == [*items.filter(date__lt=day)]
    assert five[:3] == [*items.filter(date__lte=day)]
    assert five[3:] == [*items.filter(date__gt=day)]
    assert five[2:] == [*items.filter(date__gte=day)]
    assert five[1:4] == [*items.filter(date__between=(five[1].date, five[3].date))]
    assert five[:1] == [*items.filter(date__startswith=START)]


def test_limit_and_the_key_after_it(five: list[TestDynamoModel]) -> None:
    first = TestDynamoModel.objects.set_hash_key("test").set_limit(2)
    key = first.last_evaluated_key

    assert five[:2] == [*first]
    assert key == first.next_key
    rest = TestDynamoModel.objects.set_hash_key("test").set_limit(10).set_last_evaluated_key(key)
    assert five[2:] == [*rest]
    assert rest.last_evaluated_key is None


def test_nothing(database: str) -> None:
    assert [] == [*TestDynamoModel.objects.set_hash_key("test").none()]
    assert 0 == TestDynamoModel.objects.set_hash_key("test").none().count()


def test_the_opposite_order(five: list[TestDynamoModel]) -> None:
    found = TestDynamoModel.objects.set_hash_key("test").set_scan_index_forward(False)

    assert [*reversed(five)] == [*found]


def test_another_index(five: list[TestDynamoModel]) -> None:
    by_number = [*reversed(five)]

    index = TestDynamoModel.string_number_index
    assert by_number == [*TestDynamoModel.objects.set_hash_key("a").set_index(index)]
    assert by_number == [*TestDynamoModel.objects_string_number.set_hash_key("a")]
    assert by_number[1:3] == [
        *TestDynamoModel.objects_string_number.set_hash_key("a").filter(number__between=(7, 8))
    ]
