"""What a project hangs onto writes: hooks, signals, forms, serializers, preconditions."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from rest_framework import serializers

from django_flex import FlexQuery
from django_flex.plan.json_values import entity_tag
from django_flex.signals import WRITE_SIGNALS
from tests.mutations.conftest import FULL
from tests.testapp.models import Booking, Line

MOMENTS = ["before_add", "after_add", "before_edit", "after_edit", "before_delete", "after_delete"]
WRITES = {
    "add": {"_action": "add", "booking": 1, "product": "x"},
    "edit": {"_action": "edit", "_id": 1, "quantity": 9},
    "delete": {"_action": "delete", "_id": 1},
}


@pytest.mark.parametrize("operation", WRITES)
def test_hooks_and_signals_run_before_after_and_after_the_commit(
    ask: Any, operation: str, django_capture_on_commit_callbacks: Any
) -> None:
    told: list[tuple[str, Any]] = []
    names = [f"{moment}_{operation}" for moment in ("before", "after", "after_commit")]
    hooks = {
        name: lambda instance, changes, name=name, **_: told.append((name, changes))
        for name in names
    }
    receivers = {
        name: lambda sender, name=name, **_: told.append((f"signal {name}", sender))
        for name in names
    }
    for name, receiver in receivers.items():
        WRITE_SIGNALS[name].connect(receiver)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            result = ask(
                "line", expose={"line": {"anon": FULL, "hooks": hooks}}, **WRITES[operation]
            )
    finally:
        for name, receiver in receivers.items():
            WRITE_SIGNALS[name].disconnect(receiver)
    assert result.ok, result.error
    changes = {"quantity": (2, 9)} if operation == "edit" else {}
    expected = [part for n in names for part in ((n, changes), (f"signal {n}", Line))]
    assert expected == told


VETOES = {
    "permission": (PermissionDenied("Not today"), 403, "Not today"),
    "validation": (ValidationError({"quantity": "Too many"}), 400, "Some values are not valid"),
}


@pytest.mark.parametrize("case", VETOES)
@pytest.mark.parametrize("operation", WRITES)
def test_a_hook_may_veto(ask: Any, case: str, operation: str) -> None:
    error, status, text = VETOES[case]

    def veto(**_kwargs: Any) -> None:
        raise error

    before = list(Line.objects.order_by("pk").values_list())
    hooks = {f"before_{operation}": veto}
    result = ask("line", expose={"line": {"anon": FULL, "hooks": hooks}}, **WRITES[operation])
    assert (status, text) == (result.status_code, result.error.message)
    assert before == list(Line.objects.order_by("pk").values_list())


def test_a_hook_that_breaks_undoes_the_write_and_is_seen(ask: Any) -> None:
    def broken(**_kwargs: Any) -> None:
        raise RuntimeError("bug")

    hooks = {"after_edit": broken}
    with pytest.raises(RuntimeError, match="bug"):
        ask("line", expose={"line": {"anon": FULL, "hooks": hooks}}, **WRITES["edit"])
    assert 2 == Line.objects.get(pk=1).quantity


def test_a_hook_may_change_the_row(ask: Any) -> None:
    def fill(instance: Line, **_kwargs: Any) -> None:
        instance.note = "by hook"

    hooks = {"before_edit": fill}
    result = ask("line", expose={"line": {"anon": FULL, "hooks": hooks}}, **WRITES["edit"])
    assert "by hook" == result.data["note"]
    assert "by hook" == Line.objects.get(pk=1).note


def test_a_hook_that_cannot_be_imported_denies_the_write(ask: Any) -> None:
    hooks = {"before_edit": "nowhere.at_all"}
    result = ask("line", expose={"line": {"anon": FULL, "hooks": hooks}}, **WRITES["edit"])
    assert 403 == result.status_code


# --- forms and serializers ------------------------------------------------------------------------


class LineForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    class Meta:
        model = Line
        fields = ("booking", "product", "quantity")

    def clean_product(self) -> str:
        product: str = self.cleaned_data["product"]
        if product == "forbidden":
            raise ValidationError("Not this one", code="forbidden")
        return product.upper()


class LineSerializer(serializers.ModelSerializer[Line]):
    class Meta:
        model = Line
        fields = ("id", "booking", "product", "quantity")

    def validate_product(self, value: str) -> str:
        if value == "forbidden":
            raise serializers.ValidationError("Not this one", code="forbidden")
        return value.upper()


VALIDATORS = {"form_class": LineForm, "serializer_class": LineSerializer}


@pytest.fixture(params=VALIDATORS)
def entry(request: pytest.FixtureRequest) -> dict[str, Any]:
    """An entry whose rows a form or a serializer validates."""
    return {"line": {"anon": FULL, request.param: VALIDATORS[request.param]}}


def test_a_form_or_serializer_cleans_what_is_added(ask: Any, entry: Any) -> None:
    result = ask("line", expose=entry, _action="add", booking=1, product="abc")
    assert (201, "ABC") == (result.status_code, result.data["product"])


def test_a_form_or_serializer_cleans_what_is_edited(ask: Any, entry: Any) -> None:
    result = ask("line", expose=entry, _action="edit", _id=2, product="abc")
    stored = Line.objects.values_list("product", "quantity", "note").get(pk=2)
    assert (True, ("ABC", 5, "wet")) == (result.ok, stored)


def test_what_a_form_or_serializer_refuses_is_named(ask: Any, entry: Any) -> None:
    result = ask("line", expose=entry, _action="edit", _id=2, product="forbidden")
    assert {"product": ["Not this one"]} == result.to_dict()["fields"]
    assert {"product": ["forbidden"]} == result.to_dict()["codes"]


def test_a_column_that_it_does_not_take_is_refused(ask: Any, entry: Any) -> None:
    result = ask("line", expose=entry, _action="edit", _id=2, note="x")
    assert (400, ["note"]) == (result.status_code, list(result.to_dict()["fields"]))


def test_rows_stay_rules_with_a_form_or_serializer(ask: Any, entry: Any) -> None:
    entry["line"]["anon"] = {**FULL, "rows": {"booking": 1}}
    result = ask("line", expose=entry, _action="edit", _id=2, booking=2)
    assert (403, 1) == (result.status_code, Line.objects.get(pk=2).booking_id)


# --- preconditions --------------------------------------------------------------------------------


def test_the_tag_of_a_get_is_a_precondition(ask: Any) -> None:
    ask(_id=1)
    read = FlexQuery("booking").execute({"_id": 1, "fields": "status,customer.name"})
    spec = {
        "_action": "edit",
        "_id": 1,
        "_fields": "status,customer.name",
        "_if_match": entity_tag(read.data),
    }
    assert 200 == ask(**spec, status="first").status_code
    assert 412 == ask(**spec, status="second").status_code
    assert "first" == Booking.objects.get(pk=1).status


@pytest.mark.parametrize("action", ["edit", "delete"])
def test_if_match_star_matches_any_existing_row(ask: Any, action: str) -> None:
    assert 200 == ask(_action=action, _id=1, _if_match="*").status_code
    assert 404 == ask(_action=action, _id=99, _if_match="*").status_code


def test_a_weak_tag_is_no_precondition(ask: Any) -> None:
    ask(_id=1)
    read = FlexQuery("booking").execute({"_id": 1})
    weak = f"W/{entity_tag(read.data)}"
    assert 412 == ask(_action="edit", _id=1, seats=5, _if_match=weak).status_code


def test_a_role_that_may_not_read_gets_the_key(ask: Any) -> None:
    grant = {"booking": {"anon": {"fields": ["status", "customer"], "ops": ["add", "edit"]}}}
    added = ask(_action="add", customer=1, expose=grant)
    edited = ask(_action="edit", _id=1, status="x", expose=grant)
    assert [["id"], ["id"]] == [list(added.data), list(edited.data)]
    asked = ask(_action="edit", _id=1, status="x", _fields="status", expose=grant)
    assert 403 == asked.status_code
