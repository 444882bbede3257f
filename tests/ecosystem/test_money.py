"""django-money: an amount, and a currency in a column beside it."""

from __future__ import annotations

from typing import Any

import pytest
from djmoney.money import Money

from tests.ecosystem.conftest import GRANT, added, ask, edited, expose, rows
from tests.ecosystem.models import Item


@pytest.fixture(autouse=True)
def writable(exposed: None, settings: Any) -> None:
    """A currency is not editable, so a grant has to name it."""
    settings.DJANGO_FLEX = expose(item={"anon": {**GRANT, "write_fields": ["*", "price_currency"]}})


def test_an_amount_has_the_default_currency() -> None:
    row = added("item", price="12.50")

    assert ("12.50", "EUR") == (row["price"], row["price_currency"])
    assert Money("12.50", "EUR") == Item.objects.get().price


def test_amount_and_currency_are_edited_by_themselves() -> None:
    row = added("item", price="12.50")
    edited("item", row["id"], price_currency="USD")
    edited("item", row["id"], price="3")

    assert Money("3.00", "USD") == Item.objects.get().price


def test_filters_orders_and_sums_are_of_the_amount() -> None:
    for amount in ("1.00", "12.50"):
        Item.objects.create(price=Money(amount, "EUR"))

    assert [{"price": "12.50"}] == rows("item", "price", filters={"price.gte": "12.5"})
    assert ["12.50", "1.00"] == [row["price"] for row in rows("item", order_by="-price")]
    _, reply = ask("item", "aggregate", group_by="price_currency", aggregate="price.sum")
    assert [{"price_currency": "EUR", "price": {"sum": "13.50"}}] == reply["results"]


def test_bulk_edit_keeps_the_currencies() -> None:
    for currency in ("EUR", "USD"):
        Item.objects.create(price=Money("1.00", currency))

    assert 200 == ask("item", "bulk_edit", filters={}, _set={"price": "2"})[0]

    expected = [Money("2.00", "EUR"), Money("2.00", "USD")]
    assert expected == [item.price for item in Item.objects.order_by("pk")]
