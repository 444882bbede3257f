"""The keys of ``DJANGO_FLEX``: their defaults, what they take, what they do.

The caps are in ``query.limits``. Each cap there has a setting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from zoneinfo import available_timezones

from django_flex.conf.agents import is_for_agents
from django_flex.conf.explorer import are_accounts, is_audience
from django_flex.policy.guarding import RIGHTS, SECRETS, USER_FIELD
from django_flex.query.limits import CAPS, Cap

Validate: TypeAlias = Callable[[Any], "str | None"]
#: The largest number of rows or bytes, and of seconds: databases take no larger ones.
LARGEST, LONGEST = 2**53, 86_400
#: A refresh token that may be sent again for longer would be no protection.
LONGEST_GRACE = 60


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of ``DJANGO_FLEX``: its default, what is wrong with a value, what it does."""

    name: str
    default: Any
    validate: Validate
    help: str

    def __post_init__(self) -> None:
        if not self.help:
            message = f"the setting {self.name!r} has no documentation"
            raise TypeError(message)


def _is_boolean(value: object) -> str | None:
    return None if isinstance(value, bool) else "True or False is needed"


def _is_positive(value: object) -> str | None:
    good = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST
    return None if good else "a whole number above 0 is needed"


def _is_duration(value: object) -> str | None:
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= LONGEST
    return None if good else f"a number of seconds above 0 is needed, at most {LONGEST}"


def _fits(one: Cap) -> Validate:
    """Return what is wrong with a value of a cap."""
    if one.unit == "seconds":
        return _is_duration
    return _is_natural if one.least == 0 else _is_positive


def _is_time_zone(value: object) -> str | None:
    good = value is None or (isinstance(value, str) and value in available_timezones())
    return None if good else "the name of a time zone is needed, such as 'Europe/Berlin'"


def _is_natural(value: object) -> str | None:
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST
    return None if good else "a whole number of at least 0 is needed"


def _is_within(most: int) -> Validate:
    """Return what is wrong with a number of minutes or days, of which there is a sensible limit."""

    def validate(value: object) -> str | None:
        good = _is_positive(value) is None and isinstance(value, int) and value <= most
        return None if good else f"a whole number from 1 to {most} is needed"

    return validate


def _is_grace(value: object) -> str | None:
    good = _is_natural(value) is None and isinstance(value, int) and value <= LONGEST_GRACE
    return None if good else f"a whole number of seconds from 0 to {LONGEST_GRACE} is needed"


def _is_mapping(value: object) -> str | None:
    return None if isinstance(value, Mapping) else "a dictionary is needed"


def _is_prefix(value: object) -> str | None:
    good = isinstance(value, str) and value.startswith("/") and value.endswith("/")
    return None if good else "a path that starts and ends with '/' is needed"


def _is_resolver(value: object) -> str | None:
    good = value is None or callable(value) or isinstance(value, str)
    return None if good else "a callable (user, model_name), or its dotted path, is needed"


def _are_texts(value: object) -> str | None:
    good = isinstance(value, list | tuple) and all(isinstance(part, str) for part in value)
    return None if good else "a list of strings is needed"


def _are_names(value: Any) -> str | None:
    good = _are_texts(value) is None and all(any(map(str.isalpha, name)) for name in value)
    return None if good else "a list of names is needed"


def _are_authenticators(value: object) -> str | None:
    if value is None:
        return None
    good = isinstance(value, list | tuple) and all(isinstance(p, str | type) for p in value)
    return None if good else "a list of classes, or their dotted paths, is needed"


def _is_anything(_value: object) -> None:
    """Leave it to the code that compiles the setting, which knows more about it."""


def _is_text(value: object) -> str | None:
    return None if isinstance(value, str) and value else "a name is needed"


def _is_either(one: str, other: str) -> Validate:
    """Return what is wrong with a value that is one of two words."""

    def validate(value: object) -> str | None:
        good = isinstance(value, str) and value in {one, other}
        return None if good else f"'{one}' or '{other}' is needed"

    return validate


def _is_search_mode(value: object) -> str | None:
    good = isinstance(value, str) and value in {"substrings", "full_text", "trigrams"}
    return None if good else "'substrings', 'full_text' or 'trigrams' is needed"


def _is_action_status(value: object) -> str | None:
    good = isinstance(value, str) and value in {"todo", "alpha", "beta", "prod"}
    return None if good else "'todo', 'alpha', 'beta' or 'prod' is needed"


