"""Rows at the other end of a relation: the tables of links on the way, and whether there are many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import CharField, Exists, F, OuterRef, Q
from django.db.models.functions import Cast

from django_flex.backends.orm.django_internals.joins import filter_by_links
from django_flex.backends.orm.django_internals.keys import is_outer_row
from django_flex.backends.orm.django_internals.marking import bindable
from django_flex.backends.orm.django_internals.models import (
    is_automatic,
    link_columns,
    primary_key,
)
from django_flex.backends.orm.django_internals.raw_sql import (
    are_in_a_table_of_their_own,
    has_raw_sql,
)
from django_flex.backends.orm.expressions.context import content_type, near_path
from django_flex.backends.orm.schema import model_of
from django_flex.schema.introspection import unique_sets

if TYPE_CHECKING:
    from django.db import models
    from django.db.models import Model, QuerySet

    from django_flex.schema.resources import Relation


def link_to(
    relation: Relation, way: Sequence[Relation], outer: Callable[[str], Any] = OuterRef
) -> Q:
    """Return the condition that a row is at the other end of a relation of the outer row.

    Args:
        relation: the relation.
        way: to-one relations from the outer row to the one that the relation belongs to.
        outer: makes a reference to a column of the outer row.
    """
    near = outer(near_path(way, relation))
    if relation.as_text:
        near = Cast(near, CharField())
    return Q((relation.far, near), *of_type(relation))


def of_type(relation: Relation) -> list[tuple[str, object]]:
    """Return the condition that rows are of the model that a generic relation belongs to."""
    kind = relation.far_type
    return [] if kind is None else [(kind.column, content_type(kind.label))]


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
    """Put a rule that crosses a to-many relation under EXISTS, so that no row comes twice.

    One in SQL of the project's own is asked about by itself, since it names tables.
    """
    if has_raw_sql(condition):
        return are_in_a_table_of_their_own(model._base_manager.using(using).filter(condition))
    if not crosses_many(condition, model):
        return condition
    matching = bindable(model._base_manager.using(using)).filter(condition)
    return Q(Exists(matching.filter(is_outer_row(model))))


def far_field(relation: Relation) -> Any:
    """Return Django's field by which related rows, or their links, point to the row."""
    way, columns = _way_back(relation)
    model: Any = model_of(relation.target)
    if columns:  # of tags, over the rows of their links
        model = model._meta.get_field(way).related_model
    return model._meta.get_field(columns[0] if columns else way)


def through_of(relation: Relation) -> type[Model] | None:
    """Return the model of the links of a many-to-many relation, ``None`` for any other."""
    return None if relation.through is None else apps.get_model(relation.through)


def links_repeat(relation: Relation) -> bool:
    """Whether several links may lead from one row to one related row."""
    through = through_of(relation)
    if through is None or is_automatic(through):
        return False
    return _repeat(model_of(relation.target), through, *_way_back(relation))


@cache
def _repeat(model: Any, through: Any, way: str, columns: tuple[str, ...]) -> bool:
    links = model._meta.get_field(way)
    there = [through._meta.get_field(one).name for one in columns]
    pair = frozenset((links.field.name, *there)) if columns else link_columns(links)
    return not any(unique <= pair for unique in unique_sets(through))


def links_between(relation: Relation) -> QuerySet[Any]:
    """Return the links of tags from a row to the tag of an outer queryset that has joined such a link."""
    way, columns = _way_back(relation)
    links: Any = model_of(relation.target)._meta.get_field(way)
    there = [(one, OuterRef(f"{way}__{one}")) for one in columns]
    found: QuerySet[Any] = links.related_model._base_manager.filter(
        Q((links.field.name, OuterRef("pk")), *there)
    )
    return found


def _way_back(relation: Relation) -> tuple[str, tuple[str, ...]]:
    """Return the field that leads back, and the columns behind it by which links of tags point."""
    way, _, name = relation.far.partition("__")
    if not name:
        return way, ()
    kind = relation.far_type
    return way, (name,) if kind is None else (name, kind.column.removeprefix(f"{way}__"))
