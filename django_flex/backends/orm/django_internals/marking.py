"""Lookups that mark their parameters, and the query that makes them.

Uses ``sql.Query``: ``build_lookup``, ``check_related_objects`` and ``chain``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db.models.sql import Query

from django_flex.backends.orm.bind_parameters import BindParameter, MarkedParameter

if TYPE_CHECKING:
    from django.db.models import Field, Lookup, QuerySet
    from django.db.models.options import Options

    Fragment = tuple[str, Sequence[Any]]

_COMPILERS = ("as_sql", "as_sqlite", "as_postgresql", "as_mysql", "as_oracle")


class BindableQuery(Query):
    """Django's query, which lets bind parameters through to the lookups."""

    def build_lookup(self, lookups: Sequence[str], lhs: Any, rhs: Any) -> Any:
        """Return the lookup of a value, a marked one of a bind parameter's."""
        if not isinstance(rhs, BindParameter):
            return super().build_lookup(lookups, lhs, rhs)
        lookup: Lookup[Any] | None = super().build_lookup(lookups, lhs, rhs.value)
        if lookup is None:  # there is none of this name, which is an error of the caller's to raise
            return None
        marked = _marked(lookup, rhs)
        rhs.lookups.append(marked)
        return marked

    def check_related_objects(
        self, field: Field[Any, Any], value: object, opts: Options[Any]
    ) -> None:
        """Refuse an object of another model."""
        value = value.value if isinstance(value, BindParameter) else value
        super().check_related_objects(field, value, opts)


def bindable(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Return a queryset of Django's own making as one that takes bind parameters."""
    if is_plain_query(queryset):
        queryset.query = queryset.query.chain(BindableQuery)
    return queryset


def is_plain_query(queryset: QuerySet[Any]) -> bool:
    """Whether a queryset has Django's own class of queries."""
    return type(queryset.query) is Query


def _marked(lookup: Lookup[Any], parameter: BindParameter) -> object:
    """Return a lookup like another one, which marks its parameters.

    It is built a second time. A project's lookup that does not allow this is left unmarked, so that
    it is not found among the marked ones, and the statement is not cached.
    """
    kind: Any = type(lookup)
    try:
        marked: Any = _marking(kind)(lookup.lhs, parameter.value)
    except Exception:  # noqa: BLE001 - lookups raise what they like
        return lookup
    if marked.lhs != lookup.lhs or type(marked.rhs) is not type(lookup.rhs):
        return lookup
    marked.flex_name = parameter.number, len(parameter.lookups)
    marked.flex_value = parameter.value
    marked.flex_kind = kind
    return marked


@cache
def _marking(kind: type[Lookup[Any]]) -> type[Lookup[Any]]:
    """Return a class of lookups that are compiled like another, and mark their parameters."""
    methods = {name: _marks(kind, name) for name in _COMPILERS if hasattr(kind, name)}
    return type(f"Marked{kind.__name__}", (kind,), methods)


def _marks(kind: type[Lookup[Any]], name: str) -> Callable[..., Fragment]:
    def compiled(self: Any, compiler: Any, connection: Any, **options: Any) -> Fragment:
        inner = self.__dict__.get("flex_compiling", False)
        self.flex_compiling = True
        try:
            sql, parameters = getattr(kind, name)(self, compiler, connection, **options)
        finally:
            self.flex_compiling = inner
        if inner:  # one of these methods calls another
            return sql, parameters
        self.flex_sql = sql
        return sql, [
            parameter
            if isinstance(parameter, MarkedParameter)
            else MarkedParameter(self, position, parameter)
            for position, parameter in enumerate(parameters)
        ]

    return compiled
