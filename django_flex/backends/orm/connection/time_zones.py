"""Whether a database can convert to a time zone."""

from __future__ import annotations

from functools import lru_cache

from django.db import connections

from django_flex.exceptions import UnsupportedQueryError


def check_time_zone(using: str, name: str) -> None:
    """Check that a database knows a time zone; all but MariaDB and MySQL bring their own.

    Raises:
        UnsupportedQueryError: the time zone tables of MariaDB are empty.
    """
    if connections[using].vendor == "mysql" and not _is_known(name, using):
        raise UnsupportedQueryError(
            "The time zone tables of the database are empty", path="Prefer", hint="timezone=UTC"
        )


@lru_cache(maxsize=1_024)
def _is_known(name: str, using: str) -> bool:
    """Whether MariaDB can convert to a zone: without its tables it silently answers NULL."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT CONVERT_TZ('2026-01-01', 'UTC', %s) IS NOT NULL", [name])
        (known,) = cursor.fetchone()
    return bool(known)
