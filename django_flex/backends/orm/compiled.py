"""Statements that are compiled once: the SQL of a plan's shape, run with the values of each request.

Most of the time of a small read is Django building and compiling the same queryset again. What is
kept here is the SQL text that Django made, its converters, and the lookups that make parameters of
values. The values themselves are never kept.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import DateTimeField, Value
from django.db.models.expressions import Col
from django.db.models.fields.json import KeyTransform
from django.utils.timezone import get_current_timezone_name

from django_flex.backends.orm.binders import Binder, binder_of, compiler_of
from django_flex.backends.orm.late_joins import PLACE, limited
from django_flex.backends.orm.moments import read_moments_quickly
from django_flex.backends.orm.raw_values import Converter, converted, kept
from django_flex.backends.orm.shapes import NoShapeError, opened, shape_of
from django_flex.backends.orm.slots import Open
from django_flex.exceptions import FlexError

if TYPE_CHECKING:
    Row = tuple[Any, ...]
    Build = Callable[[Any, str], Any]
    Converters = tuple[tuple[int, tuple[Converter, ...], Any], ...]

logger = logging.getLogger("django_flex")


@dataclass(slots=True)
class Configuration:
    """How many statements are kept, 0 for none, and whether each is compared with Django's own."""

    size: int = 512
    checked: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """SQL without LIMIT, where its parameters come from, and what turns raw values into Python's.

    A parameter is that of a binder (its number, and which of its parameters), or a constant behind
    -1. Of a raw row the first ``width`` values are wanted. LIMIT goes before the ``rest``. With
    ``moments`` there are dates with times among the values.
    """

    sql: str
    rest: str
    parameters: tuple[tuple[int, Any], ...]
    binders: tuple[Binder, ...]
    converters: Converters
    width: int | None
    moments: bool

    @property
    def constants(self) -> list[Any]:
        """The parameters that are the same for everybody, but those that say nothing."""
        found = [part for number, part in self.parameters if number < 0]
        return [part for part in found if not (part is None or part is True or part is False)]


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """What a statement is made of: a plan, the query of it, its values, and its page."""

    plan: Any
    build: Build
    values: Sequence[Any]
    page: tuple[int, int] | None


configuration = Configuration()
_UNKNOWN: Any = object()
_statements: OrderedDict[Hashable, Statement | None] = OrderedDict()


def configure(*, size: int, checked: bool) -> None:
    """Forget all statements; from now on keep at most ``size`` of them."""
    configuration.size, configuration.checked = size, checked
    _statements.clear()


def fetch(plan: Any, build: Build, using: str, page: tuple[int, int] | None = None) -> list[Row]:
    """Fetch the rows of a plan.

    Args:
        plan: the plan, or a tuple of all that decides about the statement.
        build: makes Django's query of it, of tuples.
        using: the database.
        page: the limits that ``build`` sets, where they may differ between plans of one shape.
    """
    if not configuration.size:
        return _plain(build(plan, using), using)
    try:
        shape, values = shape_of(plan)
    except NoShapeError:
        return _plain(build(plan, using), using)
    connection = connections[using]
    # In which zone a day begins is part of the SQL.
    known = (build, shape, using, connection.vendor, get_current_timezone_name())
    statement = _remembered(known, Source(plan, build, values, page), using)
    parameters = None if statement is None else _bound(statement, values, using)
    if statement is None or parameters is None:
        return _plain(build(plan, using), using)
    sql = statement.sql
    if page is not None:
        sql = f"{sql} {connection.ops.limit_offset_sql(*page)}{statement.rest}"
    with connection.cursor() as cursor:
        if statement.moments and connection.vendor == "postgresql":
            read_moments_quickly(cursor, connection)
        cursor.execute(sql, parameters)
        rows = cursor.fetchall()
    if statement.width is not None:
        rows = [row[: statement.width] for row in rows]
    found = _converted(rows, statement.converters, connection)
    if configuration.checked:
        _check(Done(sql, parameters, rows, found), build(plan, using), using)
    return found


def _plain(query: Any, using: str) -> list[Row]:
    return list(query.get_compiler(using).results_iter(tuple_expected=True))


def _remembered(known: Hashable, source: Source, using: str) -> Statement | None:
    found = _statements.get(known, _UNKNOWN)
    if found is not _UNKNOWN:
        with suppress(KeyError):  # another thread may have let it go in between
            _statements.move_to_end(known)
        known_one: Statement | None = found
        return known_one
    statement = _tried(source, using)
    if statement is not None and not _is_free_of(source, statement, using):
        return None
    _statements[known] = statement
    while len(_statements) > configuration.size:
        with suppress(KeyError):
            _statements.popitem(last=False)
    return statement


def _tried(source: Source, using: str) -> Statement | None:
    try:
        return _compile(source, source.values, using)
    except FlexError:
        return None  # Django is asked without slots, and says the same
    except Exception:
        if configuration.checked:
            raise
        # A slot came where only values can be. Without slots nobody is the worse for it.
        logger.exception("A query could not be compiled for later ones")
        return None


