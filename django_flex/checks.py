"""System checks: every mistake in ``DJANGO_FLEX``, with its place and a hint."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.cache import InvalidCacheBackendError, caches
from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.checks import CheckMessage, Error, Info, Warning  # noqa: A004 - Django's names
from django.db import DatabaseError, connections, router
from django.utils.module_loading import import_string
from django.utils.timezone import get_default_timezone_name

from django_flex.conf import NAME, configuration, has_urls, middleware_classes, misspelt_names
from django_flex.exceptions import MisconfiguredError
from django_flex.http.mounts import mounts
from django_flex.http.view_checks import view_problems
from django_flex.idempotency.execution import in_database
from django_flex.policy.problems import Problem
from django_flex.query.operations import WRITE_OPERATIONS
from django_flex.review import review
from django_flex.review.roles import review_groups

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django_flex.conf import Configuration, Settings

_LEVELS = {"E": Error, "W": Warning, "I": Info}
MIDDLEWARE = "django_flex.middleware.FlexQueryMiddleware"
NOT_FIRST = (DummyCache, FileBasedCache, LocMemCache)
NOT_COUNTING = (DummyCache, FileBasedCache, DatabaseCache)
SHARED = "use one that all processes share, such as Redis or Memcached"
IN_DATABASE = "add 'django_flex.idempotency' to INSTALLED_APPS, or name a cache like Redis"
EXPOSING = "'EXPOSE': {'model': {'authenticated': {'fields': ['id'], 'ops': ['get', 'list']}}}"
USER_MIDDLEWARE = "django.contrib.auth.middleware.AuthenticationMiddleware"


def check_settings(**_kwargs: object) -> list[CheckMessage]:
    """Return a message for every problem of every API version, each once."""
    return messages_of(configuration())


def messages_of(found: Configuration) -> list[CheckMessage]:
    """Return a message for every problem of every API version of a configuration, each once."""
    problems = [*found.problems, *_middleware_problems(), *_mount_problems(found)]
    for settings in found.versions.values():
        problems += settings.problems
        problems += _cache_problems(settings)
        problems += _idempotency_problems(settings)
        reviewed = review(
            settings.policy,
            require_authentication=settings.require_authentication,
            limits=settings.limits,
            known_users=_knows_users(settings),
            capabilities_for=settings.backends.capabilities_for,
        )
        problems += (replace(p, place=f"{settings.place}: {p.place}") for p in reviewed)
    problems += _nothing_exposed(found) if not problems else ()
    return [_message(problem) for problem in dict.fromkeys(problems)]


def check_groups(databases: Sequence[str] | None = None, **_kwargs: object) -> list[CheckMessage]:
    """Return a message for every role that is not a group in the database."""
    groups = _groups(databases or ())
    if groups is None:
        return []
    problems: list[Problem] = []
    for settings in configuration().versions.values():
        found = review_groups(settings.policy, groups)
        problems += (replace(p, place=f"{settings.place}: {p.place}") for p in found)
    return [_message(problem) for problem in dict.fromkeys(problems)]


def check_time_zones(
    databases: Sequence[str] | None = None, **_kwargs: object
) -> list[CheckMessage]:
    """Return a message for every database that cannot convert times to a zone of the settings."""
    problems: dict[Problem, None] = {}
    for settings in configuration().versions.values():
        zone = settings.time_zone or get_default_timezone_name()
        for entry in settings.policy.entries.values():
            if not any(one.kind == "datetime" for one in entry.resource.attributes.values()):
                continue
            backend = settings.backends.of(entry.resource)
            alias = backend.database_for_read(entry.resource)
            if alias not in (databases or ()):
                continue
            try:
                backend.check_time_zone(entry.resource, zone)
            except MisconfiguredError as error:
                text = f"{error}, so times cannot be converted to {zone}"
                problems[Problem("W028", text, f"DATABASES[{alias!r}]", error.hint)] = None
            except DatabaseError:
                pass  # Django's own checks report problems of the database
    return [_message(problem) for problem in problems]


def _groups(databases: Sequence[str]) -> list[str] | None:
    """Return the names of all groups, ``None`` if they cannot be read."""
    user_model: Any = get_user_model()
    if not hasattr(user_model, "groups"):
        return None
    model = user_model._meta.get_field("groups").related_model
    alias = router.db_for_read(model)
    if alias not in databases:
        return None
    try:
        if model._meta.db_table not in connections[alias].introspection.table_names():
            return None  # before the first migration
        return list(model._default_manager.using(alias).values_list("name", flat=True))
    except DatabaseError:
        return None  # Django's own checks report problems of the database


def _knows_users(settings: Settings) -> bool:
    """Whether all authenticators are ours, and so return users of the project's model."""
    return all(
        str(getattr(one, "__module__", "")).startswith("django_flex.")
        for one in settings.authentication
    )


