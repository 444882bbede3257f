"""Converts values of a client to the type of the column that they are compared with.

``coerce`` takes a value from JSON or a query parameter and returns what Django's lookups expect, or
says what would be valid. It is stricter than ``to_python`` of the fields, which reads ``True`` as 1
and ``" 1 "`` as 1.
"""

from __future__ import annotations

import math
import re
import sys
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from django.core.exceptions import PermissionDenied, SuspiciousOperation, ValidationError
from django.db import Error
from django.http import Http404
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime, parse_duration, parse_time

from django_flex.exceptions import FlexError
from django_flex.exceptions.places import Worded, counted, worded
from django_flex.query.ast import ParameterText
from django_flex.query.kinds import KINDS, check_total
from django_flex.query.values import json_scalar
from django_flex.schema.conversions.bounds import MAX_INTEGER, MAX_PART, greatest
from django_flex.schema.conversions.keys import parts_of_text
from django_flex.schema.conversions.ranges import BOUNDS, Range, RangeError, parse_range
from django_flex.schema.geometry.geojson import GeometryError, GeometryType, parse_geometry
from django_flex.schema.geometry.geos import from_geos, is_geos, to_geos
from django_flex.schema.model_attributes import value_field_of

if TYPE_CHECKING:
    from django_flex.schema.resources import Attribute

MAX_YEAR = 9_998  # SQL ranges of a year end at the start of the next one
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?")
_TIME = re.compile(r"[0-9:.,]+")
_UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
UNSTORABLE = re.compile(r"[\0\ud800-\udfff]")
_MAX_DIGITS = 60
#: That of the greatest and of the smallest floating-point number with all its digits.
_MAX_EXPONENT = sys.float_info.max_10_exp
_MOST_NAMED = 30
#: That of the thread would cut a number to 28 digits.
_EXACT = Context(prec=1_000)

#: What an exception of a project's code means by itself, and what is no fault of a value.
MEANT = (FlexError, PermissionDenied, SuspiciousOperation, Http404, Error)
#: What our own code below raises for a value that it cannot read.
_REFUSALS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, ValidationError)

Coercer: TypeAlias = "Callable[[Any, Attribute], Any]"


class UnfitValueError(ValueError):
    """A value is invalid; ``expected`` says what would be valid."""

    def __init__(self, expected: str) -> None:
        super().__init__(expected)
        self.expected = expected if isinstance(expected, Worded) else worded(expected)


def coerce(value: object, kind: str, column: Attribute) -> Any:
    """Return ``value`` as the Python type of ``kind``.

    Args:
        value: from JSON or a query parameter.
        kind: that of the column, or of the result of a transform.
        column: that the value is compared with, or stored in.

    Raises:
        UnfitValueError: it does not fit, or is out of the range of the column.
    """
    try:
        return _COERCERS[kind](value, column)
    except _REFUSALS as error:
        if isinstance(error, UnfitValueError):
            raise
        raise UnfitValueError(EXPECTED[kind]) from error


def _integer(value: object, _column: Attribute) -> int:
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise UnfitValueError(EXPECTED["integer"])
    if not -MAX_INTEGER - 1 <= value <= MAX_INTEGER:
        raise UnfitValueError(EXPECTED["integer"])
    return value


def _year(value: object, column: Attribute) -> int:
    year = _integer(value, column)
    if not 1 < year <= MAX_YEAR:
        raise UnfitValueError(EXPECTED["year"])
    return year


def _part(value: object, column: Attribute) -> int:
    part = _integer(value, column)
    if abs(part) > MAX_PART:
        raise UnfitValueError(EXPECTED["part"])
    return part


def _number(value: object, kind: str, most: int = _MAX_DIGITS) -> Decimal:
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise UnfitValueError(EXPECTED[kind])
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise UnfitValueError(EXPECTED[kind])
    number = Decimal(str(value))
    if not number.is_finite() or abs(number.adjusted()) > most:
        raise UnfitValueError(EXPECTED[kind])
    return number


def _decimal(value: object, column: Attribute) -> Decimal:
    number = _number(value, "decimal").normalize(_EXACT)
    places, digits = column.scale, column.digits
    exponent = number.as_tuple().exponent
    # Django rounds what is compared to the column's scale, so `lt 1.005` would mean `lt 1.00`.
    if places is not None and isinstance(exponent, int) and -exponent > places:
        message = counted(
            places,
            "a number with at most {} decimal place",
            "a number with at most {} decimal places",
        )
        raise UnfitValueError(message)
    if not number and places:
        return Decimal((0, (0,), -places))  # in whose place Django counts a digit before the point
    if places is not None and digits is not None and number.adjusted() >= digits - places:
        message = counted(
            digits - places,
            "a number with at most {} digit before the point",
            "a number with at most {} digits before the point",
        )
        raise UnfitValueError(message)
    return number


