"""Converts values of a client to the type of the column that they are compared with.

``coerce`` takes a value from JSON or a query parameter and returns what Django's lookups expect, or
says what would be valid. It is stricter than ``to_python`` of the fields, which reads ``True`` as 1
and ``" 1 "`` as 1.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from django.core.exceptions import EmptyResultSet, FullResultSet, ValidationError
from django.core.validators import validate_ipv46_address
from django.db import DEFAULT_DB_ALIAS, Error, connections, models, router
from django.db.models import ExpressionWrapper, Field, Value
from django.db.models.sql import Query
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime, parse_duration, parse_time

from django_flex.query.ast import ParameterText
from django_flex.query.kinds import KINDS, check_total
from django_flex.query.values import json_scalar
from django_flex.schema.introspection import value_field_of

if TYPE_CHECKING:
    from django_flex.schema.resources import Attribute

MAX_INTEGER = 2**63 - 1
MAX_PART = 2**31 - 1
MAX_YEAR = 9_998  # SQL ranges of a year end at the start of the next one
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?")
_TIME = re.compile(r"[0-9:.,]+")
_UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
UNSTORABLE = re.compile(r"[\0\ud800-\udfff]")
_MAX_DIGITS = 60
#: That of the thread would cut a number to 28 digits.
_EXACT = Context(prec=1_000)

#: What a custom field or lookup raises for a value that it does not accept.
_REFUSALS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, ValidationError)
_NO_QUERY: Any = Query(None)

Coercer: TypeAlias = "Callable[[Any, Attribute], Any]"


class UnfitValueError(ValueError):
    """A value is invalid; the text says what would be valid."""


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


def coerce_key(value: object, pk: Attribute) -> object:
    """Return ``value`` as a primary key.

    Raises:
        UnfitValueError: it does not fit, or the field does not take it.
    """
    key = coerce(value, pk.kind, pk)
    check_lookup(key, pk, "exact")
    return key


def check_lookup(value: object, column: Attribute, name: str) -> None:
    """Check that a custom field or lookup accepts a value.

    Those of Django accept everything that ``coerce`` returns, but for IP addresses, which are text.

    Args:
        value: as ``coerce`` returned it.
        column: what it is compared with.
        name: of the lookup.

    Raises:
        UnfitValueError: it cannot be built, or not be compiled, with this value.
    """
    field = value_field_of(column)
    if field is None:
        return
    try:
        kind: Any = field.get_lookup(name)
        if kind is None:
            return
        if isinstance(field, models.GenericIPAddressField) and kind.prepare_rhs:
            _check_addresses(value)
        if _is_djangos(type(field)) and _is_djangos(kind):
            return
        lookup = kind(_left_side(field), value)
        no_value = lookup.rhs is None and not lookup.can_use_none_as_rhs
        lost = no_value and name not in {"exact", "iexact"}
        if not lost:
            _NO_QUERY.get_compiler(_database_of(field)).compile(lookup)
    except (EmptyResultSet, FullResultSet, Error):
        return  # the statement says so itself
    except Exception as error:  # whatever a project's field or lookup raises
        raise UnfitValueError(_expected(field)) from error
    if lost:
        raise UnfitValueError(EXPECTED["other"])


def _expected(field: object) -> str:
    is_address = isinstance(field, models.GenericIPAddressField)
    return "an IP address" if is_address else EXPECTED["other"]


def _check_addresses(value: Any) -> None:
    """Refuse text that is no address: PostgreSQL cannot compare it, and nothing equals it elsewhere."""
    for address in value if isinstance(value, list | tuple) else (value,):
        if isinstance(address, str):
            validate_ipv46_address(address)


def check_stored(value: object, field: models.Field[Any, Any], using: str) -> None:
    """Check that a custom field can store a value.

    Args:
        value: of an object that was cleaned.
        field: whose value it is.
        using: the database.

    Raises:
        UnfitValueError: the field raises when it converts the value for the database.
    """
    kind = type(field)
    later = kind.pre_save is not Field.pre_save or hasattr(value, "resolve_expression")
    if _is_djangos(kind) or later:
        return
    try:
        field.get_db_prep_save(value, connections[using])
    except _REFUSALS as error:
        raise UnfitValueError(EXPECTED["other"]) from error


def check_json_value(value: object, column: Attribute) -> None:
    """Check that a custom JSON field can convert a value for the database.

    Raises:
        UnfitValueError: it raises.
    """
    field = value_field_of(column)
    if field is None or _is_djangos(type(field)):
        return
    try:
        field.get_db_prep_value(value, connections[_database_of(field)])
    except _REFUSALS as error:
        raise UnfitValueError(EXPECTED["other"]) from error


def _left_side(field: Any) -> object:
    if hasattr(field, "model"):
        return field.get_col(field.model._meta.db_table)
    return ExpressionWrapper(Value(1), output_field=field)


def _database_of(field: object) -> str:
    model = getattr(field, "model", None)
    return DEFAULT_DB_ALIAS if model is None else router.db_for_read(model)


def _is_djangos(kind: type) -> bool:
    return kind.__module__.startswith("django.db.models.")


def _integer(value: object, _column: Attribute) -> int:
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_INTEGER:
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


def _number(value: object, kind: str) -> Decimal:
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise UnfitValueError(EXPECTED[kind])
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise UnfitValueError(EXPECTED[kind])
    number = Decimal(str(value))
    if not number.is_finite() or abs(number.adjusted()) > _MAX_DIGITS:
        raise UnfitValueError(EXPECTED[kind])
    return number


def _decimal(value: object, column: Attribute) -> Decimal:
    number = _number(value, "decimal").normalize(_EXACT)
    places, digits = column.scale, column.digits
    exponent = number.as_tuple().exponent
    # Django rounds what is compared to the column's scale, so `lt 1.005` would mean `lt 1.00`.
    if places is not None and isinstance(exponent, int) and -exponent > places:
        message = f"a number with at most {places} decimal places"
        raise UnfitValueError(message)
    if places is not None and digits is not None and number.adjusted() >= digits - places:
        message = f"a number with at most {digits - places} digits before the point"
        raise UnfitValueError(message)
    return number


def _float(value: object, _column: Attribute) -> float:
    return float(_number(value, "float"))


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
    moment = value if isinstance(value, datetime) else parse_datetime(_ascii(value, "datetime"))
    if moment is None:
        day = parse_date(value)
        if day is None:
            raise UnfitValueError(EXPECTED["datetime"])
        moment = datetime.combine(day, time.min)
    return at_zone(moment)


def at_zone(moment: datetime) -> datetime:
    """Return a datetime as the project stores it: aware in UTC, or naive in its time zone.

    Raises:
        OverflowError: the datetime is outside the years 1 to 9999 there.
    """
    zone = timezone.get_current_timezone()
    if timezone.is_aware(timezone.now()):  # the public way to ask for USE_TZ
        aware = timezone.make_aware(moment, zone) if timezone.is_naive(moment) else moment
        return aware.astimezone(UTC)
    return moment if timezone.is_naive(moment) else timezone.make_naive(moment, zone)


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
    moment = parse_time(_ascii(value, "time"))
    # Django silently drops an offset, and without a date the time could not be converted.
    if moment is None or not _TIME.fullmatch(value):
        raise UnfitValueError(EXPECTED["time"])
    return moment


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
    if not isinstance(value, str | int | float | bool):
        raise UnfitValueError(EXPECTED["other"])
    field = value_field_of(column)
    try:
        return value if field is None else field.to_python(value)
    except ValidationError as error:
        raise UnfitValueError(EXPECTED["other"]) from error


_DERIVED = {"year": f"a year from 2 to {MAX_YEAR}", "part": "a whole number"}
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
    "other": _other,
}
check_total("coercion", _COERCERS, EXPECTED)
