"""Who has listened to what, in a table of DynamoDB: on if ``DYNAMODB_URL`` is set.

It is not among ``shop.models``, since the shop runs without the packages that it needs.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import F
from pynamodb.attributes import UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from django_flex.dynamodb.attributes import IntegerAttribute
from django_flex.dynamodb.models import DynamoModel
from shop.models import InvoiceLine

#: Of so many tracks that were sold there are plays in the table.
SOLD = 200
DEVICES = ("phone", "tv", "car")


class ByDevice(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]  # PynamoDB's own
    """Finds the plays on one kind of device, in the order of their time."""

    device = UnicodeAttribute(hash_key=True)
    played_at = UTCDateTimeAttribute(range_key=True)

    class Meta:
        """How the index is created."""

        index_name = "by_device"
        projection = AllProjection()


class Play(DynamoModel):
    """Somebody has played a track."""

    listener = UnicodeAttribute(hash_key=True)
    played_at = UTCDateTimeAttribute(range_key=True)
    track = IntegerAttribute()
    device = UnicodeAttribute(default=DEVICES[0])
    seconds = IntegerAttribute(default=0)

    by_device = ByDevice()

    class Meta:
        """How the table is created."""

        table_name = "play"


def prepare() -> int:
    """Create the table and fill it, if it is not there; return how many plays were added."""
    if Play.exists():
        return 0
    Play.create_table(wait=True)
    sold = (
        InvoiceLine.objects.order_by("invoice__customer", "-pk")
        .annotate(
            name=F("invoice__customer__user__username"),
            email=F("invoice__customer__email"),
            sold_at=F("invoice__invoiced_at"),
            length=F("track__milliseconds"),
        )
        .values("pk", "track_id", "name", "email", "sold_at", "length")[:SOLD]
    )
    plays = [
        Play(
            listener=one["name"] or one["email"],
            # Two plays of one person never have the same time.
            played_at=one["sold_at"] + timedelta(minutes=5 * number, seconds=one["pk"] % 60),
            track=one["track_id"],
            device=DEVICES[number % len(DEVICES)],
            seconds=one["length"] // 1000,
        )
        for number, one in enumerate(sold)
    ]
    Play.objects.bulk_create(plays, mode="batch")
    return len(plays)
