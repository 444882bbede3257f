"""The relations of a Django model, as facts about its resource."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import models

from django_flex.schema.conversions.keys import WRITABLE_KINDS
from django_flex.schema.generic_relations import (
    are_comparable,
    are_texts,
    compares,
    generic_keys,
    is_generic,
    pointer,
    type_label,
    types_of,
)
from django_flex.schema.model_attributes import followed, kind_of
from django_flex.schema.resources import Relation, Resource, RowType

if TYPE_CHECKING:
    from collections.abc import Iterator

Find: TypeAlias = "Callable[[type[models.Model]], Resource]"


def relations_of(model: type[models.Model], find: Find) -> Iterator[Relation]:
    """Yield the relations of a model, those that others declare among them.

    Rows whose key has no text cannot be described, so no relation leads to them.

    Args:
        model: the model.
        find: describes the model on the other side.
    """
    for f in model._meta.fields:
        if isinstance(f, models.ForeignKey):
            yield _forward_one(f, find)
    yield from _declared_many(model, find)
    for private in model._meta.private_fields:
        if not is_generic(private) or without_text(_model(private.related_model)):
            continue
        if are_comparable(private, _model(private.related_model)):
            yield _generic(private, find)
    yield from map(partial(pointer, find=find), generic_keys(model))
    for related in model._meta.related_objects:
        # A hidden reverse side ("+") has no name to ask for it by. That of a generic relation is
        # reached by the type of its rows.
        if related.hidden or is_generic(related.field) or not _has_one_column(related.field):
            continue
        if not without_text(_model(related.related_model)):
            yield _reverse(related, find)


def names_without_text(model: type[models.Model]) -> frozenset[str]:
    """Return the names of the reverse sides that lead to rows whose key has no text."""
    sides = [one for one in model._meta.related_objects if not one.hidden]
    lost = [one for one in sides if without_text(_model(one.related_model))]
    return frozenset(n for one in lost for n in (one.name, one.get_accessor_name()) if n)


def has_composite_key(model: type[models.Model]) -> bool:
    """Whether several columns are the primary key of a model."""
    return not model._meta.pk.concrete


def key_fields(model: type[models.Model]) -> tuple[models.Field[Any, Any], ...]:
    """Return Django's fields of the key of a model: one, or several together."""
    key: Any = model._meta.pk
    return tuple(key) if has_composite_key(model) else (key,)


def without_text(model: type[models.Model]) -> tuple[str, ...]:
    """Return the parts of the key of a model that have no text which gives the value again."""
    if not has_composite_key(model):
        return ()
    fields = ((f.name, kind_of(followed(f))) for f in key_fields(model))
    return tuple(name for name, kind in fields if kind not in WRITABLE_KINDS)


def _has_one_column(f: Any) -> bool:
    """Whether a relation is by one column, or by links; a plain ``ForeignObject`` may have several."""
    return isinstance(f, models.ForeignKey | models.ManyToManyField)


def _forward_one(f: models.ForeignKey[Any, Any], find: Find) -> Relation:
    return Relation(
        name=f.name,
        lookup=f.name,
        cardinality="one",
        **_other_side(f.related_model, find),
        column=f.attname,
        null=f.null,
        near=f.attname,
        far=f.target_field.attname,
        names=(f.name, f.attname),
        constrained=_is_constrained(f),
        # Of a link to a parent class that Django made itself nothing was said.
        verbose_name=None if f.auto_created else f.verbose_name or "",
    )


def _is_constrained(f: Any) -> bool:
    return bool(f.db_constraint and f.model._meta.managed)


def _declared_many(model: type[models.Model], find: Find) -> Iterator[Relation]:
    """Yield the many-to-many relations that a model declares."""
    declared: Any = model._meta.many_to_many
    for f in declared:
        if isinstance(f, models.ManyToManyField):
            yield _forward_many(f, find)
        elif is_tagging(f) and (tags := _tags(model, f, find)) is not None:
            yield tags


