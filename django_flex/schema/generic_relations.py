"""Generic relations of Django: rows that name the model of another row, and its key.

The app ``contenttypes`` is optional, so its fields are recognized by what they have.

A generic foreign key is described as a relation to the row itself, on which its two columns are
called ``type`` and ``id``. From there a relation leads to each exposed model, whose rows are those
of the type only.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Concat

from django_flex.schema.model_attributes import ModelResource, computed_attribute
from django_flex.schema.resources import (
    Attribute,
    ComputedExpression,
    Relation,
    Resource,
    TypedKey,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from django_flex.schema.model_attributes import ModelAttribute
    from django_flex.schema.resources import Naming

_AS_TEXT = (models.CharField, models.TextField)
#: Between the label of a model and the name of a key of it, in the label of what it points to.
_BETWEEN = ":"
#: What the columns are called.
TYPE, KEY = "type", "id"


def is_generic(field: object) -> bool:
    """Whether a field is a ``GenericRelation``, the side that the type and the key lead to."""
    return hasattr(field, "object_id_field_name") and hasattr(field, "content_type_field_name")


def type_label(model: type[models.Model], *, concrete: bool) -> str:
    """Return the label of the content type that rows of a model are stored with.

    Args:
        model: the model.
        concrete: whether rows of a proxy have the type of its concrete model.
    """
    found: Any = model._meta.concrete_model if concrete else model
    label: str = found._meta.label_lower
    return label


def types_of(column: Any) -> str:
    """Return the label of the model of content types that a column refers to."""
    label: str = column.related_model._meta.label_lower
    return label


def are_comparable(relation: Any, there: type[models.Model]) -> bool:
    """Whether the keys of a ``GenericRelation`` have a form that databases compare alike."""
    return compares(relation.model._meta.pk, there._meta.get_field(relation.object_id_field_name))


def compares(key: Any, stored: Any) -> bool:
    """Whether databases compare a primary key with a column of keys of any model."""
    key = _value_field(key)
    numbers = models.IntegerField
    if isinstance(key, numbers):
        return isinstance(stored, (numbers, *_AS_TEXT))
    if isinstance(key, models.UUIDField):
        return isinstance(stored, models.UUIDField)
    return isinstance(key, _AS_TEXT) and isinstance(stored, _AS_TEXT)


def joins(key: Any, stored: Any) -> bool:
    """Whether a primary key can be found by what a column of keys of any model holds."""
    key = _value_field(key)
    in_text = isinstance(stored, _AS_TEXT) and isinstance(key, models.UUIDField)
    return in_text or compares(key, stored)


def are_texts(key: Any, stored: Any) -> bool:
    """Whether a column holds as texts what is the number of a primary key."""
    return isinstance(stored, _AS_TEXT) and not isinstance(_value_field(key), _AS_TEXT)


def _value_field(key: Any) -> models.Field[Any, Any]:
    """Return the field that the values of a key are of: of a child class that of its parent."""
    while key.remote_field is not None:
        key = key.target_field
    found: models.Field[Any, Any] = key
    return found


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PointerResource(ModelResource):
    """A generic foreign key as a resource: the row that has it, by the two columns only.

    ``type_column`` and ``key_column`` are what the model calls these, ``columns`` what clients do.
    """

    type_column: str
    key_column: str
    columns: tuple[str, str]

    def called(self, naming: Naming) -> Self:
        """Return the same resource with other names, for the columns of the row as well."""
        first, second = self.columns
        # Not by ``super()``: the decorator makes another class of this one.
        found = ModelResource.called(self, naming)
        return replace(found, columns=(naming(first), naming(second)))


def generic_keys(model: type[models.Model]) -> Iterator[Any]:
    """Yield the generic foreign keys of a model."""
    for private in model._meta.private_fields:
        if hasattr(private, "ct_field") and hasattr(private, "fk_field"):
            yield private


@cache
def any_generic_key() -> bool:
    """Whether some model of the project has a generic foreign key."""
    return any(True for model in apps.get_models() for _ in generic_keys(model))


def pointer(key: Any, find: Callable[[type[models.Model]], Resource]) -> Relation:
    """Return a generic foreign key as a relation to the row itself.

    Args:
        key: Django's field.
        find: describes the model that has it.
    """
    model: type[models.Model] = key.model
    label = f"{model._meta.label_lower}{_BETWEEN}{key.name}"
    return Relation(
        name=key.name,
        lookup=key.name,
        cardinality="one",
        label=label,
        column=None,
        null=True,
        near="pk",
        far="pk",
        names=(key.name,),
        same_row=True,
        verbose_name=key.name.replace("_", " "),
        find=partial(_pointer_resource, model, key.name, find),
    )


def find_pointer(
    label: str,
    find: Callable[[type[models.Model]], Resource],
    exposed: Mapping[str, str],
) -> Resource | None:
    """Return what a generic foreign key points to, as a resource; ``None`` if a label means none.

    Args:
        label: that of a resource.
        find: describes a model.
        exposed: what each exposed model is called behind the key, by its label.
    """
    of_model, _, name = label.partition(_BETWEEN)
    if not name:
        return None
    model: type[models.Model] = apps.get_model(of_model)
    found = _pointer_resource(model, name, find)
    key = next(one for one in generic_keys(model) if one.name == name)
    ways = {one.name: one for one in _ways(key, exposed)}
    return replace(found, relations=ways, _relation_names=ways)


def _pointer_resource(
    model: type[models.Model], name: str, find: Callable[[type[models.Model]], Resource]
) -> PointerResource:
    holder = find(model)
    (key,) = (one for one in generic_keys(model) if one.name == name)
    attributes = {TYPE: _type_of(key.ct_field), KEY: _key_of(key.fk_field, holder)}
    return PointerResource(
        name=name,
        label=f"{model._meta.label_lower}{_BETWEEN}{name}",
        model=model,
        pk=attributes[KEY],
        attributes=attributes,
        relations={},
        _attribute_names={**attributes, "pk": attributes[KEY]},
        _relation_names={},
        object_name=name,
        verbose_name=name.replace("_", " "),
        verbose_name_plural=name.replace("_", " "),
        kinds=frozenset(),
        key_name=KEY,
        type_column=key.ct_field,
        key_column=key.fk_field,
        columns=(key.ct_field, key.fk_field),
    )


def columns_behind(pointer: Relation, resource: Resource) -> tuple[Attribute, ...]:
    """Return the columns of a generic foreign key, that of the type first; nothing for another one."""
    there = pointer.target
    if not isinstance(there, PointerResource):
        return ()
    return resource.column(there.type_column), resource.column(there.key_column)


def type_relation(relation: Relation, find: Callable[[str], Resource]) -> Relation | None:
    """Return the relation to the type that decides whether there is a row behind one.

    ``None`` if it is none that a generic foreign key may lead.

    Args:
        relation: leads to the rows.
        find: returns the resource of a label.
    """
    key = relation.typed_key
    return None if key is None else find(key.holder).relation(key.column)


def columns_meant(pointer: Relation, attribute: Attribute, *, both: bool) -> tuple[str, ...]:
    """Return what clients call the columns of a row that a name behind a generic foreign key means.

    Args:
        pointer: the generic foreign key.
        attribute: what is named behind it.
        both: whether it is the key as a whole.
    """
    there = pointer.target
    if not isinstance(there, PointerResource):
        return ()
    if both:
        return there.columns
    return there.columns[:1] if attribute.own_name == TYPE else there.columns[1:]


def _type_of(column: str) -> ModelAttribute:
    """Return the label of the content type, as an attribute of the row that has the key."""
    label = Concat(
        F(f"{column}__app_label"),
        Value("."),
        F(f"{column}__model"),
        output_field=models.CharField(),
    )
    # Both names of a missing type are NULL, which Concat takes for empty texts.
    expression = Case(
        When(Q((f"{column}__app_label__isnull", False)), then=label),
        default=None,
        output_field=models.CharField(),
    )
    return computed_attribute(
        TYPE,
        ComputedExpression(expression, ((column,),), ("app_label", "model")),
        models.CharField(max_length=201),
    )


def _key_of(column: str, holder: Resource) -> Any:
    found: Any = holder.attributes[column]
    return replace(found, name=KEY, renamed=found.name)


def _ways(key: Any, exposed: Mapping[str, str]) -> Iterator[Relation]:
    """Yield the relations to the exposed models whose keys the column can hold."""
    holder: type[models.Model] = key.model
    stored: Any = holder._meta.get_field(key.fk_field)
    for label, name in exposed.items():
        try:
            there = apps.get_model(label)
        except LookupError:
            continue  # a resource of another backend
        if not there._meta.pk.concrete or not joins(there._meta.pk, stored):
            continue
        kind = type_label(there, concrete=key.for_concrete_model)
        yield Relation(
            name=name,
            # Not the name of any field: ":" cannot be part of one.
            lookup=f"flex:{key.name}:{label.replace('.', ':')}",
            cardinality="one",
            label=label,
            column=None,
            null=True,
            near=stored.attname,
            far="pk",
            names=(name,),
            constrained=False,
            typed_key=TypedKey(
                holder=holder._meta.label_lower,
                column=key.ct_field,
                key=key.fk_field,
                label=kind,
                types=types_of(holder._meta.get_field(key.ct_field)),
            ),
        )


def names_behind_keys(labels: Iterable[str]) -> dict[str, str]:
    """Return what models are called behind a generic foreign key, by their labels.

    It is the name of the model, with that of its app in front if several have this name.
    """
    labels = tuple(labels)
    often = Counter(label.rpartition(".")[2] for label in labels)
    names = {label: label.rpartition(".")[2] for label in labels}
    return {
        label: label.replace(".", "_") if often[name] > 1 or name in {TYPE, KEY, "pk"} else name
        for label, name in names.items()
    }