def _message(problem: Problem) -> CheckMessage:
    text = f"{problem.place}: {problem.message}."
    return _LEVELS[problem.id[0]](text, hint=problem.hint, id=f"django_flex.{problem.id}")


def _cache_problems(settings: Settings) -> Iterator[Problem]:
    """Yield why the cache cannot count the requests of many threads and processes exactly."""
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
        text = f"{name} counts in each process separately, so each process has its own rate limits"
        yield Problem("W006", text, place, SHARED)


def _has_rates(settings: Settings) -> bool:
    entries = settings.policy.entries.values()
    of_entries = (e.rate_limit or any(g.rate_limit for g in e.grants.values()) for e in entries)
    return bool(settings.rate_limits.rates) or any(of_entries)


def _idempotency_problems(settings: Settings) -> Iterator[Problem]:
    """Yield why the cache cannot decide which process used an ``Idempotency-Key`` first."""
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


def _nothing_exposed(found: Configuration) -> Iterator[Problem]:
    """Yield an API that refuses every request, which looks like a problem of signing in."""
    if any(settings.policy.entries for settings in found.versions.values()):
        return
    mounted = mounts() if has_urls() else []
    if not all(mount.whole for mount in mounted):
        return  # views have their own grants
    if mounted or any(map(_is_ours, middleware_classes())):
        similar = misspelt_names()
        hint = f"rename '{similar[0]}' to '{NAME}'" if similar else EXPOSING
        yield Problem("I005", "'EXPOSE' names no model, so every request is refused", NAME, hint)


def _mount_problems(found: Configuration) -> Iterator[Problem]:
    """Yield an API that cannot be reached, and paths that are used twice."""
    middleware = any(map(_is_ours, middleware_classes()))
    exposed = any(settings.policy.entries for settings in found.versions.values())
    mounted = mounts() if has_urls() else []
    if exposed and not middleware and not mounted:
        text = "No middleware, URL pattern or view makes the models in EXPOSE available"
        hint = f"add '{MIDDLEWARE}' to MIDDLEWARE, or include('django_flex.urls')"
        yield Problem("I003", text, NAME, hint)
    paths = {path for path, _ in found.by_path} if middleware else set()
    for mount in mounted:
        if mount.whole and mount.prefix in paths:
            text = f"Both the middleware and django_flex.urls handle '{mount.prefix}'"
            yield Problem("W024", text, "ROOT_URLCONF", "keep one of them")
        if not mount.whole:
            yield from view_problems(mount.view, found.versions, known_users=_knows_users)


def _is_ours(name: str) -> bool:
    """Whether a middleware is ours, or a subclass."""
    if name == MIDDLEWARE:
        return True
    try:
        found = import_string(name)
    except (ImportError, TypeError, ValueError):
        return False  # Django says so when it starts
    return isinstance(found, type) and any(
        one.__name__ == "FlexQueryMiddleware" for one in found.__mro__
    )


def _middleware_problems() -> list[Problem]:
    names = middleware_classes()
    if MIDDLEWARE not in names:
        return []
    if USER_MIDDLEWARE not in names[: names.index(MIDDLEWARE)]:
        text = "FlexQueryMiddleware needs AuthenticationMiddleware before it"
        return [Problem("E013", text, "MIDDLEWARE", f"put it after '{USER_MIDDLEWARE}'")]
    return []