def _is_header(value: object) -> str | None:
    return None if value is None or isinstance(value, str) else "the text of a header is needed"


SETTINGS = (
    Setting("EXPOSE", {}, _is_mapping, "Who may see and do what, by model and role."),
    Setting("REQUIRE_AUTHENTICATION", True, _is_boolean, "Whether anonymous callers get a 401."),
    Setting(
        "AUTHENTICATION",
        None,
        _are_authenticators,
        "Authenticators, tried in order. Default: tokens if `django_flex.tokens` is installed, the "
        "session, then those of Django REST framework if it is installed.",
    ),
    Setting(
        "ROLE_RESOLVER",
        None,
        _is_resolver,
        "Callable `(user, model_name)` that returns a role, `(role, Q)`, a list of roles, or "
        "`None` for the default.",
    ),
    Setting(
        "GUARDED_FIELDS",
        (*(f"{USER_FIELD}{name}" for name in RIGHTS), *SECRETS),
        _are_names,
        "Names of fields that no wildcard covers: single words anywhere in a name, several words "
        "at its end; `user.x` is field `x` of the user model. If that is a relation, no wildcard "
        "writes the rows behind it or its links. Replaces the default.",
    ),
    Setting(
        "EXTRA_GUARDED_FIELDS",
        (),
        _are_names,
        "Names that are guarded in addition to those of `GUARDED_FIELDS`.",
    ),
    Setting(
        "USER_VALUES",
        (),
        _are_texts,
        "Attributes of the user that a client may use in `$user`, in addition to `id`.",
    ),
    Setting(
        "ALWAYS_HTTP_200",
        False,
        _is_boolean,
        "Whether every reply has status 200, with the real one in the body.",
    ),
    Setting("AUDIT_QUERIES", False, _is_boolean, "Whether each query is logged in one line."),
    Setting(
        "RATE_LIMIT",
        None,
        _is_anything,
        "Requests of one caller to one model and operation: per minute, `'100/h'`, or a dictionary "
        "of these by operation. Entries and grants may override it.",
    ),
    Setting(
        "RATE_LIMIT_CACHE", "default", _is_text, "Which of `CACHES` counts requests; a shared one."
    ),
    Setting(
        "RATE_LIMIT_FAIL",
        "closed",
        _is_either("closed", "open"),
        "While that cache is unavailable: `'closed'` replies 503, `'open'` lets requests pass.",
    ),
    Setting(
        "TRUSTED_PROXIES",
        0,
        _is_natural,
        "Number of your proxies in front of the application that append to `X-Forwarded-For`.",
    ),
    Setting(
        "IDEMPOTENCY_CACHE",
        "default",
        _is_text,
        "Which of `CACHES` stores replies by `Idempotency-Key` if the app "
        "`django_flex.idempotency` is not installed; a shared one.",
    ),
    Setting("IDEMPOTENCY_HOURS", 24, _is_positive, "Hours for which these replies are stored."),
    Setting(
        "ACCESS_TOKEN_MINUTES",
        15,
        _is_within(1_440),
        "Minutes for which an access token of `django_flex.tokens` is valid, at most a day.",
    ),
    Setting(
        "REFRESH_TOKEN_DAYS",
        7,
        _is_within(365),
        "Days for which a refresh token can be exchanged; each exchange gives a new one.",
    ),
    Setting(
        "LOGIN_DAYS",
        90,
        _is_within(3_650),
        "Days after which a user has to log in again, however often the tokens were refreshed.",
    ),
    Setting(
        "REFRESH_GRACE_SECONDS",
        10,
        _is_grace,
        "Seconds in which a refresh token may be sent again, because a reply was lost; at most 60.",
    ),
    Setting(
        "LOGIN_RATE_LIMIT",
        "10/m",
        _is_anything,
        "Logins that may be tried from one address, and for one name.",
    ),
    Setting(
        "TRACK_ACTIONS",
        True,
        _is_boolean,
        "Whether runs of model actions are logged as `ActionEvent`. `DJACTION_TRACK_ACTIONS` in "
        "Django's settings takes precedence.",
    ),
    Setting(
        "ACTION_TTL_MINUTES",
        1_440,
        _is_positive,
        "Age at which `ActionEvent.archive()` deletes an event. `DJACTION_TTL_MINUTES` in "
        "Django's settings takes precedence.",
    ),
    Setting(
        "MIN_ACTION_STATUS",
        "alpha",
        _is_action_status,
        "Model actions with a lower status are hidden: `'todo'`, `'alpha'`, `'beta'`, `'prod'`.",
    ),
    Setting(
        "ACTION_TASK_BACKEND",
        "default",
        _is_text,
        "Which of `TASKS` runs model actions in the background.",
    ),
    Setting(
        "MIDDLEWARE_PATH", "/api/", _is_prefix, "The path of the API that the middleware handles."
    ),
    Setting("VERSIONS", {}, _is_mapping, "Further versions: `{name: {'path': …, settings…}}`."),
    Setting(
        "DIALECT",
        "flex",
        _is_either("flex", "directus"),
        "The wire form of requests and replies: `'flex'`, that of this package, or `'directus'`.",
    ),
    Setting(
        "DEFAULT_SHAPE",
        "map",
        _is_either("map", "list"),
        "The form of `results` if a list does not name a `shape`: `'map'`, an object by key, or "
        "`'list'`.",
    ),
    Setting(
        "NAMING",
        "snake",
        _is_either("snake", "camel"),
        "How names and the words of the language are spelt in requests and replies: `'snake'`, as in "
        "Python, or `'camel'`.",
    ),
    Setting(
        "OPENAPI",
        False,
        _is_boolean,
        "Whether `openapi.json` under the path of the API is an OpenAPI document of what the caller "
        "may do.",
    ),
    Setting(
        "MCP",
        None,
        is_for_agents,
        "Which roles agents may act as, by MCP: `{'roles': ['staff']}`. Also in it: `tools` (all), "
        "`max_rows` of a list (50), `max_characters` of a result (20,000). Default: no agents.",
    ),
    Setting(
        "EXPLORER",
        "staff",
        is_audience,
        "Who may open the explorer, if `django_flex.explorer` is installed: `'off'`, `'staff'` or "
        "`'everybody'`. What it shows is what the API answers to anyone who opens it.",
    ),
    Setting(
        "EXPLORER_ACCOUNTS",
        {},
        are_accounts,
        "Passwords by user names that the explorer offers to sign in with by a click, for "
        "demonstrations: only while `DEBUG` is on.",
    ),
    Setting(
        "USE_META_ORDERING",
        False,
        _is_boolean,
        "Whether lists have the order of `Meta.ordering` if neither the query nor the entry "
        "names one.",
    ),
    Setting(
        "SEARCH_MODE",
        "substrings",
        _is_search_mode,
        "How `search` finds: `'substrings'`; on PostgreSQL also `'full_text'` and `'trigrams'`.",
    ),
    Setting(
        "SEARCH_CONFIG",
        "simple",
        _is_text,
        "PostgreSQL's text search configuration, such as `english`, for `'full_text'`.",
    ),
    Setting(
        "TIME_ZONE",
        None,
        _is_time_zone,
        "Time zone of days, hours and other parts of datetimes, such as `Europe/Berlin`. Default: "
        "Django's current one. `Prefer: timezone=` takes precedence.",
    ),
    Setting(
        "ACCEPT_LANGUAGE",
        False,
        _is_boolean,
        "Whether replies are in the language of `Accept-Language` where Django's "
        "`LocaleMiddleware` has not chosen one.",
    ),
    Setting(
        "STATEMENT_CACHE_SIZE",
        512,
        _is_natural,
        "Compiled statements that a process caches for a version, at most. With 0 each is compiled "
        "for each request, and no read that was asked before is kept.",
    ),
    Setting(
        "CHECK_STATEMENTS",
        False,
        _is_boolean,
        "Whether each use of a cached statement is compared with what Django compiles. Slow: for "
        "tests.",
    ),
    Setting("MAX_ACTION_ROWS", 10_000, _is_positive, "Rows of one bulk action, at most."),
    Setting(
        "MAX_ACTION_BYTES",
        16_384,
        _is_positive,
        "Size of the input or reply that an `ActionEvent` stores, at most.",
    ),
    *(Setting(one.setting, one.default, _fits(one), one.help) for one in CAPS.values()),
)
VERSION_SETTINGS = (
    Setting("path", "", _is_prefix, "The path of this version."),
    Setting("deprecation", None, _is_header, "Value of the `Deprecation` header (RFC 9745)."),
    Setting("sunset", None, _is_header, "Value of the `Sunset` header (RFC 8594)."),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}
