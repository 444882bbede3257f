"""Which columns the database finds rows by, as the models declare it."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from django.db.models import UniqueConstraint

if TYPE_CHECKING:
    from django.db import models

    from django_flex.schema.introspection import Attribute


@lru_cache(maxsize=4_096)
def is_indexed(attribute: Attribute) -> bool:
    """Whether an index begins with a column, so that few rows are read to find some by it."""
    found: Any = attribute.model_field
    if found.primary_key or found.unique or found.db_index:
        return True
    model = getattr(found, "model", None)
    return model is not None and found.name in leading_columns(model)


@cache
def leading_columns(model: type[models.Model]) -> frozenset[str]:
    """Return the fields that the indexes and unique constraints over several of them begin with."""
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
