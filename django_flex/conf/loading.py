"""Loads ``DJANGO_FLEX``: the only module that reads Django's settings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from django.apps import apps as registered
from django.conf import settings as django_settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from django_flex.backends.orm.backend import OrmBackend
from django_flex.backends.orm.prepared.statement_cache import StatementCache
from django_flex.backends.registry import Backends, registry
from django_flex.conf.agents import agents_of
from django_flex.conf.declared import BY_NAME, SETTINGS, VERSION_SETTINGS
from django_flex.conf.groups import Actions, Agents, Explorer, Idempotency, Tokens
from django_flex.conf.mistakes import EXAMPLES, setting_meant
from django_flex.conf.prepared import prepared_reads
from django_flex.conf.project import NAME, written_settings
from django_flex.policy.compile.entries import compile_policy
from django_flex.policy.compile.rates import compile_rates
from django_flex.policy.compile.reporting import ProblemReporter
from django_flex.policy.guarding import ALL_NAMES
from django_flex.policy.problems import Problem
from django_flex.policy.rates import NOBODY, RateLimits
from django_flex.query.limits import Limits
from django_flex.query.naming import to_camel

if TYPE_CHECKING:
    from django_flex.bounded_cache import BoundedCache
    from django_flex.policy.model import Policy
    from django_flex.query.ast import Shape

#: Settings of dj-actions, which are outside ``DJANGO_FLEX``.
OLDER = {
    "TRACK_ACTIONS": "DJACTION_TRACK_ACTIONS",
    "ACTION_TTL_MINUTES": "DJACTION_TTL_MINUTES",
}
MINUTE, DAY = 60, 86_400
SESSION = "django_flex.http.authentication.SessionAuthentication"
TOKENS = "django_flex.tokens"
REST_FRAMEWORK = "django_flex.contrib.rest_framework.DefaultAuthentication"


@runtime_checkable
class HasActionNames(Protocol):
    """An app config that knows the model actions: ``django_flex.actions`` has one."""

    def action_names(self) -> Mapping[str, Collection[str]]:
        """Return the ids of the actions of each model, by its label."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class Settings:
    """Everything one API version needs to know."""

    version: str | None
    place: str
    path: str
    policy: Policy
    backends: Backends
    prepared: BoundedCache[Any]
    limits: Limits
    rate_limits: RateLimits
    idempotency: Idempotency
    actions: Actions
    tokens: Tokens
    require_authentication: bool
    authentication: tuple[Any, ...]
    always_http_200: bool
    audit_queries: bool
    time_zone: str | None
    accept_language: bool
    default_shape: Shape
    dialect: str
    headers: Mapping[str, str]
    openapi: bool
    agents: Agents | None
    explorer: Explorer
    session_cookie: str
    csrf_header: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Configuration:
    """All versions: by name (``None`` is the unversioned API), and by path, longest first."""

    versions: Mapping[str | None, Settings]
    by_path: tuple[tuple[str, Settings], ...]
    problems: tuple[Problem, ...]

    def at(self, path: str) -> Settings | None:
        """Return the version whose prefix a URL path starts with."""
        for prefix, settings in self.by_path:
            if path.startswith(prefix):
                return settings
        return None


@cache
def configuration() -> Configuration:
    """Build the configuration from Django's settings; cached until one of them changes."""
    return build_configuration(written_settings())


def build_configuration(written: object) -> Configuration:
    """Build a configuration from a value for ``DJANGO_FLEX``, and from Django's other settings."""
    if not isinstance(written, Mapping):
        hint = f"{{'EXPOSE': {EXAMPLES['EXPOSE']}}}"
        problem = Problem("E002", "A dictionary is needed", NAME, hint)
        return Configuration({None: _build(None, {}, NAME, {})}, (), (problem,))
    actions = _action_names()
    base = _build(None, {k: v for k, v in written.items() if k != "VERSIONS"}, NAME, actions)
    problems: list[Problem] = []
    versions: dict[str | None, Settings] = {None: base}
    for name, overrides in _versions(written, problems).items():
        merged = {**{k: v for k, v in written.items() if k != "VERSIONS"}, **overrides}
        versions[name] = _build(name, merged, f"{NAME}['VERSIONS'][{name!r}]", actions)
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


def _versions(written: Mapping[str, object], problems: list[Problem]) -> dict[str, Any]:
    place = f"{NAME}['VERSIONS']"
    versions = written.get("VERSIONS", {})
    if not isinstance(versions, Mapping):
        hint = EXAMPLES["VERSIONS"]
        problems.append(Problem("E002", "A dictionary is needed", place, hint))
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
            problems.append(
                Problem("E015", f"'{settings.path}' is already the path of another version", place)
            )
        seen[settings.path] = name


