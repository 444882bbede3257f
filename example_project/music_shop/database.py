"""Which databases the shop uses: SQLite in a file, or PostgreSQL, and DynamoDB, by one variable each."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

DatabaseSettings = dict[str, object]

POSTGRES_SCHEMES = frozenset({"postgres", "postgresql"})


def database_settings(url: str, sqlite_file: Path) -> DatabaseSettings:
    """Return the ``DATABASES["default"]`` that ``DATABASE_URL`` describes; SQLite if it is empty."""
    if not url:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": sqlite_file}
    parts = urlsplit(url)
    if parts.scheme not in POSTGRES_SCHEMES:
        # The URL is not repeated: it may hold a password.
        message = "DATABASE_URL has to look like postgres://user:password@host:5432/name"
        raise ImproperlyConfigured(message)
    return _postgres_settings(parts)


def _postgres_settings(parts: SplitResult) -> DatabaseSettings:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.removeprefix("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": parts.port or "",
        # What follows the question mark (?sslmode=require) is handed to the driver.
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


#: Instead of the URL of a server: tables in the memory of this process, which moto emulates.
IN_MEMORY = "memory"


def dynamodb_settings(url: str) -> dict[str, object]:
    """Return the ``PYDJAMODB_DATABASE`` that ``DYNAMODB_URL`` describes; nothing if it is empty.

    The credentials are for a server on this machine, which takes any.
    """
    if not url:
        return {}
    here: dict[str, object] = {
        "AWS_ACCESS_KEY_ID": "demo",
        "AWS_SECRET_ACCESS_KEY": "demo",
        "AWS_REGION": "eu-central-1",
        "TABLE_PREFIX": "music-shop",
    }
    return here if url == IN_MEMORY else {**here, "HOST": url}
