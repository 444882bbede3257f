"""Columns of Django models as attributes: the kinds of their values, and the facts about these."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.db import models

from django_flex.query.kinds import STORED_OTHERWISE
from django_flex.query.operators import SCALARS, TEMPORAL
from django_flex.schema.conversions.fields import conversion_of
from django_flex.schema.geometry.geojson import TYPES, GeometryType
from django_flex.schema.model_declarations import declaration_of, has_dynamic_choices
from django_flex.schema.resources import Attribute, ComputedExpression, Resource

if TYPE_CHECKING:
    from collections.abc import Mapping

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
#: The same for fields that cannot be imported without a driver of PostgreSQL, by their names.
POSTGRES_KINDS: Mapping[str, str] = MappingProxyType(
    {"ArrayField": "array", "HStoreField": "hstore", "RangeField": "range"}
)
#: The kinds of items that arrays can be compared by; of others there are arrays of kind ``other``.
_ITEM_KINDS = SCALARS | TEMPORAL | {"array"}
_POSTGRES = "django.contrib.postgres.fields."
#: GeoDjango, which cannot be imported without GDAL.
_GEODJANGO = "django.contrib.gis."


@dataclass(frozen=True, slots=True, eq=False)
class ModelAttribute(Attribute):
    """A column of a Django model, or a computed field beside its columns.

    ``model_field`` is Django's field of it. ``value_field`` is the one that its values are of: of a
    foreign key that of the key.
    """

    model_field: Any = None
    value_field: Any = None
    _declaration: Declaration | None = field(default=None, init=False, repr=False)

    @property
    def declaration(self) -> Declaration:
        """What the model declares about the values; choices of code are read again each time.

        Anything else is read once, for many paths lead to one column.
        """
        if has_dynamic_choices(self.model_field):
            return declaration_of(self, self.model_field, self.value_field)
        if self._declaration is None:
            found = declaration_of(self, self.model_field, self.value_field)
            object.__setattr__(self, "_declaration", found)
            return found
        return self._declaration


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ModelResource(Resource):
    """A Django model as a resource."""

    model: type[models.Model]


def value_field_of(attribute: Attribute) -> models.Field[Any, Any] | None:
    """Return Django's field that values are of, ``None`` for those of no Django model."""
    if attribute.source is not None:
        return value_field_of(attribute.source)
    return attribute.value_field if isinstance(attribute, ModelAttribute) else None


def model_field_of(attribute: Attribute) -> models.Field[Any, Any] | None:
    """Return Django's field of a column, ``None`` for one of no Django model."""
    return attribute.model_field if isinstance(attribute, ModelAttribute) else None


def computed_attribute(
    name: str, computed: ComputedExpression, output_field: object
) -> ModelAttribute:
    """Return an expression as an attribute with a name, typed by a field."""
    value_field = followed(output_field)
    return ModelAttribute(
        name=name,
        lookup=name,
        kind=kind_of(value_field),
        null=True,
        computed=computed,
        model_field=value_field,
        value_field=value_field,
        **facts_of(value_field),
    )


def followed(model_field: Any) -> models.Field[Any, Any]:
    """Follow foreign keys and generated fields to the field that defines the values."""
    if isinstance(model_field, models.ForeignKey):
        return followed(model_field.target_field)
    if isinstance(model_field, models.GeneratedField):
        return followed(model_field.output_field)
    found: models.Field[Any, Any] = model_field
    return found


def compared_as(model_field: Any) -> str:
    """Return Django's name of a column before a lookup: of a foreign key, the column it points to.

    Behind a foreign key Django looks for a field of the related model first, and for a lookup only
    if there is none of that name. Up to the column that the key points to it joins no table.
    """
    if not isinstance(model_field, models.ForeignKey):
        return str(model_field.name)
    return f"{model_field.name}__{compared_as(model_field.target_field)}"


def column_compared_as(model: type[models.Model], column: str) -> str:
    """Return the same of a column of a model, or of its key as ``pk``."""
    key: Any = model._meta.pk
    return compared_as(key if column == "pk" else model._meta.get_field(column))


def kind_of(value_field: models.Field[Any, Any]) -> str:
    """Return the kind of the values of a Django field."""
    kind = _kind_of_class(value_field)
    if kind == "file":
        return kind  # what is stored is a name
    items = getattr(value_field, "base_field", None)
    if items is not None and (inside := kind_of(followed(items))) in STORED_OTHERWISE:
        return inside
    return conversion_of(value_field, kind) or kind


def _kind_of_class(value_field: models.Field[Any, Any]) -> str:
    """Return the kind that the class of a field says, whatever the field does to its values."""
    for base, kind in FIELD_KINDS:
        if isinstance(value_field, base):
            return kind
    bases = (one for one in type(value_field).__mro__ if one.__module__.startswith(_POSTGRES))
    kinds = (POSTGRES_KINDS[one.__name__] for one in bases if one.__name__ in POSTGRES_KINDS)
    kind = next(kinds, "geometry" if _is_of_geometries(value_field) else "other")
    if kind == "array" and kind_of(followed(value_field.base_field)) not in _ITEM_KINDS:  # type: ignore[attr-defined]  # an array has one
        return "other"
    return kind


def is_of_geodjango(value_field: object) -> bool:
    """Whether GeoDjango has a field, and no project."""
    return type(value_field).__module__.startswith(_GEODJANGO)


def _is_of_geometries(value_field: models.Field[Any, Any]) -> bool:
    bases = (one for one in type(value_field).__mro__ if one.__module__.startswith(_GEODJANGO))
    return any(one.__name__ == "GeometryField" for one in bases)


def _geometry_of(value_field: Any) -> GeometryType | None:
    """Return which geometries a field has, ``None`` if it has none."""
    if not _is_of_geometries(value_field):
        return None
    known = {name.upper(): name for name in TYPES}
    return GeometryType(
        name=known.get(value_field.geom_type),
        srid=value_field.srid if value_field.srid > 0 else None,
        dimensions=value_field.dim,
        geography=value_field.geography,
    )


def facts_of(value_field: models.Field[Any, Any]) -> dict[str, Any]:
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
        "stored": _kind_of_class(value_field) if kind_of(value_field) in STORED_OTHERWISE else None,
        "storage": getattr(value_field, "storage", None),
        "items": _items_of(value_field),
        "geometry": _geometry_of(value_field),
    }


def _items_of(value_field: models.Field[Any, Any]) -> ModelAttribute | None:
    """Return what is in the values of a field as an attribute, ``None`` for single values."""
    base = getattr(value_field, "base_field", None)
    if base is None and _kind_of_class(value_field) == "hstore":
        base = models.TextField(name=value_field.name, null=True)
        base.set_attributes_from_name(value_field.name)
    if base is None:
        return None
    inner = followed(base)
    return ModelAttribute(
        name=inner.name,
        lookup=inner.attname,
        kind=kind_of(inner),
        null=inner.null,
        model_field=inner,
        value_field=inner,
        **facts_of(inner),
    )