def _forward_many(f: models.ManyToManyField[Any, Any], find: Find) -> Relation:
    return Relation(
        name=f.name,
        lookup=f.name,
        cardinality="many",
        **_other_side(f.related_model, find),
        column=None,
        null=True,
        near="pk",
        far=f.related_query_name(),
        names=(f.name,),
        through=_model(f.remote_field.through)._meta.label_lower,
        sorted_by=_sort_field(f.remote_field.through),
        linked=True,
        verbose_name=f.verbose_name or "",
    )


def is_tagging(f: object) -> bool:
    """Whether a field is the manager of tags of django-taggit, which is optional, and no field of Django's."""
    return hasattr(f, "use_gfk") and hasattr(f, "through")


def _tags(model: type[models.Model], f: Any, find: Find) -> Relation | None:
    """Describe the tags of a row, which are called by their names.

    A model of links leads to them, by a foreign key or by a type and a key. ``None`` if the keys are
    of another kind than those that the links hold.
    """
    through = _model(f.through)
    tag: Any = through._meta.get_field("tag")
    there, way = _model(tag.related_model), tag.related_query_name()
    if without_text(there) or all(column.name != "name" for column in there._meta.concrete_fields):
        return None
    found: dict[str, Any]
    if f.use_gfk:
        key = next(one for one in generic_keys(through) if one.name == "content_object")
        stored: Any = through._meta.get_field(key.fk_field)
        kind: Any = through._meta.get_field(key.ct_field)
        if not compares(model._meta.pk, stored):
            return None
        label = type_label(model, concrete=True)
        found = {
            "near": "pk",
            "far": f"{way}__{stored.attname}",
            "far_type": RowType(f"{way}__{kind.attname}", label, types_of(kind)),
            "as_text": are_texts(model._meta.pk, stored),
        }
    else:
        content: Any = through._meta.get_field("content_object")
        found = {"near": content.target_field.attname, "far": f"{way}__{content.name}"}
    return Relation(
        name=f.name,
        lookup=f.name,
        cardinality="many",
        **_other_side(there, find),
        **found,
        column=None,
        null=True,
        names=(f.name,),
        through=through._meta.label_lower,
        sorted_by=_model(through)._meta.pk.name,
        called="name",
        linked=True,
        verbose_name=f.verbose_name or "",
    )


def _sort_field(through: object) -> str | None:
    """Return the column in which django-sortedm2m stores the position of a link."""
    name: str | None = getattr(through, "_sort_field_name", None)
    return name


def _reverse(related: Any, find: Find) -> Relation:
    accessor = related.get_accessor_name()
    one_column = isinstance(related.field, models.ForeignKey)
    return Relation(
        name=related.name,
        lookup=related.name,
        cardinality="one" if related.one_to_one else "many",
        **_other_side(related.related_model, find),
        column=None,
        null=True,
        near=related.field.target_field.attname if one_column else "pk",
        far=related.field.attname if one_column else related.field.name,
        names=tuple(dict.fromkeys((related.name, accessor))),
        through=None if one_column else _model(related.through)._meta.label_lower,
        linked=bool(related.many_to_many),
        reverse=True,
    )


def _generic(f: Any, find: Find) -> Relation:
    """Describe a ``GenericRelation``: the rows there have the type and the key of a row here."""
    there = _model(f.related_model)
    key: Any = there._meta.get_field(f.object_id_field_name)
    kind: Any = there._meta.get_field(f.content_type_field_name)
    return Relation(
        name=f.name,
        lookup=f.name,
        cardinality="many",
        **_other_side(there, find),
        column=None,
        null=True,
        near="pk",
        far=key.attname,
        names=(f.name,),
        far_type=RowType(
            kind.attname,
            type_label(f.model, concrete=f.for_concrete_model),
            types_of(kind),
        ),
        as_text=are_texts(f.model._meta.pk, key),
        reverse=True,
        verbose_name=f.verbose_name or "",
    )


def _other_side(found: Any, find: Find) -> dict[str, Any]:
    """Return where a relation leads, as arguments of a ``Relation``."""
    model = _model(found)
    return {"label": model._meta.label_lower, "find": partial(find, model)}


def _model(found: Any) -> type[models.Model]:
    if isinstance(found, str):
        message = f"The model {found!r} is not loaded; is its app in INSTALLED_APPS?"
        raise TypeError(message)
    model: type[models.Model] = found
    return model
