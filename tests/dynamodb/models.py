"""Models of the tests."""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    NumberSetAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
    VersionAttribute,
)
from pynamodb.indexes import (
    AllProjection,
    GlobalSecondaryIndex,
    IncludeProjection,
    KeysOnlyProjection,
    LocalSecondaryIndex,
)

from django_flex.dynamodb.attributes import DecimalAttribute
from django_flex.dynamodb.models import DynamoModel


class ByDevice(GlobalSecondaryIndex[Any]):
    device = UnicodeAttribute(hash_key=True)
    plays = NumberAttribute(range_key=True)

    class Meta:
        index_name = "by_device"
        projection = AllProjection()


class ByGenre(GlobalSecondaryIndex[Any]):
    genre = UnicodeAttribute(hash_key=True)

    class Meta:
        index_name = "by_genre"
        projection = KeysOnlyProjection()


class ByTitle(LocalSecondaryIndex[Any]):
    listener = UnicodeAttribute(hash_key=True)
    title = UnicodeAttribute(range_key=True)

    class Meta:
        index_name = "by_title"
        projection = IncludeProjection(["device"])


class Place(MapAttribute[Any, Any]):
    city = UnicodeAttribute()
    floor = NumberAttribute(null=True, attr_name="f")


class Play(DynamoModel):
    """What somebody has heard."""

    listener = UnicodeAttribute(hash_key=True)
    moment = NumberAttribute(range_key=True)
    title = UnicodeAttribute(null=True)
    device = UnicodeAttribute(null=True)
    genre = UnicodeAttribute(null=True)
    plays = NumberAttribute(null=True)
    # "size" and "name" are reserved words of DynamoDB.
    size = NumberAttribute(null=True)
    title_sort = UnicodeAttribute(null=True, attr_name="name")
    tags = UnicodeSetAttribute(null=True)
    ranks = NumberSetAttribute(null=True)
    skipped = BooleanAttribute(null=True)
    place: Any = Place(null=True)
    extra: Any = MapAttribute(null=True)
    history: Any = ListAttribute(null=True)
    cover = BinaryAttribute(null=True, legacy_encoding=False)
    price = DecimalAttribute(null=True)

    by_device = ByDevice()
    by_genre = ByGenre()
    by_title = ByTitle()

    class Meta:
        table_name = "play"


class Account(DynamoModel):
    """Something with a hash key only, and a version."""

    owner = UnicodeAttribute(hash_key=True)
    balance = NumberAttribute(default=0)
    note = UnicodeAttribute(null=True)
    version = VersionAttribute()

    class Meta:
        table_name = "account"


class Visit(DynamoModel):
    """Something whose key is read by code of an attribute."""

    guest = UnicodeAttribute(hash_key=True)
    at = UTCDateTimeAttribute(range_key=True)
    seats = NumberAttribute(null=True)
    note = UnicodeAttribute(null=True)

    class Meta:
        table_name = "visit"
