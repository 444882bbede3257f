"""The time zone that a request is read in: days, months and hours begin where its caller says."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import connections, models, router
from django.utils import timezone

from django_flex.exceptions import InvalidValueError, UnsupportedQueryError

PLACE = "Prefer"


def in_time_zone(name: str | None, model: type[models.Model]) -> AbstractContextManager[None]:
    """Return a context in which naive times, parts and truncations of times are of a zone.

    Args:
        name: of the IANA database (``Europe/Berlin``); ``None`` for Django's current one.
        model: what is read or written; its database reckons with the zone.

    Raises:
        InvalidValueError: there is no such zone.
        UnsupportedQueryError: the database has no time zones loaded.
    """
    if name is None:
        return nullcontext()
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidValueError(
            "There is no such time zone", path=PLACE, hint="timezone=Europe/Berlin"
        ) from error
    using = router.db_for_read(model)
    if connections[using].vendor == "mysql" and not _is_known(name, using):
        raise UnsupportedQueryError(
            "The database does not know time zones", path=PLACE, hint="timezone=UTC"
        )
    return timezone.override(zone)


@lru_cache(maxsize=1_024)
def _is_known(name: str, using: str) -> bool:
    """Whether MariaDB can reckon with a zone: without its tables it silently answers NULL."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT CONVERT_TZ('2026-01-01', 'UTC', %s) IS NOT NULL", [name])
        (known,) = cursor.fetchone()
    return bool(known)
