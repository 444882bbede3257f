"""The log of actions: what is kept of a run, what is not, and for how long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pydantic
import pytest
from django import forms
from django.core.checks import run_checks
from django.utils import timezone
from rest_framework import serializers

from django_flex.actions import ActionError, action
from django_flex.actions.background.worker import run_queued
from django_flex.actions.declare.adapters import adapt
from django_flex.actions.models import ActionEvent, new_id
from django_flex.actions.run.redaction import HIDDEN, LONGEST_CACHED, is_secret, storable
from django_flex.policy.guarding import Guard, compile_guard
from tests import counting
from tests.testapp.models import Booking


def test_secrets_are_not_stored(rest, grant) -> None:
    grant("unlock")
    sent = {
        "password": "hunter2",
        "answer": "my dog",
        "nested": {"api-key": "k", "list": [{"Authorization": "b"}], "fine": 1},
    }

    reply = rest.run("unlock", 1, sent)

    assert "s3cret" == reply.body["token"]
    event = ActionEvent.objects.get()
    assert {
        "password": HIDDEN,
        "answer": HIDDEN,
        "nested": {"api-key": HIDDEN, "list": [{"Authorization": HIDDEN}], "fine": 1},
    } == event.request_data
    assert {"token": HIDDEN, "text": "fine"} == event.response_data


class Inner(serializers.Serializer[Any]):
    code = serializers.CharField(style={"input_type": "password"})
    words = serializers.ListField(child=serializers.CharField(style={"input_type": "password"}))


class Outer(serializers.Serializer[Any]):
    one = Inner()
    several = Inner(many=True)


class InnerModel(pydantic.BaseModel):
    code: pydantic.SecretStr
    words: list[pydantic.SecretStr] | None = None


class OuterModel(pydantic.BaseModel):
    one: InnerModel
    several: list[InnerModel]


@pytest.mark.parametrize("written", [Outer, OuterModel])
def test_nested_secrets_are_not_stored(rest, grant, written: Any) -> None:
    @action(Booking, input=written)
    def sign(ctx: Any, booking: Booking, data: Any) -> dict[str, Any]:
        return {"one": {"code": "hunter2", "said": "fine"}}

    grant("sign")
    inner = {"code": "hunter2", "words": ["hunter2"]}

    reply = rest.run("sign", 1, {"one": inner, "several": [inner]})

    assert 200 == reply.status, reply.body
    event = ActionEvent.objects.get()
    hidden = {"code": HIDDEN, "words": HIDDEN}
    assert {"one": hidden, "several": [hidden]} == event.request_data
    assert {"one": {"code": HIDDEN, "said": "fine"}} == event.response_data


class TwoPasswords(forms.MultiWidget):
    def __init__(self) -> None:
        super().__init__([forms.TextInput(), forms.PasswordInput()])

    def decompress(self, value: Any) -> Any:
        return value


def test_a_password_among_several_widgets_is_sensitive() -> None:
    made: Any = type("F", (forms.Form,), {"both": forms.CharField(widget=TwoPasswords())})

    assert frozenset({"both"}) == adapt(made).sensitive


@pytest.mark.parametrize("background", ["never", "always"])
def test_no_message_contains_a_secret(
    rest, grant, background: Any, django_capture_on_commit_callbacks
) -> None:
    @action(Booking, background=background, sensitive={"answer"})
    def refuse(
        ctx: Any, booking: Booking, password: str, answer: str, nested: dict[str, Any]
    ) -> None:
        raise ActionError(
            f"{password} and {answer} and {nested['pin']} are wrong, {booking.pk} is 1"
        )

    grant("refuse")
    sent = {"password": "hunter2", "answer": "my dog", "nested": {"pin": 47110}}
    with django_capture_on_commit_callbacks(execute=True):
        rest.run("refuse", 1, sent)
    if background == "always":
        run_queued(ActionEvent.objects.get().pk)

    expected = f"{HIDDEN} and {HIDDEN} and {HIDDEN} are wrong, 1 is 1"
    assert ("failed", expected) == ActionEvent.objects.values_list("state", "error_message").get()


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("password", True),
        ("new_password2", True),
        ("accessToken", True),
        ("Set-Cookie", True),
        ("credit_card", True),
        ("private_key", True),
        ("pin", True),
        ("otp", True),
        ("shopping", False),
        ("spinner", False),
        ("note", False),
        ("keyboard", False),
        ("file_hash", False),
        ("password_hash", True),
        ("salt", True),
    ],
)
def test_names_of_secrets(name, secret) -> None:
    assert secret == is_secret(name, "value", Guard())


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        pytest.param("pin", 1234, True, id="number"),
        pytest.param("card_pin", 1234, True, id="number-at-the-end"),
        pytest.param("token_count", 3, False, id="count"),
        pytest.param("has_password", True, False, id="truth"),
        pytest.param("tokens", ["a"], True, id="list"),
        pytest.param("phone", "1", True, id="of-the-settings"),
    ],
)
def test_values_of_secrets(name: str, value: Any, secret: bool) -> None:
    assert secret == is_secret(name, value, compile_guard(["phone"]))


def test_a_long_value_is_truncated() -> None:
    data, text = storable({"note": "x" * 100, "token": "t"}, frozenset(), 50, Guard())

    assert {"truncated": 130} == data
    assert text is not None
    assert (50, '{"note":"xxx') == (len(text), text[:12])


def test_a_value_nested_too_deep_is_redacted() -> None:
    deep: Any = "secret"
    for _ in range(30):
        deep = {"a": deep}

    data, _ = storable({"deep": deep}, frozenset(), 10_000, Guard())

    assert "secret" not in str(data)


def test_a_long_input_is_cut_in_the_event(rest, grant) -> None:
    grant("confirm", flex={"MAX_ACTION_BYTES": 20})

    rest.run("confirm", 2, {"note": "x" * 100})

    event = ActionEvent.objects.get()
    assert {"truncated": 111} == event.request_data
    assert '{"id":2,"status":"co' == event.response_content


@pytest.mark.parametrize("setting", ["DJACTION_TRACK_ACTIONS", "TRACK_ACTIONS"])
def test_tracking_can_be_turned_off(door, grant, settings, setting) -> None:
    flex = {"TRACK_ACTIONS": False} if setting == "TRACK_ACTIONS" else {}
    if setting == "DJACTION_TRACK_ACTIONS":
        settings.DJACTION_TRACK_ACTIONS = False
    grant("confirm", "fail", flex=flex)

    reply = door.run("confirm", 2)
    door.run("fail", 2, {"how": "bug"})

    assert 200 == reply.status
    assert "Flex-Action-Event" not in reply.headers
    assert not ActionEvent.objects.exists()


def test_the_setting_of_dj_actions_goes_before_ours(settings, rest, grant) -> None:
    settings.DJACTION_TRACK_ACTIONS = True
    grant("confirm", flex={"TRACK_ACTIONS": False})

    rest.run("confirm", 2)

    assert ActionEvent.objects.exists()


def test_a_wrong_setting_of_dj_actions_is_reported(settings) -> None:
    settings.DJACTION_TTL_MINUTES = "soon"

    assert ["django_flex.E002"] == [
        one.id for one in run_checks() if "DJACTION_TTL_MINUTES" in one.msg
    ]


@pytest.mark.parametrize(("track", "events", "data"), [("meta", 1, None), ("off", 0, None)])
def test_an_action_declares_what_is_stored_of_it(rest, grant, track, events, data) -> None:
    @action(Booking, track=track)
    def whisper(ctx: Any, booking: Booking, note: str) -> None: ...

    grant("whisper")

    rest.run("whisper", 2, {"note": "psst"})

    found = list(ActionEvent.objects.all())
    assert events == len(found)
    assert all(one.request_data is data and one.response_data is data for one in found)


def test_a_run_prints_nothing_and_its_event_says_how_long_all_of_it_took(
    rest, grant, capsys
) -> None:
    """dj-actions printed the time of each request, without that of the lookups before it."""
    grant("unlock")

    rest.run("unlock", 1, {"password": "x", "answer": "y", "nested": {}})

    assert ("", "") == capsys.readouterr()
    event = ActionEvent.objects.get()
    assert (event.duration or 0) > 0


def test_the_address_of_a_request_is_stored(rest, grant) -> None:
    grant("confirm")

    rest.run("confirm", 2, headers={"X-Request-Id": "abc"})

    event = ActionEvent.objects.get()
    assert {"ip": "127.0.0.1", "request_id": "abc"} == event.action_context
    assert event.duration is not None
    assert 0 <= event.duration < 5
    assert event.started_at is not None
    assert event.finished_at is not None
    assert event.started_at <= event.finished_at


def test_a_dry_run_is_logged_as_one(door, grant) -> None:
    grant("confirm")

    reply = door.run("confirm", 2, {"_dry_run": True, "note": "x"})

    assert (200, "confirmed") == (reply.status, reply.body["status"])
    assert "pending" == Booking.objects.get(pk=2).status
    assert ActionEvent.objects.get().action_context["dry_run"] is True


def test_input_that_does_not_fit_is_no_run(rest, grant) -> None:
    grant("confirm")

    rest.run("confirm", 2, {"seats": "x"})

    assert not ActionEvent.objects.exists()


def test_the_log_of_a_row(bookings) -> None:
    ActionEvent.objects.create(action_id="a", resource="testapp.booking", object_id="1")
    ActionEvent.objects.create(action_id="b", resource="testapp.booking", object_id="2")
    ActionEvent.objects.create(
        action_id="c", resource="testapp.booking", state="failed", complete=True
    )
    booking = Booking.objects.get(pk=1)

    assert ["a"] == [e.action_id for e in ActionEvent.objects.for_object(booking)]
    assert ["c"] == [e.action_id for e in ActionEvent.objects.failed()]
    assert ["b", "a"] == [e.action_id for e in ActionEvent.objects.running()]


def test_ids_are_in_order() -> None:
    ids = [new_id() for _ in range(3)]

    assert {7} == {one.version for one in ids}
    assert ids[0].int >> 80 <= ids[2].int >> 80


@pytest.fixture
def aged(db: None) -> None:
    """Events of 0, 10 and 2,000 minutes, and an old one that is not over."""
    for minutes, complete in ((0, True), (10, True), (2_000, True), (3_000, False)):
        made = timezone.now() - timedelta(minutes=minutes)
        ActionEvent.objects.create(action_id=f"a{minutes}", complete=complete, created_date=made)


def left() -> set[str]:
    return set(ActionEvent.objects.values_list("action_id", flat=True))


def test_the_archive_takes_old_events_and_counts_them(aged) -> None:
    assert 1 == ActionEvent.archive()
    assert {"a0", "a10", "a3000"} == left()


def test_the_archive_goes_by_the_setting(aged, settings) -> None:
    settings.DJACTION_TTL_MINUTES = 5

    assert 2 == ActionEvent.archive()
    assert {"a0", "a3000"} == left()


def test_the_archive_takes_an_age_in_minutes_or_a_time(aged) -> None:
    assert 2 == ActionEvent.archive(ttl_minutes=5, dry_run=True)
    assert 4 == len(left())
    assert 3 == ActionEvent.archive(before=timezone.now() + timedelta(minutes=1), batch=1)
    assert {"a3000"} == left()


def test_the_archive_can_be_kept_elsewhere(aged) -> None:
    seen: list[str] = []

    ActionEvent.archive(ttl_minutes=5, keep=lambda events: seen.extend(e.action_id for e in events))

    assert {"a10", "a2000"} == set(seen)


def test_an_event_says_what_it_is_about() -> None:
    event = ActionEvent(action_id="confirm", resource="testapp.booking", state="failed")

    assert "testapp.booking.confirm failed" == str(event)


def test_a_name_is_only_searched_once_unless_it_is_long() -> None:
    guard = compile_guard(["vault"])

    def calls(name: str) -> int:
        is_secret(name, "x", guard)
        return counting.calls(lambda: is_secret(name, "x", guard))

    assert calls("note") < 10
    # Clients choose the names of what is logged: a cache of long ones would fill the memory.
    assert calls("x" * LONGEST_CACHED) < 10
    assert calls("x" * (LONGEST_CACHED + 1)) > 100
    assert [True, True, False] == [is_secret(n, "x", guard) for n in ("password", "vault", "note")]
