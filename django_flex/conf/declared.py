"""The keys of ``DJANGO_FLEX``: their defaults, what they take, what they do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from zoneinfo import available_timezones

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


def _is_time_zone(value: Any) -> str | None:
    good = value is None or (isinstance(value, str) and value in available_timezones())
    return None if good else "the name of a time zone is needed, such as 'Europe/Berlin'"


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


def _is_search_mode(value: Any) -> str | None:
    good = isinstance(value, str) and value in {"substrings", "full_text", "trigrams"}
    return None if good else "'substrings', 'full_text' or 'trigrams' is needed"


def _is_action_status(value: Any) -> str | None:
    good = isinstance(value, str) and value in {"todo", "alpha", "beta", "prod"}
    return None if good else "'todo', 'alpha', 'beta' or 'prod' is needed"


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
    Setting(
        "TRACK_ACTIONS",
        True,
        _is_boolean,
        "Whether runs of model actions are kept as `ActionEvent`. `DJACTION_TRACK_ACTIONS` in "
        "Django's settings goes before it.",
    ),
    Setting(
        "ACTION_TTL_MINUTES",
        1_440,
        _is_positive,
        "Age at which `ActionEvent.archive()` takes an event away. `DJACTION_TTL_MINUTES` in "
        "Django's settings goes before it.",
    ),
    Setting(
        "MIN_ACTION_STATUS",
        "alpha",
        _is_action_status,
        "Model actions of a lower status do not exist here: `'todo'`, `'alpha'`, `'beta'`, "
        "`'prod'`.",
    ),
    Setting(
        "ACTION_TASK_BACKEND",
        "default",
        _is_text,
        "Which of `TASKS` runs model actions in the background.",
    ),
    Setting("MIDDLEWARE_PATH", "/api/", _is_prefix, "Where the middleware serves the API."),
    Setting("VERSIONS", {}, _is_mapping, "Further versions: `{name: {'path': …, settings…}}`."),
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
        "Zone in which parts of times are reckoned, such as `Europe/Berlin`. Default: Django's "
        "current one. `Prefer: timezone=` goes before it.",
    ),
    Setting(
        "KEPT_STATEMENTS",
        512,
        _is_natural,
        "Compiled statements that a process keeps, at most; for all versions together. With 0 each "
        "is compiled anew.",
    ),
    Setting(
        "CHECK_STATEMENTS",
        False,
        _is_boolean,
        "Whether each kept statement is compared with what Django makes of the query anew. Slow: "
        "for tests.",
    ),
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
    Setting("MAX_SEARCH_LENGTH", 200, _is_positive, "Characters of `search`, at most."),
    Setting("MAX_SEARCH_WORDS", 10, _is_positive, "Words of `search`, at most."),
    Setting("MAX_OFFSET", 100_000, _is_natural, "Offset of a list, at most."),
    Setting("MAX_ITEMS", 1_000, _is_positive, "Rows of one bulk write, at most."),
    Setting("MAX_BATCH", 50, _is_positive, "Operations of one `_batch`, at most."),
    Setting("MAX_ACTION_ROWS", 10_000, _is_positive, "Rows of one bulk action, at most."),
    Setting(
        "MAX_ACTION_BYTES",
        16_384,
        _is_positive,
        "Size of the input or reply that an `ActionEvent` keeps, at most.",
    ),
    Setting("MAX_COST", 1_000_000, _is_positive, "Estimated cost of one read, at most."),
    Setting("READ_TIMEOUT", 2.0, _is_duration, "Seconds that a read may take in the database."),
    Setting("WRITE_TIMEOUT", 5.0, _is_duration, "Seconds that each statement of a write may take."),
    Setting("LOCK_TIMEOUT", 1.0, _is_duration, "Seconds that a write may wait for a locked row."),
    Setting("EXPORT_TIMEOUT", 60.0, _is_duration, "Seconds that a stream may take."),
)
VERSION_SETTINGS = (
    Setting("path", "", _is_prefix, "Where this version is served."),
    Setting("deprecation", None, _is_header, "Value of the `Deprecation` header (RFC 9745)."),
    Setting("sunset", None, _is_header, "Value of the `Sunset` header (RFC 8594)."),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}
