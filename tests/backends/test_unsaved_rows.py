"""Queries as if a row were stored: they find what they find once it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Upper
from django.test.utils import isolate_apps
from django.utils import timezone

from django_flex.backends.orm.django_internals.unsaved_rows import (
    NEW_KEY,
    exists_with,
    key_of_unsaved,
)
from tests.testapp.models import (
    Booking,
    Customer,
    Line,
    Node,
    Product,
    Restaurant,
    Tag,
    VipCustomer,
)

pytestmark = pytest.mark.django_db
FIRST = UUID("11111111-1111-4111-8111-111111111111")
WHEN = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
BOOKING: dict[str, Any] = {
    "status": "O'Hara %s",
    "urgent": True,
    "price": Decimal("12.50"),
    "rating": 0.5,
    "seats": 3,
    "day": date(2026, 3, 1),
    "starts": time(9, 15),
    "lasts": timedelta(hours=2),
    "created_at": WHEN,
    "reference": FIRST,
    "document": "a.txt",
    "digest": b"\x00\xff",
}
HOLDS = [
    *[Q((name, value)) for name, value in BOOKING.items() if name != "digest"],
    Q(price__gt=Decimal("9.75"), price__lt=100),
    Q(created_at__year=2026, day__lt=date(2026, 3, 2), lasts__gt=timedelta(minutes=5)),
    Q(status__icontains="hara") & ~Q(status="x"),
    Q(closed_at__isnull=True, address=None),
    Q(seats__lt=F("price")),
    Q(customer__name="Ann", created_by__teams__isnull=True),
    Q(customer__metadata__plan="gold"),
    Q(pk__in=Booking.objects.filter(seats=3).values("pk")),
    Q(Exists(Booking.objects.filter(customer=OuterRef("customer"), seats=1))),
]


def agree(instance: models.Model, condition: Q, *, holds: bool) -> None:
    """Hold what is found before a row is stored against what is found afterwards."""
    rows = type(instance)._default_manager.using(DEFAULT_DB_ALIAS)
    found = rows.filter(condition, pk=key_of_unsaved(instance)).values_list("pk")
    assert holds is exists_with(found.query, instance, DEFAULT_DB_ALIAS), condition
    instance.save()
    assert holds is rows.filter(condition, pk=instance.pk).exists(), condition


@pytest.mark.parametrize("number", range(len(HOLDS)))
@pytest.mark.parametrize("stored", [False, True], ids=["new", "changed"])
def test_values_of_every_kind_are_compared_as_if_stored(number: int, *, stored: bool) -> None:
    ann = Customer.objects.create(name="Ann", metadata={"plan": "gold"})
    user = get_user_model().objects.create(username="u")
    Booking.objects.create(customer=ann, seats=1)
    for holds in (True, False):
        instance = Booking(customer=ann, created_by=user, **BOOKING)
        if stored:
            instance = Booking.objects.create(customer=ann, status="before")
            for name, value in {**BOOKING, "created_by": user}.items():
                setattr(instance, name, value)
        agree(instance, HOLDS[number] if holds else ~HOLDS[number], holds=holds)


def test_keys_and_parts_in_the_tables_of_parents() -> None:
    root = Node.objects.create(title="root")
    agree(Node(title="leaf", parent=root), Q(parent__title="root", parent__parent=None), holds=True)
    agree(Tag(slug="red"), Q(slug="red", date=""), holds=True)
    agree(Restaurant(name="Inn", stars=2), Q(name="Inn", stars=2), holds=True)
    agree(Restaurant(name="Inn", stars=2), Q(name="Inn", stars=1), holds=False)
    agree(VipCustomer(name="Ann", metadata={"a": 1}), Q(metadata__a=1), holds=True)
    assert NEW_KEY == key_of_unsaved(Restaurant())
    assert key_of_unsaved(Tag(slug="red")) == "red"


def test_other_rows_are_there_and_the_stored_one_is_not() -> None:
    booking = Booking.objects.create(customer=Customer.objects.create(name="Ann"), seats=1)
    other = Booking.objects.create(customer=booking.customer, seats=2)
    Line.objects.create(booking=booking, product="mop")
    booking.seats = 5
    rows = Booking.objects.using(DEFAULT_DB_ALIAS).values_list("pk")

    for condition, holds in (
        (Q(pk=other.pk, seats=2), True),
        (Q(pk=booking.pk, seats=1), False),
        (Q(pk=booking.pk, lines__product="mop"), True),
        (Q(pk__in=[]), False),
    ):
        assert holds is exists_with(rows.filter(condition).query, booking, DEFAULT_DB_ALIAS)


def test_times_that_django_sets_are_there() -> None:
    before = timezone.now() - timedelta(minutes=5)
    for condition, holds in ((Q(added_at__gte=before), True), (Q(added_at__lt=before), False)):
        product = Product(sku=f"p{holds}", name="Fig")
        agree(product, condition & Q(sku=product.sku), holds=holds)
    product = Product.objects.create(sku="p", name="Fig")
    product.added_at = product.changed_at = WHEN  # as it was stored long ago
    Product.objects.filter(pk=product.pk).update(added_at=WHEN, changed_at=WHEN)
    agree(product, Q(changed_at__gte=before, added_at=WHEN), holds=True)
    stamps = {product.added_at, product.changed_at}
    rows = Product._base_manager.using(DEFAULT_DB_ALIAS).values_list("pk")
    assert exists_with(rows.filter(pk=product.pk).query, product, DEFAULT_DB_ALIAS)
    assert stamps == {product.added_at, product.changed_at}


@isolate_apps("tests.testapp")
def test_defaults_of_the_database_are_there() -> None:
    class TagWithDefaults(models.Model):
        slug = models.SlugField(primary_key=True, db_default="s")
        date = models.CharField(max_length=20, db_default=Upper(models.Value("today")))

        class Meta:
            managed = False
            db_table = "testapp_tag"
            app_label = "testapp"

    rows = TagWithDefaults._base_manager.using(DEFAULT_DB_ALIAS).values_list("pk")
    for condition, holds in ((Q(date="TODAY"), True), (Q(date="today!"), False)):
        tag = TagWithDefaults(slug="new")
        assert holds is exists_with(rows.filter(condition, pk="new").query, tag, DEFAULT_DB_ALIAS)


@isolate_apps("tests.testapp")
def test_values_that_the_database_generates_are_unknown() -> None:
    class TagWithLength(models.Model):
        slug = models.SlugField(primary_key=True)
        date = models.GeneratedField(
            expression=Upper("slug"), output_field=models.CharField(max_length=20), db_persist=True
        )

        class Meta:
            managed = False
            db_table = "testapp_tag"
            app_label = "testapp"

    rows = TagWithLength._base_manager.using(DEFAULT_DB_ALIAS).values_list("pk")
    tag = TagWithLength(slug="new")
    assert exists_with(rows.filter(pk="new").query, tag, DEFAULT_DB_ALIAS)
    assert not exists_with(rows.filter(pk="new", date="NEW").query, tag, DEFAULT_DB_ALIAS)