def _bound(statement: Statement, values: Sequence[Any], using: str) -> tuple[Any, ...] | None:
    """Return the parameters for the values of a request, ``None`` if they take other SQL."""
    if not statement.binders:
        return tuple(constant for _, constant in statement.parameters)
    compiler = compiler_of(using)
    made = [binder.parameters(values[binder.number], compiler) for binder in statement.binders]
    if any(found is None for found in made):
        return None
    return tuple(
        [part if number < 0 else made[number][part] for number, part in statement.parameters]  # type: ignore[index]  # none is None
    )


def _compile(source: Source, values: Sequence[Any], using: str) -> Statement | None:
    """Compile a query with slots; ``None`` if it cannot be used with other values."""
    query = source.build(opened(source.plan, values), using)
    if source.page is not None:
        limited(query).clear_limits()
    compiler = query.get_compiler(using)
    try:
        sql, parameters = compiler.as_sql()
    except EmptyResultSet:
        return None
    lookups = list({id(p.lookup): p.lookup for p in parameters if isinstance(p, Open)}.values())
    numbers = {id(lookup): number for number, lookup in enumerate(lookups)}
    binders = [binder_of(lookup, parameters, using) for lookup in lookups]
    converters = _converters(compiler, connections[using])
    if converters is None or None in binders:
        return None
    before, _, rest = sql.partition(f" {PLACE}")
    return Statement(
        before,
        rest,
        tuple(
            (numbers[id(p.lookup)], p.position) if isinstance(p, Open) else (-1, p)
            for p in parameters
        ),
        tuple(binder for binder in binders if binder is not None),
        converters,
        compiler.col_count if compiler.has_extra_select else None,
        any(isinstance(column[0].output_field, DateTimeField) for column in compiler.select),
    )


def _is_free_of(source: Source, statement: Statement, using: str) -> bool:
    """Whether nothing of a request is in a statement, so that it may be kept.

    A constant that equals one of the values may still be a number of the plan: then the statement
    is the same with other numbers in place of the values.
    """
    constants = statement.constants
    values = [one for value in source.values for one in _each(value)]
    equal = [value for value in values if any(value == constant for constant in constants)]
    if not equal:
        return True
    if any(type(value) is not int for value in equal):
        return False
    others = _other_numbers(source.values, constants)
    again = _compile(source, others, using)
    if again is None or (again.sql, again.rest) != (statement.sql, statement.rest):
        return False
    return _comparable(again.constants) == _comparable(constants)


def _other_numbers(values: Sequence[Any], constants: Sequence[Any]) -> list[Any]:
    """Return values with numbers in them that are neither theirs nor constants."""
    taken = {one for value in values for one in _each(value) if type(one) is int}
    taken.update(constant for constant in constants if type(constant) is int)
    free = (number for number in count(1) if number not in taken)

    def other(value: Any) -> Any:
        return next(free) if type(value) is int else value

    return [
        [*map(other, value)] if isinstance(value, list | tuple) else other(value)
        for value in values
    ]


def _each(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple | set | frozenset) else (value,)


def _converters(compiler: Any, connection: Any) -> Converters | None:
    """Return the converters of a statement without its values, ``None`` if they cannot do without."""
    found = compiler.get_converters([column[0] for column in compiler.select[: compiler.col_count]])
    made = []
    for position, (calls, expression) in found.items():
        own = any(getattr(call, "__self__", None) is expression for call in calls)
        if own or isinstance(expression, KeyTransform):
            return None
        # Of an expression converters only ask what field it is of; it may have values inside.
        plain = isinstance(expression, Col)
        column = expression if plain else Value(None, output_field=expression.output_field)
        made.append((position, tuple(kept(call, connection) for call in calls), column))
    return tuple(made)


def _converted(rows: Sequence[Row], converters: Converters, connection: Any) -> list[Row]:
    """Return rows with the values that Python wants: column by column, which is faster."""
    if not (converters and rows):
        return rows if isinstance(rows, list) else list(rows)
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    for position, calls, column in converters:
        columns[position] = converted(columns[position], calls, column, connection)
    return list(zip(*columns, strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """One run of a kept statement: what was sent, what came back, and what was made of that."""

    sql: str
    parameters: Sequence[Any]
    raw: Sequence[Row]
    rows: Sequence[Row]


class MisboundError(AssertionError):
    """A kept statement is not what Django makes of the same plan."""


def _check(done: Done, query: Any, using: str) -> None:
    """Compare a run with what Django makes of the plan anew: SQL, parameters, and values.

    Raises:
        MisboundError: they differ.
    """
    compiler = query.get_compiler(using)
    sql, parameters = compiler.as_sql()
    if (done.sql, _comparable(done.parameters)) != (sql, _comparable(parameters)):
        message = f"{done.sql!r} with {done.parameters!r} should be {sql!r} with {parameters!r}"
        raise MisboundError(message)
    converters = compiler.get_converters([c[0] for c in compiler.select[: compiler.col_count]])
    rows = list(map(tuple, compiler.apply_converters(done.raw, converters)))
    if rows != list(done.rows):
        message = f"{done.sql!r} gives {done.rows!r} and should give {rows!r}"
        raise MisboundError(message)


def _comparable(parameters: Iterable[Any]) -> list[tuple[type, Any]]:
    """Return parameters so that equal ones are equal: psycopg's JSON by what is in it, 1 not True."""
    return [(type(parameter), getattr(parameter, "obj", parameter)) for parameter in parameters]
