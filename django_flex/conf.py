"""Settings: one frozen ``Settings`` per API version, built from ``DJANGO_FLEX``.

This is the only module that reads Django's settings. Everything below receives values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from django.conf import settings as django_settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from django_flex.permissions.compiler import compile_policy
from django_flex.permissions.grants import Notes
from django_flex.permissions.problems import Problem
from django_flex.permissions.rates import RateLimits, compile_rates
from django_flex.query.limits import Limits
from django_flex.query.terms import nearest

if TYPE_CHECKING:
    from django_flex.permissions.policy import Policy

NAME = "DJANGO_FLEX"
SESSION = "django_flex.http.authentication.SessionAuthentication"
REST_FRAMEWORK = "django_flex.contrib.rest_framework.DefaultAuthentication"

Validate: TypeAlias = Callable[[Any], "str | None"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of ``DJANGO_FLEX``: its default, what is wrong with a value, what it does."""

    name: str
    default: Any
    validate: Validate
    help: str


def _is_boolean(value: Any) -> str | None:
    return None if isinstance(value, bool) else "True or False is needed"


def _is_positive(value: Any) -> str | None:
    good = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return None if good else "a whole number above 0 is needed"


def _is_duration(value: Any) -> str | None:
    good = isinstance(value, int | float) and not isinstance(value, bool) and value > 0
    return None if good else "a number of seconds above 0 is needed"


def _is_natural(value: Any) -> str | None:
    good = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return None if good else "a whole number of at least 0 is needed"


def _is_mapping(value: Any) -> str | None:
    return None if isinstance(value, Mapping) else "a dictionary is needed"


def _is_prefix(value: Any) -> str | None:
    good = isinstance(value, str) and value.startswith("/") and value.endswith("/")
    return None if good else "a path that starts and ends with '/' is needed"


def _is_resolver(value: Any) -> str | None:
    good = value is None or callable(value) or isinstance(value, str)
    return None if good else "a callable (user, model_name), or its dotted path, is needed"


def _are_texts(value: Any) -> str | None:
    good = isinstance(value, list | tuple) and all(isinstance(part, str) for part in value)
    return None if good else "a list of texts is needed"


def _are_authenticators(value: Any) -> str | None:
    if value is None:
        return None
    good = isinstance(value, list | tuple) and all(isinstance(p, str | type) for p in value)
    return None if good else "a list of classes, or their dotted paths, is needed"


def _is_anything(_value: Any) -> None:
    """Leave it to the code that compiles the setting, which knows more about it."""


def _is_text(value: Any) -> str | None:
    return None if isinstance(value, str) and value else "a name is needed"


def _is_fail_mode(value: Any) -> str | None:
    good = isinstance(value, str) and value in {"closed", "open"}
    return None if good else "'closed' or 'open' is needed"


def _is_header(value: Any) -> str | None:
    return None if value is None or isinstance(value, str) else "the text of a header is needed"


