"""django-countries, django-phonenumber-field: text with a meaning."""

from __future__ import annotations

from typing import Any

import pytest

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
    assert 1 == Person.objects.filter(phone="+49 30 12345678").count()


@pytest.mark.parametrize(
    ("name", "value"), [("country", "XX"), ("phone", "12"), ("phone", ""), ("country", 5)]
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
