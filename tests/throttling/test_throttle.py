"""Requests are counted by caller, model, operation and version, and refused beyond the rate."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django_ratelimit import core

from django_flex.access.actor import Actor
from django_flex.exceptions import RateLimitExceededError, UnavailableError
from django_flex.policy.rates import Rate, RateLimits, Rates
from django_flex.throttling import CODE, NO_HEADERS, caller
from tests.throttling.counting import ask, entry, grant, limits, passes, user, visitor

CLOSED_PORT = {
    "BACKEND": "django.core.cache.backends.redis.RedisCache",
    "LOCATION": "redis://127.0.0.1:1/0",
}
FIVE = [True] * 5 + [False] * 3


def test_without_a_limit_nothing_is_counted_and_no_cache_is_asked(somebody: Actor) -> None:
    assert NO_HEADERS == ask(RateLimits(cache="nowhere"), somebody)


def test_code_that_bypasses_permissions_bypasses_limits(somebody: Actor) -> None:
    free = grant(requests=1, unrestricted=True)
    assert [NO_HEADERS] * 3 == [ask(limits(1), somebody, grant=free) for _ in range(3)]


def test_requests_beyond_the_rate_are_refused(somebody: Actor) -> None:
    assert FIVE == [passes(limits(5), somebody) for _ in FIVE]


def test_a_refusal_says_when_to_come_back(somebody: Actor) -> None:
    ask(limits(1), somebody)
    with pytest.raises(RateLimitExceededError) as raised:
        ask(limits(1), somebody)
    error = raised.value
    assert 429 == error.status
    assert {
        "error": "Rate limit exceeded",
        "code": "rate_limit.exceeded",
        "retry_after": error.retry_after,
    } == error.to_dict()
    assert str(error.retry_after) == error.headers["Retry-After"]
    assert 1 <= error.retry_after <= 3_600


def test_headers_say_the_policy_and_what_is_left(
    somebody: Actor, clock: Callable[[float], None]
) -> None:
    clock(1_800_000_000.5)
    found = limits(2, cache="local")
    first, second = (dict(ask(found, somebody)) for _ in range(2))
    with pytest.raises(RateLimitExceededError) as raised:
        ask(found, somebody)
    third = raised.value.headers
    assert ['"list";q=2;w=3600'] * 3 == [h["RateLimit-Policy"] for h in (first, second, third)]
    wait = re.fullmatch(r'"list";r=1;t=(\d+)', first["RateLimit"])
    assert wait is not None
    assert f'"list";r=0;t={wait[1]}' == second["RateLimit"] == third["RateLimit"]
    assert wait[1] == third["Retry-After"]


@pytest.mark.parametrize("seconds", [1, 2, 60, 3_600])
def test_after_the_time_that_was_said_requests_pass_and_not_before(
    seconds: int, somebody: Actor, clock: Callable[[float], None]
) -> None:
    start = 1_800_000_000.25
    found = limits(1, seconds, cache="local")
    clock(start)
    ask(found, somebody)
    with pytest.raises(RateLimitExceededError) as raised:
        ask(found, somebody)
    wait = raised.value.retry_after
    assert 1 <= wait <= seconds
    clock(start + wait - 0.5)
    half_a_second_early = passes(found, somebody)
    clock(start + wait)
    assert passes(found, somebody) is not half_a_second_early or seconds == 1


def test_refused_requests_count(somebody: Actor) -> None:
    [passes(limits(1), somebody) for _ in range(5)]
    assert '"list";r=4;t=' in ask(limits(10), somebody)["RateLimit"]


def test_the_count_of_requests_survives_a_change_of_role(somebody: Actor) -> None:
    few, many = grant(requests=2), grant(requests=9)
    answers = [passes(RateLimits(), somebody, grant=g) for g in (many, many, few, many, few)]
    assert [True, True, False, True, False] == answers


def test_all_doors_count_together(somebody: Actor) -> None:
    doors = [entry(name="booking"), entry(name="testapp.booking")] * 2
    assert [True, True, False, False] == [passes(limits(2), somebody, entry=e) for e in doors]


@pytest.mark.parametrize(
    "other",
    [
        {"operation": "get"},
        {"version": "v1"},
        {"entry": entry("testapp.customer")},
    ],
    ids=["operation", "version", "model"],
)
def test_each_operation_version_and_model_has_its_own_count(
    other: dict[str, Any], somebody: Actor
) -> None:
    assert passes(limits(1), somebody)
    assert passes(limits(1), somebody, **other)
    assert not passes(limits(1), somebody)
    assert not passes(limits(1), somebody, **other)


def test_no_two_counters_can_be_mistaken_for_each_other() -> None:
    """The core joins its parts without anything between them."""
    mark = uuid4().hex
    versions = [None, "None", "", "v", "v'", "v\\", "v', 'a.b", f"v')1/3600s('user', '{mark}"]
    groups = [
        *((version, "a.b", "list") for version in versions),
        ("v1", "a.b", "list"),
        ("v", "1a.b", "list"),
        ("v", "a.b1", "list"),
        ("v", "a.b", "list1"),
        ("v", "a.bl", "ist"),
    ]
    callers = [user(pk) for pk in (mark, f"1{mark}", f"{mark}1", f"{mark}') ('", f"'{mark}")]
    found = limits(1, cache="local")
    for version, label, operation in groups:
        for one in callers:
            about = {"version": version, "entry": entry(label), "operation": operation}
            assert passes(found, one, **about), (version, label, operation, one.user.pk)


def test_users_addresses_and_code_are_never_the_same_caller() -> None:
    names = ["", "unknown", "1.2.3.4", "0", "code"]
    actors = [Actor(), *map(user, names), *map(visitor, names), visitor("::1")]
    # Three of the texts are no addresses: those are one caller.
    assert len(actors) - 2 - 1 == len({caller(actor, 0) for actor in actors})
    assert CODE == caller(actors[0], 0)


def test_threads_are_counted_exactly() -> None:
    found, one = limits(100, cache="local"), user(uuid4())
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: passes(found, one), range(400)))
    assert 100 == sum(answers)


def test_options_of_the_project_for_its_own_use_of_the_package_are_not_ours(
    settings: Any, somebody: Actor
) -> None:
    settings.RATELIMIT_ENABLE = False
    settings.RATELIMIT_USE_CACHE = "nowhere"
    settings.RATELIMIT_FAIL_OPEN = True
    settings.RATELIMIT_HASH_ALGORITHM = "no.such.algorithm"
    assert FIVE == [passes(limits(5), somebody) for _ in FIVE]
    assert core.settings is django_settings
    assert core.get_usage(None, group="x", key="user", rate=(1, 60)) is None


def test_another_cache_may_count(settings: Any, somebody: Actor) -> None:
    settings.CACHES = {"default": CLOSED_PORT, "counters": django_settings.CACHES["local"]}
    assert FIVE == [passes(limits(5, cache="counters"), somebody) for _ in FIVE]


def failing(error: Exception | None) -> dict[str, Any]:
    return {"BACKEND": "tests.throttling.counting.FailingCache", "OPTIONS": {"error": error}}


AWAY = {
    "stopped": CLOSED_PORT,
    "timeout": failing(TimeoutError("timed out")),
    "name": failing(socket.gaierror(-2, "Name or service not known")),
    "driver": failing(RuntimeError("what a driver may raise")),
    "keyless": failing(None),
    "missing": {"BACKEND": "no.such.Cache"},
}


@pytest.mark.parametrize("cache", AWAY.values(), ids=AWAY)
def test_requests_are_refused_while_the_cache_is_down(
    cache: dict[str, Any], settings: Any, somebody: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CACHES = {"default": cache}
    with pytest.raises(UnavailableError) as raised:
        ask(limits(5), somebody)
    assert 503 == raised.value.status
    assert raised.value.retry_after >= 1
    assert [("django_flex.throttling", logging.ERROR)] == [
        (record.name, record.levelno) for record in caplog.records
    ]


@pytest.mark.parametrize("cache", AWAY.values(), ids=AWAY)
def test_requests_pass_while_the_cache_is_down_if_the_settings_say_so(
    cache: dict[str, Any], settings: Any, somebody: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CACHES = {"default": cache}
    found = limits(1, fail_open=True)
    assert [NO_HEADERS] * 3 == [ask(found, somebody) for _ in range(3)]
    assert {"django_flex.throttling"} == {record.name for record in caplog.records}


def test_a_rate_that_cannot_be_read_lets_nobody_through(somebody: Actor) -> None:
    broken = RateLimits(rates=Rates(default=Rate(0, 60)))
    assert not passes(broken, somebody)
