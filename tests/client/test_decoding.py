"""Rows as instances of a program's own types."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, TypedDict

import msgspec
import pytest
from pydantic import BaseModel, ConfigDict, Field

from django_flex.client import BuildError, DecodeError
from django_flex.client.shells.selecting import begun, terms_of
from django_flex.client.values.decoding import Decoder, collection_of, selection_of
from django_flex.client.values.encoding import columns_of


class Company(BaseModel):
    id: int
    name: str


class Customer(BaseModel):
    id: int
    name: str
    company: Company | None = None
    vip: bool = False


class Line(BaseModel):
    product: str
    quantity: int


class Booking(BaseModel):
    model_config = ConfigDict(collection="bookings")  # type: ignore[typeddict-unknown-key] # ours

    id: int
    price: Decimal | None
    created: Annotated[datetime | None, Field(alias="created_at")] = None
    customer: Customer
    lines: list[Line] = []


@dataclass
class Card:
    id: int
    name: str
    company: Company | None = None


class Entry(TypedDict):
    id: int
    name: str


class Record(msgspec.Struct):
    id: int
    label: str = msgspec.field(name="name")
    note: str | None = None


ROW: dict[str, Any] = {
    "id": 1,
    "price": "9.50",
    "created_at": "2026-01-02T03:04:05Z",
    "customer": {"id": 2, "name": "Ada", "company": {"id": 3, "name": "Acme"}, "vip": True},
    "lines": [{"product": "tea", "quantity": 2}],
}


@pytest.mark.parametrize(
    ("model", "row", "made"),
    [
        (dict, {"id": 1, "name": "x"}, {"id": 1, "name": "x"}),
        (Company, {"id": 1, "name": "x", "more": 1}, Company(id=1, name="x")),
        (Card, {"id": 1, "name": "x"}, Card(1, "x")),
        (Entry, {"id": 1, "name": "x"}, {"id": 1, "name": "x"}),
        (Record, {"id": 1, "name": "x"}, Record(1, "x")),
    ],
)
def test_a_row_becomes_what_the_program_asks_for(model: Any, row: Any, made: Any) -> None:
    assert Decoder(model).row(row) == made


def test_a_row_inside_a_row_is_an_instance_too() -> None:
    booking = Decoder(Booking).row(ROW)
    assert booking.price == Decimal("9.50")
    assert booking.created is not None
    assert booking.customer.company == Company(id=3, name="Acme")
    assert booking.lines == [Line(product="tea", quantity=2)]


def test_an_instance_has_what_was_selected_and_nothing_else() -> None:
    terms = ["id", "customer.name", "lines.quantity", "created_at"]
    row = {"id": 1, "customer": {"name": "Ada"}, "lines": [{"quantity": 2}], "created_at": None}
    booking = Decoder(Booking, selection_of(terms)).row(row)
    assert isinstance(booking, Booking)
    assert (booking.id, booking.customer.name, booking.created) == (1, "Ada", None)
    assert [line.quantity for line in booking.lines] == [2]
    assert isinstance(booking.lines[0], Line)
    for instance, name in (
        (booking, "price"),
        (booking.customer, "vip"),
        (booking.customer, "company"),
        (booking.lines[0], "product"),
    ):
        with pytest.raises(AttributeError):
            getattr(instance, name)


def test_selected_fields_are_validated_as_in_the_whole_model() -> None:
    with pytest.raises(DecodeError, match=r"Row 1 does not fit Booking, field 'customer.name'"):
        Decoder(Booking, selection_of(["customer.name"])).rows(
            [{"customer": {"name": "Ada"}}, {"customer": {"name": 5}}]
        )


@pytest.mark.parametrize("model", [Card, Entry, Record])
def test_other_types_can_be_partial(model: Any) -> None:
    made = Decoder(model, selection_of(["name"])).row({"name": "x"})
    value = made["name"] if isinstance(made, dict) else getattr(made, "name", None) or made.label
    assert value == "x"
    with pytest.raises((AttributeError, KeyError)):
        made["id"] if isinstance(made, dict) else made.id  # reading is the test


@pytest.mark.parametrize(
    ("model", "rows", "row", "field"),
    [
        (Company, [{"id": 1, "name": "x"}, {"id": "y", "name": "x"}], 1, "id"),
        (Company, [{"id": 1}], 0, "name"),
        (Card, [{"id": 1, "name": "x"}, {"id": 2, "name": "y", "company": {"id": 1}}], 1, "company.name"),
        (Entry, [{"id": None, "name": "x"}], 0, "id"),
        (Record, [{"id": 1, "name": "x"}, {"id": 1, "name": []}], 1, "name"),
        (Company, [5], 0, ""),
    ],
    ids=range(6),
)  # fmt: skip
def test_a_row_that_does_not_fit_is_named(model: Any, rows: Any, row: int, field: str) -> None:
    with pytest.raises(DecodeError) as raised:
        Decoder(model).rows(rows)
    assert (raised.value.row, raised.value.field) == (row, field)
    assert model.__name__ in str(raised.value)


def test_the_fields_of_a_model_are_selected() -> None:
    assert terms_of(Booking) == (
        "id", "price", "created_at", "customer.id", "customer.name", "customer.company.id",
        "customer.company.name", "customer.vip", "lines.product", "lines.quantity",
    )  # fmt: skip
    assert terms_of(Record) == ("id", "name", "note")
    assert terms_of(Card) == ("id", "name", "company.id", "company.name")
    assert terms_of(Entry) == ("id", "name")


def test_a_selection_with_a_wildcard_or_another_name_is_the_whole_model() -> None:
    assert selection_of(["*", "customer.name"]) == ()
    assert selection_of(["label:name"]) == ()
    assert selection_of(["a.b", "a.c"]) == (("a", (("b", ()), ("c", ()))),)


class HTTPLog2(BaseModel): ...


class Invoice:
    __collection__ = "bills"


@pytest.mark.parametrize(
    ("model", "name"),
    [(Booking, "bookings"), (Customer, "customer"), (HTTPLog2, "http_log2"), (Invoice, "bills")],
)
def test_a_model_names_its_collection(model: type, name: str) -> None:
    assert collection_of(model) == name


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(BuildError, match="is no pydantic model"):
        begun(Invoice)
    with pytest.raises(BuildError, match="has a name"):
        begun("")


@pytest.mark.parametrize(
    ("row", "sent"),
    [
        ({"price": Decimal("1.50"), "at": datetime(2026, 1, 2, 3, tzinfo=UTC)}, {"price": "1.50", "at": "2026-01-02T03:00:00+00:00"}),
        (Customer(id=1, name="Ada"), {"id": 1, "name": "Ada"}),
        (Card(1, "x", Company(id=2, name="y")), {"id": 1, "name": "x", "company": {"id": 2, "name": "y"}}),
        (Record(1, "x"), {"id": 1, "name": "x"}),
    ],
    ids=["mapping", "pydantic", "dataclass", "struct"],
)  # fmt: skip
def test_rows_of_each_type_can_be_sent(row: Any, sent: Any) -> None:
    assert columns_of(row) == sent


def test_a_partial_row_sends_what_it_has() -> None:
    partial = Decoder(Card, selection_of(["name"])).row({"name": "x"})
    assert columns_of(partial) == {"name": "x"}
    selected = Decoder(Booking, selection_of(["price"])).row({"price": "1.00"})
    assert columns_of(selected) == {"price": "1.00"}


def test_what_is_no_row_is_refused() -> None:
    with pytest.raises(BuildError, match="A row is a mapping"):
        columns_of(5)
