"""What an action raises: undone, logged, and answered without a word that was not meant for it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError
from rest_framework import exceptions as rest_exceptions

from django_flex.actions import ActionContext, ActionError, action
from django_flex.actions.models import ActionEvent
from tests.actions import handlers
from tests.testapp.models import Booking, Invoice


@pytest.mark.parametrize(
    ("how", "status", "code", "text"),
    [
        ("bug", 500, "action.failed", "The action failed"),
        ("refused", 409, "action.refused", "Already paid"),
        ("denied", 403, "permission.denied", "Not on Sundays"),
        ("invalid", 400, "write.invalid", "Some values are not valid"),
        ("missing", 404, "object.not_found", "Object not found"),
    ],
)
def test_a_failure_is_undone_and_logged(door, grant, how, status, code, text) -> None:
    grant("fail")

    reply = door.run("fail", 2, {"how": how})

    assert (status, code, text) == (reply.status, reply.code, reply.body["error"])
    assert "pending" == Booking.objects.get(pk=2).status
    event = ActionEvent.objects.get()
    assert ("failed", True, status, code) == (
        event.state,
        event.complete,
        event.status_code,
        event.error_code,
    )
    assert "2" == event.object_id
    if door.http:
        assert str(event.pk) == reply.headers["Flex-Action-Event"]


def test_the_text_of_a_bug_is_nowhere_but_in_the_log(rest, grant, caplog) -> None:
    grant("fail")

    reply = rest.run("fail", 2, {"how": "bug"})

    event = ActionEvent.objects.values().get()
    assert "hunter2" not in f"{reply.body} {event}"
    assert "ZeroDivisionError" == event["error_type"]
    assert "hunter2" in caplog.text


def test_messages_of_a_validation_error_come_by_field(rest, grant) -> None:
    grant("fail")

    one = rest.run("fail", 2, {"how": "invalid"})
    whole = rest.run("fail", 2, {"how": "invalid-whole"})

    assert {"how": ["Not like this"]} == one.body["fields"]
    assert {"__all__": ["Not at all"]} == whole.body["fields"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (rest_exceptions.PermissionDenied("no"), 403),
        (rest_exceptions.NotFound("no"), 404),
        (rest_exceptions.ValidationError({"a": ["no"]}), 400),
        (rest_exceptions.Throttled(), 429),
        (rest_exceptions.APIException("secret"), 500),
        (IntegrityError("UNIQUE constraint failed: secret"), 409),
        (OverflowError("too much"), 500),
        (LookupError("where"), 500),
    ],
)
def test_errors_of_libraries_mean_what_they_say(rest, grant, monkeypatch, error, status) -> None:
    grant("fail")
    monkeypatch.setitem(handlers.FAILURES, "other", error)

    reply = rest.run("fail", 2, {"how": "other"})

    assert status == reply.status
    assert "secret" not in str(reply.body)
    assert 1 == ActionEvent.objects.filter(state="failed").count()


def test_a_fault_of_the_database_inside_an_action_is_a_conflict(rest, grant) -> None:
    @action(Booking)
    def bill(ctx: Any, booking: Booking) -> None:
        Invoice.objects.create(booking=booking, number="A-9")

    grant("bill")

    assert (409, "write.duplicate") == (
        rest.run("bill", 1).status,
        rest.run("bill", 1).code,
    )


def test_a_failure_under_atomic_requests_is_undone_and_logged(settings, grant, rest) -> None:
    from django.db import connections

    from tests.actions.doors import Included

    grant("fail", "confirm")
    door = Included(settings)
    connections.settings["default"]["ATOMIC_REQUESTS"] = True
    connections["default"].settings_dict["ATOMIC_REQUESTS"] = True
    try:
        reply = door.run("fail", 2, {"how": "bug"})
        done = door.run("confirm", 1, {"note": "x"})
    finally:
        connections.settings["default"]["ATOMIC_REQUESTS"] = False
        connections["default"].settings_dict["ATOMIC_REQUESTS"] = False

    assert (500, 200) == (reply.status, done.status)
    assert "pending" == Booking.objects.get(pk=2).status
    assert {"failed", "succeeded"} == set(ActionEvent.objects.values_list("state", flat=True))


def test_an_action_without_a_transaction_keeps_what_it_wrote(rest, grant) -> None:
    @action(Booking, atomic=False)
    def half(ctx: Any, booking: Booking) -> None:
        booking.status = "half"
        booking.save()
        raise RuntimeError

    grant("half")

    assert 500 == rest.run("half", 2).status
    assert "half" == Booking.objects.get(pk=2).status
    assert 1 == ActionEvent.objects.filter(state="failed").count()
    assert 400 == rest.run("half", 2, {"_dry_run": True}).status
    assert 400 == rest.run("half", 2, headers={"Idempotency-Key": "k"}).status


def test_the_reply_is_that_of_the_failure_where_the_log_fails(rest, grant, monkeypatch) -> None:
    from django_flex.actions.run import tracking

    grant("fail")

    def broken(*_args: Any) -> None:
        raise IntegrityError

    monkeypatch.setattr(tracking, "_store", broken)

    assert (409, "action.refused") == (
        rest.run("fail", 2, {"how": "refused"}).status,
        rest.run("fail", 2, {"how": "refused"}).code,
    )


def test_an_action_whose_run_cannot_be_logged_is_undone(rest, grant, monkeypatch) -> None:
    from django_flex.actions.run import tracking

    grant("confirm")

    def broken(*_args: Any) -> None:
        raise IntegrityError

    monkeypatch.setattr(tracking, "_store", broken)

    assert 409 == rest.run("confirm", 2).status
    assert "pending" == Booking.objects.get(pk=2).status


def test_an_error_that_code_raises_is_not_changed(rest, grant) -> None:
    known = ActionError("Already paid")

    @action(Booking)
    def refuse(context: ActionContext, booking: Booking) -> None:
        raise known

    grant("refuse")

    headers = [rest.run("refuse", 2, {}).headers for _ in range(2)]

    assert [str(event.pk) for event in ActionEvent.objects.order_by("pk")] == [
        one["Flex-Action-Event"] for one in headers
    ]
    assert {} == known.headers
