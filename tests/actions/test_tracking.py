"""The log of actions: what is kept of a run, what is not, and for how long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.checks import run_checks
from django.utils import timezone

from django_flex.actions import action
from django_flex.actions.models import ActionEvent, EventAction, new_id
from django_flex.actions.redaction import HIDDEN, is_secret, kept
from tests.testapp.models import Booking


def test_the_readme_calls_it_event_action() -> None:
    assert EventAction is ActionEvent


def test_secrets_are_not_kept(rest, grant) -> None:
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
    ],
)
def test_names_of_secrets(name, secret) -> None:
    assert secret == is_secret(name)


def test_what_is_too_long_is_cut() -> None:
    data, text = kept({"note": "x" * 100, "token": "t"}, frozenset(), 50)

    assert {"truncated": 130} == data
    assert text is not None
    assert (50, '{"note":"xxx') == (len(text), text[:12])


def test_what_is_too_deep_is_hidden() -> None:
    deep: Any = "secret"
    for _ in range(30):
        deep = {"a": deep}

    data, _ = kept({"deep": deep}, frozenset(), 10_000)

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
def test_an_action_says_what_is_kept_of_it(rest, grant, track, events, data) -> None:
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


def test_where_a_request_came_from_is_kept(rest, grant) -> None:
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


def test_the_archive_goes_by_minutes_and_by_moment(aged) -> None:
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
