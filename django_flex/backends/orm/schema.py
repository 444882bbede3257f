"""What Django has for a resource, an attribute or a value: its model, its fields.

Nothing else in here reads them off a resource, which knows them only if the ORM stores its rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.models import Field, Model

    from django_flex.schema.resources import Attribute, Resource


def model_of(resource: Resource) -> type[Model]:
    """Return the model that a resource describes."""
    model: type[Model] = resource.model  # type: ignore[attr-defined]  # of each ModelResource
    return model


def field_of(attribute: Attribute) -> Field[Any, Any]:
    """Return the field of a column, or of a computed field."""
    field: Field[Any, Any] = attribute.model_field  # type: ignore[attr-defined]  # as above
    return field
