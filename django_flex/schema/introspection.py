"""A Django model described as a ``Resource``: concrete attributes and relations, both ways.

Only declared things are described: no property, method or manager is reachable from here, so none
can ever be named by a client.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from django.db import models

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Cardinality: TypeAlias = Literal["one", "many"]

# First match wins, so a subclass stands before its base.
_KINDS: tuple[tuple[type[models.Field[Any, Any]], str], ...] = (
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
class Attribute:
    """A concrete column of a model. ``kind`` is that of its values; ``lookup`` is Django's name.

    With ``computed`` it is no column, but an expression of an entry under a name.
    """

    name: str
    lookup: str
    kind: str
    null: bool
    primary_key: bool
    model_field: models.Field[Any, Any]
    value_field: models.Field[Any, Any]
    computed: Computed | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """How a value that is no column comes from its row.

    ``ways`` are the to-one relations that the expression crosses, each from the row on.
    """

    expression: Any
    ways: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, eq=False)
class Relation:
    """A way from one model to another.

    ``lookup`` is Django's name of the way; ``column`` the local column that holds the key (``None``
    if the key is on the other side). Rows belong together where the other model's ``far`` equals
    this model's ``near``. It is ``constrained`` where the database lets no key point to nothing.
    """

    name: str
    lookup: str
    cardinality: Cardinality
    model: type[models.Model]
    column: str | None
    null: bool
    near: str
    far: str
    names: tuple[str, ...]
    constrained: bool = True
    schema: Schema | None = None

    @cached_property
    def target(self) -> Resource:
        """The resource on the other side, as the schema that the relation is of describes it."""
        return describe(self.model) if self.schema is None else self.schema.describe(self.model)


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """All that can be said of one model."""

    name: str
    label: str
    model: type[models.Model]
    pk: Attribute
    attributes: Mapping[str, Attribute]
    relations: Mapping[str, Relation]
    _attribute_names: Mapping[str, Attribute]
    _relation_names: Mapping[str, Relation]

    def attribute(self, name: str) -> Attribute | None:
        """Return the column of a name: the field's, its ``…_id``, or ``pk``."""
        return self._attribute_names.get(name)

    def relation(self, name: str) -> Relation | None:
        """Return the relation of a name: field, ``…_id``, query name or reverse accessor."""
        return self._relation_names.get(name)

    def within(self, schema: Schema) -> Resource:
        """Return the same model with the computed fields that a schema has, there and beyond."""
        computed = schema.computed.get(self.model, {})
        relations = {name: replace(r, schema=schema) for name, r in self.relations.items()}
        return replace(
            self,
            attributes={**self.attributes, **computed},
            relations=relations,
            _attribute_names={**computed, **self._attribute_names},
            _relation_names={name: relations[r.name] for name, r in self._relation_names.items()},
        )

    def names(self) -> Iterator[str]:
        """Yield every name that a path may begin with."""
        yield from self._attribute_names
        yield from self._relation_names


@cache
def describe(model: type[models.Model]) -> Resource:
    """Describe a model; memoised, since a loaded model class never changes.

    Raises:
        UnsupportedModelError: the model has a composite primary key.
    """
    meta = model._meta
    if not meta.pk.concrete:
        raise UnsupportedModelError(model)
    attributes = {f.name: _attribute(f) for f in meta.concrete_fields}
    relations = {r.name: r for r in _relations(model)}
    pk = attributes[meta.pk.name]
    attribute_names = {f.attname: attributes[f.name] for f in meta.concrete_fields}
    relation_names = {name: r for r in relations.values() for name in r.names}
    return Resource(
        name=str(meta.model_name),
        label=meta.label_lower,
        model=model,
        pk=pk,
        attributes=attributes,
        relations=relations,
        _attribute_names={"pk": pk, **attribute_names, **attributes},
        _relation_names={**relation_names, **relations},
    )


