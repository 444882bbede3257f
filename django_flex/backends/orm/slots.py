"""Values that stay open in a query, so that its SQL can be used again with other values.

A value that a caller sent, or that a row rule is bound to, goes into a queryset as a ``Slot``. The
lookups that Django makes of it mark their parameters; whoever has the compiled SQL knows of each
parameter which lookup it is of, and lets a lookup of the same class make it of the next value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db.models import Manager, QuerySet
from django.db.models.sql import Query

if TYPE_CHECKING:
    from django.db import models
    from django.db.models import Lookup

    Fragment = tuple[str, list[Any]]

_COMPILERS = ("as_sql", "as_sqlite", "as_postgresql", "as_mysql", "as_oracle")
#: Methods of a queryset with which a project could make each one different.
_OWN = frozenset(
    {
        "__init__",
        "_chain",
        "_clone",
        "_filter_or_exclude",
        "alias",
        "all",
        "annotate",
        "filter",
        "order_by",
        "using",
        "values_list",
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """The value that one request has where others have another."""

    number: int
    value: Any


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """A value that is no part of a plan: the key of a row, the keys of some rows."""

    value: Any

    @property
    def number(self) -> int:
        """How many values it is."""
        value = self.value.value if isinstance(self.value, Slot) else self.value
        return len(value)


@dataclass(frozen=True, slots=True)
class Open:
    """The ``position``-th parameter of a lookup, here with the value of one request."""

    lookup: Any
    position: int
    value: Any

    def __eq__(self, other: object) -> bool:
        """Whether both are the same parameter of the same value."""
        return isinstance(other, Open) and self._identity == other._identity

    def __hash__(self) -> int:
        """Hash what makes it equal."""
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[Any, ...]:
        return self.lookup.flex_number, self.lookup.flex_kind, self.lookup.lhs, self.position


class SlotQuery(Query):
    """Django's query, which lets slots through to the lookups."""

    def build_lookup(self, lookups: Any, lhs: Any, rhs: Any) -> Any:
        """Return the lookup of a value, marked if the value is a slot's."""
        if not isinstance(rhs, Slot):
            return super().build_lookup(lookups, lhs, rhs)
        lookup: Any = super().build_lookup(lookups, lhs, rhs.value)
        lookup.flex_number, lookup.flex_value = rhs.number, rhs.value
        kind: Any = type(lookup)
        lookup.flex_kind, lookup.__class__ = kind, _marking(kind)
        return lookup

    def check_related_objects(self, field: Any, value: Any, opts: Any) -> None:
        """Refuse an object of another model."""
        value = value.value if isinstance(value, Slot) else value
        super().check_related_objects(field, value, opts)


def with_slots(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Let slots into a new queryset of Django's own making; return it."""
    if type(queryset.query) is Query:
        queryset.query.__class__ = SlotQuery
    return queryset


@cache
def gives_same_rows(model: type[models.Model]) -> bool:
    """Whether the managers of a model give the same queryset at any time, to anybody."""
    managers: tuple[Any, ...] = (model._default_manager, model._base_manager)
    return all(_is_constant(manager) for manager in managers)


def _is_constant(manager: Any) -> bool:
    kinds = type(manager.all()).__mro__
    own = {name for kind in kinds[: kinds.index(QuerySet)] for name in vars(kind)}
    if type(manager).get_queryset is not Manager.get_queryset or own & _OWN:
        return False
    return type(manager.all().query) is Query


@cache
def _marking(kind: type[Lookup[Any]]) -> type[Lookup[Any]]:
    """Return a class of lookups that are compiled like another, and mark their parameters."""
    methods = {name: _marked(kind, name) for name in _COMPILERS if hasattr(kind, name)}
    return type(f"Open{kind.__name__}", (kind,), methods)


def _marked(kind: type[Lookup[Any]], name: str) -> Callable[..., Fragment]:
    def compiled(self: Any, compiler: Any, connection: Any, **options: Any) -> Fragment:
        inner = self.__dict__.get("flex_compiling", False)
        self.flex_compiling = True
        try:
            sql, parameters = getattr(kind, name)(self, compiler, connection, **options)
        finally:
            self.flex_compiling = inner
        if inner:  # one of these methods calls another
            return sql, parameters
        return sql, [
            parameter if isinstance(parameter, Open) else Open(self, position, parameter)
            for position, parameter in enumerate(parameters)
        ]

    return compiled
