"""Django's names of what is compared: columns, items of arrays, keys, lengths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import F, ForeignKey

from django_flex.backends.orm.expressions.context import path_of, path_over
from django_flex.backends.orm.expressions.hstore_keys import text_at
from django_flex.backends.orm.expressions.parts import TextLength
from django_flex.backends.orm.schema import field_of
from django_flex.schema.model_attributes import compared_as

if TYPE_CHECKING:
    from django_flex.backends.orm.expressions.context import StatementContext
    from django_flex.resolved import Column, Predicate


def name_before_lookup(column: Column) -> str:
    """Return Django's name of a column if a lookup follows it."""
    field = field_of(column.attribute)
    if not isinstance(field, ForeignKey):
        return path_of(column)
    return path_over(column.hops, compared_as(field))


def compared_name(test: Predicate, column: Column, context: StatementContext) -> str:
    """Return Django's name of a column as a comparison needs it, or an alias in the statement."""
    name, attribute = name_before_lookup(column), column.attribute
    if attribute.kind == "hstore" and column.keys:
        name = context.alias(text_at(name, *column.keys))
    if attribute.kind == "array":
        name = "__".join((name, *column.keys))
    if "len" in test.transforms:
        whole = attribute.kind == "array" and not column.keys
        name = f"{name}__len" if whole else context.alias(TextLength(F(name)))
    return name
