"""Rows that a project has chosen by SQL of its own.

Such SQL calls a table by its name. Django gives the tables of a subquery other names, and then the
text means a row of the statement around it, or none. So these rows stay a query by itself.

Uses ``sql.Query``: ``where.leaves``, ``annotations``, ``extra_tables``, ``_filtered_relations``,
``clone``, ``get_compiler``; ``expressions.BaseExpression``, ``Combinable``;
``where.ExtraWhere``; ``Col.alias``, ``Col.target``.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db.models import BooleanField, Expression, F, Field, Func, Lookup, Q
from django.db.models.expressions import BaseExpression, Col, Combinable, RawSQL
from django.db.models.sql import Query
from django.db.models.sql.where import ExtraWhere

from django_flex.backends.orm.django_internals.keys import key_lookups

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.db.models import QuerySet

#: Packages whose expressions call tables by the names that they have in a statement.
_OURS = ("django.", "django_flex.", "builtins", "typing", "abc")
_COMPILING = frozenset({"as_sql", "as_sqlite", "as_postgresql", "as_mysql", "as_oracle"})
#: A text in SQL, and a name before a dot: ``shop_line.price``, ``"shop_line"."price"``.
_LITERAL = re.compile("'(?:[^']|'')*'")
_DOTTED = re.compile(r"""[A-Za-z_][\w$]*\s*\.|["`\]]\s*\.""")


def has_raw_sql(part: object) -> bool:
    """Whether a query, a condition or an expression has SQL in it that a project has written.

    Of an expression that a project's class compiles by itself, anything may come. A template is SQL
    of Django's, or with the name of a function only, unless it has the name of a table before a dot.
    """
    if isinstance(part, RawSQL | ExtraWhere):
        return True
    if isinstance(part, Query) and part.extra_tables:
        return True
    kind: Any = type(part)
    is_expression = issubclass(kind, BaseExpression | Combinable) and not issubclass(kind, Lookup)
    if is_expression and (_compiles_itself(kind) or any(map(_names_a_table, _texts(part)))):
        return True
    return any(map(has_raw_sql, _inside(part)))


@cache
def _compiles_itself(kind: type) -> bool:
    """Whether a class that is not Django's, nor ours, makes the SQL of an expression."""
    own = (one for one in kind.__mro__ if not one.__module__.startswith(_OURS))
    return any(not _COMPILING.isdisjoint(vars(one)) for one in own)


def _texts(part: object) -> Iterator[str]:
    """Yield the texts that an expression is compiled from."""
    parts = [*getattr(part, "extra", {}).values()]
    parts += [getattr(part, name, None) for name in ("template", "function", "arg_joiner")]
    yield from (one for one in parts if isinstance(one, str))


def _names_a_table(text: str) -> bool:
    return _DOTTED.search(_LITERAL.sub("''", text)) is not None


def _inside(part: object) -> Iterable[object]:
    if isinstance(part, Query):
        joined: Any = getattr(part, "_filtered_relations", {})
        conditions = [one.condition for one in joined.values()]
        return [*part.annotations.values(), *part.where.leaves(), *conditions]
    if isinstance(part, Q):
        return part.children
    if isinstance(part, tuple | list):
        return part
    if hasattr(part, "query"):  # a queryset or a subquery
        return [part.query]
    if hasattr(part, "get_source_expressions"):
        return [*part.get_source_expressions(), getattr(part, "rhs", None)]
    return ()


class _Rows(Expression):
    """What a query selects, in a table of its own, from which nothing of the statement is visible."""

    output_field: Field[Any, Any] = Field()

    def __init__(self, query: Query) -> None:
        super().__init__()
        self.query = query

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Write it with the names of tables that the query has by itself."""
        sql, parameters = self.query.clone().get_compiler(connection=connection).as_sql()
        return f"(SELECT * FROM ({sql}) flex_rows)", parameters  # noqa: S608 - Django's own SQL


def are_in_a_table_of_their_own(rows: QuerySet[Any]) -> Q:
    """Return the condition that a row is one of a queryset of the same model, compiled by itself."""
    names = key_lookups(rows.model)
    key = Func(*map(F, names), template="(%(expressions)s)", output_field=Field())
    those = _Rows(rows.order_by().values(*names).query)
    form = {"template": "%(expressions)s", "arg_joiner": " IN "}
    return Q(Func(key, those, output_field=BooleanField(), **form))


class RawValue(Func):
    """A value of the row of a model that has a value in a column, computed in a table of its own."""

    def __init__(
        self, rows: QuerySet[Any], column: str, near: Any, value: Any, kind: Any = None
    ) -> None:
        super().__init__(near, output_field=kind or value.output_field)
        both = rows.order_by().annotate(flex_value=value, flex_far=F(column))
        self.query = both.values("flex_value", "flex_far").query

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> Any:  # type: ignore[override]  # no templates
        """Write it with the names of tables that the query has by itself."""
        rows, first = self.query.clone().get_compiler(connection=connection).as_sql()
        near, second = compiler.compile(self.get_source_expressions()[0])
        sql = f"(SELECT flex_value FROM ({rows}) flex_rows WHERE flex_far = {near})"  # noqa: S608 - Django's own SQL
        return sql, [*first, *second]


class OwnRawValue(Func):
    """A value of the row that a query is about, which may be put into a subquery as it is.

    Its table has its own name in a statement by itself, and another one in a subquery: there it is
    computed in a table of its own. Keys of several columns are left as they are.
    """

    def __init__(self, value: Any) -> None:
        super().__init__(F("pk"), value)
        self.value = value

    def _resolve_output_field(self) -> Any:
        return self.get_source_expressions()[1].output_field

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> Any:  # type: ignore[override]  # no templates
        """Write it as the project has, or for the row of a key where its table is renamed."""
        near, value = self.get_source_expressions()
        model = near.target.model if isinstance(near, Col) else None
        if model is None or near.alias == model._meta.db_table:
            return compiler.compile(value)
        rows = model._base_manager.using(connection.alias)
        return compiler.compile(RawValue(rows, "pk", near, self.value, value.output_field))
