"""Paths to values of the caller, looked up in the user model."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from django_flex.schema.introspection import UnsupportedModelError, describe

if TYPE_CHECKING:
    from django_flex.query.ast import Path
    from django_flex.schema.resources import Attribute

NUMBERS = frozenset({"integer", "decimal", "float"})
#: Kinds whose values are like no others'. Of the rest nothing is known, or anything fits.
PLAIN = NUMBERS | {"boolean", "text", "uuid", "date", "datetime", "time"}


@dataclass(frozen=True, slots=True)
class PathFault:
    """Why a path gives no value to compare with, and what would."""

    text: str
    hint: str | None = None


def user_fault(path: Path, attribute: Attribute | None = None) -> PathFault | None:
    """Return why a value of the caller cannot be used, ``None`` if it can.

    Args:
        path: the path under ``$user``.
        attribute: the column that the value is for, where its kind matters.
    """
    field: object = None
    current: Any = get_user_model()
    for position, step in enumerate(path):
        last = position == len(path) - 1
        if step == "pk" or (step == "id" and not position):
            field = current._meta.pk
            break
        found = _member(current, step)
        if isinstance(found, PathFault):
            return _with_path(found, path, position)
        if not isinstance(found, models.Field | models.ForeignObjectRel):
            return None  # a property, whose value only a user can tell
        key = step == _attname(found) and step != found.name
        if found.is_relation and not key:
            if last:
                return _object_fault(path, found)
            current = found.related_model
            continue
        field = found
        if not last:
            return None
    return None if attribute is None else _kind_fault(path, field, attribute)


def _member(owner: type[models.Model], step: str) -> object:
    """Return the field or attribute of a class by its name; a ``PathFault`` if there is none."""
    for field in owner._meta.get_fields():
        names = _names_of(field)
        if step in names:
            many = field.one_to_many or field.many_to_many
            return PathFault("leads to many rows", _instead(field)) if many else field
    found: object = inspect.getattr_static(owner, step, None)
    if inspect.isfunction(found):
        return PathFault("is a method", "a field or a property is needed")
    if found is not None or hasattr(owner, "__getattr__"):
        return found or owner
    known = [f.name for f in owner._meta.get_fields()] + ["id"]
    close = get_close_matches(step, known, n=1)
    return PathFault(f"does not exist on {owner._meta.label}", close[0] if close else None)


def _names_of(field: Any) -> tuple[str | None, ...]:
    """Return the names that a field has on its instances."""
    if isinstance(field, models.ForeignObjectRel):
        return (field.get_accessor_name(),)
    return (field.name, _attname(field))


def _attname(field: object) -> str | None:
    return getattr(field, "attname", None)


def _instead(field: Any) -> str:
    return f"compare the other way round: {{'{field.related_model._meta.model_name}…': {{'$user': 'id'}}}}"


def _with_path(fault: PathFault, path: Path, position: int) -> PathFault:
    text = f"'$user': '{'.'.join(path)}' {fault.text}"
    if fault.hint is None or " " in fault.hint:
        return PathFault(text, fault.hint)
    meant = ".".join((*path[:position], fault.hint, *path[position + 1 :]))
    return PathFault(text, f"did you mean '{meant}'?")


def _object_fault(path: Path, field: object) -> PathFault:
    name = ".".join(path)
    hint = f"'{name}_id'" if isinstance(field, models.ForeignKey) else f"'{name}.pk'"
    return PathFault(f"'$user': '{name}' is an object, and its key is needed", hint)


def _kind_fault(path: Path, field: object, attribute: Attribute) -> PathFault | None:
    """Return a fault where the values of one column never fit another."""
    kind = _kind_of(field)
    if kind is None or kind == attribute.kind or {kind, attribute.kind} <= NUMBERS:
        return None
    if not {kind, attribute.kind} <= PLAIN:
        return None
    name = attribute.name
    return PathFault(
        f"'$user': '{'.'.join(path)}' is a value of the kind {kind}, and '{name}' needs {attribute.kind}"
    )


def _kind_of(field: Any) -> str | None:
    try:
        found = describe(field.model).attribute(field.name)
    except (UnsupportedModelError, FieldDoesNotExist):
        return None
    return None if found is None else found.kind
