"""System checks of tokens."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex.tokens.checks import check_cookies, check_tokens

SESSION = "django_flex.http.authentication.SessionAuthentication"
TOKEN_MIDDLEWARE = "django_flex.tokens.middleware.TokenMiddleware"
GOOD = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://x"}
}


def ids(found: list[Any]) -> list[str]:
    return [one.id.removeprefix("django_flex.") for one in found]


@pytest.fixture(autouse=True)
def good(settings) -> None:
    settings.CACHES = GOOD
    settings.DJANGO_FLEX = {}


def test_the_defaults_are_good() -> None:
    assert [] == ids(check_tokens())


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"ACCESS_TOKEN_MINUTES": 61}, ["W043"]),
        ({"REFRESH_GRACE_SECONDS": 31}, ["W044"]),
        ({"REFRESH_TOKEN_DAYS": 91}, ["W018"]),
        ({"LOGIN_RATE_LIMIT": None}, ["W041"]),
        ({"RATE_LIMIT_CACHE": "nowhere"}, ["E041"]),
        ({"AUTHENTICATION": [SESSION]}, ["W046"]),
    ],
    ids=str,
)
def test_weak_settings_are_named(settings, written: dict[str, Any], expected: list[str]) -> None:
    settings.DJANGO_FLEX = written

    assert expected == ids(check_tokens())
    assert all(one.hint for one in check_tokens())


@pytest.mark.parametrize(
    "written",
    [
        {"ACCESS_TOKEN_MINUTES": 1_441},
        {"ACCESS_TOKEN_MINUTES": 0},
        {"REFRESH_TOKEN_DAYS": 366},
        {"LOGIN_DAYS": "90"},
        {"REFRESH_GRACE_SECONDS": 61},
        {"REFRESH_GRACE_SECONDS": -1},
        {"REFRESH_GRACE_SECONDS": True},
    ],
    ids=str,
)
def test_impossible_lifetimes_are_errors_and_get_the_default(
    settings, written: dict[str, Any]
) -> None:
    from django_flex.conf import get_settings

    standard = get_settings().tokens
    settings.DJANGO_FLEX = written

    assert ["E002"] == [one.id for one in get_settings().problems]
    assert standard == get_settings().tokens


@pytest.mark.parametrize("written", ["ten", {"login": 5}, {}, -1, True], ids=repr)
def test_an_impossible_rate_lets_nobody_in(settings, written: Any) -> None:
    from django_flex.conf import get_settings

    settings.DJANGO_FLEX = {"LOGIN_RATE_LIMIT": written}
    rate = get_settings().tokens.login_rate

    assert ["E016"] == [one.id for one in get_settings().problems]
    assert rate is not None
    assert 0 == rate.requests


@pytest.mark.parametrize(
    ("backend", "expected"),
    [("locmem.LocMemCache", "W042"), ("dummy.DummyCache", "E041"), ("db.DatabaseCache", "E041")],
)
def test_a_cache_that_cannot_count_is_named(settings, backend: str, expected: str) -> None:
    settings.CACHES = {
        "default": {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": "x"}
    }

    assert [expected] == ids(check_tokens())


def test_the_order_of_the_middleware_matters(settings) -> None:
    settings.MIDDLEWARE = [TOKEN_MIDDLEWARE, *settings.MIDDLEWARE]
    assert [] == ids(check_tokens())
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[1:], TOKEN_MIDDLEWARE]
    assert ["E042"] == ids(check_tokens())


def test_a_middleware_takes_tokens_for_the_doors(settings) -> None:
    settings.MIDDLEWARE = [TOKEN_MIDDLEWARE, *settings.MIDDLEWARE]
    settings.DJANGO_FLEX = {"AUTHENTICATION": [SESSION]}

    assert [] == ids(check_tokens())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SESSION_COOKIE_SECURE", False),
        ("SESSION_COOKIE_HTTPONLY", False),
        ("SESSION_COOKIE_SAMESITE", "None"),
    ],
)
def test_insecure_cookies_are_named_for_production(settings, name: str, value: Any) -> None:
    settings.SESSION_COOKIE_SECURE = True
    assert [] == check_cookies()
    setattr(settings, name, value)
    [found] = check_cookies()

    assert ("django_flex.W045", True) == (found.id, found.msg.startswith(name))


def test_an_authenticator_of_an_app_that_is_missing_is_an_error(settings) -> None:
    from django_flex.conf import get_settings

    settings.DJANGO_FLEX = {"AUTHENTICATION": ["tests.tokens.uninstalled.Authentication"]}

    assert ["E014"] == [one.id for one in get_settings().problems]
    assert () == get_settings().authentication
