"""The models whose rows are removed or changed by a delete, according to ``on_delete``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.models.deletion import get_candidate_relations_to_delete

from django_flex.schema.introspection import label_of
from django_flex.schema.trees import node_model, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEPT = (models.DO_NOTHING, models.PROTECT, models.RESTRICT)


@dataclass(frozen=True, slots=True)
class Dependent:
    """Rows of a resource that depend on a row: they go with it, or ``changes`` an attribute."""

    label: str
    changes: str | None = None


@cache
def dependents(model: type[models.Model]) -> tuple[Dependent, ...]:
    """Return what deleting rows of a model may remove or change, over any number of relations.

    Links of many-to-many relations without an explicit model are part of the rows.
    """
    found: dict[Dependent, None] = {}
    waiting = [model]
    while waiting:
        for there, changed in directly_dependent(waiting.pop()):
            dependent = Dependent(label_of(there), changed)
            if dependent not in found:
                found[dependent] = None
                if changed is None:
                    waiting.append(there)
    return tuple(found)


@cache
def asked_by_delete(label: str) -> frozenset[str]:
    """Return the labels of the models whose rows have to be looked at before a row is deleted.

    Those are the dependents, the rows that protect it, and links of many-to-many relations; of a
    resource of another backend than Django's ORM there are none.
    """
    try:
        model: type[models.Model] = apps.get_model(label)
    except LookupError:
        return frozenset()
    depending = dependents(model)
    found = {one.label for one in depending}
    removed = (apps.get_model(one.label) for one in depending if one.changes is None)
    for one in (model, *removed):
        found |= {
            label_of(related.related_model)
            for related in relations_to(one)
            if related.field.remote_field.on_delete is not models.DO_NOTHING
        }
    return frozenset(found)


def directly_dependent(
    model: type[models.Model],
) -> Iterator[tuple[type[models.Model], str | None]]:
    """Yield the models that depend on one directly, each with the field that would change."""
    for related in relations_to(model):
        there, field = related.related_model, related.field
        on_delete = field.remote_field.on_delete
        if on_delete not in _KEPT and not there._meta.auto_created:
            yield there, None if _removes(on_delete) else field.name
    for private in model._meta.private_fields:
        if hasattr(private, "bulk_related_objects"):
            yield private.related_model, None
    tree = tree_of(model)
    if tree is not None and tree.implicit:
        yield node_model(model, tree), None


def relations_to(model: type[models.Model]) -> Iterator[Any]:
    """Yield the relations by which rows depend on those of a model, hidden ones included."""
    yield from get_candidate_relations_to_delete(model._meta)


def _removes(on_delete: object) -> bool:
    """Whether it may be a cascade; a callable of the project counts as one."""
    lazy = (models.SET_NULL, models.SET_DEFAULT)
    return not (on_delete in lazy or by_database(on_delete) == "SET" or _sets_value(on_delete))


def _sets_value(on_delete: object) -> bool:
    """Whether it was created by ``SET(…)``."""
    module = getattr(on_delete, "__module__", "")
    name = getattr(on_delete, "__name__", "")
    return module == "django.db.models.deletion" and name == "set_on_delete"


def by_database(on_delete: object) -> str | None:
    """Return what the database does by itself, without Django's collector."""
    # Of Django 6.1: DB_CASCADE, DB_SET_NULL, DB_SET_DEFAULT.
    name = str(getattr(on_delete, "__name__", type(on_delete).__name__))
    text = name if name.startswith("DB_") else _constant(on_delete)
    if text is None:
        return None
    return "CASCADE" if text == "DB_CASCADE" else "SET"


def _constant(on_delete: object) -> str | None:
    names = ("DB_CASCADE", "DB_SET_NULL", "DB_SET_DEFAULT")
    return next((name for name in names if on_delete is getattr(models, name, models)), None)
