"""Whether a model has code of its own that saves it, and calling that code as Django's admin would."""

from __future__ import annotations

import inspect
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models.signals import post_save, pre_save

from django_flex.backends.orm.django_internals.models import columns_of, primary_key
from django_flex.backends.orm.django_internals.saving import bind_to_database, first_save_inserts
from django_flex.schema.conversions.keys import is_complete
from django_flex.schema.model_declarations import fills_itself, is_filled_by_django
from django_flex.schema.trees import tree_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_flex.backends.orm.django_internals.deletion import Collected


def is_saved_by_django(model: type[models.Model]) -> bool:
    """Whether no code but Django's runs when a row is saved; that of its fields may."""
    return not (_has_own_save(model) or _has_listeners(model))


def may_change_other_columns(model: type[models.Model]) -> bool:
    """Whether code of the project may change columns while a stored row is saved.

    This is an own ``save`` or ``save_base``, a receiver of ``pre_save``, or a field with an own
    ``pre_save``. It knows only once it runs which columns these are.
    """
    return _has_own_save(model) or pre_save.has_listeners(model) or _fills_columns(model)


def _has_listeners(model: type[models.Model]) -> bool:
    return pre_save.has_listeners(model) or post_save.has_listeners(model)


def _has_own_save(model: type[models.Model]) -> bool:
    return model.save is not models.Model.save or model.save_base is not models.Model.save_base


@cache
def _fills_columns(model: type[models.Model]) -> bool:
    """Whether a field has a ``pre_save`` that is not Django's."""
    return any(map(fills_itself, columns_of(model)))


def insert_instance(instance: models.Model, using: str) -> None:
    """Add a row.

    A key that is there before ``save`` is called was sent, or is a default: it must take over no
    stored row, in none of the tables of an inherited model, so the row is inserted by force. Without
    one Django inserts by itself, and a model is free to save itself again, or to choose its key, as a
    singleton does; unless only the model fills its key, which then may be that of another row.

    Raises:
        ValueError: its ``save`` returned without storing it.
    """
    model = type(instance)
    has_key = instance.pk is not None or not is_filled_by_django(primary_key(model))
    if not _has_own_save(model):
        instance.save(using=using, force_insert=(models.Model,))
    elif has_key:
        with first_save_inserts(instance):
            save_instance(instance, using)
    else:
        save_instance(instance, using)
    require_stored(instance, using)


def require_stored(instance: models.Model, using: str) -> None:
    """Refuse a new row that code of the project was to store, and did not.

    The database is asked only about a row that has a key, and that Django did not store itself: the
    model may have stored it by a statement of its own.

    Raises:
        ValueError: there is no such row.
    """
    if not instance._state.adding:  # noqa: SLF001 - documented, in spite of its name
        return
    rows = type(instance)._base_manager.using(using)
    if not (is_complete(instance.pk) and rows.filter(pk=instance.pk).exists()):
        raise ValueError("save() stored no row")


def save_instance(instance: models.Model, using: str) -> None:
    """Call a row's ``save`` as code of the project does, without naming columns."""
    _call(instance.save, instance, using)


def delete_instance(instance: models.Model, using: str, collected: Collected | None = None) -> None:
    """Call a row's ``delete``; Django's would collect again what was collected to check it."""
    tree = tree_of(type(instance))
    by_django = tree is None and type(instance).delete is models.Model.delete
    if by_django and collected is not None and collected.delete is not None:
        collected.delete()
    elif tree is None or not tree.deleted_by_queryset:
        _call(instance.delete, instance, using)
    else:
        bind_to_database(instance, using)
        instance.delete()


def _call(method: Callable[..., Any], instance: models.Model, using: str) -> None:
    """Call a method with the database, or set it on the row where the method cannot take it."""
    if _takes(method, "using"):
        method(using=using)
    else:
        bind_to_database(instance, using)
        method()


def call_excluding(method: Callable[..., None], exclude: set[str]) -> None:
    """Call a method that validates a row, without some of its fields if the method can be told so."""
    if _takes(method, "exclude"):
        method(exclude=exclude)
    else:
        method()


def _takes(method: Callable[..., Any], name: str) -> bool:
    return _function_takes(getattr(method, "__func__", method), name)


@cache
def _function_takes(function: Callable[..., Any], name: str) -> bool:
    parameters = inspect.signature(function).parameters.values()
    return any(p.name == name or p.kind is p.VAR_KEYWORD for p in parameters)
