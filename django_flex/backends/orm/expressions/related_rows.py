"""Rows at the other end of a relation: the links that a caller may see, and whether there are many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Exists, F, OuterRef, Q

from django_flex.backends.orm.django_internals.joins import filter_by_links
from django_flex.backends.orm.django_internals.marking import bindable
from django_flex.backends.orm.django_internals.models import primary_key

if TYPE_CHECKING:
    from django.db import models
    from django.db.models import QuerySet


def linked(queryset: QuerySet[Any], condition: Q, links: QuerySet[Any] | None) -> QuerySet[Any]:
    """Return the rows that satisfy a condition on the other end of a relation of theirs.

    Args:
        queryset: the rows.
        condition: a comparison of the relation, as Django's ``filter`` takes it.
        links: of a many-to-many relation the rows of its ``through`` model that count; ``None``
            for all of them.
    """
    if links is None:
        return queryset.filter(condition)
    return filter_by_links(queryset, condition, links)


def crosses_many(condition: object, model: type[models.Model]) -> bool:
    """Whether a condition of the project goes over a relation that may lead to several rows."""
    if isinstance(condition, Q):
        return any(crosses_many(child, model) for child in condition.children)
    if isinstance(condition, tuple):
        lookup, value = condition
        return _path_crosses_many(lookup, model) or isinstance(value, F)
    return not isinstance(condition, Exists)


def _path_crosses_many(lookup: str, model: type[models.Model]) -> bool:
    """Walk a lookup's relations; stop at the first part that is none."""
    for name in lookup.split("__"):
        try:
            found = primary_key(model) if name == "pk" else model._meta.get_field(name)
        except FieldDoesNotExist:
            return False  # a transform, or a name that filter() will refuse itself
        if not found.is_relation:
            return False
        related: Any = found.related_model
        if found.one_to_many or found.many_to_many or related is None:
            return True
        model = related
    return False


def without_joins(condition: Q, model: type[models.Model], using: str) -> Q:
    """Put a rule that crosses a to-many relation under EXISTS, so that no row comes twice."""
    if not crosses_many(condition, model):
        return condition
    matching = bindable(model._base_manager.using(using)).filter(condition)
    return Q(Exists(matching.filter(pk=OuterRef("pk"))))
