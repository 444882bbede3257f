"""System checks: every mistake in ``DJANGO_FLEX``, with its place and what would be right."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.core.cache import InvalidCacheBackendError, caches
from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.checks import CheckMessage, Error, Info, Warning  # noqa: A004 - Django's names

from django_flex.conf import configuration, middleware_classes
from django_flex.idempotency.execution import in_database
from django_flex.permissions.problems import Problem
from django_flex.permissions.review import review
from django_flex.query.mutations import WRITE_OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.conf import Settings

_LEVELS = {"E": Error, "W": Warning, "I": Info}
MIDDLEWARE = "django_flex.middleware.FlexQueryMiddleware"
NOT_FIRST = (DummyCache, FileBasedCache, LocMemCache)
NOT_COUNTING = (DummyCache, FileBasedCache, DatabaseCache)
SHARED = "use one that all processes share and that counts, such as Redis or Memcached"
IN_DATABASE = "add 'django_flex.idempotency' to INSTALLED_APPS, or name a cache like Redis"
USER_MIDDLEWARE = "django.contrib.auth.middleware.AuthenticationMiddleware"


def check_settings(**_kwargs: Any) -> list[CheckMessage]:
    """Return a message for every problem of every API version, each once."""
    found = configuration()
    problems = [*found.problems, *_middleware_problems()]
    for settings in found.versions.values():
        problems += settings.problems
        problems += _cache_problems(settings)
        problems += _idempotency_problems(settings)
        reviewed = review(settings.policy, require_authentication=settings.require_authentication)
        problems += (replace(p, place=f"{settings.place}: {p.place}") for p in reviewed)
    return [_message(problem) for problem in dict.fromkeys(problems)]


def _message(problem: Problem) -> CheckMessage:
    text = f"{problem.place}: {problem.message}."
    return _LEVELS[problem.id[0]](text, hint=problem.hint, id=f"django_flex.{problem.id}")


def _cache_problems(settings: Settings) -> Iterator[Problem]:
    """Yield why the cache cannot count requests: threads and processes at once, each exactly."""
    if not _has_rates(settings):
        return
    alias = settings.rate_limits.cache
    place = f"CACHES[{alias!r}]"
    try:
        counter = caches[alias]
    except InvalidCacheBackendError as error:
        yield Problem(
            "E017", str(error).rstrip("."), place, f"{settings.place}['RATE_LIMIT_CACHE']"
        )
        return
    name = type(counter).__name__
    if isinstance(counter, NOT_COUNTING):
        yield Problem("E017", f"{name} cannot count the requests of rate limits", place, SHARED)
    elif isinstance(counter, LocMemCache):
        text = f"{name} counts in each process alone, so rate limits hold for one process"
        yield Problem("W006", text, place, SHARED)


def _has_rates(settings: Settings) -> bool:
    entries = settings.policy.entries.values()
    of_entries = (e.rate_limit or any(g.rate_limit for g in e.grants.values()) for e in entries)
    return bool(settings.rate_limits.rates) or any(of_entries)


def _idempotency_problems(settings: Settings) -> Iterator[Problem]:
    """Yield why the cache cannot tell which of two processes had an ``Idempotency-Key`` first."""
    grants = [g for entry in settings.policy.entries.values() for g in entry.grants.values()]
    if in_database() or not any(grant.operations & WRITE_OPERATIONS for grant in grants):
        return
    alias = settings.idempotency.cache
    place = f"CACHES[{alias!r}]"
    try:
        store = caches[alias]
    except InvalidCacheBackendError as error:
        hint = f"{settings.place}['IDEMPOTENCY_CACHE']"
        yield Problem("E018", str(error).rstrip("."), place, hint)
        return
    if isinstance(store, NOT_FIRST):
        text = f"{type(store).__name__} may let a repeated write with an Idempotency-Key run twice"
        yield Problem("W007", text, place, IN_DATABASE)


def _middleware_problems() -> list[Problem]:
    names = middleware_classes()
    if MIDDLEWARE not in names:
        return []
    if USER_MIDDLEWARE not in names[: names.index(MIDDLEWARE)]:
        text = "FlexQueryMiddleware needs AuthenticationMiddleware before it"
        return [Problem("E013", text, "MIDDLEWARE", f"put it after '{USER_MIDDLEWARE}'")]
    return []
