"""The time zone of a request, which determines when days, months and hours start."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone

from django_flex.exceptions import InvalidValueError

HEADER = "Prefer"
#: Stateless, so that all requests share it.
_AS_IT_IS = nullcontext()


def in_time_zone(name: str | None) -> AbstractContextManager[None]:
    """Return a context in which naive times, and parts and truncations of times, use a time zone.

    Args:
        name: of the IANA database (``Europe/Berlin``); ``None`` for Django's current one.

    Raises:
        InvalidValueError: the zone does not exist.
    """
    if name is None:
        return _AS_IT_IS
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidValueError(
            "Unknown time zone", path=HEADER, hint="timezone=Europe/Berlin"
        ) from error
    return timezone.override(zone)
