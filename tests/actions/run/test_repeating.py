"""An action with a key is run once; one with a precondition only on the row that is meant."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex.actions import action
from django_flex.actions.models import ActionEvent
from tests.actions import handlers
from tests.testapp.models import Booking


def test_the_same_key_runs_once_and_gets_the_same_reply(door, grant) -> None:
    grant("confirm")
    headers = {"Idempotency-Key": "one"}

    first = door.run("confirm", 2, {"note": "x"}, headers=headers)
    second = door.run("confirm", 2, {"note": "x"}, headers=headers)

    assert first.body == second.body
    assert "true" == second.headers["Idempotency-Replayed"]
    assert first.headers["Flex-Action-Event"] == second.headers["Flex-Action-Event"]
    assert [2] == handlers.RAN
    assert 1 == ActionEvent.objects.count()


@pytest.mark.parametrize(("pk", "note"), [(2, "y"), (6, "x")])
def test_the_same_key_for_something_else_is_a_422(door, grant, pk, note) -> None:
    grant("confirm")
    headers = {"Idempotency-Key": "one"}
    door.run("confirm", 2, {"note": "x"}, headers=headers)

    reply = door.run("confirm", pk, {"note": note}, headers=headers)

    assert (422, "idempotency.reused") == (reply.status, reply.code)
    assert [2] == handlers.RAN


def test_the_same_key_for_another_action_is_a_422(door, grant) -> None:
    grant("confirm", "approve")
    headers = {"Idempotency-Key": "one"}
    door.run("confirm", 2, headers=headers)

    assert 422 == door.run("approve", 2, headers=headers).status


def test_a_failure_leaves_the_key_free(door, grant) -> None:
    grant("fail")
    headers = {"Idempotency-Key": "one"}

    statuses = [door.run("fail", 2, {"how": "bug"}, headers=headers).status for _ in range(2)]

    assert [500, 500] == statuses
    assert 2 == ActionEvent.objects.filter(state="failed").count()


def test_a_key_may_be_needed_or_refused(door, grant) -> None:
    @action(Booking, idempotency="required")
    def pay(ctx: Any, booking: Booking) -> dict[str, str | None]:
        return {"key": ctx.idempotency_key}

    @action(Booking, idempotency="off")
    def look(ctx: Any, booking: Booking) -> None: ...

    grant("pay", "look")

    without = door.run("pay", 2)
    assert (400, "Idempotency-Key") == (without.status, without.body["path"])
    assert {"key": "k"} == door.run("pay", 2, headers={"Idempotency-Key": "k"}).body
    assert 200 == door.run("pay", 2, {"_dry_run": True}).status
    assert 400 == door.run("look", 2, headers={"Idempotency-Key": "k"}).status


def test_a_dry_run_leaves_nothing_and_the_key_free(door, grant) -> None:
    called: list[int] = []

    @action(Booking)
    def notify(ctx: Any, booking: Booking) -> None:
        booking.status = "notified"
        booking.save()
        ctx.on_commit(lambda: called.append(booking.pk))

    grant("notify")
    headers = {"Idempotency-Key": "one"}

    dry = door.run("notify", 2, {"_dry_run": True}, headers=headers)

    assert ("notified", "pending") == (dry.body["status"], Booking.objects.get(pk=2).status)
    assert [] == called
    assert 200 == door.run("notify", 2, headers=headers).status
    assert "notified" == Booking.objects.get(pk=2).status


@pytest.mark.django_db(transaction=True)
def test_what_waits_for_the_commit_comes_after_it(rest, grant) -> None:
    called: list[str] = []

    @action(Booking)
    def notify(ctx: Any, booking: Booking) -> None:
        booking.status = "notified"
        booking.save()
        ctx.on_commit(lambda: called.append(Booking.objects.get(pk=2).status))

    grant("notify")

    rest.run("notify", 2)

    assert ["notified"] == called


def test_the_tag_of_a_get_is_the_precondition_of_an_action(rest, grant) -> None:
    grant("confirm")
    tag = rest.request("GET", "/api/booking/2").headers["ETag"]

    first = rest.run("confirm", 2, headers={"If-Match": tag})
    second = rest.run("confirm", 2, headers={"If-Match": tag})

    assert (200, 412, "write.precondition") == (first.status, second.status, second.code)
    assert [2] == handlers.RAN
    assert not ActionEvent.objects.filter(state="failed").exists()


def test_any_row_satisfies_the_tag_of_all(door, grant) -> None:
    grant("confirm")

    assert 200 == door.run("confirm", 2, {"_if_match": "*"}).status
    assert 400 == door.run("confirm", 2, {"_if_match": 5}).status


@pytest.mark.parametrize(
    ("wanted", "status"), [({"status": "pending"}, 200), ({"status": "paid"}, 412), ({}, 200)]
)
def test_a_row_has_to_be_as_the_caller_says(door, grant, wanted, status) -> None:
    grant("confirm", filters=["status"])

    reply = door.run("confirm", 2, {"_if": wanted})

    assert status == reply.status
    if status == 412:
        assert "_if" == reply.body["path"]
        assert "pending" == Booking.objects.get(pk=2).status


def test_a_precondition_tells_nothing_that_filters_would_not(door, grant) -> None:
    grant("confirm", filters=["status"], rows={"id": 2})

    denied = door.run("confirm", 2, {"_if": {"price.gt": 1}})
    hidden = door.run("confirm", 1, {"_if": {"status": "confirmed"}})

    assert (403, 404) == (denied.status, hidden.status)


@pytest.mark.parametrize("lock", ["row", "nowait", "skip", "none"])
def test_a_row_is_locked_as_the_action_says(rest, grant, lock) -> None:
    from django.db import connection

    @action(Booking, lock=lock)
    def hold(ctx: Any, booking: Booking) -> None: ...

    grant("hold")

    reply = rest.run("hold", 2)

    assert 200 == reply.status
    if connection.features.has_select_for_update:
        ends = ("UPDATE", "NOWAIT", "SKIP LOCKED")
        assert (lock != "none") == any(sql.endswith(ends) for sql in reply.statements)


def test_an_action_has_its_own_time(rest, grant) -> None:
    seen: list[float] = []

    @action(Booking, timeout=0.5)
    def quick(ctx: Any, booking: Booking) -> None:
        seen.append(ctx.definition.timeout)

    grant("quick")

    assert 200 == rest.run("quick", 2).status
    assert [0.5] == seen
