"""The time zone of a request, which determines when days, months and hours start."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone

from django_flex.exceptions import InvalidValueError

if TYPE_CHECKING:
    from django_flex.backends.registry import Backends
    from django_flex.schema.resources import Resource

HEADER = "Prefer"
#: Stateless, so that all requests share it.
_AS_IT_IS = nullcontext()


def in_time_zone(
    name: str | None, backends: Backends, resource: Resource
) -> AbstractContextManager[None]:
    """Return a context in which naive times, and parts and truncations of times, use a time zone.

    Args:
        name: of the IANA database (``Europe/Berlin``); ``None`` for Django's current one.
        backends: those of the API version.
        resource: what is read or written; its database computes with the zone.

    Raises:
        InvalidValueError: the zone does not exist.
        UnsupportedQueryError: the database has no time zones loaded.
    """
    if name is None:
        return _AS_IT_IS
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidValueError(
            "Unknown time zone", path=HEADER, hint="timezone=Europe/Berlin"
        ) from error
    backends.of(resource).check_time_zone(resource, name)
    return timezone.override(zone)
