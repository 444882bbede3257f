"""Values in rules and presets that are not among the choices of their column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Q

from django_flex.policy.problems import Problem
from django_flex.query.terms import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.db import models

    from django_flex.schema.resources import Attribute


def choice_problems(condition: Q, model: type[models.Model], place: str) -> Iterator[Problem]:
    """Yield the values of a ``Q`` that are not a choice of the field that they are compared with."""
    for child in condition.children:
        if isinstance(child, Q):
            yield from choice_problems(child, model, place)
        elif isinstance(child, tuple):
            lookup, value = child
            field: Any = _field(lookup, model)
            choices = getattr(field, "flatchoices", ())
            if choices:
                values = value if isinstance(value, list | tuple | set | frozenset) else [value]
                yield from _unknown([choice for choice, _ in choices], field.name, values, place)


def unknown_choices(
    attribute: Attribute, values: Iterable[object], place: str
) -> Iterator[Problem]:
    """Yield the values that are no choice of an attribute; ``None`` and an empty text are ignored."""
    choices = [choice.value for choice in attribute.declaration.choices]
    yield from _unknown(choices, attribute.name, values, place)


def _unknown(
    choices: list[object], name: str, values: Iterable[object], place: str
) -> Iterator[Problem]:
    for value in values if choices else ():
        plain = isinstance(value, str | int | float) and value != ""
        if plain and value not in choices:
            texts = [str(choice) for choice in choices]
            hint = nearest(str(value), texts) or f"one of {', '.join(texts)}"
            yield Problem("W022", f"{value!r} is not a choice of '{name}'", place, hint)


def _field(lookup: str, model: type[models.Model]) -> object:
    """Return the field that a Django lookup compares by equality, ``None`` for other lookups."""
    current: Any = model
    names = lookup.removesuffix("__exact").removesuffix("__in").split("__")
    for position, name in enumerate(names):
        try:
            found = current._meta.get_field(name)
        except FieldDoesNotExist:
            return None
        if position == len(names) - 1:
            return found
        current = found.related_model
        if current is None:
            return None
    return None
