"""A page whose rows are chosen first: what is only shown of them is joined and computed afterwards.

A database joins all rows that match, and computes what is selected of each, before it sorts them
and lets all but a page go. Here the keys of the page come from a query of their own within the same
statement (a "deferred join"), so that a page costs no more than its rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import F, QuerySet
from django.db.models.sql.datastructures import BaseTable

from django_flex.backends.orm.slots import with_slots
from django_flex.permissions.authorized import Derived

if TYPE_CHECKING:
    from django.db.models.sql import Query

    from django_flex.permissions.authorized import Value
    from django_flex.plan.nodes import ReadPlan
    from django_flex.schema.introspection import Relation

#: Of larger pages most rows are joined anyway, and looking up each by its key costs more.
LARGEST = 200
#: Stands in the SQL where the limits of a page belong. No name of a table or column has such text.
PLACE = "/*limits of the page*/"
_KEY = "flex_key"
_KEYS = "flex_keys"


class PageTable(BaseTable):
    """The table of a model, but of its rows only those whose keys a query of its own finds."""

    def __init__(self, table: BaseTable, keys: Query, column: str) -> None:
        """Take a base table of a query, the query of the keys, and the column of the key."""
        super().__init__(table.table_name, table.table_alias)
        self.keys = keys
        self.column = column

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """Return the two tables as one part of FROM, with ``PLACE`` if the keys have no limits."""
        table, _ = super().as_sql(compiler, connection)
        sql, parameters = self.keys.get_compiler(compiler.using).as_sql()
        if not self.keys.is_sliced:
            sql = f"{sql} {PLACE}"
        name, key, keys = map(connection.ops.quote_name, (self.table_alias, self.column, _KEYS))
        on = f"{name}.{key} = {keys}.{connection.ops.quote_name(_KEY)}"
        return f"({sql}) {keys} INNER JOIN {table} ON ({on})", parameters


def joins_late(plan: ReadPlan) -> bool:
    """Whether the rows of a page are better chosen before the rest is joined to them."""
    ordered = [ordering.column for ordering in plan.order_by]
    if _is_special(plan) or plan.limit > LARGEST:
        return False
    if any(isinstance(column, Derived) for column in ordered):
        return False
    needed = {id(hop) for column in ordered for hop in column.hops}
    return _is_safe(plan.columns) and any(_is_late(column, needed) for column in plan.columns)


def _is_special(plan: ReadPlan) -> bool:
    """Whether a plan is of one row, of none, of combinations, or in an order of its own."""
    ordered_otherwise = plan.keyset is not None or plan.ranking is not None
    given = plan.rows.nothing or plan.rows.queryset is not None
    return plan.pk is not None or bool(plan.cells or plan.distinct_on) or ordered_otherwise or given


def _is_late(column: Value, needed: set[int]) -> bool:
    """Whether a value takes more than the row and the relations that are needed to sort."""
    return isinstance(column, Derived) or any(id(hop) not in needed for hop in column.hops)


def _is_safe(columns: tuple[Value, ...]) -> bool:
    """Whether no joined row can be missing where the model says that there is one.

    Such a row is not in a list. A page that was chosen before would then have too few rows.
    """
    return all(_is_there(hop) for column in columns for hop in column.hops)


def _is_there(hop: Relation) -> bool:
    return hop.null or hop.constrained


def late(plan: ReadPlan, matching: QuerySet[Any], order: list[Any]) -> QuerySet[Any]:
    """Return a queryset of all rows of one page, without a selection and in no order yet.

    Args:
        plan: of a list for which ``joins_late``.
        matching: all rows of the list.
        order: the sort keys.
    """
    keys = matching.annotate(**{_KEY: F("pk")}).values_list(_KEY).query
    keys.clear_ordering(force=True, clear_default=True)
    keys.add_ordering(*order)
    keys.set_limits(plan.offset, plan.offset + plan.limit + 1)
    rows = with_slots(QuerySet(plan.resource.model, using=matching.db))
    alias = rows.query.get_initial_alias()
    table: Any = rows.query.alias_map[alias]
    rows.query.alias_map[alias] = PageTable(table, keys, str(plan.resource.model._meta.pk.column))
    return rows


def limited(query: Query) -> Query:
    """Return that part of the query of a page which its limits are set on."""
    table = query.alias_map.get(query.base_table) if query.base_table else None
    return table.keys if isinstance(table, PageTable) else query
