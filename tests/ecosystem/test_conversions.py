"""django-multiselectfield, django-timezone-field, django-encrypted-model-fields: values stored otherwise."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection

from tests.ecosystem.conftest import GRANT, added, ask, edited, expose, rows
from tests.ecosystem.models import Patient, Person, Survey

SENT: dict[str, tuple[str, Any, Any]] = {
    "colours": ("survey", ["red", "blue"], ["red"]),
    "zone": ("person", "Asia/Tokyo", "Europe/Paris"),
}
NEEDED = {"person": {"name": "x"}}
SECRETS: dict[str, Any] = {"name": "Ada", "born": "1815-12-10", "smokes": True}


@pytest.mark.parametrize("name", SENT)
def test_what_is_shown_is_taken_back_and_found(name: str) -> None:
    model, value, other = SENT[name]
    row = added(model, **{**NEEDED.get(model, {}), name: value})
    key = {"id": row["id"]}

    assert value == row[name]
    assert value == edited(model, row["id"], **{name: row[name]})[name]
    for _ in range(2):  # the second time by a statement that was kept
        for asked, found in ((value, [key]), (other, [])):
            assert found == rows(model, "id", filters={name: asked})
            assert found == rows(model, "id", filters={f"{name}.in": [asked]})
            assert found != rows(model, "id", filters={f"{name}.ne": asked})
    for refused in ({"filters": {f"{name}.gt": value}}, {"order_by": name}):
        assert ask(model, "list", **refused)[0] in {400, 403}


def test_values_are_those_of_the_packages() -> None:
    added("survey", colours=["red", "blue"])
    added("person", name="x", zone="Asia/Tokyo")

    assert ["red", "blue"] == Survey.objects.get().colours
    assert "Asia/Tokyo" == str(Person.objects.get().zone)
    assert 400 == ask("survey", "add", colours=["pink"])[0]
    status, reply = ask("person", "list", filters={"zone": "Mars"})
    assert (400, "a valid value of this field") == (status, reply["hint"])  # not 600 names


def test_zones_sort_as_they_are_stored_if_the_entry_says_so(settings: Any) -> None:
    settings.DJANGO_FLEX = expose(person={"anon": GRANT, "sorts_as_stored": ["zone"]})
    for zone in ("Europe/Paris", "Asia/Tokyo"):
        added("person", name="x", zone=zone)

    assert ["Asia/Tokyo", "Europe/Paris"] == [r["zone"] for r in rows("person", order_by="zone")]
    assert ["Europe/Paris"] == [
        row["zone"] for row in rows("person", filters={"zone.gt": "Asia/Tokyo"})
    ]


def test_encrypted_values_are_read_and_written_and_never_compared() -> None:
    row = added("patient", **SECRETS)
    stored = Patient.objects.get()

    assert SECRETS == {name: row[name] for name in SECRETS}
    assert ("Ada", date(1815, 12, 10), True) == (
        *(stored.name, stored.born),
        stored.smokes,
    )
    assert "Bob" == edited("patient", row["id"], name="Bob")["name"]
    assert 1 == len(rows("patient", filters={"born.isnull": False}))
    for name, value in (*SECRETS.items(), ("age", 36)):
        for asked in (
            {"filters": {name: value}},
            {"filters": {f"{name}.in": [value]}},
            {"filters": {f"{name}.gt": value}},
            {"order_by": name},
        ):
            assert ask("patient", "list", **asked)[0] in {400, 403}, asked
        assert ask("patient", "aggregate", aggregate=f"{name}.max")[0] in {400, 403}


def test_encrypted_numbers() -> None:
    if connection.vendor == "postgresql":  # the package cannot store them there
        assert 400 == ask("patient", "add", **{**SECRETS, "age": 36})[0]
        return
    row = added("patient", **SECRETS, age=36)

    assert 37 == edited("patient", row["id"], age=37)["age"]
    assert 37 == Patient.objects.get().age