def _float(value: object, _column: Attribute) -> float:
    number = float(_number(value, "float", _MAX_EXPONENT))
    if not math.isfinite(number):
        raise UnfitValueError(EXPECTED["float"])
    return number


def _boolean(value: object, _column: Attribute) -> bool:
    if value in ("true", "false") and isinstance(value, str):
        return value == "true"
    if not isinstance(value, bool):
        raise UnfitValueError(EXPECTED["boolean"])
    return value


def _text(value: object, _column: Attribute) -> str:
    if not isinstance(value, str) or UNSTORABLE.search(value):
        raise UnfitValueError(EXPECTED["text"])
    return str(value)


def _uuid(value: object, _column: Attribute) -> uuid.UUID:
    if isinstance(value, uuid.UUID):
        return value
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise UnfitValueError(EXPECTED["uuid"])
    return uuid.UUID(value)


def _datetime(value: Any, _column: Attribute) -> datetime:
    parsed = value if isinstance(value, datetime) else parse_datetime(_ascii(value, "datetime"))
    if parsed is None:
        day = parse_date(value)
        if day is None:
            raise UnfitValueError(EXPECTED["datetime"])
        parsed = datetime.combine(day, time.min)
    return at_zone(parsed)


def at_zone(value: datetime) -> datetime:
    """Return a datetime as the project stores it: aware in UTC, or naive in its time zone.

    Raises:
        OverflowError: the datetime is outside the years 1 to 9999 there.
    """
    zone = timezone.get_current_timezone()
    if timezone.is_aware(timezone.now()):  # the public way to ask for USE_TZ
        aware = timezone.make_aware(value, zone) if timezone.is_naive(value) else value
        return aware.astimezone(UTC)
    return value if timezone.is_naive(value) else timezone.make_naive(value, zone)


def _date(value: object, _column: Attribute) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    day = parse_date(_ascii(value, "date"))
    if day is None:
        raise UnfitValueError(EXPECTED["date"])
    return day


def _time(value: Any, _column: Attribute) -> time:
    if isinstance(value, time):
        return value
    parsed = parse_time(_ascii(value, "time"))
    # Django silently drops an offset, and without a date the time could not be converted.
    if parsed is None or not _TIME.fullmatch(value):
        raise UnfitValueError(EXPECTED["time"])
    return parsed


def _duration(value: object, _column: Attribute) -> timedelta:
    if isinstance(value, timedelta):
        return value
    span = parse_duration(_ascii(value, "duration"))
    if span is None:
        raise UnfitValueError(EXPECTED["duration"])
    return span


def _ascii(value: object, kind: str) -> str:
    # Django's patterns accept every Unicode digit; databases only know these ten.
    if not isinstance(value, str) or not value.isascii():
        raise UnfitValueError(EXPECTED[kind])
    return value