class UnsupportedModelError(TypeError):
    """A model that cannot be exposed."""

    def __init__(self, model: type[models.Model]) -> None:
        super().__init__(f"{model._meta.label} has a composite primary key")


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """The models with the computed fields of some settings; a path over relations finds them, too."""

    computed: Mapping[type[models.Model], Mapping[str, Attribute]] = field(default_factory=dict)
    _described: dict[type[models.Model], Resource] = field(default_factory=dict)

    def describe(self, model: type[models.Model]) -> Resource:
        """Describe a model.

        Raises:
            UnsupportedModelError: the model has a composite primary key.
        """
        if not self.computed:
            return describe(model)
        if model not in self._described:
            self._described[model] = describe(model).within(self)
        return self._described[model]

    def adding(self, model: type[models.Model], computed: Mapping[str, Attribute] | None) -> Schema:
        """Return a schema in which one model has these computed fields and no others."""
        if computed == self.computed.get(model):
            return self
        return Schema({**self.computed, model: computed or {}})


def computed_attribute(name: str, computed: Computed, output_field: Any) -> Attribute:
    """Return an expression as an attribute, which is called by a name and typed by a field."""
    value_field = _value_field(output_field)
    return Attribute(
        name=name,
        lookup=name,
        kind=_kind(value_field),
        null=True,
        primary_key=False,
        model_field=value_field,
        value_field=value_field,
        computed=computed,
    )


def _attribute(model_field: models.Field[Any, Any]) -> Attribute:
    value_field = _value_field(model_field)
    return Attribute(
        name=model_field.name,
        lookup=model_field.attname,
        kind=_kind(value_field),
        null=model_field.null,
        primary_key=model_field.primary_key,
        model_field=model_field,
        value_field=value_field,
    )


def _value_field(model_field: Any) -> models.Field[Any, Any]:
    """Follow foreign keys and generated fields to the field that says what values look like."""
    if isinstance(model_field, models.ForeignKey):
        return _value_field(model_field.target_field)
    if isinstance(model_field, models.GeneratedField):
        return _value_field(model_field.output_field)
    found: models.Field[Any, Any] = model_field
    return found


def _kind(value_field: models.Field[Any, Any]) -> str:
    for base, kind in _KINDS:
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
        model=_model(f.related_model),
        column=f.attname,
        null=f.null,
        near=f.attname,
        far=f.target_field.attname,
        names=(f.name, f.attname),
        constrained=_is_constrained(f),
    )


def _is_constrained(f: Any) -> bool:
    return bool(f.db_constraint and f.model._meta.managed)


def _forward_many(f: models.ManyToManyField[Any, Any]) -> Relation:
    return Relation(
        name=f.name,
        lookup=f.name,
        cardinality="many",
        model=_model(f.related_model),
        column=None,
        null=True,
        near="pk",
        far=f.related_query_name(),
        names=(f.name,),
    )


def _reverse(related: Any) -> Relation:
    accessor = related.get_accessor_name()
    one_column = isinstance(related.field, models.ForeignKey)
    return Relation(
        name=related.name,
        lookup=related.name,
        cardinality="one" if related.one_to_one else "many",
        model=_model(related.related_model),
        column=None,
        null=True,
        near=related.field.target_field.attname if one_column else "pk",
        far=related.field.attname if one_column else related.field.name,
        names=tuple(dict.fromkeys((related.name, accessor))),
    )


def _model(found: Any) -> type[models.Model]:
    if isinstance(found, str):
        message = f"The model {found!r} is not loaded; is its app in INSTALLED_APPS?"
        raise TypeError(message)
    model: type[models.Model] = found
    return model


def is_link(resource: Resource, relation: Relation) -> bool:
    """Whether a relation is many-to-many, from whichever side."""
    return bool(resource.model._meta.get_field(relation.lookup).many_to_many)


def is_reverse(resource: Resource, relation: Relation) -> bool:
    """Whether a relation is declared by the model on its other side."""
    return bool(resource.model._meta.get_field(relation.lookup).auto_created)


@cache
def unique_sets(model: type[models.Model]) -> frozenset[frozenset[str]]:
    """Return the sets of columns whose values the database keeps unique together, on any row."""
    sets = {frozenset((f.name,)) for f in model._meta.concrete_fields if f.unique}
    sets |= {frozenset(names) for names in model._meta.unique_together}
    sets |= {
        frozenset(constraint.fields)
        for constraint in model._meta.total_unique_constraints
        if constraint.fields
    }
    return frozenset(sets)


def generic_names(model: type[models.Model]) -> frozenset[str]:
    """Return the names of generic foreign keys and generic relations, which are no columns."""
    return frozenset(f.name for f in model._meta.private_fields)
