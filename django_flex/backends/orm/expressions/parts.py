"""Parts of values as expressions: of dates in the current time zone, of texts, of arrays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import DateTimeField, Func, GenericIPAddressField, TextField, Transform
from django.db.models import functions as f
from django.utils.timezone import is_aware, make_aware, make_naive

from django_flex.backends.orm.django_internals.connections import converts_time_zone
from django_flex.backends.orm.django_internals.text_lookups import CAPITALS, SMALL_LETTERS
from django_flex.backends.orm.schema import field_of
from django_flex.query.aggregates import PARTS
from django_flex.query.kinds import check_total
from django_flex.schema.output_fields import output_field_of

if TYPE_CHECKING:
    from django_flex.schema.resources import Attribute


class _OfText(Func):
    """A function of a text, which PostgreSQL does not store an IP address as."""

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Apply it to what a reply shows."""
        (value,) = self.get_source_expressions()
        if isinstance(value.output_field, GenericIPAddressField):
            context["template"] = "%(function)s(HOST(%(expressions)s))"
        return self.as_sql(compiler, connection, **context)


class TextLength(_OfText, f.Length):
    """The number of characters of a text."""


_PARTS: Mapping[str, type[Transform]] = {
    "date": f.TruncDate,
    "time": f.TruncTime,
    "year": f.ExtractYear,
    "iso_year": f.ExtractIsoYear,
    "quarter": f.ExtractQuarter,
    "month": f.ExtractMonth,
    "week": f.ExtractWeek,
    "day": f.ExtractDay,
    "week_day": f.ExtractWeekDay,
    "iso_week_day": f.ExtractIsoWeekDay,
    "hour": f.ExtractHour,
    "minute": f.ExtractMinute,
    "second": f.ExtractSecond,
    "len": TextLength,
}
_UNITS: Mapping[str, str] = {
    "trunc_year": "year",
    "trunc_quarter": "quarter",
    "trunc_month": "month",
    "trunc_week": "week",
    "trunc_day": "day",
    "trunc_hour": "hour",
}


class _WallTime(DateTimeField):  # type: ignore[type-arg]  # no generic at runtime
    """The start of a period as the clocks of the current time zone show it, without this zone.

    So databases give it. What it is compared with is written in the same way.
    """

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.first = _HOUR_STARTS if unit == "hour" else _DAY_STARTS

    def get_db_prep_value(
        self,
        value: Any,
        connection: Any,
        prepared: bool = False,  # noqa: FBT001, FBT002 - as Django calls it
    ) -> Any:
        """Return a time as these clocks show it, in the zone that the database takes it to be in."""
        value = value if prepared else self.get_prep_value(value)
        if isinstance(value, datetime) and is_aware(value):
            value = self._shown(value).replace(tzinfo=connection.timezone)
        return super().get_db_prep_value(value, connection, prepared=True)

    def _shown(self, value: datetime) -> datetime:
        """Return what the clocks show, or the start of a period that they skip at this time.

        Where clocks are put forward at midnight the day begins, for databases, at a time that
        no clock shows. Such a start has the offset of before in replies.
        """
        try:
            shown = make_naive(value)
            before = make_naive(value - _LONGEST_SKIP)
        except OverflowError:  # the first or last day of the calendar, which no zone moves
            return value
        skipped = before + _LONGEST_SKIP
        if self._starts(shown) or not self._starts(skipped):
            return shown
        is_skipped = make_aware(skipped).astimezone(UTC) == value.astimezone(UTC)
        return skipped if is_skipped else shown

    def _starts(self, value: datetime) -> bool:
        """Whether a period of this length, or a shorter one, starts at a time of the clock."""
        return value == value.replace(**self.first)


_HOUR_STARTS: Mapping[str, Any] = {"minute": 0, "second": 0, "microsecond": 0}
_DAY_STARTS: Mapping[str, Any] = {"hour": 0, **_HOUR_STARTS}
#: Clocks are put forward by less than this.
_LONGEST_SKIP = timedelta(hours=3)
_WALL_TIMES = {unit: _WallTime(unit) for unit in _UNITS.values()}


class _Truncated(f.Trunc):
    """A truncated datetime. Django treats NULL as a sign that MariaDB has no time zone tables."""

    def convert_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Return NULL unchanged if no time zone had to be looked up."""
        if value is None and not converts_time_zone(connection, self.get_tzname()):
            return None
        return super().convert_value(value, expression, connection)


class _LetterCase(_OfText):
    """A text in small or in capital letters; SQLite itself only knows those of ASCII."""

    arity = 1
    ours: ClassVar[str]

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Call our function."""
        return self.as_sql(compiler, connection, function=self.ours, **context)


class _Lower(_LetterCase):
    function = "LOWER"
    ours = SMALL_LETTERS


class _Upper(_LetterCase):
    function = "UPPER"
    ours = CAPITALS


_CASES: Mapping[str, type[_LetterCase]] = {"lower": _Lower, "upper": _Upper}
check_total("SQL", {*_PARTS, *_UNITS, *_CASES}, PARTS, "parts of values")


def part_of(value: Any, part: str, attribute: Attribute) -> Any:
    """Return a part of a value.

    Args:
        value: the value, as an expression.
        part: one of ``PARTS``.
        attribute: describes the value.
    """
    unit = _UNITS.get(part)
    if unit is not None:
        is_time = attribute.kind == "datetime"
        output = _WALL_TIMES[unit] if is_time else output_field_of(attribute)
        return _Truncated(value, unit, output_field=output)
    if part in _CASES:
        return _CASES[part](value, output_field=TextField())
    if part == "len" and attribute.kind == "array":
        length: Any = field_of(attribute).get_transform("len")
        return length(value)
    return _PARTS[part](value)
