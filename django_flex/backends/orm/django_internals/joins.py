"""Which rows of a many-to-many's own table a filter has joined.

Uses ``Query.where``, ``Query.alias_map``, ``Join.table_name``, ``Col``, ``Field.get_lookup``, ``Field.target_field``
and ``Options.all_parents``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.db.models.expressions import Col

from django_flex.backends.orm.django_internals.keys import are_among, key_lookups
from django_flex.backends.orm.django_internals.models import key_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import Model, QuerySet


def filter_by_links(queryset: QuerySet[Any], condition: Q, links: QuerySet[Any]) -> QuerySet[Any]:
    """Return the rows that satisfy a condition by way of some links.

    Args:
        queryset: the rows.
        condition: a comparison of a many-to-many relation, as Django's ``filter`` takes it.
        links: the rows of its ``through`` model that count.

    Raises:
        LookupError: the condition does not lead through that model.
    """
    found = queryset.filter(condition)
    # One pair of rows may have several links: what counts is the one that was joined.
    key = joined_key(found, queryset, links.model)
    return found.filter(links_among(key, links.order_by().values(*key_lookups(links.model))))


def links_among(key: Sequence[Any], keys: QuerySet[Any]) -> Any:
    """Return the condition that the columns of a joined key are among those that a queryset selects."""
    if len(key) > 1:
        return are_among(key, keys)
    return key[0].output_field.get_lookup("in")(key[0], keys.query)


def conditions_added(queryset: QuerySet[Any], before: QuerySet[Any]) -> Q:
    """Return the conditions that a queryset got since an earlier one, on the tables joined for them.

    Stating the filter again would join a many-to-many's table once more, and repeat rows. The
    conditions are resolved: they may hold constants, and no ``OuterRef``.
    """
    return Q(*queryset.query.where.children[len(before.query.where.children) :])


def joined_column(
    queryset: QuerySet[Any], before: QuerySet[Any], through: type[Model], name: str
) -> object:
    """Return a column of the links by which a queryset was filtered since an earlier one.

    Raises:
        LookupError: the filter does not lead through that model.
    """
    field: Any = through._meta.get_field(name)
    alias, _ = _joined(queryset, before.query.alias_map, through)
    return Col(alias, field)


def joined_key(queryset: QuerySet[Any], before: QuerySet[Any], through: type[Model]) -> list[Any]:
    """Return the columns of the primary key of the links by which a queryset was filtered since.

    Raises:
        LookupError: the filter does not lead through that model.
    """
    alias, table = _joined(queryset, before.query.alias_map, through)
    return [Col(alias, column, _value_field(column)) for column in key_columns(table)]


def _value_field(column: Any) -> Any:
    while column.remote_field is not None:
        column = column.target_field
    return column


def _joined(queryset: QuerySet[Any], before: Any, through: type[Model]) -> tuple[str, type[Model]]:
    """Return the alias under which a filter joined some links, and the model with their table."""
    tables = {model._meta.db_table: model for model in (through, *through._meta.all_parents)}
    for alias, join in queryset.query.alias_map.items():
        if alias not in before and join.table_name in tables:
            return alias, tables[join.table_name]
    message = f"The rows of {through._meta.label} are no links of this relation"
    raise LookupError(message)
