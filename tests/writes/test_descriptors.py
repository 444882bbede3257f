"""A value that the attribute of a model refuses, or cannot be read with, is an error of its column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django import forms

from tests.wild.described import Flow, Meeting, Price
from tests.writes.conftest import GRANT, ask

FORM = "This value has a form that the field does not accept."
NULL = "This field cannot be null."
NAMES = ("price", "meeting", "flow")


@pytest.fixture(autouse=True)
def exposed(open_to_everybody: None, configure: Callable[..., None]) -> None:
    configure({f"wild.{name}": {"anon": GRANT} for name in NAMES})


@pytest.fixture
def price() -> Price:
    return Price.objects.create(amount="3.00", currency="EUR")


def refused(model: str, action: str, **sent: Any) -> dict[str, list[str]]:
    """Ask for a write that is refused, and return its errors by the names that were sent."""
    status, reply = ask(f"wild.{model}", action, **sent)
    assert 400 == status, reply
    assert "secret" not in str(reply)
    return dict(reply["fields"])


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"currency": "QQQ"}, {"currency"}),
        ({"currency": "eur"}, {"currency"}),
        ({"amount": "4", "currency": "QQQ"}, {"currency"}),
        ({"currency": "QQQ", "amount": "4"}, {"currency"}),
        ({"currency": "QQQ", "name": "x" * 60}, {"currency", "name"}),
    ],
)
@pytest.mark.parametrize("action", ["edit", "add", "bulk_edit"])
def test_column_that_others_cannot_be_read_with_is_named(
    price: Price, action: str, sent: dict[str, Any], expected: set[str]
) -> None:
    if action == "add":
        sent = {"amount": "4", **sent}
    key = {"id": price.pk} if action == "edit" else {}
    asked = {"filters": {}, "_set": sent} if action == "bulk_edit" else sent

    found = refused("price", action, **key, **asked)

    assert (expected, [FORM]) == ({*found}, found["currency"])
    assert ("3.00", "EUR") == tuple(map(str, Price.objects.values_list("amount", "currency").get()))


def test_value_that_needs_another_one_is_set_after_it() -> None:
    for sent in ({"amount": "2", "currency": "USD"}, {"currency": "USD", "amount": "2"}):
        status, row = ask("wild.price", "add", **sent)
        assert (201, "2.00", "USD") == (status, row.get("amount"), row.get("currency"))
        empty = Price.objects.create()
        status, row = ask("wild.price", "edit", id=empty.pk, **sent)
        assert (200, "2.00", "USD") == (status, row.get("amount"), row.get("currency"))


def test_first_amount_without_its_currency_is_refused() -> None:
    row = Price.objects.create()

    assert {"amount": [FORM]} == refused("price", "edit", id=row.pk, amount="2")
    assert {"amount": [FORM]} == refused("price", "add", amount="2")
    assert {"amount": [FORM]} == refused("price", "add", amount="2", currency=None)


def test_amount_does_not_lose_its_currency(price: Price) -> None:
    assert {"currency": [FORM]} == refused("price", "edit", id=price.pk, currency=None)
    assert 200 == ask("wild.price", "edit", id=price.pk, currency=None, amount=None)[0]


def test_column_that_could_not_be_read_before_does_not_block_the_others(price: Price) -> None:
    Price.objects.update(currency="QQQ")

    assert 200 == ask("wild.price", "edit", id=price.pk, name="new")[0]
    assert 200 == ask("wild.price", "edit", id=price.pk, currency="USD")[0]
    assert {"currency": [FORM]} == refused("price", "edit", id=price.pk, currency="ZZZ")


@pytest.mark.parametrize("zone", ["Mars", "", 5, True, {"a": 1}, ["UTC"]])
@pytest.mark.parametrize("action", ["edit", "add"])
def test_message_is_that_of_the_field(action: str, zone: object) -> None:
    row = Meeting.objects.create(name="a")
    key = {"id": row.pk} if action == "edit" else {}

    found = refused("meeting", action, **key, name="b", zone=zone)

    expected = "Not a zone" if isinstance(zone, str) else "This has to be a string."
    assert {"zone": [expected]} == found
    assert ["a"] == list(Meeting.objects.values_list("name", flat=True))


def test_errors_of_all_columns_come_at_once() -> None:
    status, reply = ask("wild.meeting", "add", name="x" * 30, zone="Mars")

    assert 400 == status
    assert {"zone": ["no_zone"], "name": ["max_length"]} == reply["codes"]


def test_null_is_refused_as_null() -> None:
    row = Flow.objects.create()

    assert {"state": [NULL]} == refused("flow", "edit", id=row.pk, state=None)
    assert {"zone": [NULL]} == refused("meeting", "add", name="a", zone=None)


def test_attribute_that_nobody_may_set_is_refused() -> None:
    row = Flow.objects.create()

    assert {"state": [FORM]} == refused("flow", "edit", id=row.pk, state="done")
    assert {"state": [FORM]} == refused("flow", "edit", id=row.pk, name="x", state="done")
    assert 200 == ask("wild.flow", "edit", id=row.pk, name="x")[0]
    assert [("x", "new")] == list(Flow.objects.values_list("name", "state"))


def test_row_of_a_list_is_named() -> None:
    rows = [{"name": "a", "zone": "UTC"}, {"name": "b", "zone": "Mars"}]
    status, reply = ask("wild.meeting", "add", _items=rows)

    assert (400, "_items[1]", {"zone": ["Not a zone"]}) == (status, reply["path"], reply["fields"])
    assert not Meeting.objects.exists()


class MeetingForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the checker alone
    class Meta:
        model = Meeting
        fields = ("name", "zone")


def test_form_of_an_entry_is_not_asked(configure: Callable[..., None]) -> None:
    configure({"wild.meeting": {"anon": GRANT, "form_class": MeetingForm}})

    assert {"zone": ["Not a zone"]} == refused("meeting", "add", name="a", zone="Mars")
    assert 201 == ask("wild.meeting", "add", name="a", zone="UTC")[0]
