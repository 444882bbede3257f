"""Django's fields of values that are no columns: results of aggregates, parts of group keys."""

from __future__ import annotations

import json
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache, cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.db import models

from django_flex.schema.model_attributes import value_field_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_flex.schema.resources import Attribute

_PRECISE = Context(prec=85)  # more than the digits of any database


class ScaledDecimalField(models.DecimalField):  # type: ignore[type-arg]  # no generic at runtime
    """A computed decimal with the scale of its field, whatever scale the database returns."""

    def from_db_value(self, value: Any, *_: object) -> object:
        """Return the value with as many decimal places as the field has."""
        if value is None or not value.is_finite():
            return value
        return value.quantize(self._least, ROUND_HALF_UP, _PRECISE)

    @cached_property
    def _least(self) -> Decimal:
        return Decimal(1).scaleb(-(self.decimal_places or 0))


class JSONWordField(models.TextField):  # type: ignore[type-arg]  # no generic at runtime
    """A value inside a JSON column, encoded as JSON text."""

    def from_db_value(self, value: Any, *_: object) -> object:
        """Return the decoded value."""
        return value if value is None else json.loads(value)


_FIELDS: Mapping[str, models.Field[Any, Any]] = MappingProxyType(
    {
        "integer": models.BigIntegerField(),
        "float": models.FloatField(),
        "date": models.DateField(),
        "datetime": models.DateTimeField(),
        "time": models.TimeField(),
        "json": JSONWordField(),
        "text": models.TextField(),
    }
)


def output_field_of(attribute: Attribute) -> models.Field[Any, Any]:
    """Return the field that types a value: its column's, or one for what was made of a column."""
    found = value_field_of(attribute)
    if found is not None:
        return found
    if attribute.kind == "decimal":
        return _decimal(attribute.digits, attribute.scale)
    return _FIELDS[attribute.kind]


def scaled(field: models.Field[Any, Any]) -> models.Field[Any, Any]:
    """Return the output field for a column in an expression, where SQLite drops a decimal's zeros."""
    if not isinstance(field, models.DecimalField):
        return field
    return _decimal(field.max_digits, field.decimal_places)


@cache
def _decimal(digits: int | None, scale: int | None) -> models.Field[Any, Any]:
    if digits is None or scale is None:
        return models.DecimalField()
    return ScaledDecimalField(max_digits=digits, decimal_places=scale)
