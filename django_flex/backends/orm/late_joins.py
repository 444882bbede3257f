"""A page whose rows are chosen first: what is only shown of them is joined and computed afterwards.

A database joins all rows that match, and computes what is selected of each, before it sorts them
and lets all but a page go. Here the keys of the page come from a query of their own within the same
statement (a "deferred join"), so that a page costs no more than its rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from django.db.models import F, QuerySet
from django.db.models.sql.datastructures import BaseTable

from django_flex.backends.orm.slots import with_slots
from django_flex.permissions.authorized import Derived

if TYPE_CHECKING:
    from django.db.models.sql import Query

    from django_flex.plan.nodes import ReadPlan, SelectOutput
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
    if plan.limit > LARGEST or _is_special(plan):
        return False
    shown = _shown(plan.output)
    if not shown.safe:
        return False
    needed: set[int] = set()
    for ordering in plan.order_by:
        if isinstance(ordering.column, Derived):
            return False
        needed.update(map(id, ordering.column.hops))
    return shown.computed or not shown.hops <= needed


def _is_special(plan: ReadPlan) -> bool:
    """Whether a plan is of one row, of none, of combinations, or in an order of its own."""
    ordered_otherwise = plan.keyset is not None or plan.ranking is not None
    given = plan.rows.nothing or plan.rows.queryset is not None
    return plan.pk is not None or bool(plan.cells or plan.distinct_on) or ordered_otherwise or given


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What an output takes beside the row: relations, by identity, and whether computed values.

    It is ``safe`` if no joined row can be missing where the model says that there is one. Such a
    row is not in a list. A page that was chosen before would then have too few rows.
    """

    hops: frozenset[int]
    computed: bool
    safe: bool


# Selections that are remembered come again.
_known: WeakKeyDictionary[SelectOutput, Shown] = WeakKeyDictionary()


def _shown(output: SelectOutput) -> Shown:
    found = _known.get(output)
    if found is None:
        hops = [hop for column in output.columns for hop in column.hops]
        found = Shown(
            hops=frozenset(map(id, hops)),
            computed=any(isinstance(column, Derived) for column in output.columns),
            safe=all(map(_is_there, hops)),
        )
        _known[output] = found
    return found


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
