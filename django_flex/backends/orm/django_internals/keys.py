"""Rows by their keys, whether these are one column or several.

Django has lookups of its own for keys of several columns. On SQLite they cannot look into every
subquery, and nest as deep as there are keys, so the columns are compared here.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import BooleanField, F, Field, Func, OuterRef, Q, Subquery, Value
from django.db.models.lookups import In

from django_flex.backends.orm.django_internals.models import key_columns
from django_flex.schema.conversions.keys import KeyConditions, any_key, one_key
from django_flex.schema.model_attributes import compared_as

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet


def are_among(columns: Iterable[Any], keys: QuerySet[Any]) -> Q:
    """Return the condition that several columns are together among those that a queryset selects."""
    key = Func(*columns, template="(%(expressions)s)", output_field=Field())
    found = Subquery(keys, output_field=Field())
    among = Func(
        key, found, template="%(expressions)s", arg_joiner=" IN ", output_field=BooleanField()
    )
    return Q(among)


class _IsAmongRows(Func):
    """Whether columns are together one of some keys, which are bound as rows of values."""

    output_field = BooleanField()

    def __init__(self, *columns: Any, keys: Iterable[tuple[Any, ...]]) -> None:
        super().__init__(*columns)
        self.keys = tuple(keys)

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> Any:  # type: ignore[override]  # no templates
        """Write it for databases whose lists may have rows in them."""
        return self._written(compiler, connection, "")

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> Any:
        """Write it for SQLite, where it takes a statement to list rows."""
        return self._written(compiler, connection, "VALUES ")

    def _written(self, compiler: Any, connection: Any, before: str) -> Any:
        columns = self.get_source_expressions()
        compiled = [compiler.compile(one) for one in columns]
        fields = [_value_field(one.output_field) for one in columns]
        row = f"({', '.join(['%s'] * len(columns))})"
        bound = [
            # As lookups do it: a value that a column cannot have is in no row, and no mistake.
            field.get_db_prep_value(field.get_prep_value(value), connection, prepared=True)
            for key in self.keys
            for field, value in zip(fields, key, strict=True)
        ]
        left, rows = ", ".join(sql for sql, _ in compiled), ", ".join([row] * len(self.keys))
        own = [one for _, parameters in compiled for one in parameters]
        return f"({left}) IN ({before}{rows})", [*own, *bound]


def _value_field(field: Any) -> Any:
    """Return the field that the values of a column are of: of a reference that of its target."""
    while field.remote_field is not None:
        field = field.target_field
    return field


def are_keys(names: Iterable[str], keys: Iterable[tuple[Any, ...]]) -> Q:
    """Return the condition that several columns are together one of some keys, at least one."""
    return Q(_IsAmongRows(*map(F, names), keys=keys))


def has_several_columns(model: type[Model]) -> bool:
    """Whether the key of a model is of several columns."""
    return len(key_lookups(model)) > 1


def key_lookups(model: Any) -> tuple[str, ...]:
    """Return Django's names of the columns of the key of a model."""
    return _key_lookups(model)


@cache
def _key_lookups(model: Any) -> tuple[str, ...]:
    return tuple(column.attname for column in key_columns(model))


def _before_lookups(model: Any) -> tuple[str, ...]:
    """Return the names of the columns of the key of a model where a lookup follows them."""
    return _key_before_lookups(model)


@cache
def _key_before_lookups(model: Any) -> tuple[str, ...]:
    return tuple(compared_as(column) for column in key_columns(model))


@cache
def has_lookalike_of_in(model: Any) -> bool:
    """Whether Django's ``pk__in`` compares another column: the key points to a row with a field ``in``."""
    key = key_columns(model)[0]
    if key.related_model is None or has_several_columns(model):
        return False
    there: Any = key.related_model
    try:
        there._meta.get_field("in")
    except FieldDoesNotExist:
        return False
    return True


def has_key(model: type[Model], key: Any) -> Q:
    """Return the condition that a row has a key."""
    if not has_several_columns(model):
        return Q(pk=key)
    return one_key(key_lookups(model), key, _CONDITIONS)


def has_one_of(model: type[Model], keys: Iterable[Any]) -> Q:
    """Return the condition that a row has one of some keys."""
    if not has_several_columns(model):
        return Q((f"{_before_lookups(model)[0]}__in", list(keys)))
    parts = (key for key in keys if isinstance(key, tuple))  # anything else is no key
    return any_key(_before_lookups(model), parts, _CONDITIONS)


def is_among(rows: QuerySet[Any]) -> Q:
    """Return the condition that a row is one of a queryset of the same model."""
    if not has_several_columns(rows.model):
        return Q((f"{_before_lookups(rows.model)[0]}__in", rows.values("pk")))
    names = key_lookups(rows.model)
    return are_among(map(F, names), rows.values(*names))


def is_outer_row(model: type[Model]) -> Q:
    """Return the condition that a row is that of the statement around it."""
    return Q(*((name, OuterRef(name)) for name in key_lookups(model)))


_CONDITIONS: KeyConditions[str, Q] = KeyConditions(
    equal=lambda name, value: Q((name, value)),
    among=lambda name, values: Q((f"{name}__in", values)),
    every=lambda conditions: Q(*conditions),
    some=lambda conditions: Q(*conditions, _connector=Q.OR) if conditions else Q(In(Value(1), ())),
)
