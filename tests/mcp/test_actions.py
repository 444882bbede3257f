"""Model actions by agents: tried first where they can be, and run once for each confirmation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import caches

from django_flex.actions import action
from django_flex.actions.declare.registry import registry
from tests.mcp.conftest import EXPOSE, refuse, run
from tests.testapp.models import Booking, Tag

CONFIRM = {"model": "booking", "action": "pay", "data": {"_id": 1, "_input": {"amount": 5}}}
SEND = {"model": "booking", "action": "send", "data": {"_id": 1}}


@pytest.fixture(autouse=True)
def actions(agents: Callable[..., None], unused_caches: None) -> Iterator[None]:
    with registry.isolated():

        @action(Booking, destructive=True, idempotency="off")
        def pay(ctx: Any, booking: Booking, amount: int) -> dict[str, int]:
            """Pay for a booking."""
            booking.seats = (booking.seats or 0) + amount
            booking.save(update_fields=["seats"])
            return {"paid": amount}

        @action(Booking)
        def label(ctx: Any, booking: Booking) -> dict[str, int]:
            Tag.objects.create(slug=f"t{Tag.objects.count()}")
            return {"tags": Tag.objects.count()}

        @action(Booking, atomic=False)
        def send(ctx: Any, booking: Booking) -> dict[str, str]:
            Booking.objects.filter(pk=booking.pk).update(status="sent")
            return {"sent": "yes"}

        ops = [*EXPOSE["booking"]["clerks"]["ops"], "pay", "label", "send"]
        booking = {**EXPOSE["booking"], "clerks": {**EXPOSE["booking"]["clerks"], "ops": ops}}
        agents(EXPOSE={**EXPOSE, "booking": booking})
        yield


def seats() -> int | None:
    return Booking.objects.get(pk=1).seats


def test_the_description_says_what_actions_take() -> None:
    found = run("clara", "describe", model="booking")["actions"]

    assert ["label", "pay", "send"] == sorted(found)
    assert "Pay for a booking." == found["pay"]["description"]
    assert {"amount"} == set(found["pay"]["input"]["properties"])
    assert [True, False] == [found[name]["can_be_tried"] for name in ("pay", "send")]
    assert [True, None] == [found[name].get("destructive") for name in ("pay", "send")]
    assert "actions" not in run("rosa", "describe", model="booking")


def test_an_action_is_tried_and_then_run() -> None:
    before = seats()
    tried = run("clara", "action", **CONFIRM)
    between = seats()
    done = run("clara", "action", **CONFIRM, confirmation=tried["confirmation"])

    assert [{"paid": 5}, {"paid": 5}] == [{"paid": one["paid"]} for one in (tried["result"], done)]
    assert [before, before, 7] == [2, between, seats()]


def test_an_action_without_a_key_of_its_own_uses_its_confirmation_up() -> None:
    confirmation = run("clara", "action", **CONFIRM)["confirmation"]
    run("clara", "action", **CONFIRM, confirmation=confirmation)
    told = refuse("clara", "action", **CONFIRM, confirmation=confirmation)

    assert "write.confirmation" == told["code"]
    assert 7 == seats()


def test_an_action_that_takes_a_key_returns_its_reply_again() -> None:
    arguments = {"model": "booking", "action": "label", "data": {"_id": 1}}
    before = Tag.objects.count()
    confirmation = run("clara", "action", **arguments)["confirmation"]
    replies = [
        run("clara", "action", **arguments, confirmation=confirmation)["tags"] for _ in range(2)
    ]

    assert [before + 1, before + 1, before + 1] == [*replies, Tag.objects.count()]


def test_an_action_that_cannot_be_tried_is_not_run_by_the_first_call() -> None:
    tried = run("clara", "action", **SEND)
    before = Booking.objects.get(pk=1).status
    run("clara", "action", **SEND, confirmation=tried["confirmation"])

    assert tried["dry_run"] is False
    assert "nothing was run" in tried["note"]
    assert ["confirmed", "sent"] == [before, Booking.objects.get(pk=1).status]


@pytest.mark.parametrize("arguments", [CONFIRM, SEND], ids=["tried", "untried"])
@pytest.mark.parametrize("confirmation", [None, "", "x" * 80])
def test_no_action_runs_without_a_confirmation(
    arguments: dict[str, Any], confirmation: object
) -> None:
    told = refuse("clara", "action", **arguments, confirmation=confirmation)

    assert "write.confirmation" == told["code"]
    assert (2, "confirmed") == (seats(), Booking.objects.get(pk=1).status)


def test_a_confirmation_of_another_action_is_refused() -> None:
    confirmation = run("clara", "action", **SEND)["confirmation"]
    told = refuse("clara", "action", **CONFIRM, confirmation=confirmation)

    assert "write.confirmation" == told["code"]


def test_an_action_that_is_not_granted_is_missing() -> None:
    for arguments in (CONFIRM, SEND):
        assert "action.not_found" == refuse("rosa", "action", **arguments)["code"]


def test_without_the_cache_no_action_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    confirmation = run("clara", "action", **CONFIRM)["confirmation"]

    def fail(*_arguments: object, **_options: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(caches["default"], "add", fail)
    told = refuse("clara", "action", **CONFIRM, confirmation=confirmation)

    assert "backend.unavailable" == told["code"]
    assert 2 == seats()
