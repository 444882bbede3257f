"""What a model declares about a column: for people, for forms, for validation."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import DecimalField, F

from django_flex.schema.declarations import Choice, Declaration
from django_flex.schema.introspection import describe
from django_flex.schema.model_attributes import computed_attribute
from django_flex.schema.resources import ComputedExpression
from tests.testapp.models import Booking, Customer, Node, Product, Receipt, Restaurant
from tests.wild.filling import Counted, Extra, Province
from tests.wild.models import Change


def declared(model: Any, name: str) -> Declaration:
    return describe(model).attributes[name].declaration


def test_choices_have_values_and_labels() -> None:
    assert (Choice("S", "small"), Choice("L", "large")) == declared(Product, "size").choices


@pytest.mark.parametrize(
    ("model", "name", "required", "default"),
    [
        pytest.param(Product, "sku", True, None, id="a text"),
        pytest.param(Product, "supplier", False, None, id="a text that may be blank"),
        pytest.param(Product, "size", False, "S", id="a constant default"),
        pytest.param(Product, "id", False, None, id="a number of the database"),
        pytest.param(Product, "added_at", False, None, id="a time that fills itself"),
        pytest.param(Product, "shelf", False, None, id="a number that may be null"),
        pytest.param(Customer, "vip", False, False, id="a boolean with a default"),
        pytest.param(Customer, "metadata", False, None, id="a default that is code"),
        pytest.param(Node, "id", False, None, id="a key that code makes"),
        pytest.param(Booking, "customer", True, None, id="a foreign key"),
        pytest.param(Session, "session_key", True, None, id="a text as key"),
        pytest.param(Extra, "plot", True, None, id="a key of another row"),
        pytest.param(Province, "code", True, None, id="a key that may be blank"),
        pytest.param(Change, "id", False, None, id="a number that may be null, and not blank"),
        pytest.param(Counted, "hidden", False, None, id="a date that no form shows"),
        pytest.param(Restaurant, "place_ptr", False, None, id="the row of the parent class"),
    ],
)
def test_new_rows_need_what_nothing_fills(
    model: Any, name: str, required: bool, default: Any
) -> None:
    found = declared(model, name)

    assert (required, default) == (found.required, found.default)


@pytest.mark.parametrize(
    ("model", "name", "facts"),
    [
        pytest.param(Product, "sku", {"max_length": 20, "unique": True}, id="a unique text"),
        pytest.param(
            Product, "price", {"max_digits": 6, "decimal_places": 2, "default": 0}, id="a decimal"
        ),
        pytest.param(Customer, "email", {"format": "email", "max_length": 254}, id="an address"),
        pytest.param(Booking, "document", {"max_length": 100}, id="a file"),
        pytest.param(Booking, "customer", {"max_length": None}, id="a foreign key"),
    ],
)
def test_limits_are_those_of_the_column(model: Any, name: str, facts: dict[str, Any]) -> None:
    found = declared(model, name)

    assert facts == {fact: getattr(found, fact) for fact in facts}


def test_bounds_are_the_tightest_of_the_validators(monkeypatch: pytest.MonkeyPatch) -> None:
    bounds = [
        MinValueValidator(1),
        MinValueValidator(3),
        MaxValueValidator(9),
        MaxValueValidator(7),
    ]
    code = MaxValueValidator(lambda: 5)
    monkeypatch.setattr(Booking._meta.get_field("seats"), "validators", [*bounds, code])
    found = describe.__wrapped__(Booking).attributes["seats"].declaration

    assert (3, 7) == (found.minimum, found.maximum)


def test_what_is_declared_is_read_once() -> None:
    assert declared(Product, "size") is declared(Product, "size")


def test_choices_of_code_are_read_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [("S", "small")]
    before = declared(Product, "size")
    monkeypatch.setattr(Product._meta.get_field("size"), "choices", lambda: [*rows])
    first = declared(Product, "size").choices
    rows.append(("X", "huge"))

    assert (2, 1, 2) == (len(before.choices), len(first), len(declared(Product, "size").choices))


def test_labels_and_help_are_translated_where_they_are_shown() -> None:
    found = declared(User, "is_active")

    assert ("active", True) == (str(found.label), str(found.help).startswith("Designates"))


@pytest.mark.parametrize(
    ("model", "name", "label"),
    [
        pytest.param(Booking, "created_by", "created by", id="of a field"),
        pytest.param(Booking, "lines", "lines", id="of many that point here"),
        pytest.param(Booking, "invoice", "invoice", id="of one that points here"),
    ],
)
def test_relations_have_a_label(model: Any, name: str, label: str) -> None:
    assert label == str(describe(model).relations[name].caption)


def test_the_type_of_an_expression_is_known() -> None:
    field = DecimalField(max_digits=6, decimal_places=2)
    found = computed_attribute("net_price", ComputedExpression(F("price")), field).declaration

    assert ("net price", 6, 2, False) == (
        found.label,
        found.max_digits,
        found.decimal_places,
        found.required,
    )


def test_a_hidden_column_is_described_like_any_other() -> None:
    assert declared(Receipt, "checksum").label == "checksum"
