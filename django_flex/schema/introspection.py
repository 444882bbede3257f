"""A Django model described as a ``Resource``: concrete attributes and relations, both ways.

Only declared fields are described: no property, method or manager can be reached from here, so a
client can never name one.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.models import UniqueConstraint

from django_flex.schema.conversions.keys import shown_key
from django_flex.schema.model_attributes import (
    ModelAttribute,
    ModelResource,
    facts_of,
    followed,
    kind_of,
)
from django_flex.schema.model_declarations import is_placed
from django_flex.schema.model_relations import (
    has_composite_key,
    key_fields,
    names_without_text,
    relations_of,
    without_text,
)
from django_flex.schema.resources import Resource
from django_flex.schema.trees import tree_columns

if TYPE_CHECKING:
    from collections.abc import Mapping


def model_of(resource: Resource) -> type[models.Model] | None:
    """Return the Django model that a resource describes, ``None`` for one of another backend."""
    return resource.model if isinstance(resource, ModelResource) else None


def label_of(model: type[models.Model] | Resource) -> str:
    """Return the label by which the resource of a model, or a resource itself, is known."""
    return model.label if isinstance(model, Resource) else model._meta.label_lower


@cache
def describe(model: type[models.Model]) -> Resource:
    """Describe a model; cached, because a loaded model class never changes.

    Raises:
        UnsupportedModelError: the model has a composite primary key with a part that has no text.
    """
    meta = model._meta
    if without_text(model):
        raise UnsupportedModelError(model)
    leading = leading_columns(model)
    attributes = {f.name: _attribute(f, leading) for f in meta.concrete_fields}
    if has_composite_key(model):
        attributes = {"pk": _composite_key(model, attributes), **attributes}
    relations = {r.name: r for r in relations_of(model, describe)}
    pk = attributes[meta.pk.name]
    attribute_names = {f.attname: attributes[f.name] for f in meta.concrete_fields}
    relation_names = {name: r for r in relations.values() for name in r.names}
    return ModelResource(
        name=str(meta.model_name),
        label=meta.label_lower,
        model=model,
        pk=pk,
        attributes=attributes,
        relations=relations,
        _attribute_names={"pk": pk, **attribute_names, **attributes},
        _relation_names={**relation_names, **relations},
        object_name=str(meta.object_name),
        verbose_name=meta.verbose_name or "",
        verbose_name_plural=meta.verbose_name_plural or "",
        kinds=kinds_of(model),
        plain=_is_plain(type(model._default_manager)),
        unique=unique_sets(model),
        unnamable=frozenset(f.name for f in meta.private_fields) - relations.keys(),
        keyless=names_without_text(model),
        key_name="pk" if pk.parts else _key_name(attributes.get("id", pk), pk),
    )


def key_name_of(model: type[models.Model]) -> str:
    """Return what the key of a row is called; a composite key is ``pk``."""
    return "pk" if has_composite_key(model) else describe(model).key_name


def key_of(row: models.Model) -> object:
    """Return the key of a row as it is shown; a composite one is one text."""
    return shown_key(row.pk)


def _key_name(named: ModelAttribute, pk: ModelAttribute) -> str:
    """Return what the key of a row is called; of a child class it is the ``id`` of its parent."""
    return "id" if named is pk or named.value_field is pk.value_field else "pk"


def kinds_of(model: type[models.Model]) -> frozenset[str]:
    """Return the labels of a model and all that it inherits from."""
    options = (getattr(base, "_meta", None) for base in model.__mro__)
    return frozenset(one.label_lower for one in options if one is not None)


def _is_plain(manager: type[models.Manager[Any]]) -> bool:
    plain = models.Manager
    return manager.get_queryset is plain.get_queryset and manager.all is plain.all


@cache
def proxied(label: str) -> str | None:
    """Return the label of the model that a resource is a proxy for, ``None`` if it is not a proxy."""
    try:
        base = apps.get_model(label)._meta.proxy_for_model
    except LookupError:
        return None  # a resource of another backend
    return None if base is None else base._meta.label_lower


@cache
def stored_as_part_of(label: str) -> str | None:
    """Return the label of the resource that the rows of another one are stored with.

    Rows of a proxy are those of the model behind it; links of a many-to-many relation that Django
    makes itself belong to the model that declares it. ``None`` for any other resource.
    """
    base = proxied(label)
    if base is not None:
        return base
    try:
        declared_by = apps.get_model(label)._meta.auto_created
    except LookupError:
        return None  # a resource of another backend
    return declared_by._meta.label_lower if declared_by else None


class UnsupportedModelError(TypeError):
    """A model that cannot be exposed."""

    def __init__(self, model: type[models.Model]) -> None:
        names = ", ".join(f"'{name}'" for name in without_text(model))
        super().__init__(
            f"{model._meta.label} has a composite primary key, and {names} in it no text"
        )


def _composite_key(
    model: type[models.Model], attributes: Mapping[str, ModelAttribute]
) -> ModelAttribute:
    """Return the key of several columns, which is no column itself."""
    key: Any = model._meta.pk
    return ModelAttribute(
        name="pk",
        lookup="pk",
        kind="composite",
        primary_key=True,
        key_of=model._meta.label_lower,
        generated=True,
        editable=False,
        indexed=True,
        parts=tuple(attributes[f.name] for f in key_fields(model)),
        model_field=key,
        value_field=key,
    )


def _attribute(model_field: models.Field[Any, Any], leading: frozenset[str]) -> ModelAttribute:
    value_field = followed(model_field)
    indexed = model_field.primary_key or model_field.unique or _has_index(model_field)
    return ModelAttribute(
        name=model_field.name,
        lookup=model_field.attname,
        kind=kind_of(value_field),
        null=model_field.null,
        primary_key=model_field.primary_key,
        reference=bool(getattr(model_field, "is_relation", False)),
        generated=_is_generated(model_field),
        editable=model_field.editable and not _is_of_tree(model_field),
        placed=is_placed(model_field),
        indexed=indexed or model_field.name in leading,
        hashed=_is_password(model_field),
        model_field=model_field,
        value_field=value_field,
        **facts_of(value_field),
    )


def _is_of_tree(model_field: Any) -> bool:
    return model_field.name in tree_columns(model_field.model)


def _is_password(model_field: Any) -> bool:
    """Whether it is what ``set_password`` of its model sets, as that of Django's users does."""
    model = model_field.model
    methods = (getattr(model, name, None) for name in ("set_password", "check_password"))
    return model_field.name == "password" and all(map(callable, methods))


