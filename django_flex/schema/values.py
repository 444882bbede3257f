"""Values of a client, typed by the column that they are compared with.

``coerce`` takes what JSON or a query parameter gives and returns what Django's lookups expect, or
says what would fit. It is stricter than the fields' own ``to_python``, which reads ``True`` as 1
and ``" 1 "`` as 1.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, TypeAlias

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime, parse_duration, parse_time

from django_flex.query.ast import ParameterText
from django_flex.query.serializer import json_scalar

if TYPE_CHECKING:
    from django.db import models

MAX_INTEGER = 2**63 - 1
MAX_PART = 2**31 - 1
MAX_YEAR = 9_998  # SQL ranges of a year end at the first moment of the next one
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?")
_TIME = re.compile(r"[0-9:.,]+")
_UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
UNSTORABLE = re.compile(r"[\0\ud800-\udfff]")
_MAX_DIGITS = 60

Coercer: TypeAlias = "Callable[[Any, models.Field[Any, Any]], Any]"


class UnfitValueError(ValueError):
    """A value does not fit; the text says what would."""


def coerce(value: Any, kind: str, field: models.Field[Any, Any]) -> Any:
    """Return ``value`` as the Python type of ``kind``.

    Raises:
        UnfitValueError: it does not fit, or is out of the range of the column.
    """
    try:
        return _COERCERS.get(kind, _other)(value, field)
    except (OverflowError, InvalidOperation, ValueError, TypeError) as error:
        if isinstance(error, UnfitValueError):
            raise
        raise UnfitValueError(EXPECTED.get(kind, "a value of this field")) from error


def _integer(value: Any, _field: models.Field[Any, Any]) -> int:
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_INTEGER:
        raise UnfitValueError(EXPECTED["integer"])
    return value


def _year(value: Any, field: models.Field[Any, Any]) -> int:
    year = _integer(value, field)
    if not 1 < year <= MAX_YEAR:
        raise UnfitValueError(EXPECTED["year"])
    return year


def _part(value: Any, field: models.Field[Any, Any]) -> int:
    part = _integer(value, field)
    if abs(part) > MAX_PART:
        raise UnfitValueError(EXPECTED["part"])
    return part


def _number(value: Any, kind: str) -> Decimal:
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise UnfitValueError(EXPECTED[kind])
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise UnfitValueError(EXPECTED[kind])
    number = Decimal(str(value))
    if not number.is_finite() or abs(number.adjusted()) > _MAX_DIGITS:
        raise UnfitValueError(EXPECTED[kind])
    return number


def _decimal(value: Any, field: models.Field[Any, Any]) -> Decimal:
    number = _number(value, "decimal").normalize()
    places, digits = getattr(field, "decimal_places", None), getattr(field, "max_digits", None)
    exponent = number.as_tuple().exponent
    # Django rounds what is compared to the column's scale, so `lt 1.005` would mean `lt 1.00`.
    if places is not None and isinstance(exponent, int) and -exponent > places:
        message = f"a number with at most {places} decimal places"
        raise UnfitValueError(message)
    if places is not None and digits is not None and number.adjusted() >= digits - places:
        message = f"a number with at most {digits - places} digits before the point"
        raise UnfitValueError(message)
    return number


def _float(value: Any, _field: models.Field[Any, Any]) -> float:
    return float(_number(value, "float"))


def _boolean(value: Any, _field: models.Field[Any, Any]) -> bool:
    if value in ("true", "false") and isinstance(value, str):
        return value == "true"
    if not isinstance(value, bool):
        raise UnfitValueError(EXPECTED["boolean"])
    return value


def _text(value: Any, _field: models.Field[Any, Any]) -> str:
    if not isinstance(value, str) or UNSTORABLE.search(value):
        raise UnfitValueError(EXPECTED["text"])
    return str(value)


def _uuid(value: Any, _field: models.Field[Any, Any]) -> uuid.UUID:
    if isinstance(value, uuid.UUID):
        return value
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise UnfitValueError(EXPECTED["uuid"])
    return uuid.UUID(value)


def _datetime(value: Any, _field: models.Field[Any, Any]) -> datetime:
    moment = value if isinstance(value, datetime) else parse_datetime(_ascii(value, "datetime"))
    if moment is None:
        day = parse_date(value)
        if day is None:
            raise UnfitValueError(EXPECTED["datetime"])
        moment = datetime.combine(day, time.min)
    return at_zone(moment)


def at_zone(moment: datetime) -> datetime:
    """Return a moment as the project stores it: aware in UTC, or naive in its time zone.

    Raises:
        OverflowError: the moment lies outside the years 1 to 9999 there.
    """
    zone = timezone.get_current_timezone()
    if timezone.is_aware(timezone.now()):  # the public way to ask for USE_TZ
        aware = timezone.make_aware(moment, zone) if timezone.is_naive(moment) else moment
        return aware.astimezone(UTC)
    return moment if timezone.is_naive(moment) else timezone.make_naive(moment, zone)


def _date(value: Any, _field: models.Field[Any, Any]) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    day = parse_date(_ascii(value, "date"))
    if day is None:
        raise UnfitValueError(EXPECTED["date"])
    return day


def _time(value: Any, _field: models.Field[Any, Any]) -> time:
    if isinstance(value, time):
        return value
    moment = parse_time(_ascii(value, "time"))
    # Django drops an offset without a word; the time of which day it would be nobody knows.
    if moment is None or not _TIME.fullmatch(value):
        raise UnfitValueError(EXPECTED["time"])
    return moment


def _duration(value: Any, _field: models.Field[Any, Any]) -> timedelta:
    if isinstance(value, timedelta):
        return value
    span = parse_duration(_ascii(value, "duration"))
    if span is None:
        raise UnfitValueError(EXPECTED["duration"])
    return span


def _ascii(value: Any, kind: str) -> str:
    # Django's patterns take every Unicode digit; databases and people mean these ten.
    if not isinstance(value, str) or not value.isascii():
        raise UnfitValueError(EXPECTED[kind])
    return value


def _json(value: Any, _field: models.Field[Any, Any]) -> Any:
    if isinstance(value, ParameterText):
        value = json_scalar(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise UnfitValueError(EXPECTED["integer"])
    return value


def _other(value: Any, field: models.Field[Any, Any]) -> Any:
    if not isinstance(value, str | int | float | bool):
        raise UnfitValueError(EXPECTED["other"])
    try:
        return field.to_python(value)
    except ValidationError as error:
        raise UnfitValueError(EXPECTED["other"]) from error


EXPECTED = {
    "integer": "a whole number of at most 64 bits",
    "year": f"a year from 2 to {MAX_YEAR}",
    "part": "a whole number",
    "decimal": "a decimal number",
    "float": "a number",
    "boolean": "true or false",
    "text": "a text",
    "file": "a text",
    "uuid": "a UUID",
    "datetime": "a date and time such as 2026-01-31T12:00:00Z",
    "date": "a date such as 2026-01-31",
    "time": "a time such as 12:30:00",
    "duration": "a duration such as 01:30:00 or P1DT2H",
    "json": "a JSON value",
    "other": "a value of this field",
}

_COERCERS: dict[str, Coercer] = {
    "integer": _integer,
    "year": _year,
    "part": _part,
    "decimal": _decimal,
    "float": _float,
    "boolean": _boolean,
    "text": _text,
    "file": _text,
    "uuid": _uuid,
    "datetime": _datetime,
    "date": _date,
    "time": _time,
    "duration": _duration,
    "json": _json,
}
