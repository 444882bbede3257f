"""What may be written as a rate limit, and which of several holds."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex.access.limits import rate_of
from django_flex.conf import get_settings
from django_flex.policy.compile.entries import with_common_grant, with_view_grants
from django_flex.policy.compile.rates import compile_rates, read_rate
from django_flex.policy.compile.reporting import ProblemReporter
from django_flex.policy.model import Grant
from django_flex.policy.rates import CLOSED, NO_RATES, Rate, RateLimits
from tests.throttling.counting import entry


@pytest.mark.parametrize(
    ("written", "requests", "seconds"),
    [
        (1, 1, 60),
        (60, 60, 60),
        ("5/s", 5, 1),
        ("5/m", 5, 60),
        ("100/h", 100, 3_600),
        ("1000/d", 1_000, 86_400),
        ("100/10m", 100, 600),
        ("1/366d", 1, 31_622_400),
        ("999999999/1s", 999_999_999, 1),
    ],
)
def test_a_rate_is_a_number_for_each_minute_or_says_its_period(
    written: Any, requests: int, seconds: int
) -> None:
    assert Rate(requests, seconds) == read_rate(written)


WRONG = [
    0,
    -1,
    True,
    1.5,
    "",
    "60",
    "abc",
    "5/M",
    "5/2w",
    "5/",
    "/m",
    "0/m",
    "5/0m",
    "-5/m",
    "5 / m",
    "5/m\n",
    "5/minute",
    "\u0665/m",
    "1/367d",
    "1/99999999d",
    "9999999999/m",
    b"5/m",
    [],
    (5, 60),
]


@pytest.mark.parametrize("written", WRONG, ids=repr)
def test_whatever_is_no_rate_is_reported_and_lets_nobody_through(written: Any) -> None:
    reporter = ProblemReporter("RATE_LIMIT")
    rates = compile_rates(written, reporter)
    assert CLOSED == rates.of("list")
    assert [("E016", "RATE_LIMIT")] == [(p.id, p.place) for p in reporter.problems]


@pytest.mark.parametrize(
    ("written", "place", "hint"),
    [
        ({}, "R", "None for no limit"),
        ({"lists": 5}, "R", "did you mean 'list'?"),
        ({5: 5}, "R", "one of default, get"),
        ({"list": None}, "R['list']", "60 for each minute"),
        ({"default": "5"}, "R['default']", "60 for each minute"),
        ({"list": 5, "query": 6}, "R['query']", ""),
    ],
)
def test_a_mistake_in_a_dictionary_is_named_and_lets_nobody_through(
    written: Any, place: str, hint: str
) -> None:
    reporter = ProblemReporter("R")
    assert CLOSED == compile_rates(written, reporter).of("list")
    assert [("E016", place)] == [(p.id, p.place) for p in reporter.problems]
    assert hint in (reporter.problems[0].hint or "")


def test_a_mistake_spares_what_is_right_beside_it() -> None:
    rates = compile_rates({"list": 5, "git": 6}, ProblemReporter("R"))
    assert Rate(5, 60) == rates.of("list")
    assert CLOSED == rates.of("get")


def test_no_limit_says_nothing() -> None:
    reporter = ProblemReporter("R")
    assert not compile_rates(None, reporter)
    assert [] == reporter.problems


@pytest.mark.parametrize(
    ("synonym", "operation"), [("query", "list"), ("create", "add"), ("update", "edit")]
)
def test_operations_go_by_their_synonyms(synonym: str, operation: str) -> None:
    assert Rate(7, 60) == compile_rates({synonym: 7}, ProblemReporter("R")).of(operation)


PRECEDENCE = [
    # everything, the model, the role: what holds for a list
    pytest.param(None, None, None, None, id="nothing"),
    pytest.param(1, None, None, 1, id="global"),
    pytest.param({"default": 1}, None, None, 1, id="global default"),
    pytest.param({"get": 1}, None, None, None, id="global, another operation"),
    pytest.param({"list": 1, "default": 2}, None, None, 1, id="global operation"),
    pytest.param(1, 2, None, 2, id="model"),
    pytest.param({"list": 1}, {"default": 2}, None, 2, id="model default over global operation"),
    pytest.param(1, {"get": 2}, None, 1, id="model, another operation"),
    pytest.param(1, {"list": 2, "default": 3}, None, 2, id="model operation"),
    pytest.param(1, 2, 3, 3, id="role"),
    pytest.param(1, {"list": 2}, {"default": 3}, 3, id="role default over model operation"),
    pytest.param(1, 2, {"list": 3, "default": 4}, 3, id="role operation"),
    pytest.param(1, 2, {"get": 3}, 2, id="role, another operation"),
    pytest.param(1, {"get": 2}, {"get": 3}, 1, id="role and model, another operation"),
    pytest.param(None, None, 3, 3, id="role alone"),
]


@pytest.mark.parametrize(("everything", "model", "role", "expected"), PRECEDENCE)
def test_the_most_specific_rate_holds(
    everything: Any, model: Any, role: Any, expected: int | None
) -> None:
    reporter = ProblemReporter("R")
    found = rate_of(
        RateLimits(rates=compile_rates(everything, reporter)),
        entry(rates=compile_rates(model, reporter)),
        Grant(role="staff", rate_limit=compile_rates(role, reporter)),
        "list",
    )
    assert expected == (found.requests if found else None)
    assert [] == reporter.problems


def test_a_caller_without_a_role_has_the_rate_of_the_model() -> None:
    found = rate_of(
        RateLimits(rates=compile_rates(1, ProblemReporter("R"))),
        entry(rates=compile_rates(2, ProblemReporter("R"))),
        None,
        "list",
    )
    assert Rate(2, 60) == found


SETTINGS = {
    "RATE_LIMIT": {"default": 90},
    "RATE_LIMIT_CACHE": "local",
    "RATE_LIMIT_FAIL": "open",
    "TRUSTED_PROXIES": 2,
    "EXPOSE": {
        "booking": {
            "rate_limit": {"default": 60, "list": 30},
            "staff": {"fields": ["id"], "ops": ["get", "list"], "rate_limit": "200/h"},
            "anon": {"fields": ["id"], "ops": ["get", "list"]},
        }
    },
    "VERSIONS": {"v1": {"path": "/api/v1/", "RATE_LIMIT": 10, "EXPOSE": {}}},
}


def test_the_settings_become_rates(settings: Any) -> None:
    settings.DJANGO_FLEX = SETTINGS
    found = get_settings()
    booking = found.policy.entries["testapp.booking"]
    assert Rate(90, 60) == found.rate_limits.rates.of("get")
    assert ("local", True, 2) == (
        found.rate_limits.cache,
        found.rate_limits.fail_open,
        found.rate_limits.trusted_proxies,
    )
    assert Rate(30, 60) == booking.rate_limit.of("list")
    assert Rate(200, 3_600) == booking.grants["staff"].rate_limit.of("list")
    assert NO_RATES == booking.grants["anon"].rate_limit
    assert Rate(10, 60) == get_settings("v1").rate_limits.rates.of("get")


def test_a_change_of_the_settings_is_seen(settings: Any) -> None:
    settings.DJANGO_FLEX = {"RATE_LIMIT": 5}
    assert Rate(5, 60) == get_settings().rate_limits.rates.of("list")
    settings.DJANGO_FLEX = {}
    assert get_settings().rate_limits.rates.of("list") is None


def test_a_broken_global_rate_is_reported_in_its_place(settings: Any) -> None:
    settings.DJANGO_FLEX = {"RATE_LIMIT": {"list": "often"}}
    (problem,) = get_settings().problems
    assert ("E016", "DJANGO_FLEX['RATE_LIMIT']['list']") == (problem.id, problem.place)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RATE_LIMIT_FAIL", "opne"),
        ("RATE_LIMIT_FAIL", ["open"]),
        ("RATE_LIMIT_CACHE", None),
        ("RATE_LIMIT_CACHE", ""),
        ("TRUSTED_PROXIES", -1),
        ("TRUSTED_PROXIES", True),
    ],
)
def test_a_setting_that_is_wrong_has_its_strict_default(
    name: str, value: Any, settings: Any
) -> None:
    settings.DJANGO_FLEX = {name: value}
    found = get_settings()
    assert RateLimits() == found.rate_limits
    assert [("E002", f"DJANGO_FLEX['{name}']")] == [(p.id, p.place) for p in found.problems]


@pytest.mark.parametrize("of_view", [{}, {"rate_limit": 7}], ids=["of the model", "of the view"])
def test_the_rates_of_a_model_hold_in_views(of_view: dict[str, Any], settings: Any) -> None:
    settings.DJANGO_FLEX = SETTINGS
    written = {"anon": {"fields": ["id"], "ops": ["list"]}, **of_view}
    policy, made, _ = with_view_grants(get_settings().policy, "testapp.booking", written, "view")
    assert Rate(7 if of_view else 30, 60) == made.rate_limit.of("list")
    assert made is policy.entries["testapp.booking"]


def test_the_rates_of_a_model_hold_in_decorated_views(settings: Any) -> None:
    settings.DJANGO_FLEX = SETTINGS
    written = {"fields": ["id"], "ops": ["list"]}
    policy, made, _ = with_common_grant(get_settings().policy, "testapp.booking", written, "view")
    assert Rate(30, 60) == made.rate_limit.of("list")
    assert made is policy.entries["testapp.booking"]
