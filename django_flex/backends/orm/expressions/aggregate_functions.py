"""Aggregates as SQL, each with the same result on every database.

SQLite adds decimals as floats, so it adds whole hundredths instead (or what the scale is), which
floats hold exactly up to 2**53. MariaDB gives means four decimal places, so it is given more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

from django.db import models
from django.db.models import (
    Avg,
    Case,
    Count,
    FloatField,
    Func,
    Max,
    Min,
    Q,
    StdDev,
    Sum,
    Variance,
    When,
)
from django.db.models.functions import Round
from django.db.models.lookups import GreaterThanOrEqual, IsNull

from django_flex.query.aggregates import FUNCTIONS
from django_flex.query.kinds import check_total

Field: TypeAlias = "models.Field[Any, Any]"


class NullableSubquery(Func):
    """The same value. Unlike a bare subquery, it is null if Django knows that no row matches."""

    template = "%(expressions)s"


class _CastToDecimal(Func):
    template = "CAST(%(expressions)s AS DECIMAL(65, 20))"


class _CastToFloat(Func):
    template = "(%(expressions)s + 0e0)"


class _Quotient(Func):
    arg_joiner = " / "
    template = "(%(expressions)s)"


def aggregate(name: str, source: object, output: models.Field[Any, Any], vendor: str) -> object:
    """Return an aggregate.

    Args:
        name: of the function.
        source: what it is of; ``"*"`` for rows.
        output: the field of the result, which says its kind and scale.
        vendor: of the database.
    """
    return _AGGREGATES[name](source, output, vendor)


def _count(source: Any, _output: Field, _vendor: str, *, distinct: bool = False) -> object:
    return Count(source, distinct=distinct)


def _sum(source: object, output: Field, vendor: str, *, distinct: bool = False) -> object:
    if isinstance(output, models.DecimalField) and output.decimal_places is not None:
        if vendor == "sqlite":
            return _by_units(Sum, source, output, "%(expressions)s", distinct=distinct)
        total = Sum(source, output_field=output, distinct=distinct)
        return Round(total, precision=output.decimal_places, output_field=output)
    return Sum(source, output_field=output, distinct=distinct)


def _avg(source: Any, output: Field, vendor: str, *, distinct: bool = False) -> object:
    if vendor == "mysql" and isinstance(output, FloatField):
        source = _CastToFloat(source, output_field=FloatField())
    if not isinstance(output, models.DecimalField) or output.decimal_places is None:
        return Avg(source, output_field=output, distinct=distinct)
    if vendor == "sqlite":
        return _by_units(Avg, source, output, "ROUND(%(expressions)s)", distinct=distinct)
    mean: Func | Avg = Avg(source, output_field=output, distinct=distinct)
    if vendor == "mysql":
        exact = _CastToDecimal(
            Sum(source, output_field=output, distinct=distinct), output_field=output
        )
        mean = _Quotient(exact, Count(source, distinct=distinct), output_field=output)
    return Round(mean, precision=output.decimal_places, output_field=output)


def _by_units(
    function: type[Sum | Avg],
    source: object,
    output: models.DecimalField[Any, Any],
    rounded: str,
    *,
    distinct: bool,
) -> object:
    """Add whole numbers of the least unit, and divide once at the end."""
    unit = f"{10 ** (output.decimal_places or 0)}.0"
    number = FloatField()
    units = Func(source, template=f"ROUND((%(expressions)s) * {unit})", output_field=number)
    found = function(units, output_field=number, distinct=distinct)
    return Func(found, template=f"({rounded} / {unit})", output_field=output)


def _min(source: object, output: Field, _vendor: str) -> object:
    return Min(source, output_field=output)


def _max(source: object, output: Field, _vendor: str) -> object:
    return Max(source, output_field=output)


def _stddev(source: Any, output: Field, vendor: str) -> object:
    return StdDev(source, output_field=output, filter=_not_null(source, vendor))


def _variance(source: Any, output: Field, vendor: str) -> object:
    return Variance(source, output_field=output, filter=_not_null(source, vendor))


def _not_null(source: object, vendor: str) -> Q | None:
    """Return what keeps NULL from SQLite's functions for these, which fail on it."""
    return Q(IsNull(source, rhs=False)) if vendor == "sqlite" else None


_AGGREGATES: Mapping[str, Callable[[Any, Field, str], Any]] = {
    "count": _count,
    "count_distinct": partial(_count, distinct=True),
    "sum": _sum,
    "sum_distinct": partial(_sum, distinct=True),
    "avg": _avg,
    "avg_distinct": partial(_avg, distinct=True),
    "min": _min,
    "max": _max,
    "stddev": _stddev,
    "variance": _variance,
}
check_total("SQL", _AGGREGATES, FUNCTIONS, "aggregate functions")


def of_at_least(least: int, value: object, output: models.Field[Any, Any]) -> object:
    """Return an aggregate that is null if it covers fewer rows than the grant's ``min_group``."""
    if least <= 1:
        return value
    return Case(When(GreaterThanOrEqual(Count("*"), least), then=value), output_field=output)