def _action_names() -> Mapping[str, Collection[str]]:
    """Return the ids of the model actions of the project; none without the app for them."""
    apps = registered.get_app_configs()
    return next((one.action_names() for one in apps if isinstance(one, HasActionNames)), {})


def _build(
    version: str | None,
    written: Mapping[str, object],
    place: str,
    actions: Mapping[str, Collection[str]],
) -> Settings:
    problems: list[Problem] = []
    values = _values(version, written, place, problems)
    problems += _contradictions(written, values, place)
    limits = Limits(**{f.name: values[f.name.upper()] for f in fields(Limits)})
    policy, found = compile_policy(
        values["EXPOSE"],
        actions=actions,
        resolver=_imported(values["ROLE_RESOLVER"], f"{place}['ROLE_RESOLVER']", problems),
        guarded_fields=(*values["GUARDED_FIELDS"], *values["EXTRA_GUARDED_FIELDS"]),
        user_values=values["USER_VALUES"],
        max_relation_depth=limits.max_relation_depth,
        search=(values["SEARCH_MODE"], values["SEARCH_CONFIG"]),
        use_meta_ordering=values["USE_META_ORDERING"],
        resources=registry.declared,
        naming=to_camel if values["NAMING"] == "camel" else None,
    )
    policy = replace(policy, version=version)
    located = [Problem(p.id, p.message, f"{place}: {p.place}", p.hint) for p in found]
    return Settings(
        version=version,
        place=place,
        path=values["path"] or values["MIDDLEWARE_PATH"],
        policy=policy,
        backends=_backends(values),
        prepared=prepared_reads(
            policy, values["STATEMENT_CACHE_SIZE"], checked=values["CHECK_STATEMENTS"]
        ),
        limits=limits,
        rate_limits=_rate_limits(values, place, problems, actions),
        idempotency=Idempotency(
            cache=values["IDEMPOTENCY_CACHE"], hours=values["IDEMPOTENCY_HOURS"]
        ),
        actions=_actions(values, problems),
        tokens=_tokens(values, place, problems),
        require_authentication=values["REQUIRE_AUTHENTICATION"],
        authentication=_authenticators(values["AUTHENTICATION"], place, problems),
        always_http_200=values["ALWAYS_HTTP_200"],
        audit_queries=values["AUDIT_QUERIES"],
        time_zone=values["TIME_ZONE"],
        accept_language=values["ACCEPT_LANGUAGE"],
        default_shape=values["DEFAULT_SHAPE"],
        dialect=values["DIALECT"],
        headers={k.title(): v for k in ("deprecation", "sunset") if (v := values[k])},
        openapi=values["OPENAPI"],
        agents=agents_of(values["MCP"], policy, place, problems),
        explorer=Explorer(audience=values["EXPLORER"], accounts=values["EXPLORER_ACCOUNTS"]),
        session_cookie=django_settings.SESSION_COOKIE_NAME,
        csrf_header=django_settings.CSRF_HEADER_NAME,
        problems=(*problems, *located),
    )


def _backends(values: Mapping[str, Any]) -> Backends:
    size, checked = values["STATEMENT_CACHE_SIZE"], values["CHECK_STATEMENTS"]
    return registry.backends(OrmBackend(StatementCache(size, checked)))


def _actions(values: Mapping[str, Any], problems: list[Problem]) -> Actions:
    """Return the settings of model actions; those of dj-actions take precedence."""
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


def _tokens(values: Mapping[str, Any], place: str, problems: list[Problem]) -> Tokens:
    rate = values["LOGIN_RATE_LIMIT"]
    # There are no operations for which a dictionary could say a rate, so each is a mistake in one.
    rate = {"login": None} if isinstance(rate, Mapping) else rate
    reporter = ProblemReporter(f"{place}['LOGIN_RATE_LIMIT']", problems)
    return Tokens(
        access_seconds=values["ACCESS_TOKEN_MINUTES"] * MINUTE,
        refresh_seconds=values["REFRESH_TOKEN_DAYS"] * DAY,
        login_seconds=values["LOGIN_DAYS"] * DAY,
        session_seconds=DAY,
        grace_seconds=values["REFRESH_GRACE_SECONDS"],
        login_rate=compile_rates(rate, reporter).default,
    )


def _rate_limits(
    values: Mapping[str, Any],
    place: str,
    problems: list[Problem],
    actions: Mapping[str, Collection[str]],
) -> RateLimits:
    reporter = ProblemReporter(f"{place}['RATE_LIMIT']", problems)
    rates = values["RATE_LIMIT"]
    if rates is not NOBODY:
        known = dict.fromkeys(name for names in actions.values() for name in names)
        rates = compile_rates(rates, reporter, known, metered=True)
    return RateLimits(
        rates=rates,
        cache=values["RATE_LIMIT_CACHE"],
        fail_open=values["RATE_LIMIT_FAIL"] == "open",
        trusted_proxies=values["TRUSTED_PROXIES"],
    )


