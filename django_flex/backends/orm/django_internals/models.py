"""Models beyond ``_meta.get_field``: their columns, keys and parents, and the ends of relations.

Uses of ``Options``: ``concrete_fields``, ``local_fields``, ``fields``, ``pk``, ``parents``, ``all_parents``,
``concrete_model``, ``get_path_to_parent`` and ``auto_created``; of fields ``target_field``,
``remote_field.through``, ``m2m_field_name``, ``m2m_reverse_field_name`` and ``get_accessor_name``; ``DatabaseDefault``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db.models import ForeignKey
from django.db.models.expressions import DatabaseDefault

if TYPE_CHECKING:
    from django.db.models import Field, Model


def columns_of(model: type[Model] | Model) -> tuple[Field[Any, Any], ...]:
    """Return the fields of a model that have a column, parents' included."""
    fields: tuple[Field[Any, Any], ...] = tuple(model._meta.concrete_fields)
    return fields


def own_columns(model: type[Model]) -> tuple[Field[Any, Any], ...]:
    """Return the fields that a model declares itself, with a column in its own table."""
    fields: tuple[Field[Any, Any], ...] = tuple(model._meta.local_fields)
    return fields


def forward_fields(model: type[Model]) -> tuple[Field[Any, Any], ...]:
    """Return the fields of a model, but many-to-many; those without a column, too."""
    fields: tuple[Field[Any, Any], ...] = tuple(model._meta.fields)
    return fields


def column_names(model: type[Model] | Model) -> list[str]:
    """Return the names of the columns of a model, as attributes of a row."""
    return [field.attname for field in model._meta.concrete_fields]


def primary_key(model: type[Model] | Model) -> Field[Any, Any]:
    """Return the field of the primary key of a model."""
    key: Field[Any, Any] = model._meta.pk
    return key


def key_columns(model: type[Model]) -> tuple[Field[Any, Any], ...]:
    """Return the columns of the primary key of a model: several, if it is a composite one."""
    several: tuple[Field[Any, Any], ...] = tuple(getattr(model._meta, "pk_fields", ()))
    return several or (primary_key(model),)


def with_parents(model: type[Model] | Model) -> tuple[type[Model], ...]:
    """Return a model and those that it inherits columns from."""
    own = model if isinstance(model, type) else type(model)
    return (own, *own._meta.all_parents)


def has_several_tables(model: type[Model]) -> bool:
    """Whether a row of a model has parts in the tables of other models."""
    return bool(model._meta.all_parents) and not model._meta.proxy


def paths_to_parents(model: type[Model]) -> list[str]:
    """Return Django's names of the way to the part of a row in the table of each parent."""
    ways = (model._meta.get_path_to_parent(parent) for parent in model._meta.all_parents)
    names = ("__".join(step.join_field.name for step in way) for way in ways)
    return [name for name in names if name]


def concrete_model(model: type[Model] | Model) -> object:
    """Return the model with the table of a model or row, of which a proxy is another name."""
    return model._meta.concrete_model


def parts_in_parents(row: Model) -> Iterator[tuple[type[Model], object]]:
    """Yield the parent models of a row, each with the key of the row's part there."""
    concrete: Any = row._meta.concrete_model
    for link in concrete._meta.parents.values():
        if link is not None:
            yield link.related_model, getattr(row, link.attname)


def is_automatic(model: type[Model]) -> bool:
    """Whether Django has made a model, for the links of a many-to-many relation."""
    return bool(model._meta.auto_created)


def through_model(relation: object) -> type[Model] | None:
    """Return the model of the links of a many-to-many relation, from either side; else ``None``."""
    remote = getattr(relation, "remote_field", None)
    through: type[Model] | None = getattr(relation, "through", None) or getattr(
        remote, "through", None
    )
    return through


def link_columns(relation: Any) -> frozenset[str]:
    """Return the columns of the links of a many-to-many relation, from either side: the two keys."""
    field = relation if hasattr(relation, "m2m_field_name") else relation.remote_field
    return frozenset((field.m2m_field_name(), field.m2m_reverse_field_name()))


def accessor_name(relation: Any) -> str:
    """Return the attribute of a row that has the manager of a to-many relation."""
    name: str = relation.get_accessor_name() if relation.auto_created else relation.name
    return name


def key_field(relation: Any) -> Field[Any, Any]:
    """Return the column that the values of a relation are keys of."""
    field: Field[Any, Any] = (
        relation.target_field
        if isinstance(relation, ForeignKey)
        else primary_key(relation.related_model)
    )
    return field


def filled_by_database(instance: Model) -> set[str]:
    """Return the names of the columns of a new row whose values the database works out."""
    return {
        f.name
        for f in _left_to_database(type(instance))
        if isinstance(instance.__dict__.get(f.attname), DatabaseDefault) or f.generated
    }


@cache
def _left_to_database(model: type[Model]) -> tuple[Field[Any, Any], ...]:
    return tuple(f for f in columns_of(model) if f.generated or f.has_db_default())


@cache
def fields_with_columns(model: type[Model]) -> frozenset[str]:
    """Return the names of the fields of a model that have a column, parents' included."""
    return frozenset(field.name for field in columns_of(model))


@cache
def foreign_keys(model: type[Model]) -> tuple[Field[Any, Any], ...]:
    """Return the columns of a model whose values are keys of other rows."""
    return tuple(field for field in columns_of(model) if field.remote_field)


def is_database_default(value: object) -> bool:
    """Whether a value is not known before the database has filled it in."""
    return isinstance(value, DatabaseDefault)
