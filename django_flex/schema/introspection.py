"""A Django model described as a ``Resource``: concrete attributes and relations, both ways.

Only declared fields are described: no property, method or manager can be reached from here, so a
client can never name one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.models import UniqueConstraint

from django_flex.schema.model_declarations import declaration_of
from django_flex.schema.resources import Attribute, Computed, Relation, Resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.schema.declarations import Declaration

# First match wins, so a subclass comes before its base class.
FIELD_KINDS: tuple[tuple[type[models.Field[Any, Any]], str], ...] = (
    (models.BooleanField, "boolean"),
    (models.IntegerField, "integer"),
    (models.DecimalField, "decimal"),
    (models.FloatField, "float"),
    (models.DateTimeField, "datetime"),
    (models.DateField, "date"),
    (models.TimeField, "time"),
    (models.DurationField, "duration"),
    (models.UUIDField, "uuid"),
    (models.JSONField, "json"),
    (models.BinaryField, "binary"),
    (models.FileField, "file"),
    (models.CharField, "text"),
    (models.TextField, "text"),
    (models.GenericIPAddressField, "text"),
    (models.FilePathField, "text"),
)


@dataclass(frozen=True, slots=True, eq=False)
class ModelAttribute(Attribute):
    """A column of a Django model, or a computed field beside its columns.

    ``model_field`` is Django's field of it. ``value_field`` is the one that its values are of: of a
    foreign key that of the key.
    """

    model_field: Any = None
    value_field: Any = None

    @property
    def declaration(self) -> Declaration:
        """What the model declares about the values; choices are read again each time."""
        return declaration_of(self, self.model_field, self.value_field)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ModelResource(Resource):
    """A Django model as a resource."""

    model: type[models.Model]


def value_field_of(attribute: Attribute) -> models.Field[Any, Any] | None:
    """Return Django's field that values are of, ``None`` for those of no Django model."""
    if attribute.source is not None:
        return value_field_of(attribute.source)
    return attribute.value_field if isinstance(attribute, ModelAttribute) else None


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
        UnsupportedModelError: the model has a composite primary key.
    """
    meta = model._meta
    if not meta.pk.concrete:
        raise UnsupportedModelError(model)
    leading = leading_columns(model)
    attributes = {f.name: _attribute(f, leading) for f in meta.concrete_fields}
    relations = {r.name: r for r in _relations(model)}
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
        kinds=frozenset(_labels(model)),
        plain=_is_plain(type(model._default_manager)),
        unique=unique_sets(model),
        unnamable=frozenset(f.name for f in meta.private_fields),
        key_name=_key_name(attributes.get("id", pk), pk),
    )


def _key_name(named: ModelAttribute, pk: ModelAttribute) -> str:
    """Return what the key of a row is called; of a child class it is the ``id`` of its parent."""
    return "id" if named is pk or named.value_field is pk.value_field else "pk"


def _labels(model: type[models.Model]) -> Iterator[str]:
    """Yield the labels of a model and all that it inherits from."""
    for base in model.__mro__:
        options = getattr(base, "_meta", None)
        if options is not None:
            yield options.label_lower


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
        super().__init__(f"{model._meta.label} has a composite primary key")


def computed_attribute(name: str, computed: Computed, output_field: object) -> ModelAttribute:
    """Return an expression as an attribute with a name, typed by a field."""
    value_field = _value_field(output_field)
    return ModelAttribute(
        name=name,
        lookup=name,
        kind=_kind(value_field),
        null=True,
        computed=computed,
        model_field=value_field,
        value_field=value_field,
        **_facts_of(value_field),
    )


@cache
def items_of(attribute: Attribute) -> ModelAttribute | None:
    """Return the items of an array column as an attribute, ``None`` for any other column."""
    field = value_field_of(attribute)
    items = getattr(field, "base_field", None)
    # The base of a range is the type of its ends; only arrays have a size as well.
    if items is None or not hasattr(field, "size"):
        return None
    value_field = _value_field(items)
    return ModelAttribute(
        name=attribute.name,
        lookup=attribute.lookup,
        kind=_kind(value_field),
        null=items.null,
        model_field=value_field,
        value_field=value_field,
        **_facts_of(value_field),
    )


def _attribute(model_field: models.Field[Any, Any], leading: frozenset[str]) -> ModelAttribute:
    value_field = _value_field(model_field)
    indexed = model_field.primary_key or model_field.unique or _has_index(model_field)
    return ModelAttribute(
        name=model_field.name,
        lookup=model_field.attname,
        kind=_kind(value_field),
        null=model_field.null,
        primary_key=model_field.primary_key,
        reference=bool(getattr(model_field, "is_relation", False)),
        generated=_is_generated(model_field),
        editable=model_field.editable,
        indexed=indexed or model_field.name in leading,
        hashed=_is_password(model_field),
        model_field=model_field,
        value_field=value_field,
        **_facts_of(value_field),
    )


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


def _facts_of(value_field: models.Field[Any, Any]) -> dict[str, Any]:
    """Return the facts about the values of a Django field, as arguments of an ``Attribute``."""
    own = getattr(type(value_field), "from_db_value", None)
    model = getattr(value_field, "model", None)
    return {
        "length": getattr(value_field, "max_length", None),
        "digits": getattr(value_field, "max_digits", None),
        "scale": getattr(value_field, "decimal_places", None),
        "key_of": model._meta.label_lower
        if model is not None and value_field.primary_key
        else None,
        "custom": own is not None and own is not models.JSONField.from_db_value,
        "storage": getattr(value_field, "storage", None),
    }


def _value_field(model_field: Any) -> models.Field[Any, Any]:
    """Follow foreign keys and generated fields to the field that defines the values."""
    if isinstance(model_field, models.ForeignKey):
        return _value_field(model_field.target_field)
    if isinstance(model_field, models.GeneratedField):
        return _value_field(model_field.output_field)
    found: models.Field[Any, Any] = model_field
    return found


def _kind(value_field: models.Field[Any, Any]) -> str:
    for base, kind in FIELD_KINDS:
        if isinstance(value_field, base):
            return kind
    return "other"


def _relations(model: type[models.Model]) -> Iterator[Relation]:
    for f in (*model._meta.fields, *model._meta.many_to_many):
        if isinstance(f, models.ForeignKey):
            yield _forward_one(f)
        elif isinstance(f, models.ManyToManyField):
            yield _forward_many(f)
    for related in model._meta.related_objects:
        # A hidden reverse side ("+") has no name to ask for it by.
        if not related.hidden:
            yield _reverse(related)


def _forward_one(f: models.ForeignKey[Any, Any]) -> Relation:
    return Relation(
        name=f.name,
        lookup=f.name,
        cardinality="one",
        **_other_side(f.related_model),
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


def _forward_many(f: models.ManyToManyField[Any, Any]) -> Relation:
    return Relation(
        name=f.name,
        lookup=f.name,
        cardinality="many",
        **_other_side(f.related_model),
        column=None,
        null=True,
        near="pk",
        far=f.related_query_name(),
        names=(f.name,),
        through=_model(f.remote_field.through)._meta.label_lower,
        linked=True,
        verbose_name=f.verbose_name or "",
    )


def _reverse(related: Any) -> Relation:
    accessor = related.get_accessor_name()
    one_column = isinstance(related.field, models.ForeignKey)
    return Relation(
        name=related.name,
        lookup=related.name,
        cardinality="one" if related.one_to_one else "many",
        **_other_side(related.related_model),
        column=None,
        null=True,
        near=related.field.target_field.attname if one_column else "pk",
        far=related.field.attname if one_column else related.field.name,
        names=tuple(dict.fromkeys((related.name, accessor))),
        through=None if one_column else _model(related.through)._meta.label_lower,
        linked=bool(related.many_to_many),
        reverse=True,
    )


def _other_side(found: Any) -> dict[str, Any]:
    """Return where a relation leads, as arguments of a ``Relation``."""
    model = _model(found)
    return {"label": model._meta.label_lower, "find": partial(describe, model)}


def _model(found: Any) -> type[models.Model]:
    if isinstance(found, str):
        message = f"The model {found!r} is not loaded; is its app in INSTALLED_APPS?"
        raise TypeError(message)
    model: type[models.Model] = found
    return model


@cache
def unique_sets(model: type[models.Model]) -> frozenset[frozenset[str]]:
    """Return the sets of columns that are unique together, for all rows."""
    sets = {frozenset((f.name,)) for f in model._meta.concrete_fields if f.unique}
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
    names += [i.fields[0].removeprefix("-") for i in meta.indexes if i.fields and not i.condition]
    names += [
        constraint.fields[0]
        for constraint in meta.constraints
        if isinstance(constraint, UniqueConstraint)
        and constraint.fields
        and constraint.condition is None
    ]
    return frozenset(names)
