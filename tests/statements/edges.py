"""Values at the edges of each kind of column, and lookups that take them."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from tests.testapp.kinds import Sample


class Size(models.IntegerChoices):
    NONE = 0
    ONE = 1


class Word(models.TextChoices):
    NOTHING = ""
    ONE = "one"


class Cents(Decimal):
    """A number of a project's own type."""


#: What is no value of most kinds, or is the same as another and still not the same.
ODD: list[Any] = [
    *[0, 1, True, False, 1.0, -0.0, Decimal(1), Decimal("1.0"), "", "1", b"", b"1"],
    *[math.nan, math.inf, -math.inf, Size.ONE, Word.ONE, SimpleLazyObject(lambda: 1)],
]
TEXTS: list[Any] = [
    *["", "a", "A", "%", "_", "\\", "a%b\\_", "'", '"', "null", "true", "ß", "İ", "x" * 300],
    *[Word.NOTHING, Word.ONE, SafeString("a"), gettext_lazy("Yes")],
]
NUMBERS: list[Any] = [
    *[Decimal("0.00"), Decimal("-0"), Decimal("1.005"), Decimal("999999.99"), Decimal(1_000_000)],
    *[Decimal("99999999999999.999999"), Decimal("1E+30"), Decimal("0.1234567890123456789")],
    *[Decimal("NaN"), Decimal("Infinity"), Cents("1"), 0.1, 1e308, -1e308, 5e-324, 2**70],
]
DAYS: list[Any] = [
    *[dt.date(1, 1, 1), dt.date(2024, 2, 29), dt.date(9999, 12, 31), "2024-02-29", "x"],
    dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC),
]
MOMENTS: list[Any] = [
    *[dt.datetime(1, 1, 1, tzinfo=dt.UTC), dt.datetime(9999, 12, 31, 23, 59, tzinfo=dt.UTC)],
    dt.datetime(2024, 2, 29, 12, tzinfo=dt.timezone(dt.timedelta(hours=14))),
    *["2024-02-29T12:00:00Z", "x"],
]
PARTS: list[Any] = [-1, 0, 1, 2, 29, 2024, 9_998, 9_999, 10_000, 2**31, 2**70, True, "2024", 1.5]
TOKENS: list[Any] = [UUID(int=0), UUID(int=2**128 - 1), str(UUID(int=1)), UUID(int=1).hex, "x", 1]
DOCUMENTS: list[Any] = [*["", "null", "true", "a", 0, 1, 1.0, -0.0, 2**70, [], [None], [1, True]]]

_COMPARED = ["exact", "in", "gt", "gte", "lt", "lte", "range"]
_TEXTUAL = [
    *["iexact", "contains", "icontains", "startswith", "istartswith", "endswith", "iendswith"],
    "regex",
]
_DATED = ["year", "year__gt", "year__lte", "iso_year", "month", "day__gte", "week_day__in"]
_TIMED = ["hour", "minute__lt"]

_KINDS: list[tuple[type[Any], list[str], list[Any]]] = [
    (models.BooleanField, ["exact", "in", "lt"], []),
    (models.IntegerField, [*_COMPARED, "contains"], []),
    (models.DecimalField, _COMPARED, NUMBERS),
    (models.FloatField, _COMPARED, NUMBERS),
    (models.DateTimeField, [*_COMPARED, *_DATED, *_TIMED, "date", "time__gte"], MOMENTS),
    (models.DateField, [*_COMPARED, *_DATED], DAYS),
    (models.TimeField, [*_COMPARED, *_TIMED], [dt.time.min, dt.time.max, "12:00", "x"]),
    (models.DurationField, _COMPARED, [dt.timedelta(0), dt.timedelta.max, dt.timedelta.min, "x"]),
    (models.UUIDField, ["exact", "in", "contains", "startswith"], TOKENS),
    (models.BinaryField, ["exact", "in"], [b"\x00\xff", memoryview(b"a"), bytearray(b"a")]),
    (models.JSONField, ["exact", "in", "level", "level__gt", "has_key", "has_keys"], DOCUMENTS),
    (models.ForeignKey, ["exact", "in", "gt", "lte"], [2**63, -(2**63) - 1, *TEXTS]),
    (models.Field, [*_COMPARED, *_TEXTUAL], TEXTS),
]


def kind_of(field: models.Field[Any, Any]) -> tuple[list[str], list[Any]]:
    """Return the lookups of a field, and values at its edges."""
    lookups, values = next(found[1:] for found in _KINDS if isinstance(field, found[0]))
    if isinstance(field, models.IntegerField):
        values = _bounds(field)
    return lookups, [*values, *ODD]


def _bounds(field: models.Field[Any, Any]) -> list[int]:
    bounds: Any = connection.ops.integer_field_range(field.get_internal_type())
    low, high = bounds
    low, high = -(2**63) if low is None else low, 2**63 - 1 if high is None else high
    return [low - 1, low, low + 1, -2, 7, high - 1, high, high + 1, 2**70]


def values_of(lookup: str, values: list[Any]) -> list[Any]:
    """Return what is given to a lookup: of a part of a date its numbers, of a list lists."""
    *_, last = lookup.split("__")
    if any(f"__{lookup}".startswith(f"__{part}") for part in ("date", "time")):
        values = [*DAYS, *ODD] if lookup == "date" else [dt.time.min, dt.time.max, "x", *ODD]
    elif lookup in {*_DATED, *_TIMED}:
        values = PARTS
    elif lookup == "has_keys":
        return [["a"], ["a", "b"], ["a", "a"], [], ["%"]]
    elif lookup == "has_key":
        values = [one for one in TEXTS if isinstance(one, str)]
    if last == "range":
        pairs = [*pairwise(values), *zip(values, values, strict=True)]
        return [*map(list, pairs), pairs[0], [values[0], None], [None, None]]
    if last != "in":
        return values
    pairs = [*pairwise(values)]
    return [
        *([one] for one in values),
        *map(list, pairs),
        *([one, one] for one in values[:6]),
        *[[], [None], [values[0], None], [values[1], values[0], values[1]], tuple(values[:2])],
        *[values[:3], values[3:6], [*values[:2], values[0]]],
    ]


FIELDS = [field for field in Sample._meta.concrete_fields if field.name != "file"]
