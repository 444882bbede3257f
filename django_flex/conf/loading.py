"""``DJANGO_FLEX`` into values: the only module that reads Django's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from django_flex.backends.orm.compiled import configure
from django_flex.conf.declared import BY_NAME, SETTINGS, VERSION_SETTINGS
from django_flex.permissions.compiler import compile_policy
from django_flex.permissions.grants import Notes
from django_flex.permissions.problems import Problem
from django_flex.permissions.rates import RateLimits, compile_rates
from django_flex.query.limits import Limits
from django_flex.query.terms import nearest
from django_flex.schema.action_names import all_action_names

if TYPE_CHECKING:
    from django_flex.permissions.policy import Policy

NAME = "DJANGO_FLEX"
#: Settings of dj-actions, which stand beside ``DJANGO_FLEX``.
OLDER = {
    "TRACK_ACTIONS": "DJACTION_TRACK_ACTIONS",
    "ACTION_TTL_MINUTES": "DJACTION_TTL_MINUTES",
}
SESSION = "django_flex.http.authentication.SessionAuthentication"
REST_FRAMEWORK = "django_flex.contrib.rest_framework.DefaultAuthentication"


@dataclass(frozen=True, slots=True, kw_only=True)
class Idempotency:
    """How long the reply to a write is kept, and in which cache if not in the database."""

    cache: str
    hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """What holds for model actions: what is kept of them, which of them there are, and where."""

    track: bool
    ttl_minutes: int
    max_bytes: int
    max_rows: int
    min_status: str
    task_backend: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class Settings:
    """Everything one API version needs to know."""

    version: str | None
    place: str
    path: str
    policy: Policy
    limits: Limits
    rate_limits: RateLimits
    idempotency: Idempotency
    actions: Actions
    require_authentication: bool
    authentication: tuple[Any, ...]
    always_http_200: bool
    audit_queries: bool
    time_zone: str | None
    headers: Mapping[str, str]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Configuration:
    """All versions: by name (``None`` is the unversioned API), and by path, longest first."""

    versions: Mapping[str | None, Settings]
    by_path: tuple[tuple[str, Settings], ...]
    problems: tuple[Problem, ...]

    def at(self, path: str) -> Settings | None:
        """Return the version whose prefix a URL path begins with."""
        for prefix, settings in self.by_path:
            if path.startswith(prefix):
                return settings
        return None


@cache
def configuration() -> Configuration:
    """Build the configuration from Django's settings; kept until one of them changes."""
    written = getattr(django_settings, NAME, {})
    if not isinstance(written, Mapping):
        problem = Problem("E002", "A dictionary is needed", NAME)
        return Configuration({None: _build(None, {}, NAME)}, (), (problem,))
    base = _build(None, {k: v for k, v in written.items() if k != "VERSIONS"}, NAME)
    problems: list[Problem] = []
    known = _values(None, written, NAME, [])
    configure(size=known["KEPT_STATEMENTS"], checked=known["CHECK_STATEMENTS"])
    versions: dict[str | None, Settings] = {None: base}
    for name, overrides in _versions(written, problems).items():
        merged = {**{k: v for k, v in written.items() if k != "VERSIONS"}, **overrides}
        versions[name] = _build(name, merged, f"{NAME}['VERSIONS'][{name!r}]")
    by_path = sorted(
        ((s.path, s) for s in versions.values()), key=lambda pair: len(pair[0]), reverse=True
    )
    _report_shared_paths(versions, problems)
    return Configuration(versions, tuple(by_path), tuple(problems))


def get_settings(version: str | None = None) -> Settings:
    """Return the settings of a version, ``None`` for the unversioned API.

    Raises:
        KeyError: there is no such version.
    """
    return configuration().versions[version]


def _versions(written: Mapping[str, Any], problems: list[Problem]) -> dict[str, Any]:
    place = f"{NAME}['VERSIONS']"
    versions = written.get("VERSIONS", {})
    if not isinstance(versions, Mapping):
        problems.append(Problem("E002", "A dictionary is needed", place))
        return {}
    good: dict[str, Any] = {}
    for name, overrides in versions.items():
        if not isinstance(overrides, Mapping) or not isinstance(name, str):
            problems.append(Problem("E002", "A dictionary is needed", f"{place}[{name!r}]"))
        elif "path" not in overrides:
            problems.append(Problem("E015", "The version has no 'path'", f"{place}[{name!r}]"))
        else:
            good[name] = overrides
    return good


def _report_shared_paths(versions: Mapping[str | None, Settings], problems: list[Problem]) -> None:
    seen: dict[str, str | None] = {}
    for name, settings in versions.items():
        if settings.path in seen:
            place = f"{NAME}['VERSIONS'][{name!r}]"
            problems.append(Problem("E015", f"'{settings.path}' is served already", place))
        seen[settings.path] = name


