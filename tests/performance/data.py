"""The rows that everything is measured on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

from django.db import connection

BOOKINGS = 2_000
LINES = 5
#: Lists are of confirmed bookings, the newest first.
INDEX = "CREATE INDEX performance ON testapp_booking (status, created_at DESC, id)"
START = datetime(2026, 1, 1, tzinfo=UTC)


def fill(bookings: int = BOOKINGS) -> None:
    """Make bookings with customers, addresses, lines and tags.

    Customers and addresses have the same keys everywhere, for requests name some.
    """
    from tests.testapp.models import Address, Booking, Customer, Line, Tag

    Customer.objects.bulk_create(
        Customer(pk=n + 1, name=f"Customer {n}", email=f"c{n}@example.com") for n in range(100)
    )
    Address.objects.bulk_create(
        Address(pk=n + 1, street=f"Street {n}", city=f"City {n}") for n in range(100)
    )
    add_bookings(bookings)
    keys = list(Booking.objects.order_by("pk").values_list("pk", flat=True))
    Line.objects.bulk_create(
        Line(booking_id=key, product=f"Product {n}", quantity=n)
        for key in keys
        for n in range(LINES)
    )
    Tag.objects.bulk_create(Tag(slug=f"tag-{n}", date=f"day {n}") for n in range(20))
    through = Booking.tags.through
    through.objects.bulk_create(
        through(booking_id=key, tag_id=f"tag-{(key + n) % 20}") for key in keys for n in range(2)
    )


@cache
def index() -> None:
    """Index what lists are filtered and ordered by, once."""
    with connection.cursor() as cursor:
        cursor.execute(INDEX)
    analyze()


def analyze() -> None:
    """Let the database know its rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "ANALYZE" if connection.vendor != "mysql" else "ANALYZE TABLE testapp_booking"
        )


def add_bookings(count: int) -> None:
    """Make so many bookings."""
    from tests.testapp.models import Address, Booking, Customer

    customers = list(Customer.objects.order_by("pk").values_list("pk", flat=True))
    addresses = list(Address.objects.order_by("pk").values_list("pk", flat=True))
    Booking.objects.bulk_create(
        (
            Booking(
                customer_id=customers[n % len(customers)],
                address_id=addresses[n % len(addresses)] if n % 7 else None,
                status="confirmed" if n % 3 else "pending",
                price=n % 90,
                seats=n % 5,
                created_at=START + timedelta(minutes=n),
            )
            for n in range(count)
        ),
        batch_size=5_000,
    )


def remove_added(last: int) -> None:
    """Remove the bookings behind a key, which a measurement of writes has added."""
    from tests.testapp.models import Booking

    Booking.objects.filter(pk__gt=last)._raw_delete(using="default")
