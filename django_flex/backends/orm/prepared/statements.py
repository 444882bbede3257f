"""A cached statement: SQL that was compiled with bind parameters, without any values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import DateTimeField, Value

from django_flex.backends.orm.bind_parameters import BindParameter
from django_flex.backends.orm.django_internals.compilation import (
    compiler_of,
    may_hold_values,
    row_converters,
    row_width,
)
from django_flex.backends.orm.django_internals.converters import (
    Converter,
    convert,
    without_connection,
)
from django_flex.backends.orm.django_internals.json_keys import is_at_key
from django_flex.backends.orm.django_internals.page_table import LIMIT_MARKER, limited_query
from django_flex.backends.orm.django_internals.queries import unlimit
from django_flex.backends.orm.prepared.binders import comparable
from django_flex.backends.orm.prepared.parametrized_plans import with_parameters
from django_flex.backends.orm.prepared.proof import ProvenParameters, prove
from django_flex.backends.orm.prepared.verification import Verification
from django_flex.dataclass_init import fast_init

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql import Query

    from django_flex.backends.orm.django_internals.compilation import Row, SqlCompiler

    #: Makes Django's query of a plan, for a database.
    Build = Callable[[Any, str], Query]
    Converters = tuple[tuple[int, tuple[Converter, ...], object], ...]


@dataclass(frozen=True, slots=True, eq=False)
class CompiledStatement:
    """SQL without LIMIT, where its parameters come from, and what turns raw values into Python's.

    Of a raw row the first ``width`` values are wanted. LIMIT goes before the ``tail``. With
    ``datetimes`` there are some among the values.
    """

    sql: str
    tail: str
    proven: ProvenParameters
    converters: Converters
    width: int | None
    datetimes: bool
    verification: Verification = field(default_factory=Verification)

    @property
    def constants(self) -> list[object]:
        """The parameters that are the same for every request, except ``None`` and booleans."""
        found = [part for number, part in self.proven.parameters if number < 0]
        return [part for part in found if not (part is None or part is True or part is False)]


@fast_init
@dataclass(frozen=True, slots=True, eq=False)
class StatementSource:
    """What a statement is compiled from: a plan, its query, its values, and its page."""

    plan: object
    build: Build
    values: Sequence[object]
    page: tuple[int, int] | None
    using: str

    def query(self) -> Query:
        """Return Django's own query, without bind parameters."""
        return self.build(self.plan, self.using)


def compile_statement(source: StatementSource) -> CompiledStatement | None:
    """Compile a statement that is valid for other values; ``None`` if that cannot be proven."""
    statement = _compile(source, source.values)
    if statement is not None and _is_free_of(source, statement):
        return statement
    return None


def bind(
    statement: CompiledStatement, values: Sequence[object], using: str
) -> tuple[Any, ...] | None:
    """Return the parameters for the values of a request, ``None`` if they need different SQL."""
    binders, parameters = statement.proven.binders, statement.proven.parameters
    if not binders:
        return tuple(constant for _, constant in parameters)
    connection = connections[using]
    made = [binder.parameters(values[binder.number], connection) for binder in binders]
    if None in made:
        return None
    return tuple(
        [part if number < 0 else made[number][part] for number, part in parameters]  # type: ignore[index,call-overload]  # none is None, and of a binder the part is a position
    )


def _compile(source: StatementSource, values: Sequence[object]) -> CompiledStatement | None:
    bind_parameters = [BindParameter(number, value) for number, value in enumerate(values)]
    query = source.build(with_parameters(source.plan, bind_parameters), source.using)
    if source.page is not None:
        unlimit(limited_query(query))
    compiler = compiler_of(query, source.using)
    try:
        sql, parameters = compiler.as_sql()
    except EmptyResultSet:
        return None
    proven = prove(bind_parameters, sql, parameters, source.using)
    converters = _converters(compiler, connections[source.using])
    if proven is None or converters is None:
        return None
    before, _, tail = sql.partition(f" {LIMIT_MARKER}")
    return CompiledStatement(
        before,
        tail,
        proven,
        converters,
        row_width(compiler),
        any(isinstance(column[0].output_field, DateTimeField) for column in compiler.select),
    )


def _is_free_of(source: StatementSource, statement: CompiledStatement) -> bool:
    """Whether nothing of a request is in a statement, so that it may be cached.

    A constant that equals one of the values may still be a number of the plan: then the statement
    is the same with other numbers in place of the values.
    """
    constants = comparable(statement.constants)
    values = comparable(one for value in source.values for one in _each(value))
    equal = [value for value in values if value in constants]
    if not equal:
        return True
    if any(kind is not int for kind, _ in equal):
        return False
    again = _compile(source, _other_numbers(source.values, statement.constants))
    if again is None or (again.sql, again.tail) != (statement.sql, statement.tail):
        return False
    return comparable(again.constants) == constants


def _other_numbers(values: Sequence[object], constants: Sequence[object]) -> list[object]:
    """Return values with numbers in them that are neither theirs nor constants."""
    taken = {one for value in values for one in _each(value) if type(one) is int}
    taken.update(constant for constant in constants if type(constant) is int)
    free = (number for number in count(1) if number not in taken)

    def other(value: object) -> object:
        return next(free) if type(value) is int else value

    return [
        [*map(other, value)] if isinstance(value, list | tuple) else other(value)
        for value in values
    ]


def _each(value: object) -> Iterable[object]:
    return value if isinstance(value, list | tuple | set | frozenset) else (value,)


def _converters(compiler: SqlCompiler, connection: BaseDatabaseWrapper) -> Converters | None:
    """Return the converters of a statement without its values, ``None`` if they cannot do without."""
    made = []
    for position, (calls, expression) in row_converters(compiler).items():
        own = any(getattr(call, "__self__", None) is expression for call in calls)
        if own or is_at_key(expression):
            return None
        # Of an expression converters only ask what field it is of; it may have values inside.
        column = (
            Value(None, output_field=expression.output_field)
            if may_hold_values(expression)
            else expression
        )
        free = tuple(without_connection(call, connection) for call in calls)
        made.append((position, free, column))
    return tuple(made)


def python_rows(
    rows: Sequence[Row], converters: Converters, connection: BaseDatabaseWrapper
) -> list[Row]:
    """Return rows with the values that Python wants: column by column, which is faster."""
    if not (converters and rows):
        return rows if isinstance(rows, list) else list(rows)
    columns: list[Sequence[object]] = list(zip(*rows, strict=True))
    for position, calls, column in converters:
        columns[position] = convert(columns[position], calls, column, connection)
    return list(zip(*columns, strict=True))
