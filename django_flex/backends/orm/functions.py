"""Aggregates as SQL, each with the same result on every database.

SQLite adds decimals as floats, so it adds whole hundredths instead (or what the scale is), which
floats hold exactly up to 2**53. MariaDB gives means four decimal places, so it is given more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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


class Kept(Func):
    """The same value. Unlike a bare subquery it is null where Django knows that there is no row."""

    template = "%(expressions)s"


class _Exactly(Func):
    template = "CAST(%(expressions)s AS DECIMAL(65, 20))"


class _AsFloat(Func):
    template = "(%(expressions)s + 0e0)"


class _Divided(Func):
    arg_joiner = " / "
    template = "(%(expressions)s)"


def aggregate(name: str, source: Any, output: models.Field[Any, Any], vendor: str) -> Any:
    """Return an aggregate.

    Args:
        name: of the function.
        source: what it is of; ``"*"`` for rows.
        output: the field of the result, which says its kind and scale.
        vendor: of the database.
    """
    distinct: Any = {"distinct": True} if name.endswith("_distinct") else {}
    plain = name.removesuffix("_distinct")
    if plain == "count":
        return Count(source, **distinct)
    if isinstance(output, models.DecimalField) and plain in {"sum", "avg"}:
        return _decimal(plain, source, output, vendor, distinct)
    if plain == "avg" and vendor == "mysql" and isinstance(output, FloatField):
        source = _AsFloat(source, output_field=FloatField())
    if plain in {"stddev", "variance"} and vendor == "sqlite":
        # What Django gives SQLite for these fails on NULL.
        return _PLAIN[plain](source, output_field=output, filter=Q(IsNull(source, rhs=False)))
    return _PLAIN[plain](source, output_field=output, **distinct)


_PLAIN: dict[str, Callable[..., Any]] = {
    "sum": Sum,
    "avg": Avg,
    "min": Min,
    "max": Max,
    "stddev": StdDev,
    "variance": Variance,
}


def _decimal(
    name: str, source: Any, output: models.DecimalField[Any, Any], vendor: str, distinct: Any
) -> Any:
    places: Any = output.decimal_places
    if places is None:
        return _PLAIN[name](source, output_field=output, **distinct)
    if vendor == "sqlite":
        return _whole(name, source, output, distinct)
    if name == "sum":
        total = Sum(source, output_field=output, **distinct)
        return Round(total, precision=places, output_field=output)
    mean: Any = Avg(source, output_field=output, **distinct)
    if vendor == "mysql":
        exact = _Exactly(Sum(source, output_field=output, **distinct), output_field=output)
        mean = _Divided(exact, Count(source, **distinct), output_field=output)
    return Round(mean, precision=places, output_field=output)


def _whole(name: str, source: Any, output: Any, distinct: Any) -> Any:
    """Add whole numbers of the least unit, and divide once at the end."""
    unit = f"{10**output.decimal_places}.0"
    number = FloatField()
    units = Func(source, template=f"ROUND((%(expressions)s) * {unit})", output_field=number)
    found = _PLAIN[name](units, output_field=number, **distinct)
    shape = "ROUND(%(expressions)s)" if name == "avg" else "%(expressions)s"
    return Func(found, template=f"({shape} / {unit})", output_field=output)


def of_at_least(least: int, value: Any, output: models.Field[Any, Any]) -> Any:
    """Return an aggregate that is null over fewer rows than a grant wants together."""
    if least <= 1:
        return value
    return Case(When(GreaterThanOrEqual(Count("*"), least), then=value), output_field=output)
