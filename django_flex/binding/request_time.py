"""The time that ``$now`` means when a request is answered."""

from __future__ import annotations

import calendar
from datetime import MAXYEAR, datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from django_flex.exceptions import InvalidValueError
from django_flex.schema.values import at_zone

if TYPE_CHECKING:
    from django_flex.query.ast import Now

_MONTHS = 12
#: The number of months of the periods that consist of months.
_PERIODS = {"month": 1, "quarter": 3, "year": 12}


def request_time(value: Now, kind: str, place: str) -> object:
    """Return the time of the request, moved as asked, for a field of a kind.

    Raises:
        InvalidValueError: it is beyond the years 1 to 9999, or the field has no dates or times.
    """
    now = timezone.now()
    try:
        if value.start or value.months:
            now = _moved(now, value)
        else:
            now += timedelta(seconds=value.seconds)
        stored = at_zone(now)
    except (OverflowError, ValueError) as error:
        raise InvalidValueError("The offset in time is too large", path=place) from error
    if kind == "datetime":
        return stored
    local = timezone.localtime(now) if timezone.is_aware(now) else now
    if kind == "date":
        return local.date()
    if kind == "time":
        return local.time()
    raise InvalidValueError("'$now' needs a date or time field", path=place)


def _moved(now: datetime, value: Now) -> datetime:
    """Move a time as a calendar on the wall says: a day is from midnight to midnight there."""
    aware = timezone.is_aware(now)
    wall = timezone.make_naive(now) if aware else now
    if value.start:
        wall = _start(wall, value.start)
    wall = _by_months(wall, value.months) + timedelta(seconds=value.seconds)
    return timezone.make_aware(wall) if aware else wall


def _start(wall: datetime, period: str) -> datetime:
    midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "week":
        return midnight - timedelta(days=midnight.weekday())
    months = _PERIODS.get(period)
    if months is None:
        return midnight
    return midnight.replace(day=1, month=(midnight.month - 1) // months * months + 1)


def _by_months(wall: datetime, months: int) -> datetime:
    """Add months; where the month has no such day, it is its last one."""
    if not months:
        return wall
    years, month = divmod(wall.year * _MONTHS + wall.month - 1 + months, _MONTHS)
    if not 1 <= years <= MAXYEAR:
        raise OverflowError
    day = min(wall.day, calendar.monthrange(years, month + 1)[1])
    return wall.replace(year=years, month=month + 1, day=day)
