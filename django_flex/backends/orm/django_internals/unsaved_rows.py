"""Queries answered as if a row were stored that is not: its tables are shadowed by CTEs.

Uses ``BaseDatabaseWrapper.ops``, ``Query.get_compiler`` with ``as_sql`` and ``compile``, and
``Options``: ``local_concrete_fields`` and ``pk``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import (
    AutoField,
    BigAutoField,
    DateField,
    DateTimeField,
    SmallAutoField,
    TimeField,
    Value,
)

from django_flex.backends.orm.django_internals.compilation import compiler_of, expression_compiler
from django_flex.backends.orm.django_internals.models import (
    is_database_default,
    key_columns,
    with_parents,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models import Field, Model
    from django.db.models.sql import Query

    Fragment = tuple[str, list[Any]]

#: Stands for the key that the database gives a new row; sequences begin at 1.
NEW_KEY = -1
_COUNTED = (AutoField, BigAutoField, SmallAutoField)
_STAMPS = frozenset({DateField.pre_save, DateTimeField.pre_save, TimeField.pre_save})


def key_of_unsaved(instance: Model) -> Any:
    """Return the key of a row, ``NEW_KEY`` where the database will count it, ``None`` if unknown."""
    keys = [_key_part(instance, field) for field in key_columns(type(instance))]
    if None in keys:
        return None
    return keys[0] if len(keys) == 1 else tuple(keys)


def exists_with(query: Query, instance: Model, using: str) -> bool:
    """Whether a query of tuples finds something if a row is stored as it is now.

    What only the database knows of the row, such as the result of an expression, is null; its
    defaults and the time of Django's fields are as if it were saved now. A query that begins with
    a CTE of its own, or of a table with a schema in its name, finds nothing.
    """
    connection = connections[using]
    tables = [one for one in with_parents(type(instance)) if not one._meta.proxy]
    try:
        sql, parameters = compiler_of(query, using).as_sql()
    except EmptyResultSet:
        return False
    if sql.lstrip().upper().startswith("WITH") or any('"' in t._meta.db_table for t in tables):
        return False
    shadows = [_shadow(table, instance, using) for table in tables]
    ctes = ", ".join(text for text, _ in shadows)
    values = [one for _, some in shadows for one in some]
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {ctes} {sql}", [*values, *parameters])
        return cursor.fetchone() is not None


def _shadow(table: type[Model], instance: Model, using: str) -> Fragment:
    """Return a CTE with the name of a table: its other rows, and the row as it is now."""
    connection = connections[using]
    quote = connection.ops.quote_name
    name, fields = quote(table._meta.db_table), table._meta.local_concrete_fields
    # SQLite takes the name inside the CTE for the CTE itself, other databases for the table.
    stored = f'"main".{name}' if connection.vendor == "sqlite" else name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    keys, row = key_columns(table), [*_values(fields, instance, using)]
    others = [*_values(keys, instance, using)]
    same = " AND ".join(
        f"{quote(str(field.column))} = {sql}" for field, (sql, _) in zip(keys, others, strict=True)
    )
    text = (
        f"{name} AS (SELECT {columns} FROM {stored} WHERE NOT ({same})"  # noqa: S608
        f" UNION ALL SELECT {', '.join(sql for sql, _ in row)})"
    )
    return text, [one for _, values in (*others, *row) for one in values]


def _values(fields: Any, instance: Model, using: str) -> Iterator[Fragment]:
    compiler, connection = expression_compiler(using), connections[using]
    for field in fields:
        value = _saved_value(instance, field)
        if is_database_default(value):
            sql, values = compiler.compile(value.resolve_expression())
        else:
            known = None if hasattr(value, "resolve_expression") else value
            expression = Value(known, output_field=field).resolve_expression(for_save=True)
            sql, values = compiler.compile(expression)
        yield _typed(sql, field, connection), list(values)


def _saved_value(instance: Model, field: Field[Any, Any]) -> Any:
    """Return the value that a column of a row will be saved with: the time, if Django stamps it.

    Other fields of a project may do anything before they are saved, so they are not asked.
    """
    if field.generated:
        return None
    if type(field).pre_save not in _STAMPS:
        return _key_part(instance, field)
    stored = instance.__dict__
    before = {field.attname: stored[field.attname]} if field.attname in stored else {}
    try:
        return field.pre_save(instance, add=instance._state.adding)  # noqa: SLF001 - documented
    finally:
        stored.pop(field.attname, None)
        stored.update(before)


def _typed(sql: str, field: Field[Any, Any], connection: BaseDatabaseWrapper) -> str:
    """Return a value as one of the column's type, where the database takes it for another one."""
    if connection.vendor == "postgresql":
        kind = field.cast_db_type(connection)
        return sql if kind is None else f"CAST({sql} AS {kind})"
    if connection.vendor == "sqlite" and field.get_internal_type() == "DecimalField":
        return f"CAST({sql} AS NUMERIC)"
    return sql


def _key_part(instance: Model, field: Field[Any, Any]) -> Any:
    """Return the value of a column of a row, that of a counted key before it is counted, too."""
    value = getattr(instance, field.attname)
    counted: Any = field
    while counted.primary_key and counted.remote_field is not None:
        counted = counted.target_field
    return (
        NEW_KEY if value is None and field.primary_key and isinstance(counted, _COUNTED) else value
    )
