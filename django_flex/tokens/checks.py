"""System checks: weak lifetimes, logins that nobody counts, cookies that others can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings as django_settings  # noqa: TID251 - Django's own, of its cookies
from django.core.cache import InvalidCacheBackendError, caches
from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - Django's names

from django_flex.conf import NAME, get_settings, middleware_classes
from django_flex.policy.problems import Problem
from django_flex.tokens.authentication import TokenAuthentication

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.conf import Settings

_LEVELS = {"E": Error, "W": Warning}
MIDDLEWARE = "django_flex.tokens.middleware.TokenMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
NOT_COUNTING = (DummyCache, FileBasedCache, DatabaseCache)
SHARED = "use one that all processes share, such as Redis or Memcached"
AN_HOUR, HALF_A_MINUTE = 3_600, 30


def check_tokens() -> list[CheckMessage]:
    """Return a message for each setting that makes tokens weak, or of no use."""
    settings = get_settings()
    return _messages(
        [*_lifetimes(settings), *_counting(settings), *_order(), *_acceptance(settings)]
    )


def check_cookies() -> list[CheckMessage]:
    """Return a message for each of Django's settings that gives a session away; for production."""
    return _messages([*_cookies()])


def _messages(problems: list[Problem]) -> list[CheckMessage]:
    return [
        _LEVELS[one.id[0]](
            f"{one.place}: {one.message}.", hint=one.hint, id=f"django_flex.{one.id}"
        )
        for one in problems
    ]


def _lifetimes(settings: Settings) -> Iterator[Problem]:
    tokens = settings.tokens
    if tokens.access_seconds > AN_HOUR:
        text = "Anyone who finds an access token can use it for more than an hour"
        hint = "15 minutes are enough: clients refresh by themselves"
        yield Problem("W043", text, f"{NAME}['ACCESS_TOKEN_MINUTES']", hint)
    if tokens.grace_seconds > HALF_A_MINUTE:
        text = "Anyone who finds a refresh token can use it, too, for more than half a minute"
        hint = "10 seconds are enough for a lost reply"
        yield Problem("W044", text, f"{NAME}['REFRESH_GRACE_SECONDS']", hint)
    if tokens.refresh_seconds > tokens.login_seconds:
        text = "REFRESH_TOKEN_DAYS is above LOGIN_DAYS"
        yield Problem("W018", text, NAME, "LOGIN_DAYS wins; lower the other")


def _counting(settings: Settings) -> Iterator[Problem]:
    if settings.tokens.login_rate is None:
        text = "Anybody may try any number of passwords"
        yield Problem("W041", text, f"{NAME}['LOGIN_RATE_LIMIT']", "'10/m' is the default")
        return
    alias = settings.rate_limits.cache
    place = f"CACHES[{alias!r}]"
    try:
        counter = caches[alias]
    except InvalidCacheBackendError as error:
        yield Problem("E041", str(error).rstrip("."), place, f"{NAME}['RATE_LIMIT_CACHE']")
        return
    name = type(counter).__name__
    if isinstance(counter, NOT_COUNTING):
        yield Problem("E041", f"{name} cannot count logins", place, SHARED)
    elif isinstance(counter, LocMemCache):
        text = f"{name} counts in each process separately, so more logins may be tried"
        yield Problem("W042", text, place, SHARED)


def _order() -> Iterator[Problem]:
    names = middleware_classes()
    if {MIDDLEWARE, CSRF} <= {*names} and names.index(MIDDLEWARE) > names.index(CSRF):
        text = "TokenMiddleware comes after CsrfViewMiddleware, which refuses writes with a token"
        yield Problem("E042", text, "MIDDLEWARE", f"put it before '{CSRF}'")


def _acceptance(settings: Settings) -> Iterator[Problem]:
    if MIDDLEWARE in middleware_classes():
        return
    classes = [one for one in settings.authentication if isinstance(one, type)]
    if not any(issubclass(one, TokenAuthentication) for one in classes):
        hint = f"add '{TokenAuthentication.__module__}.TokenAuthentication'"
        yield Problem("W046", "No authenticator takes tokens", f"{NAME}['AUTHENTICATION']", hint)


def _cookies() -> Iterator[Problem]:
    if not django_settings.SESSION_COOKIE_SECURE:
        text = "The cookie of a login is sent over unencrypted connections, too"
        yield Problem("W045", text, "SESSION_COOKIE_SECURE", "set it to True")
    if not django_settings.SESSION_COOKIE_HTTPONLY:
        text = "Scripts of a page can read the cookie of a login"
        yield Problem("W045", text, "SESSION_COOKIE_HTTPONLY", "set it to True")
    if str(django_settings.SESSION_COOKIE_SAMESITE).lower() == "none":
        text = "The cookie of a login is sent with requests of other sites"
        yield Problem("W045", text, "SESSION_COOKIE_SAMESITE", "set it to 'Lax'")
