"""What an action returns, and what the caller sees of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from django import forms
from django.db import models
from django.db.models.signals import post_save
from django.forms import ModelForm
from django.test.utils import isolate_apps

from django_flex.actions import FlexAction, action
from django_flex.actions.models import ActionEvent
from tests.testapp.models import Booking, Customer, Line

CUSTOMER = {"anon": {"fields": ["name"], "ops": ["get"], "rows": {"vip": True}}}


def returning(scope: str, make: Any, **options: Any) -> None:
    """Register an action that returns something made of its row."""

    @action(Booking, id="give", scope=scope, **options)
    def give(ctx: Any, *row: Any) -> Any:
        return make(ctx, *row)


def shows_meta(ctx: Any, row: Booking) -> None:
    ctx.meta["seen"] = True


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda ctx, row: None, {"id": 2, "status": "pending"}),
        (shows_meta, {"id": 2, "status": "pending", "seen": True}),
        (lambda ctx, row: ({"n": 1}, row), {"id": 2, "status": "pending", "n": 1}),
        (lambda ctx, row: (None, row), {"id": 2, "status": "pending"}),
        (lambda ctx, row: ({"n": 1}, None), {"id": 2, "status": "pending", "n": 1}),
        (lambda ctx, row: {"any": [1]}, {"any": [1]}),
        (lambda ctx, row: 5, {"result": 5}),
        (lambda ctx, row: [1, 2], {"result": [1, 2]}),
        (lambda ctx, row: "text", {"result": "text"}),
        (lambda ctx, row: row.customer, {"id": 2}),
        (lambda ctx, row: Customer.objects.get(pk=1), {"name": "Aisha Khan"}),
        (lambda ctx, row: Line.objects.get(pk=1), {"id": 1}),
        (
            lambda ctx, row: Booking.objects.filter(pk__lt=3).order_by("pk"),
            {
                "meta": {},
                "results": {
                    "1": {"id": 1, "status": "confirmed"},
                    "2": {"id": 2, "status": "pending"},
                },
            },
        ),
        (lambda ctx, row: [row.customer], {"meta": {}, "results": {"2": {"id": 2}}}),
    ],
)
def test_what_is_returned_is_shown_as_the_caller_may_read_it(rest, grant, make, expected) -> None:
    returning("instance", make)
    grant("give", fields=["id", "status"], others={"customer": CUSTOMER})

    assert expected == rest.run("give", 2).body


@isolate_apps("tests.testapp")
def test_a_composite_key_is_one_text(rest, grant) -> None:
    class Seat(models.Model):
        pk = models.CompositePrimaryKey("row", "name", "day")
        row = models.IntegerField()
        name = models.TextField()
        day = models.DateField()

        class Meta:
            app_label = "testapp"

    day = date(2026, 5, 1)
    names = ["a~b", "a%7Eb", "", "ü/ x"]
    returning("instance", lambda ctx, row: [Seat(row=1, name=name, day=day) for name in names])
    grant("give")

    keys = ["1~a_7Eb~2026-05-01", "1~a_257Eb~2026-05-01", "1~~2026-05-01"]
    keys += ["1~_C3_BC_2F_20x~2026-05-01"]
    assert {key: {"pk": key} for key in keys} == rest.run("give", 2).body["results"]


@isolate_apps("tests.testapp")
def test_no_input_names_a_row_whose_key_has_no_text(rest, grant) -> None:
    class Seat(models.Model):
        pk = models.CompositePrimaryKey("row", "name")
        row = models.IntegerField()
        name = models.BinaryField()

        class Meta:
            app_label = "testapp"

    class Chosen(forms.Form):
        seat = forms.ModelChoiceField(Seat._default_manager.all())

    for takes in (Seat, Seat | None, list[Seat]):

        def named(ctx: Any, row: Booking, seat: Any) -> None: ...

        named.__annotations__["seat"] = takes
        with pytest.raises(TypeError, match="composite primary key"):
            action(Booking, id="named")(named)
    returning("instance", lambda ctx, row, data: None, input=Chosen)
    grant("give")

    for key in (1, "1~a", [1, "a"]):
        assert 400 == rest.run("give", 2, {"seat": key}).status


def test_a_row_that_is_deleted_is_told_of(rest, grant) -> None:
    def delete(ctx: Any, row: Booking) -> None:
        row.delete()

    returning("instance", delete)
    grant("give")

    assert {"id": 2, "deleted": True} == rest.run("give", 2).body


def test_a_row_that_is_out_of_sight_now_shows_its_key(rest, grant) -> None:
    def leave(ctx: Any, row: Booking) -> None:
        row.status = "gone"
        row.save()

    returning("instance", leave)
    grant("give", rows={"status": "pending"})

    assert {"id": 2} == rest.run("give", 2).body


@pytest.mark.parametrize(
    ("make", "meta", "results"),
    [
        (lambda ctx, rows: {"n": 1}, {"n": 1}, ["1", "2"]),
        (lambda ctx, rows: ({"n": 1}, rows[:1]), {"n": 1}, ["1"]),
        (lambda ctx, rows: rows[1:], {}, ["2"]),
    ],
)
def test_what_a_bulk_action_returns(rest, grant, make, meta, results) -> None:
    returning("bulk", make)
    grant("give")

    body = rest.run("give", None, {"_ids": [1, 2]}).body

    assert results == list(body["results"])
    assert meta == {name: body["meta"][name] for name in meta}


def test_nothing_at_all_is_an_empty_object(rest, grant) -> None:
    returning("collection", lambda ctx: None)
    grant("give")

    assert {} == rest.run("give").body


def test_an_untracked_bulk_action_names_no_event(rest, grant) -> None:
    returning("bulk", lambda ctx, rows: None, track="off")
    grant("give")

    body = rest.run("give", None, {"_ids": [1]}).body

    assert {"matched": 1, "succeeded": 1, "failed": 0} == body["meta"]


def test_a_list_as_body_is_refused(rest, grant) -> None:
    grant("confirm")

    assert 400 == rest.request("POST", "/api/booking/2/actions/confirm/", [1]).status


def test_a_key_that_contradicts_the_url_is_refused(rest, grant) -> None:
    grant("confirm")

    assert 400 == rest.run("confirm", 2, {"_id": 3}).status
    assert 400 == rest.run("confirm", 2, {"id": 3}).status
    assert 400 == FlexAction("booking", "confirm").execute({"id": 2}, pk=3).status_code


def test_code_that_sends_no_object_gets_an_error(grant, bookings) -> None:
    grant("confirm")

    assert 400 == FlexAction("booking", "confirm").execute(["x"], pk=2).status_code  # type: ignore[arg-type]  # on purpose
    assert 400 == FlexAction("booking", "confirm").execute({5: 1}, pk=2).status_code  # type: ignore[dict-item]  # on purpose


def test_a_form_of_the_model_is_about_the_row(rest, grant) -> None:
    class SeatsForm(ModelForm[Booking]):
        class Meta:
            model = Booking
            fields = ["seats"]

    @action(Booking, input=SeatsForm)
    def seat(ctx: Any, booking: Booking, data: Any) -> None:
        booking.seats = data["seats"]
        booking.save()

    grant("seat")

    assert 3 == rest.run("seat", 2, {"seats": 3}).body["seats"]
    assert 400 == rest.run("seat", 2, {"seats": "x"}).status


def test_a_form_with_choices_and_bounds_is_json_schema() -> None:
    from django_flex.actions.declare.adapters import adapt

    class Choosing(forms.Form):
        kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B")])
        kinds = forms.MultipleChoiceField(choices=[("a", "A")], required=False)
        code = forms.CharField(min_length=2, max_length=4)
        upload = forms.FileField()

    adapter = adapt(Choosing)

    assert {"kind", "kinds", "code"} == adapter.names
    assert {
        "kind": {"type": "string", "enum": ["a", "b"]},
        "kinds": {"type": "array", "items": {"enum": ["a"]}},
        "code": {"type": "string", "maxLength": 4, "minLength": 2},
    } == adapter.schema()["properties"]


def test_an_adapter_may_be_written_by_hand(rest, grant) -> None:
    class Anything:
        names = frozenset({"x"})
        sensitive = frozenset({"x"})

        def clean(self, values: Any, around: Any) -> Any:
            return values["x"]

        def schema(self) -> dict[str, Any]:
            return {"type": "object", "properties": {"x": {}}}

        def fields(self) -> list[Any]:
            return []

    @action(Booking, input=Anything())
    def take(ctx: Any, booking: Booking, data: Any) -> dict[str, Any]:
        return {"took": data}

    grant("take")

    assert {"took": [1]} == rest.run("take", 2, {"x": [1]}).body
    assert {"x": "[hidden]"} == ActionEvent.objects.get().request_data


def test_a_nested_dataclass_is_described_with_its_parts(rest, grant) -> None:
    from django_flex.actions.declare.adapters import adapt

    @dataclass
    class Part:
        name: str

    @dataclass
    class Whole:
        part: Part

    Whole.__annotations__["part"] = Part
    schema = adapt(Whole).schema()

    assert {"$ref": "#/$defs/Part"} == schema["properties"]["part"]
    assert {"Part"} == set(schema["$defs"])


def test_listeners_hear_of_an_event(rest, grant) -> None:
    heard: list[Any] = []

    def hear(sender: Any, instance: Any, created: bool, **_kwargs: Any) -> None:
        heard.append((instance.action_id, created))

    grant("confirm")
    post_save.connect(hear, sender=ActionEvent)
    try:
        rest.run("confirm", 2)
    finally:
        post_save.disconnect(hear, sender=ActionEvent)

    assert [("confirm", True)] == heard


def test_an_action_may_write_to_the_log(rest, grant, caplog) -> None:
    def log(ctx: Any, row: Booking) -> None:
        ctx.log(30, "Careful with %s", row.pk)

    returning("instance", log)
    grant("give")

    rest.run("give", 2)

    assert "Careful with 2" in caplog.text


def test_a_condition_that_raises_denies(rest, grant) -> None:
    returning("instance", lambda ctx, row: None, condition=lambda ctx, row: 1 / 0)
    grant("give")

    reply = rest.run("give", 2)

    assert (409, "action.unavailable") == (reply.status, reply.code)


def test_events_that_nothing_was_heard_of_are_stale(db: None) -> None:
    ActionEvent.objects.create(action_id="a", state="running")
    old = ActionEvent.objects.create(action_id="b", state="running")
    ActionEvent.objects.filter(pk=old.pk).update(modified_date="2020-01-01T00:00:00Z")

    assert ["b"] == [one.action_id for one in ActionEvent.objects.stale()]


def test_code_cannot_name_another_model_or_action(grant, bookings) -> None:
    grant("confirm")
    one = FlexAction("booking", "confirm")

    for key, value in (("_model", "line"), ("_action", "fail")):
        result = one.execute({key: value}, pk=2)
        assert (400, key) == (result.status_code, result.data["path"])
    assert 200 == one.execute({"_model": "booking", "_action": "confirm"}, pk=2).status_code


def test_a_reply_that_no_database_keeps_is_logged_all_the_same(rest, grant) -> None:
    returning("instance", lambda ctx, row: {"odd": "a\0b", "half": "\ud800"})
    grant("give")

    assert 200 == rest.run("give", 2).status
    assert "a" == ActionEvent.objects.get().response_data["odd"][0]  # type: ignore[index]  # JSON


def test_a_precondition_is_about_one_row(rest, grant) -> None:
    grant("close_all")

    reply = rest.run("close_all", None, {"_ids": [1]}, headers={"If-Match": "*"})

    assert (400, "If-Match") == (reply.status, reply.body["path"])
