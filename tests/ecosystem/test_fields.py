"""django-countries, django-phonenumber-field, django-timezone-field: text with a meaning."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex.schema.model_attributes import kind_of
from tests.ecosystem.conftest import added, ask, edited, rows
from tests.ecosystem.models import Person

SENT = {"country": "DE", "visited": "FR,IT", "phone": "+493012345678"}


@pytest.fixture
def person(db: None) -> Any:
    return added("person", name="x", **SENT)


def test_values_are_those_of_the_fields(person: Any) -> None:
    stored = Person.objects.get()

    assert SENT == {name: person[name] for name in SENT}
    assert ("DE", "+493012345678") == (stored.country.code, stored.phone.as_e164)
    assert ["FR", "IT"] == [country.code for country in stored.visited]


def test_what_is_shown_is_taken_back(person: Any) -> None:
    shown = {name: person[name] for name in SENT}

    assert shown == {name: edited("person", person["id"], **shown)[name] for name in shown}
    for name, value in shown.items():
        assert [{"id": person["id"]}] == rows("person", "id", filters={name: value}), name
        assert [{"id": person["id"]}] == rows("person", "id", filters={f"{name}.in": [value]}), name


def test_a_phone_number_is_found_however_it_is_written(person: Any) -> None:
    assert 1 == len(rows("person", filters={"phone": "+49 30 12345678"}))
    assert 1 == len(rows("person", filters={"phone.in": ["+49 (30) 12345678"]}))
    assert 1 == Person.objects.filter(phone="+49 30 12345678").count()


PHONES = ["+33140205050", "+493012345678", "+493099999999"]


@pytest.mark.parametrize(
    ("test", "found"),
    [
        ({"startswith": "+49"}, PHONES[1:]),
        ({"istartswith": "+49"}, PHONES[1:]),
        ({"contains": "3012"}, PHONES[1:2]),
        ({"icontains": "0205"}, PHONES[:1]),
        ({"endswith": "678"}, PHONES[1:2]),
        ({"iexact": PHONES[2]}, PHONES[2:]),
        ({"regex": "^.(33|4930123)"}, PHONES[:2]),
        ({"gt": "+34"}, PHONES[1:]),
        ({"lte": PHONES[1]}, PHONES[:2]),
        ({"range": ["+33", "+34"]}, PHONES[:1]),
        ({"ne": PHONES[0]}, PHONES[1:]),
    ],
)
def test_a_phone_number_is_compared_as_the_text_that_is_shown(
    test: dict[str, Any], found: list[str]
) -> None:
    for phone in PHONES:
        assert phone == added("person", name="x", phone=phone)["phone"]
    filters = {f"phone.{name}": value for name, value in test.items()}

    assert found == [row["phone"] for row in rows("person", filters=filters, order_by="phone")]
    assert found[::-1] == [
        row["phone"] for row in rows("person", filters=filters, order_by="-phone")
    ]


def test_a_phone_number_that_is_stored_otherwise_is_compared_for_equality_only(
    settings: Any,
) -> None:
    field = Person._meta.get_field("phone")

    assert "text" == kind_of(field)
    settings.PHONENUMBER_DB_FORMAT = "RFC3966"
    assert "converted" == kind_of(field)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("country", "XX"),
        ("phone", "12"),
        ("phone", ""),
        ("country", 5),
        ("zone", "Mars"),
        ("zone", 5),
        ("zone", None),
    ],
)
def test_what_is_no_value_is_refused_or_empty(person: Any, name: str, value: object) -> None:
    status, reply = ask("person", "edit", id=person["id"], **{name: value})

    if value == "":
        assert (200, "") == (status, reply[name])
    else:
        assert (400, [name]) == (status, list(reply["fields"]))


def test_groups_and_orders_by_code(person: Any) -> None:
    added("person", name="y", country="FR")
    status, reply = ask("person", "aggregate", group_by="country", aggregate="count")

    assert 200 == status
    assert [("DE", 1), ("FR", 1)] == [(row["country"], row["count"]) for row in reply["results"]]
    assert ["FR", "DE"] == [row["country"] for row in rows("person", order_by="-country")]
