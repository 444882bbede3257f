"""``PYDJAMODB_DATABASE``, read when a table is first used, not when a model is imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

NAME = "PYDJAMODB_DATABASE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Where the tables are, and how they are reached.

    Attributes:
        host: the URL of another server than AWS.
        access_key, secret_key, session_token: credentials; without them botocore looks for some.
        region: the AWS region.
        table_prefix: what the names of tables begin with, before a hyphen.
        billing_mode: of tables that are created.
        tags: of tables that are created; values may contain ``{table_name}``.
        point_in_time_recovery: whether new tables get it.
        stream_specification: that of new tables, as CreateTable takes it.
        connect_timeout, read_timeout: seconds.
        max_attempts: how often a request is sent before it fails.
        pool_size: connections that are kept.
        cursor_max_age: seconds after which a cursor is refused, or ``None``.
        allow_http: whether ``http`` to another machine is meant.
        transport: what sends requests about items: urllib3 at once, or a client of botocore.
    """

    host: str | None = None
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    region: str | None = None
    table_prefix: str = ""
    billing_mode: Literal["PAY_PER_REQUEST", "PROVISIONED"] = "PAY_PER_REQUEST"
    tags: tuple[tuple[str, str], ...] = ()
    point_in_time_recovery: bool = False
    stream_specification: tuple[tuple[str, Any], ...] = ()
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    max_attempts: int = 4
    pool_size: int = 10
    cursor_max_age: float | None = None
    allow_http: bool = False
    transport: Literal["direct", "botocore"] = "direct"


#: The keys of the setting, and the attribute that each becomes.
KEYS = {
    "HOST": "host",
    "AWS_ACCESS_KEY_ID": "access_key",
    "AWS_SECRET_ACCESS_KEY": "secret_key",
    "AWS_SESSION_TOKEN": "session_token",
    "AWS_REGION": "region",
    "TABLE_PREFIX": "table_prefix",
    "BILLING_MODE": "billing_mode",
    "TAGS": "tags",
    "POINT_IN_TIME_RECOVERY": "point_in_time_recovery",
    "STREAM_SPECIFICATION": "stream_specification",
    "CONNECT_TIMEOUT": "connect_timeout",
    "READ_TIMEOUT": "read_timeout",
    "MAX_ATTEMPTS": "max_attempts",
    "POOL_SIZE": "pool_size",
    "CURSOR_MAX_AGE": "cursor_max_age",
    "ALLOW_HTTP": "allow_http",
    "TRANSPORT": "transport",
}
#: The options of ``Meta``, and the attribute of the configuration that each replaces.
META_OPTIONS = {
    "region": "region",
    "host": "host",
    "connect_timeout_seconds": "connect_timeout",
    "read_timeout_seconds": "read_timeout",
    "max_retry_attempts": "max_attempts",
    "max_pool_connections": "pool_size",
    "aws_access_key_id": "access_key",
    "aws_secret_access_key": "secret_key",
    "aws_session_token": "session_token",
}


@cache
def configuration() -> Configuration:
    """Return the configuration of the project.

    Raises:
        ImproperlyConfigured: a key or a value of the setting cannot be right.
    """
    return compile_configuration(getattr(settings, NAME, {}))


def compile_configuration(written: Mapping[str, Any]) -> Configuration:
    """Return the configuration that a setting describes.

    Raises:
        ImproperlyConfigured: a key or a value of it cannot be right.
    """
    for key in written:
        if key not in KEYS:
            near = get_close_matches(str(key), KEYS, 1)
            hint = f": did you mean {near[0]!r}?" if near else ""
            raise ImproperlyConfigured(f"{NAME} has no key {key!r}{hint}")
    # An empty value is one that the project leaves open, as in the template of the documentation.
    given = {
        KEYS[key]: one for key, one in written.items() if key in KEYS and one not in ("", None)
    }
    for name in ("tags", "stream_specification"):
        if name in given:
            given[name] = tuple(sorted(dict(given[name]).items()))
    found = Configuration(**given)
    _check(found)
    return found


@cache
def configuration_with(options: tuple[tuple[str, Any], ...]) -> Configuration:
    """Return the configuration of the project, with what a model says itself.

    Args:
        options: values by attributes of the configuration.

    Raises:
        ImproperlyConfigured: they do not go together.
    """
    if not options:
        return configuration()
    found = replace(configuration(), **dict(options))
    _check(found)
    return found


def _check(found: Configuration) -> None:
    if found.billing_mode not in {"PAY_PER_REQUEST", "PROVISIONED"}:
        raise ImproperlyConfigured(
            f"{NAME}['BILLING_MODE'] is 'PAY_PER_REQUEST' or 'PROVISIONED', not "
            f"{found.billing_mode!r}"
        )
    if found.transport not in {"direct", "botocore"}:
        raise ImproperlyConfigured(
            f"{NAME}['TRANSPORT'] is 'direct' or 'botocore', not {found.transport!r}"
        )
    if bool(found.access_key) is not bool(found.secret_key):
        raise ImproperlyConfigured(
            f"{NAME} needs both 'AWS_ACCESS_KEY_ID' and 'AWS_SECRET_ACCESS_KEY', or neither"
        )
    if found.host is None:
        return
    parts = urlsplit(found.host)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ImproperlyConfigured(f"{NAME}['HOST'] is a URL such as 'http://127.0.0.1:8000'")
    if parts.scheme == "http" and not found.allow_http and not is_loopback(parts.hostname):
        raise ImproperlyConfigured(
            f"{NAME}['HOST'] is another machine: use https, or set 'ALLOW_HTTP' to True"
        )


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


#: What tests put before the names of tables, so that they never meet other tables.
_TEST_PREFIX: list[str] = []


def set_test_prefix(prefix: str) -> None:
    """Put something before the name of every table from now on; ``""`` for nothing."""
    _TEST_PREFIX[:] = [prefix] if prefix else []


def real_table_name(name: str) -> str:
    """Return the name of a table in the database: with the prefix of tests, and that of the project."""
    prefix = configuration().table_prefix
    return "".join([*_TEST_PREFIX, f"{prefix}-{name}" if prefix else name])


def _forget(*, setting: str, **_kwargs: object) -> None:
    if setting == NAME:
        configuration.cache_clear()
        configuration_with.cache_clear()


setting_changed.connect(_forget)
