"""A base table that is joined to a query of the keys of one page.

Uses ``BaseTable``, ``Query.get_initial_alias``, ``alias_map``, ``base_table`` and ``is_sliced``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models.sql.datastructures import BaseTable

from django_flex.backends.orm.django_internals.compilation import compiler_of
from django_flex.backends.orm.django_internals.models import key_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models import QuerySet
    from django.db.models.sql import Query
    from django.db.models.sql.compiler import SQLCompiler

#: Stands in the SQL where the limits of a page belong. No name of a table or column has such text.
LIMIT_MARKER = "/*limits of the page*/"
#: The aliases of the columns of the key in the query of the keys begin so; a number follows.
KEY = "flex_key"
_KEYS = "flex_keys"


class PageTable(BaseTable):
    """The table of a model, limited to the rows whose keys a separate query finds."""

    def __init__(self, table: BaseTable, keys: Query, columns: Sequence[str]) -> None:
        """Take a base table of a query, the query of the keys, and the columns of the key."""
        super().__init__(table.table_name, table.table_alias)
        self.keys = keys
        self.columns = columns

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        """Return the two tables as one part of FROM, with ``LIMIT_MARKER`` if the keys have no limits."""
        table, _ = super().as_sql(compiler, connection)
        sql, parameters = compiler_of(self.keys, str(compiler.using)).as_sql()
        if not self.keys.is_sliced:
            sql = f"{sql} {LIMIT_MARKER}"
        quote = connection.ops.quote_name
        name, keys = quote(str(self.table_alias)), quote(_KEYS)
        on = " AND ".join(
            f"{name}.{quote(column)} = {keys}.{quote(f'{KEY}{number}')}"
            for number, column in enumerate(self.columns)
        )
        return f"({sql}) {keys} INNER JOIN {table} ON ({on})", parameters


def join_keys(rows: QuerySet[Any], keys: Query) -> None:
    """Limit a new queryset of all rows of a model to those whose keys a query finds."""
    query = rows.query
    alias = query.get_initial_alias()
    table: Any = query.alias_map[alias]
    columns = [str(field.column) for field in key_columns(rows.model)]
    query.alias_map[alias] = PageTable(table, keys, columns)


def limited_query(query: Query) -> Query:
    """Return that part of the query of a page which its limits are set on."""
    table = query.alias_map.get(query.base_table) if query.base_table else None
    return table.keys if isinstance(table, PageTable) else query