def _has_index(model_field: Any) -> bool:
    return bool(model_field.db_index)


def _is_generated(model_field: object) -> bool:
    return (
        isinstance(model_field, models.GeneratedField)
        or getattr(model_field, "auto_now", False)
        or getattr(model_field, "auto_now_add", False)
    )


@cache
def unique_sets(model: type[models.Model]) -> frozenset[frozenset[str]]:
    """Return the sets of columns that are unique together, for all rows."""
    sets = {frozenset((f.name,)) for f in model._meta.concrete_fields if f.unique}
    if has_composite_key(model):
        sets.add(frozenset(f.name for f in key_fields(model)))
    sets |= {frozenset(names) for names in model._meta.unique_together}
    sets |= {
        frozenset(constraint.fields)
        for constraint in model._meta.total_unique_constraints
        if constraint.fields
    }
    return frozenset(sets)


@cache
def leading_columns(model: type[models.Model]) -> frozenset[str]:
    """Return the first fields of indexes and unique constraints over several columns."""
    meta = model._meta
    names = [names[0] for names in meta.unique_together if names]
    names += [f.name for f in key_fields(model)[:1]]
    names += [i.fields[0].removeprefix("-") for i in meta.indexes if i.fields and not i.condition]
    names += [
        constraint.fields[0]
        for constraint in meta.constraints
        if isinstance(constraint, UniqueConstraint)
        and constraint.fields
        and constraint.condition is None
    ]
    return frozenset(names)
