"""``unique_for_date``, ``unique_for_month`` and ``unique_for_year``, which no database enforces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import DateTimeField, Q
from django.utils import timezone

from django_flex.backends.orm.django_internals.keys import has_key
from django_flex.backends.orm.django_internals.models import (
    is_database_default,
    own_columns,
    parts_in_parents,
    with_parents,
)
from django_flex.schema.model_attributes import compared_as

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from django.db.models import Field, Model

    from django_flex.backends.orm.writing.pending_rows import PendingRow

#: How many rows one query looks for.
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class UniquePeriod:
    """A column of which a value occurs once in a day, month or year of another column."""

    model: type[Model]
    field: Field[Any, Any]
    day: Any
    period: str

    def condition(self, instance: Model) -> Q | None:
        """Return which rows have the value of a row in the same period; ``None`` without a date."""
        values = [getattr(instance, one.attname) for one in (self.field, self.day)]
        if any(map(is_database_default, values)) or values[1] is None:
            return None
        day = self.day.to_python(values[1])
        if isinstance(day, datetime) and timezone.is_aware(day):
            day = timezone.localtime(day)
        first, after = _bounds(day, self.period)
        name = self.field.attname
        condition = Q((name, values[0]))
        if values[0] is None:
            condition = Q((f"{compared_as(self.field)}__isnull", True))
        condition &= Q((f"{self.day.name}__gte", self._as_stored(first)))
        if after is not None:
            condition &= Q((f"{self.day.name}__lt", self._as_stored(after)))
        return condition

    def _as_stored(self, day: date) -> date:
        if not isinstance(self.day, DateTimeField):
            return day
        start = datetime.combine(day, time.min)
        return timezone.make_aware(start) if timezone.is_aware(timezone.now()) else start


def _bounds(day: date, period: str) -> tuple[date, date | None]:
    """Return the first day of the period that a day is in, and the day after it, if there is one."""
    first = date(
        day.year,
        1 if period == "year" else day.month,
        day.day if period == "date" else 1,
    )
    days = {"date": 1, "month": 31, "year": 366}[period]
    try:
        after = first + timedelta(days=days)
    except OverflowError:
        return first, None
    return first, after if period == "date" else after.replace(
        day=1, month=1 if period == "year" else after.month
    )


@cache
def unique_periods(model: type[Model]) -> tuple[UniquePeriod, ...]:
    """Return those of a model and of the models that it inherits columns from."""
    return tuple(
        UniquePeriod(owner, field, owner._meta.get_field(name), period)
        for owner in with_parents(model)
        for field in own_columns(owner)
        for period in ("date", "month", "year")
        if (name := getattr(field, f"unique_for_{period}"))
    )


def check_unique_periods(
    pending_rows: Sequence[PendingRow], using: str, failed: Collection[str] = ()
) -> Iterator[tuple[PendingRow, ValidationError]]:
    """Find rows whose values are taken in their periods.

    Args:
        pending_rows: several of them have to be stored already, since they may be in each other's way.
        using: the database.
        failed: columns whose values are not valid.

    Yields:
        Each of these rows, and its error by column.
    """
    if not pending_rows:
        return
    for unique in unique_periods(type(pending_rows[0].instance)):
        names = {unique.field.name, unique.day.name}
        if not names.isdisjoint(failed):
            continue
        asked = [
            (pending, condition & ~has_key(unique.model, _key(pending.instance, unique.model)))
            for pending in pending_rows
            if pending.operation == "add" or not names.isdisjoint(pending.sent())
            if (condition := unique.condition(pending.instance)) is not None
        ]
        for start in range(0, len(asked), _AT_ONCE):
            some = asked[start : start + _AT_ONCE]
            conditions = [condition for _, condition in some]
            if _exists(unique, Q(*conditions, _connector=Q.OR), using):
                for pending, condition in some:
                    if len(some) == 1 or _exists(unique, condition, using):
                        yield pending, _error(pending.instance, unique)


def _exists(unique: UniquePeriod, condition: Q, using: str) -> bool:
    return unique.model._default_manager.using(using).filter(condition).exists()


def _key(instance: Model, model: type[Model]) -> object:
    return dict(parts_in_parents(instance)).get(model, instance.pk)


def _error(instance: Model, unique: UniquePeriod) -> ValidationError:
    name = unique.field.name
    error = instance.date_error_message(unique.period, name, unique.day.name)
    return ValidationError({name: error})
