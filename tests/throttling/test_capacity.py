"""Units of capacity are charged when they have been consumed, and the next request is refused."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from django_flex.access.actor import Actor
from django_flex.capacity import Account, accounts_of, charged, check_capacity, current_accounts
from django_flex.exceptions import RateLimitExceededError, UnavailableError
from django_flex.metering import READ_UNITS, UNITS, WRITE_UNITS, current_meter
from django_flex.policy.rates import Rate, RateLimits, Rates
from tests.throttling.counting import entry

START = 1_800_000_000.25


def accounts(actor: Actor, units: int = 1, seconds: int = 60, **others: Any) -> tuple[Account, ...]:
    found = RateLimits(rates=Rates(units={READ_UNITS: Rate(units, seconds)}), **others)
    return accounts_of(found, version=None, entry=entry(), grant=None, actor=actor, table="t")


def consume(
    of: tuple[Account, ...],
    units: float,
    kind: str = READ_UNITS,
    table: str = "t",
    then: type[Exception] | None = None,
) -> None:
    """Make a request that costs something, and raises an error then."""
    with charged(of):
        meter = current_meter()
        assert meter is not None
        meter.add(table, kind, units)
        if then is not None:
            raise then


def wait_of(of: tuple[Account, ...]) -> int:
    """Return how long the caller has to wait, 0 if they may go on."""
    try:
        check_capacity(of, UNITS, fail_open=False)
    except RateLimitExceededError as error:
        return error.retry_after or 0
    return 0


@pytest.mark.parametrize("seconds", [2, 60, 3_600])
def test_after_the_time_that_was_said_requests_pass_and_not_before(
    seconds: int, somebody: Actor, clock: Callable[[float], None]
) -> None:
    clock(START)
    mine = accounts(somebody, 1, seconds, cache="local")
    consume(mine, 1)
    wait = wait_of(mine)
    assert 1 <= wait <= seconds
    # What was said in the middle of a second is meant from its beginning on.
    clock(int(START) + wait - 0.5)
    assert wait_of(mine)
    clock(int(START) + wait)
    assert not wait_of(mine)


def test_only_what_was_consumed_of_the_table_is_charged(somebody: Actor) -> None:
    mine = accounts(somebody)
    consume(mine, 5, WRITE_UNITS)
    consume(mine, 5, table="other")
    assert not wait_of(mine)
    consume(mine, 0.1)
    assert not wait_of(mine)
    consume(mine, 0.5)
    assert wait_of(mine)


def test_what_is_consumed_after_the_calls_of_a_transaction_is_charged_to_them(
    somebody: Actor,
) -> None:
    mine = accounts(somebody)
    with charged():
        with charged(mine):
            assert mine == current_accounts()
        consume((), 1)  # a call without a limit is not charged to anybody
        assert not wait_of(mine)
        meter = current_meter()
        assert meter is not None
        meter.add("t", READ_UNITS, 1)
    assert wait_of(mine)
    assert () == current_accounts()


def test_what_fails_is_charged(somebody: Actor) -> None:
    mine = accounts(somebody)
    with pytest.raises(LookupError):
        consume(mine, 3, then=LookupError)
    assert wait_of(mine)


def test_a_charge_that_the_cache_does_not_take_is_logged(
    somebody: Actor, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    away = {
        "BACKEND": "tests.throttling.counting.FailingCache",
        "LOCATION": "units",
        "OPTIONS": {"error": ConnectionError("away")},
    }
    settings.CACHES = {**settings.CACHES, "away": away}
    mine = accounts(somebody, cache="away")
    with caplog.at_level(logging.ERROR, "django_flex.throttling"):
        consume(mine, 1)
        with pytest.raises(UnavailableError):
            wait_of(mine)
    assert 2 == len(caplog.records)
    check_capacity(mine, UNITS, fail_open=True)