def _values(
    version: str | None, written: Mapping[str, object], place: str, problems: list[Problem]
) -> dict[str, Any]:
    """Return the value of every setting; invalid values are reported and get their default.

    If the default could allow more than was meant, the setting allows nothing instead.
    """
    known = {s.name: s for s in (*SETTINGS, *(VERSION_SETTINGS if version else ()))}
    values = {s.name: s.default for s in (*SETTINGS, *VERSION_SETTINGS)}
    for name, value in written.items():
        setting = known.get(name)
        if setting is None:
            upper = str(name).upper()
            hint = setting_meant(str(name), known)
            problems.append(Problem("E001", f"Unknown key {name!r}", place, hint))
            meant = get_close_matches(upper, known, n=1, cutoff=LIKE_ONE)
            values |= {lost: CLOSED[lost] for lost in meant if lost in CLOSED}
            continue
        fault = setting.validate(value)
        if fault is None:
            values[name] = value
        else:
            problems.append(Problem("E002", fault, f"{place}['{name}']", EXAMPLES.get(name)))
            values[name] = CLOSED.get(name, setting.default)
    return values


def _contradictions(
    written: Mapping[str, Any], values: Mapping[str, Any], place: str
) -> Iterator[Problem]:
    """Yield pairs of settings of which the second wins, unless the first is a default."""
    for name, limit in (("DEFAULT_LIMIT", "MAX_LIMIT"), ("LOCK_TIMEOUT", "WRITE_TIMEOUT")):
        if {name, limit} <= written.keys() and values[name] > values[limit]:
            text = f"{name} {values[name]} is above {limit} {values[limit]}"
            yield Problem("W018", text, place, f"{limit} wins; lower the other")


def _imported(value: object, place: str, problems: list[Problem]) -> Any:
    """Return the object of a dotted path; if it cannot be imported, one that denies everything."""
    if not isinstance(value, str):
        return value
    try:
        found = import_string(value)
    except (ImportError, RuntimeError, TypeError, ValueError) as error:
        # A RuntimeError is Django's, for the models of an app that is not installed.
        problems.append(Problem("E014", str(error).rstrip("."), place))
        return _deny
    if not callable(found):
        problems.append(Problem("E014", f"'{value}' is not callable", place))
        return _deny
    return found


def _deny(*_args: object) -> tuple[str, None]:
    """Replace a resolver that could not be imported; rows that are not a ``Q`` deny."""
    return ("", None)


#: How similar an unknown name has to be to one of those below to be treated as it.
LIKE_ONE = 0.7
#: The values of settings that are invalid or misspelt. Neither the default nor, in a version, the
#: inherited value would be safe, because the setting may have been meant to allow less.
CLOSED: Mapping[str, object] = {
    "EXPOSE": {},
    "MCP": None,
    "EXPLORER": "off",
    "EXPLORER_ACCOUNTS": {},
    "REQUIRE_AUTHENTICATION": True,
    "RATE_LIMIT": NOBODY,
    "MIN_ACTION_STATUS": "prod",
    "USER_VALUES": (),
    "ROLE_RESOLVER": _deny,
    "AUTHENTICATION": (),
    "GUARDED_FIELDS": (ALL_NAMES,),
    "EXTRA_GUARDED_FIELDS": (ALL_NAMES,),
}


def _authenticators(value: Any, place: str, problems: list[Problem]) -> tuple[object, ...]:
    """Return the authenticator classes to try, as classes or zero-argument callables."""
    if value is None:
        value = [SESSION]
        if "rest_framework" in django_settings.INSTALLED_APPS:
            value.append(REST_FRAMEWORK)
        if registered.is_installed(TOKENS):
            # First, because a header is sent on purpose, and a cookie is just there.
            value.insert(0, f"{TOKENS}.authentication.TokenAuthentication")
    place = f"{place}['AUTHENTICATION']"
    found = []
    for part in value:
        authenticator = _imported(part, place, problems)
        if authenticator is not _deny:
            found.append(authenticator)
    return tuple(found)


def _forget(*, setting: str = NAME, **_kwargs: object) -> None:
    ours = {NAME, "INSTALLED_APPS", "AUTH_USER_MODEL", "REST_FRAMEWORK", *OLDER.values()}
    if setting in ours:
        configuration.cache_clear()


setting_changed.connect(_forget, dispatch_uid="django_flex.conf")
registry.changed.connect(_forget, dispatch_uid="django_flex.conf")
