"""Attributes of a model that are code of a package: setting one, or reading one, may raise.

``MoneyField`` makes an amount of two columns when it is read, ``TimeZoneField`` converts what it is
set to, and a state machine lets nobody set its state. Which value is to blame is found out here.
"""

from __future__ import annotations

from functools import cache
from inspect import getattr_static
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy

from django_flex.backends.orm.django_internals.models import columns_of
from django_flex.schema.values import MEANT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from django.db.models import Model

UNFIT = gettext_lazy("This value has a form that the field does not accept.")


@cache
def own_descriptors(model: type[Model]) -> frozenset[str]:
    """Return the columns of a model that are attributes of other classes than Django's.

    Those of a model with its own ``__setattr__`` are all of them.
    """
    own = model.__setattr__ is not models.Model.__setattr__
    return frozenset(
        field.attname
        for field in columns_of(model)
        if own
        or not type(getattr_static(model, field.attname, None)).__module__.startswith("django.")
    )


def refusal(error: Exception) -> list[ValidationError]:
    """Return what code that refuses a value says of it; only ``ValidationError`` is for clients.

    Raises:
        Exception: the error itself, if it is not about the value.
    """
    if isinstance(error, MEANT):
        raise error
    if isinstance(error, ValidationError):
        code = getattr(error, "code", None) or "invalid"
        return [ValidationError(text, code) for text in error.messages]
    return [ValidationError(UNFIT, "invalid")]


def set_values(instance: Model, values: Mapping[str, object]) -> dict[str, Exception]:
    """Set columns that have descriptors of their own.

    One value may have to be there before another one can be set: those that were refused are tried
    again as long as that helps.

    Returns:
        What was raised last, by the columns that could not be set.
    """
    waiting, refused = dict(values), dict[str, Exception]()
    while waiting:
        refused = {}
        for name, value in waiting.items():
            try:
                setattr(instance, name, value)
            except Exception as error:  # noqa: BLE001 - whatever the descriptor raises
                refused[name] = error
        if len(refused) == len(waiting):
            break
        waiting = {name: waiting[name] for name in refused}
    return refused


def blamed(instance: Model, names: Collection[str], before: Mapping[str, Any]) -> list[str]:
    """Return which of the columns that were set keep others from being read.

    Args:
        instance: with the values that were set.
        names: the columns that were set.
        before: the values of its columns before.
    """
    now = unreadable(instance)
    # What could not be read before is not the fault of what was set.
    broken = now.keys() - unreadable(_restored(instance, names, before)).keys() if now else ()
    found = []
    for name in names if broken else ():
        without = unreadable(_restored(instance, [name], before))
        if any(now[column] != without.get(column) for column in broken):
            found.append(name)
    # An amount that cannot be read with a currency can be: it is the currency.
    return [name for name in found if name not in broken] or found or [*(names if broken else ())]


def unreadable(instance: Model) -> dict[str, str]:
    """Return what reading a column raises, of those that have descriptors of their own."""
    own, found = own_descriptors(type(instance)), dict[str, str]()
    trial = _restored(instance, (), {}) if own else instance
    for name in own:
        try:
            getattr(trial, name)
        except Exception as error:  # noqa: BLE001 - whatever the descriptor raises
            found[name] = repr(error)
    return found


def _restored(instance: Model, names: Iterable[str], before: Mapping[str, Any]) -> Model:
    """Return the row as another object, since reading may change it, some columns as they were."""
    trial: Model = type(instance).__new__(type(instance))
    trial.__dict__.update(instance.__dict__)
    trial.__dict__.update({name: before[name] for name in names if name in before})
    return trial