def _json(value: object, _column: Attribute) -> object:
    if isinstance(value, ParameterText):
        value = json_scalar(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise UnfitValueError(EXPECTED["integer"])
    return value


def _other(value: object, column: Attribute) -> object:
    # What is sorted as it is stored may still be any value.
    if column.stored is None and not isinstance(value, str | int | float | bool):
        raise UnfitValueError(EXPECTED["other"])
    return _custom(value, column)


def _custom(value: object, column: Attribute) -> object:
    """Return what a custom field makes of a value."""
    field = value_field_of(column)
    if isinstance(value, tuple):
        value = list(value)
    try:
        return value if field is None else field.to_python(value)
    except MEANT:
        raise
    except Exception as error:  # whatever a project's field raises
        raise UnfitValueError(expected_of(field)) from error


def expected_of(field: Any) -> str:
    """Return what a custom field takes: its choices, if it has some and not too many to read."""
    named = [str(getattr(value, "value", value)) for value, _ in getattr(field, "flatchoices", ())]
    if 0 < len(named) <= _MOST_NAMED:
        return worded("one of {}", ", ".join(named))
    return worded(EXPECTED["other"])


def _hstore(value: object, _column: Attribute) -> dict[str, str | None]:
    """Return texts by their keys; PostgreSQL would store other values as Python's text of them."""
    if not isinstance(value, Mapping):
        raise UnfitValueError(EXPECTED["hstore"])
    for key, text in value.items():
        good = isinstance(key, str) and (text is None or isinstance(text, str))
        if not good or UNSTORABLE.search(f"{key}{text or ''}"):
            raise UnfitValueError(EXPECTED["hstore"])
    return {key: None if text is None else str(text) for key, text in value.items()}


def _array(value: object, column: Attribute) -> list[object]:
    """Return a list with its items as their type; such as no column holds are refused."""
    items = column.items
    if not isinstance(value, list | tuple) or items is None:
        raise UnfitValueError(EXPECTED["array"])
    found = [None if one is None else _item(one, items) for one in value]
    if None in found and not items.null:
        raise UnfitValueError("a list without null")
    if len({len(one) for one in found if isinstance(one, list)}) > 1:
        raise UnfitValueError("lists of one length in a list")
    return found


def _item(value: object, items: Attribute) -> object:
    """Return an item of an array; PostgreSQL would cut it to the type of the items."""
    item = coerce(value, items.kind, items)
    if isinstance(item, str) and items.length is not None and len(item) > items.length:
        raise UnfitValueError(
            counted(
                items.length,
                "a string of at most {} character",
                "a string of at most {} characters",
            )
        )
    most = greatest(items.kind, value_field_of(items))
    if items.kind == "integer" and not -most - 1 <= item <= most:
        raise UnfitValueError(worded("a whole number from {} to {}", -most - 1, most))
    return item


def _composite(value: object, column: Attribute) -> tuple[object, ...]:
    """Return the parts of a key of several columns from its text, the only form that it has."""
    # A part of a URL is text, whatever it is the text of.
    texts = tuple(map(ParameterText, parts_of_text(value))) if isinstance(value, str) else ()
    if len(texts) != len(column.parts):
        raise UnfitValueError(EXPECTED["composite"])
    parts = zip(texts, column.parts, strict=True)
    return tuple([coerce(one, part.kind, part) for one, part in parts])


def _range(value: object, column: Attribute) -> object:
    """Return a range of the type that the driver has for it, with ends of the type of the column."""
    field: Any = value_field_of(column)
    try:
        asked = parse_range(value, getattr(field, "default_bounds", BOUNDS[0]))
    except RangeError as error:
        raise UnfitValueError(error.expected) from error
    make = getattr(field, "range_type", Range)
    if asked.empty:
        return make(empty=True)
    # What is beyond an end of whole numbers or days is stored in place of it.
    lower = _end(asked.lower, column, moved=asked.bounds[0] == "(")
    upper = _end(asked.upper, column, moved=asked.bounds[1] == "]")
    if lower is not None and upper is not None and lower > upper:
        raise UnfitValueError("a lower end that is not beyond the upper one")
    return make(lower, upper, asked.bounds)


def _end(value: object, column: Attribute, *, moved: bool) -> Any:
    """Return an end of a range, ``None`` for one that is unbounded."""
    items = column.items
    if value is None or items is None:
        return value
    try:
        end = coerce(value, items.kind, items)
    except UnfitValueError as error:
        raise UnfitValueError(worded("{} at each end, or null", error.expected)) from error
    most = greatest(items.kind, value_field_of(items))
    if most is not None and (end > most or (moved and end == most)):
        raise UnfitValueError(
            worded("an end of at most {} that belongs to the range, or null", most)
        )
    if isinstance(end, int) and most is not None and end < -most - 1:
        raise UnfitValueError(worded("an end of at least {}, or null", -most - 1))
    return end


def _geometry(value: object, column: Attribute) -> object:
    """Return a geometry as GEOS has it, or as GeoJSON where no field of GeoDjango takes it."""
    of = column.geometry or GeometryType(name=None, dimensions=None)
    try:
        found = parse_geometry(from_geos(value) if is_geos(value) else value, of)
        return found if value_field_of(column) is None else to_geos(found, of)
    except GeometryError as error:
        raise UnfitValueError(error.text) from error


_DERIVED = {"year": worded("a year from 2 to {}", MAX_YEAR), "part": worded("a whole number")}
#: What a value of each kind, or of the result of a transform, has to be.
EXPECTED = {**{kind.name: kind.expected for kind in KINDS.values()}, **_DERIVED}

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
    "binary": _other,
    "array": _array,
    "hstore": _hstore,
    "range": _range,
    "geometry": _geometry,
    "composite": _composite,
    "other": _other,
    "converted": _custom,
    "encrypted": _custom,
}
check_total("coercion", _COERCERS, EXPECTED)
