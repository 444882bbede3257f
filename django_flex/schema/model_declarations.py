"""What a Django model declares about its columns, read from their fields."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.core.validators import MaxValueValidator, MinLengthValidator, MinValueValidator
from django.db import models

from django_flex.schema.declarations import Choice, Declaration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django_flex.schema.declarations import Text
    from django_flex.schema.resources import Attribute

logger = logging.getLogger("django_flex")

_FORMATS: tuple[tuple[type[models.Field[Any, Any]], str], ...] = (
    (models.EmailField, "email"),
    (models.URLField, "uri"),
)


def declaration_of(
    attribute: Attribute, column: models.Field[Any, Any], value: models.Field[Any, Any]
) -> Declaration:
    """Return what a model declares about a column; of a computed one only what its type says.

    Args:
        attribute: the column as a resource has it.
        column: Django's field of it.
        value: Django's field that its values are of.
    """
    if attribute.computed is not None:
        return Declaration(
            label=attribute.name.replace("_", " "),
            max_digits=getattr(value, "max_digits", None),
            decimal_places=getattr(value, "decimal_places", None),
        )
    fills_itself = _fills_itself(column, attribute)
    return Declaration(
        label=column.verbose_name,
        help=column.help_text,
        choices=tuple(_choices(column)),
        dynamic=not isinstance(column.choices, list | tuple | None),
        has_default=fills_itself,
        default=_constant(column) if fills_itself else None,
        required=not (fills_itself or column.blank),
        unique=column.unique,
        format=next((name for base, name in _FORMATS if isinstance(column, base)), None),
        min_length=_least(column, MinLengthValidator),
        max_length=value.max_length if attribute.kind in {"text", "file"} else None,
        minimum=_least(column, MinValueValidator),
        maximum=_greatest(column),
        max_digits=getattr(value, "max_digits", None),
        decimal_places=getattr(value, "decimal_places", None),
    )


def _fills_itself(column: models.Field[Any, Any], attribute: Attribute) -> bool:
    stored = getattr(column, "db_default", models.NOT_PROVIDED) is not models.NOT_PROVIDED
    numbered = isinstance(column, models.AutoField | models.BigAutoField | models.SmallAutoField)
    return bool(column.has_default() or stored or numbered or attribute.generated)


def _constant(column: models.Field[Any, Any]) -> object:
    default: object = column.default
    return None if default is models.NOT_PROVIDED or callable(default) else default


def _choices(column: models.Field[Any, Any]) -> Iterator[Choice]:
    """Yield the choices, including those in groups, without the empty one for forms."""
    try:
        pairs: Iterable[tuple[object, Text]] = column.flatchoices or ()
        yield from (Choice(value, label) for value, label in pairs)
    except Exception:
        # A callable of the project; a form without choices is better than none.
        logger.exception("The choices of '%s' cannot be read", column)


def _least(column: object, kind: type[Any]) -> Any:
    return max(_bounds(column, kind), default=None)


def _greatest(column: object) -> object:
    return min(_bounds(column, MaxValueValidator), default=None)


def _bounds(column: Any, kind: type[Any]) -> Iterator[Any]:
    """Yield the bounds that validators set; bounds that are callables are unknown."""
    for validator in column.validators:
        if isinstance(validator, kind) and not callable(validator.limit_value):
            yield validator.limit_value
