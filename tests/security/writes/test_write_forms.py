"""Forms and serializers validate in place of the model; they widen nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.forms import ModelForm
from rest_framework.serializers import ModelSerializer

from tests.security.writes.writing import HIDDEN, MISSING, OPEN, OTHER, ask, denied, expose, refused
from tests.testapp.models import Booking

pytestmark = pytest.mark.usefixtures("attacked")


class EveryField(ModelForm):  # type: ignore[type-arg]  # generic in the stubs alone
    class Meta:
        model = Booking
        fields = "__all__"


class EveryColumn(ModelSerializer[Booking]):
    class Meta:
        model = Booking
        exclude = ["tags"]


NEEDED: dict[str, Any] = {
    "customer": OPEN,
    "reference": "11111111-1111-1111-1111-111111111111",
    "tags": ["red"],
}
GRANT: dict[str, Any] = {
    "fields": ["id", "status", "customer", "seats"],
    "write_fields": ["status", "customer", "reference", "tags"],
}


@pytest.fixture(params=["form", "serializer"])
def through(request: pytest.FixtureRequest, configure: Any) -> Any:
    """Return a function that narrows the booking's grant, with a form or a serializer on it."""
    kinds: dict[str, dict[str, Any]] = {
        "form": {"form_class": EveryField},
        "serializer": {"serializer_class": EveryColumn},
    }
    validator = kinds[request.param]

    def narrow(**parts: Any) -> None:
        found = expose(booking={**GRANT, **parts})
        configure({**found, "booking": {**found["booking"], **validator}})

    narrow()
    return narrow


@pytest.mark.parametrize("name", ["price", "internal_notes", "pk", "nothing", "created_by", "team"])
def test_what_is_not_granted_does_not_reach_the_form(through, name):
    denied({"_action": "edit", "_id": OPEN, "status": "x", name: 1})
    denied({"_action": "add", **NEEDED, name: 1})


def test_columns_that_were_not_sent_stay(through):
    before = Booking.objects.values().get(pk=OPEN)
    assert ask({"_action": "edit", "id": OPEN, "status": "done"})[0] == 200
    assert Booking.objects.values().get(pk=OPEN) == {**before, "status": "done"}


def test_hidden_rows_stay_hidden(through):
    for key, status in ((HIDDEN, 404), (MISSING, 404)):
        refused(status, {"_action": "edit", "id": key, "status": "x"})
    bodies = [
        str(refused(400, {"_action": "edit", "id": OPEN, "customer": key})).replace(str(key), "?")
        for key in (HIDDEN, MISSING)
    ]
    assert bodies[0] == bodies[1]
    refused(400, {"_action": "edit", "id": OPEN, "tags": ["h-b"]})


def test_rules_are_held_against_what_the_form_saved(through):
    refused(403, {"_action": "edit", "id": OPEN, "status": "hidden"})
    refused(403, {"_action": "add", **NEEDED, "status": "hidden"})
    items = [{"id": OTHER, "status": "x"}, {"id": OPEN, "status": "hidden"}]
    refused(403, {"_action": "edit", "_items": items})


def test_presets_win(through):
    through(presets={"status": "preset", "seats": 7})
    assert ask({"_action": "edit", "id": OPEN, "status": "mine"})[0] == 200
    assert Booking.objects.filter(pk=OPEN, status="preset", seats=7).exists()
    status, body = ask({"_action": "add", **NEEDED, "status": "mine"})
    assert (status, body["status"], body["seats"]) == (201, "preset", 7)


def test_one_bad_item_undoes_all(through):
    items = [{**NEEDED, "status": "x"}, {**NEEDED, "status": "x" * 99}]
    refused(400, {"_action": "add", "_items": items})


def test_a_dry_run_leaves_nothing(through):
    before = Booking.objects.count()
    assert ask({"_action": "add", **NEEDED, "_dry_run": True})[0] == 201
    assert Booking.objects.count() == before
