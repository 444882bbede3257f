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
    writable = ["*", "price_currency", "discount_currency"]
    settings.DJANGO_FLEX = expose(item={"anon": {**GRANT, "write_fields": writable}})


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


@pytest.mark.parametrize("sent", [{"price_currency": "QQQ"}, {"price_currency": None}])
@pytest.mark.parametrize("action", ["add", "edit", "bulk_edit"])
def test_unknown_currency_is_refused_by_name(action: str, sent: dict[str, Any]) -> None:
    item = Item.objects.create(price=Money("1.00", "EUR"))
    asked = {"price": "2", **sent}
    spec: dict[str, Any] = {"edit": {"id": item.pk, **asked}, "add": asked}.get(
        action, {"filters": {}, "_set": sent}
    )

    status, reply = ask("item", action, **spec)

    assert (400, ["price_currency"]) == (status, [*reply["fields"]])
    assert Money("1.00", "EUR") == Item.objects.get().price


def test_first_amount_of_a_nullable_column_needs_its_currency() -> None:
    row = added("item", price="1")
    edited("item", row["id"], discount_currency=None)

    status, reply = ask("item", "edit", id=row["id"], discount="3")
    assert (400, ["discount"]) == (status, [*reply["fields"]])

    edited("item", row["id"], discount="3", discount_currency="USD")
    assert Money("3.00", "USD") == Item.objects.get().discount