SETTINGS = (
    Setting("EXPOSE", {}, _is_mapping, "Who may see and do what, by model and role."),
    Setting("DEFAULT_LIMIT", 50, _is_positive, "Rows of a list that names no `limit`."),
    Setting("MAX_LIMIT", 200, _is_positive, "Rows of a list, at most."),
    Setting("MAX_RELATION_DEPTH", 2, _is_natural, "Relation hops in one path, at most."),
    Setting("REQUIRE_AUTHENTICATION", True, _is_boolean, "Whether anonymous callers get a 401."),
    Setting(
        "AUTHENTICATION",
        None,
        _are_authenticators,
        "Authenticators, tried in order. Default: the session, then those of Django REST "
        "framework if it is installed.",
    ),
    Setting(
        "ROLE_RESOLVER",
        None,
        _is_resolver,
        "Callable `(user, model_name)` giving a role, `(role, Q)`, a list of roles, or `None` "
        "for the default.",
    ),
    Setting(
        "GUARDED_FIELDS",
        (
            "user.is_superuser",
            "user.is_staff",
            "user.groups",
            "user.user_permissions",
            "password",
            "passwd",
            "secret",
            "token",
            "api_key",
            "private_key",
            "otp",
            "session_key",
        ),
        _are_texts,
        "Ends of field names that no wildcard covers; `user.x` is field `x` of the user model.",
    ),
    Setting(
        "USER_VALUES",
        (),
        _are_texts,
        "Attributes of the user that a client may name by `$user`, beside `id`.",
    ),
    Setting("ALWAYS_HTTP_200", False, _is_boolean, "Whether the status is only in the body."),
    Setting("AUDIT_QUERIES", False, _is_boolean, "Whether each query is logged in one line."),
    Setting(
        "RATE_LIMIT",
        None,
        _is_anything,
        "Requests of one caller to one model and operation: per minute, `'100/h'`, or a dictionary "
        "of these by operation. Entries and grants may say otherwise.",
    ),
    Setting(
        "RATE_LIMIT_CACHE", "default", _is_text, "Which of `CACHES` counts requests; a shared one."
    ),
    Setting(
        "RATE_LIMIT_FAIL",
        "closed",
        _is_fail_mode,
        "While that cache is away: `'closed'` answers 503, `'open'` lets requests pass.",
    ),
    Setting(
        "TRUSTED_PROXIES",
        0,
        _is_natural,
        "Proxies of yours before the application, each of which appends to `X-Forwarded-For`.",
    ),
    Setting(
        "IDEMPOTENCY_CACHE",
        "default",
        _is_text,
        "Which of `CACHES` keeps replies by `Idempotency-Key` where the app "
        "`django_flex.idempotency` is not installed; a shared one.",
    ),
    Setting("IDEMPOTENCY_HOURS", 24, _is_positive, "Hours that these replies are kept."),
    Setting("MIDDLEWARE_PATH", "/api/", _is_prefix, "Where the middleware serves the API."),
    Setting("VERSIONS", {}, _is_mapping, "Further versions: `{name: {'path': …, settings…}}`."),
    Setting("MAX_BODY_BYTES", 1_048_576, _is_positive, "Size of a request's body, at most."),
    Setting("MAX_JSON_DEPTH", 32, _is_positive, "Nesting of a JSON body, at most."),
    Setting("MAX_CONDITIONS", 100, _is_positive, "Comparisons in one query, at most."),
    Setting("MAX_NESTING", 10, _is_positive, "Nesting of and/or/not, at most."),
    Setting("MAX_IN_ITEMS", 1_000, _is_positive, "Values of one `in`, at most."),
    Setting("MAX_FIELDS", 200, _is_positive, "Fields of one query, at most."),
    Setting("MAX_ORDERS", 8, _is_positive, "Sort keys of one query, at most."),
    Setting("MAX_JOINS", 12, _is_positive, "Different relations in one query, at most."),
    Setting("MAX_TEXT_LENGTH", 4_000, _is_positive, "Characters of one text value, at most."),
    Setting("MAX_PATTERN_LENGTH", 100, _is_positive, "Characters of a pattern, at most."),
    Setting("MAX_OFFSET", 100_000, _is_natural, "Offset of a list, at most."),
    Setting("MAX_ITEMS", 1_000, _is_positive, "Rows of one bulk write, at most."),
    Setting("MAX_BATCH", 50, _is_positive, "Operations of one `_batch`, at most."),
    Setting("READ_TIMEOUT", 2.0, _is_duration, "Seconds that a read may take in the database."),
    Setting("WRITE_TIMEOUT", 5.0, _is_duration, "Seconds that each statement of a write may take."),
    Setting("LOCK_TIMEOUT", 1.0, _is_duration, "Seconds that a write may wait for a locked row."),
)
VERSION_SETTINGS = (
    Setting("path", "", _is_prefix, "Where this version is served."),
    Setting("deprecation", None, _is_header, "Value of the `Deprecation` header (RFC 9745)."),
    Setting("sunset", None, _is_header, "Value of the `Sunset` header (RFC 8594)."),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Idempotency:
    """How long the reply to a write is kept, and in which cache if not in the database."""

    cache: str
    hours: int


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
    require_authentication: bool
    authentication: tuple[Any, ...]
    always_http_200: bool
    audit_queries: bool
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
    )
    located = [Problem(p.id, p.message, f"{place}: {p.place}", p.hint) for p in found]
    return Settings(
        version=version,
        place=place,
        path=values["path"] or values["MIDDLEWARE_PATH"],
        policy=policy,
        limits=limits,
        rate_limits=_rate_limits(values, place, problems),
        idempotency=Idempotency(
            cache=values["IDEMPOTENCY_CACHE"], hours=values["IDEMPOTENCY_HOURS"]
        ),
        require_authentication=values["REQUIRE_AUTHENTICATION"],
        authentication=_authenticators(values["AUTHENTICATION"], place, problems),
        always_http_200=values["ALWAYS_HTTP_200"],
        audit_queries=values["AUDIT_QUERIES"],
        headers={k.title(): v for k in ("deprecation", "sunset") if (v := values[k])},
        problems=(*problems, *located),
    )


def _rate_limits(values: Mapping[str, Any], place: str, problems: list[Problem]) -> RateLimits:
    return RateLimits(
        rates=compile_rates(values["RATE_LIMIT"], Notes(f"{place}['RATE_LIMIT']", problems)),
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
    if setting in {NAME, "INSTALLED_APPS", "AUTH_USER_MODEL", "REST_FRAMEWORK"}:
        configuration.cache_clear()


setting_changed.connect(_forget, dispatch_uid="django_flex.conf")


def middleware_classes() -> list[str]:
    """Return the project's ``MIDDLEWARE``."""
    return list(django_settings.MIDDLEWARE)
