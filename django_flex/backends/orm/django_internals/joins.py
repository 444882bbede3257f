"""Which rows of a many-to-many's own table a filter has joined.

Uses ``Query.where``, ``Query.alias_map``, ``Join.table_name``, ``Col``, ``Field.get_lookup``, ``Field.target_field``
and ``Options.all_parents``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.db.models.expressions import Col

if TYPE_CHECKING:
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
    key = _joined_key(found, queryset.query.alias_map, links.model)
    return found.filter(key.output_field.get_lookup("in")(key, links.order_by().values("pk").query))


def conditions_added(queryset: QuerySet[Any], before: QuerySet[Any]) -> Q:
    """Return the conditions that a queryset got since an earlier one, on the tables joined for them.

    Stating the filter again would join a many-to-many's table once more, and repeat rows. The
    conditions are resolved: they may hold constants, and no ``OuterRef``.
    """
    return Q(*queryset.query.where.children[len(before.query.where.children) :])


def _joined_key(queryset: QuerySet[Any], before: Any, through: type[Model]) -> Any:
    """Return the primary key of the links as the last filter joined them."""
    tables = {model._meta.db_table: model for model in (through, *through._meta.all_parents)}
    for alias, join in queryset.query.alias_map.items():
        if alias not in before and join.table_name in tables:
            key: Any = tables[join.table_name]._meta.pk
            value = key
            while value.remote_field is not None:
                value = value.target_field
            return Col(alias, key, value)
    message = f"The rows of {through._meta.label} are no links of this relation"
    raise LookupError(message)
