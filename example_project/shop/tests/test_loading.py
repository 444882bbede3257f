"""The Chinook fixture becomes a shop of today."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError
from django.db.models import F, Max, Min, Sum
from shop import loading
from shop.loading import Progress
from shop.models import Artist, Customer, Employee, Invoice, InvoiceLine, Playlist, Track

pytestmark = pytest.mark.django_db


def empty_the_shop() -> None:
    for table in reversed(loading.TABLES):
        table.model._default_manager.all().delete()


def test_loads_every_record() -> None:
    rows = {table.name: table.model._default_manager.count() for table in loading.TABLES}

    assert rows["artist"] == 275
    assert rows["track"] == 3_503
    assert rows["invoiceline"] == 2_240
    assert sum(rows.values()) == 15_607


def test_totals_are_the_sums_of_the_lines() -> None:
    amount = Sum(F("lines__unit_price") * F("lines__quantity"))

    wrong = [
        invoice
        for invoice in Invoice.objects.annotate(amount=amount)
        if invoice.amount.quantize(Decimal("0.01")) != invoice.total
    ]

    assert wrong == []


def test_moves_all_dates_by_the_same_days_up_to_yesterday() -> None:
    empty_the_shop()

    loading.load(today=date(2024, 3, 1))

    span = Invoice.objects.aggregate(first=Min("invoiced_at"), last=Max("invoiced_at"))
    assert span["last"].isoformat() == "2024-02-29T00:00:00+00:00"
    assert span["last"] - span["first"] == timedelta(days=1_816)
    # He was hired 1,601 days before the first invoice; he still was.
    andrew = Employee.objects.get(first_name="Andrew")
    assert span["first"].date() - andrew.hired_on == timedelta(days=1_601)


def test_models_what_the_fixture_leaves_rough() -> None:
    track = Track.objects.get(name="For Those About To Rock (We Salute You)")
    assert track.composers == ["Angus Young", "Malcolm Young", "Brian Johnson"]
    assert track.unit_price == Decimal("0.99")
    assert Track.objects.filter(composers=[]).exists()
    assert Customer.objects.get(last_name="Murray").city == "Edinburgh"
    assert Customer.objects.get(last_name="Murray").company == ""
    assert Playlist.objects.get(name="Grunge").tracks.count() == 15


def test_reports_how_far_it_is() -> None:
    empty_the_shop()
    reports: list[Progress] = []

    loading.load(today=date(2024, 3, 1), report=reports.append)

    assert reports[0] == Progress(table="artist", done=275, total=15_607)
    assert reports[-1] == Progress(table="invoiceline", done=15_607, total=15_607)
    assert reports[-1].percent == 100


def test_leaves_nothing_behind_when_it_is_interrupted() -> None:
    def interrupt(progress: Progress) -> None:
        if progress.table == "invoice":
            raise KeyboardInterrupt

    empty_the_shop()

    with pytest.raises(KeyboardInterrupt):
        loading.load(today=date(2024, 3, 1), report=interrupt)

    assert not Artist.objects.exists()
    assert not loading.is_loaded()


def test_refuses_a_shop_that_has_rows() -> None:
    with pytest.raises(IntegrityError):
        loading.load(today=date(2024, 3, 1))

    assert InvoiceLine.objects.count() == 2_240


def test_new_rows_get_keys_of_their_own() -> None:
    assert Artist.objects.create(name="Somebody new").pk > 275
