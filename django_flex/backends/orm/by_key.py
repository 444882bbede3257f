"""One row by its key: the statement is compiled once, since only the key differs from then on.

Most of the time of such a read is Django building and compiling the same queryset again. What is
kept here is the SQL text that Django made and its converters, never a value.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connections

if TYPE_CHECKING:
    from django.db import models

MAX_STATEMENTS = 512


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """SQL with one parameter, the key; and what turns each column's raw value into Python's."""

    sql: str
    converters: tuple[tuple[int, tuple[Any, ...], Any], ...]


_statements: OrderedDict[tuple[Any, ...], Statement | None] = OrderedDict()


def fetch_by_key(
    model: type[models.Model],
    paths: tuple[str, ...],
    key: models.Field[Any, Any],
    value: Any,
    using: str,
) -> tuple[Any, ...] | None:
    """Return the columns of the row of a model whose key has a value, ``None`` if there is none.

    Only for rows that no rule narrows.

    Args:
        model: the model, with a manager that hides nothing.
        paths: Django's names of the columns, also over to-one relations.
        key: a unique column of the model.
        value: its value, as Python has it.
        using: the database.
    """
    connection = connections[using]
    prepared = as_parameter(key, value, connection)
    known = (model, paths, key.attname, using, connection.vendor)
    if known not in _statements:
        if len(_statements) >= MAX_STATEMENTS:
            _statements.popitem(last=False)
        _statements[known] = _compile(model, paths, key, value, using)
    statement = _statements[known]
    if statement is None:
        rows = model._base_manager.using(using).filter(**{key.attname: value}).order_by()
        return rows.values_list(*paths).first()
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, [prepared])
        row = cursor.fetchone()
    return None if row is None else _converted(row, statement, connection)


def _compile(
    model: type[models.Model],
    paths: tuple[str, ...],
    key: models.Field[Any, Any],
    value: Any,
    using: str,
) -> Statement | None:
    """Compile the statement; ``None`` if it has other parameters than the key."""
    connection = connections[using]
    rows = model._base_manager.using(using).filter(**{key.attname: value}).order_by()
    compiler = rows.values_list(*paths).query.get_compiler(using)
    sql, parameters = compiler.as_sql()
    if list(parameters) != [as_parameter(key, value, connection)]:
        return None
    found = compiler.get_converters([column[0] for column in compiler.select])
    converters = tuple((n, tuple(calls), column) for n, (calls, column) in found.items())
    return Statement(sql, converters)


def _converted(row: tuple[Any, ...], statement: Statement, connection: Any) -> tuple[Any, ...]:
    if not statement.converters:
        return tuple(row)
    values = list(row)
    for position, calls, column in statement.converters:
        for call in calls:
            values[position] = call(values[position], column, connection)
    return tuple(values)


def as_parameter(key: models.Field[Any, Any], value: Any, connection: Any) -> Any:
    """Return a key as the database takes it in a comparison.

    In two steps, as Django's lookups do: in one, MariaDB's fields refuse 0, which is no key to give
    to a row but may be asked for.
    """
    return key.get_db_prep_value(key.get_prep_value(value), connection, prepared=True)
