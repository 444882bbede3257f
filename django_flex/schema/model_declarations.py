"""What a Django model declares about its columns, what a new row needs, and what code may fill."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.core.validators import MaxValueValidator, MinLengthValidator, MinValueValidator
from django.db import models
from django.db.models.signals import post_save, pre_save

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
        dynamic=has_dynamic_choices(column),
        has_default=fills_itself,
        default=_constant(column) if fills_itself else None,
        required=needs_value(column),
        unique=column.unique,
        format=next((name for base, name in _FORMATS if isinstance(column, base)), None),
        min_length=_least(column, MinLengthValidator),
        max_length=value.max_length if attribute.kind in {"text", "file"} else None,
        minimum=_least(column, MinValueValidator),
        maximum=_greatest(column),
        max_digits=getattr(value, "max_digits", None),
        decimal_places=getattr(value, "decimal_places", None),
    )


def has_dynamic_choices(column: models.Field[Any, Any]) -> bool:
    """Whether code returns the choices of a column, so that they may differ each time."""
    return not isinstance(column.choices, list | tuple | None)


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


def needs_value(field: models.Field[Any, Any]) -> bool:
    """Whether a new row is not valid without a value for a field, which Django does not fill.

    A key is always needed. A column that may be blank, or that no form shows, is not.
    """
    if is_filled_by_django(field):
        return False
    return field.primary_key or not (field.null or field.blank or not field.editable)


def has_no_empty_value(field: models.Field[Any, Any]) -> bool:
    """Whether a field that may be left out still has to be filled, since it stores no null.

    There is an empty text, but no empty number, date or foreign key.
    """
    if is_filled_by_django(field) or field.null:
        return False
    return field.get_default() is None


def is_filled_by_django(field: models.Field[Any, Any]) -> bool:
    """Whether Django or the database gives a new row a value for a field."""
    remote = field.remote_field
    return bool(
        field.has_default()
        or field.has_db_default()
        or field.generated
        or isinstance(field, models.AutoField | models.BigAutoField | models.SmallAutoField)
        or getattr(field, "db_returning", False)
        or getattr(field, "auto_now", False)
        or getattr(field, "auto_now_add", False)
        or getattr(remote, "parent_link", False)
        or is_placed(field)
    )


def is_placed(field: models.Field[Any, Any]) -> bool:
    """Whether Django gives each new row the next value of a field (``order_with_respect_to``)."""
    model = getattr(field, "model", None)  # what is in arrays and texts by key may have none
    return field.name == "_order" and bool(model and model._meta.order_with_respect_to)


def may_be_filled(field: models.Field[Any, Any], model: type[models.Model]) -> bool:
    """Whether code of the project may give a new row a value for a field, hooks aside."""
    return is_cleaned_by_project(model) or may_be_filled_by_saving(field, model)


def is_cleaned_by_project(model: type[models.Model]) -> bool:
    """Whether code of the project runs while a row is validated, and may fill it."""
    return any(
        _is_projects(getattr(model, name)) for name in ("clean", "clean_fields", "full_clean")
    )


def may_be_filled_by_saving(field: models.Field[Any, Any], model: type[models.Model]) -> bool:
    """Whether code of the project that runs when a row is saved may fill a field."""
    if is_saved_by_project(model) or fills_itself(field):
        return True
    # A receiver of post_save comes too late for what has to be in the INSERT.
    storable = not (field.primary_key or has_no_empty_value(field))
    return storable and bool(post_save.has_listeners(model))


def is_saved_by_project(model: type[models.Model]) -> bool:
    """Whether code of the project runs before a row is stored, and may fill all of it."""
    own = any(_is_projects(getattr(model, name)) for name in ("save", "save_base"))
    return own or bool(pre_save.has_listeners(model))


def fills_itself(field: models.Field[Any, Any]) -> bool:
    """Whether a field has a ``pre_save`` of its own, as those have that make slugs and numbers."""
    return _is_projects(type(field).pre_save)


def _is_projects(method: object) -> bool:
    """Whether a method is not Django's own, as ``save`` and ``clean`` of its users are."""
    return not (getattr(method, "__module__", None) or "").startswith("django.")