def _build(version: str | None, written: Mapping[str, Any], place: str) -> Settings:
    problems: list[Problem] = []
    values = _values(version, written, place, problems)
    limits = Limits(**{f.name: values[f.name.upper()] for f in fields(Limits)})
    policy, found = compile_policy(
        values["EXPOSE"],
        resolver=_imported(values["ROLE_RESOLVER"], f"{place}['ROLE_RESOLVER']", problems),
        guarded_fields=values["GUARDED_FIELDS"],
        user_values=values["USER_VALUES"],
        max_relation_depth=limits.max_relation_depth,
        search=(values["SEARCH_MODE"], values["SEARCH_CONFIG"]),
    )
    located = [Problem(p.id, p.message, f"{place}: {p.place}", p.hint) for p in found]
    return Settings(
        version=version,
        place=place,
        path=values["path"] or values["MIDDLEWARE_PATH"],
        policy=replace(policy, version=version),
        limits=limits,
        rate_limits=_rate_limits(values, place, problems),
        idempotency=Idempotency(
            cache=values["IDEMPOTENCY_CACHE"], hours=values["IDEMPOTENCY_HOURS"]
        ),
        actions=_actions(values, problems),
        require_authentication=values["REQUIRE_AUTHENTICATION"],
        authentication=_authenticators(values["AUTHENTICATION"], place, problems),
        always_http_200=values["ALWAYS_HTTP_200"],
        audit_queries=values["AUDIT_QUERIES"],
        time_zone=values["TIME_ZONE"],
        headers={k.title(): v for k in ("deprecation", "sunset") if (v := values[k])},
        problems=(*problems, *located),
    )


def _actions(values: Mapping[str, Any], problems: list[Problem]) -> Actions:
    """Return what holds for model actions; the settings of dj-actions go before ours."""
    found = {name: values[name] for name in OLDER}
    for name, older in OLDER.items():
        value = getattr(django_settings, older, None)
        fault = None if value is None else BY_NAME[name].validate(value)
        if fault is not None:
            problems.append(Problem("E002", fault, older))
        elif value is not None:
            found[name] = value
    return Actions(
        track=found["TRACK_ACTIONS"],
        ttl_minutes=found["ACTION_TTL_MINUTES"],
        max_bytes=values["MAX_ACTION_BYTES"],
        max_rows=values["MAX_ACTION_ROWS"],
        min_status=values["MIN_ACTION_STATUS"],
        task_backend=values["ACTION_TASK_BACKEND"],
    )


def _rate_limits(values: Mapping[str, Any], place: str, problems: list[Problem]) -> RateLimits:
    notes = Notes(f"{place}['RATE_LIMIT']", problems)
    return RateLimits(
        rates=compile_rates(values["RATE_LIMIT"], notes, all_action_names()),
        cache=values["RATE_LIMIT_CACHE"],
        fail_open=values["RATE_LIMIT_FAIL"] == "open",
        trusted_proxies=values["TRUSTED_PROXIES"],
    )


def _values(
    version: str | None, written: Mapping[str, Any], place: str, problems: list[Problem]
) -> dict[str, Any]:
    """Return every setting with a good value; bad ones are reported and get their default."""
    known = {s.name: s for s in (*SETTINGS, *(VERSION_SETTINGS if version else ()))}
    values = {s.name: s.default for s in (*SETTINGS, *VERSION_SETTINGS)}
    for name, value in written.items():
        setting = known.get(name)
        if setting is None:
            hint = nearest(str(name), known)
            problems.append(Problem("E001", f"Unknown key {name!r}", place, hint))
            continue
        fault = setting.validate(value)
        if fault is None:
            values[name] = value
        else:
            problems.append(Problem("E002", fault, f"{place}['{name}']"))
    return values


def _imported(value: Any, place: str, problems: list[Problem]) -> Any:
    """Return what a dotted path names; what cannot be imported denies everything."""
    if not isinstance(value, str):
        return value
    try:
        found = import_string(value)
    except ImportError as error:
        problems.append(Problem("E014", str(error), place))
        return _deny
    if not callable(found):
        problems.append(Problem("E014", f"'{value}' is not callable", place))
        return _deny
    return found


def _deny(*_args: Any) -> tuple[str, None]:
    """Stand in for a resolver that could not be imported: rows that are no Q deny."""
    return ("", None)


def _authenticators(value: Any, place: str, problems: list[Problem]) -> tuple[Any, ...]:
    """Return the authenticator classes to try, as classes or zero-argument callables."""
    if value is None:
        rest = "rest_framework" in django_settings.INSTALLED_APPS
        value = (SESSION, REST_FRAMEWORK) if rest else (SESSION,)
    place = f"{place}['AUTHENTICATION']"
    found = []
    for part in value:
        authenticator = _imported(part, place, problems)
        if authenticator is not _deny:
            found.append(authenticator)
    return tuple(found)


def _forget(*, setting: str, **_kwargs: Any) -> None:
    ours = {NAME, "INSTALLED_APPS", "AUTH_USER_MODEL", "REST_FRAMEWORK", *OLDER.values()}
    if setting in ours:
        configuration.cache_clear()


setting_changed.connect(_forget, dispatch_uid="django_flex.conf")


def middleware_classes() -> list[str]:
    """Return the project's ``MIDDLEWARE``."""
    return list(django_settings.MIDDLEWARE)
