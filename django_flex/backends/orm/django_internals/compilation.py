"""Queries as SQL, and raw rows as Python's values.

Uses ``Query.get_compiler``, ``low_mark``, ``high_mark``, ``combinator`` and ``subquery``; of the
compiler ``as_sql``, ``compile``, ``select``, ``col_count``, ``has_extra_select``,
``get_converters`` and ``execute_sql``; ``DatabaseOperations`` for LIMIT and its converters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models.expressions import Col
from django.db.models.sql import Query
from django.db.models.sql.constants import MULTI

from django_flex.backends.orm.django_internals.converters import convert
from django_flex.metering import count_statement

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.expressions import Expression

    Row: TypeAlias = tuple[Any, ...]
    #: Is told of rows as the database gave them, some at a time.
    Note = Callable[[Sequence[Row]], None]
    Fragment = tuple[str, Sequence[Any]]
    #: Makes Python's value of a raw one: of the value, its expression and the connection.
    Convert = Callable[[Any, Any, BaseDatabaseWrapper], Any]


class SqlCompiler(Protocol):
    """The parts of Django's ``SQLCompiler`` that are used."""

    connection: BaseDatabaseWrapper
    #: Expressions, each with its SQL and its alias. There once the query was compiled.
    select: Sequence[tuple[Expression, Fragment, str | None]]
    #: How many of them belong to a row; the others are for the statement itself.
    col_count: int | None
    has_extra_select: bool

    def as_sql(self, *, with_limits: bool = True) -> Fragment:
        """Compile the query; raise ``EmptyResultSet`` if no row can match."""
        ...

    def compile(self, node: object) -> Fragment:
        """Compile an expression or a lookup."""
        ...

    def get_converters(
        self, expressions: Iterable[Expression]
    ) -> dict[int, tuple[list[Convert], Expression]]:
        """Return the converters of those expressions that have some, by position."""
        ...

    def execute_sql(self, result_type: str) -> Iterable[Sequence[Row]] | None:
        """Run the query; ``None`` if no row can match."""
        ...


_NO_QUERY = Query(None)  # its compiler only quotes names


def compiler_of(query: Query, using: str) -> SqlCompiler:
    """Return a compiler of a query."""
    compiler: SqlCompiler = query.get_compiler(using)
    last = query.high_mark
    if last is not None and _hides_limits(compiler.connection) and _is_plain(query):
        without = partial(compiler.as_sql, with_limits=False)
        limits = limit_sql(compiler.connection, query.low_mark, last)
        compiler.as_sql = partial(_as_sql, without, limits)  # type: ignore[method-assign]  # also for Django, which calls it to run the query
    return compiler


def _as_sql(without: Callable[[], Fragment], limits: str) -> Fragment:
    sql, parameters = without()
    return f"{sql} {limits}", parameters


def _is_plain(query: Query) -> bool:
    """Whether the limits of a query are at the end of its SQL."""
    return not query.combinator and not query.subquery


def _hides_limits(connection: BaseDatabaseWrapper) -> bool:
    return connection.vendor == "sqlite"


def expression_compiler(using: str) -> SqlCompiler:
    """Return a compiler of no query, for lookups on columns."""
    compiler: SqlCompiler = _NO_QUERY.get_compiler(using)
    return compiler


def compile_query(query: Query, using: str) -> Fragment | None:
    """Return the SQL of a query and its parameters, ``None`` if no row can match."""
    try:
        return compiler_of(query, using).as_sql()
    except EmptyResultSet:
        return None


def run_query(query: Query, using: str, note: Note | None = None) -> list[Row]:
    """Fetch the rows of a query of tuples as Django compiles it.

    Args:
        query: of tuples.
        using: the database.
        note: called with the raw rows before they are converted; it may raise.
    """
    compiler = compiler_of(query, using)
    results = compiler.execute_sql(MULTI)
    # A list, unless Django knows that no row can match, and runs nothing.
    if isinstance(results, list):
        count_statement(kept=False)
    if note is not None and results is not None:
        results = list(results)
        for some in results:
            note(some)
    return convert_rows(compiler, chain.from_iterable(results or ()))


def row_width(compiler: SqlCompiler) -> int | None:
    """Return how many values of a raw row are wanted, ``None`` for all; the query has been compiled."""
    return compiler.col_count if compiler.has_extra_select else None


def row_converters(compiler: SqlCompiler) -> dict[int, tuple[list[Convert], Expression]]:
    """Return the converters of the values of a row, by position; the query has been compiled."""
    return compiler.get_converters([column[0] for column in compiler.select[: compiler.col_count]])


def convert_rows(compiler: SqlCompiler, rows: Iterable[Row]) -> list[Row]:
    """Return raw rows as Django converts them; the query has been compiled."""
    return _converted_rows(compiler, list(rows), row_converters(compiler))


def _converted_rows(
    compiler: SqlCompiler, rows: list[Row], converters: dict[int, tuple[list[Convert], Expression]]
) -> list[Row]:
    if not (rows and converters):
        return [tuple(row) for row in rows]
    columns: list[Sequence[object]] = list(zip(*rows, strict=True))
    for position, (calls, expression) in converters.items():
        columns[position] = convert(columns[position], calls, expression, compiler.connection)
    return list(zip(*columns, strict=True))


def may_hold_values(expression: object) -> bool:
    """Whether an expression may have values of a request in it; a column has none."""
    return not isinstance(expression, Col)


def limit_sql(connection: BaseDatabaseWrapper, low: int, high: int) -> str:
    """Return the LIMIT of a page.

    For SQLite it is a sum, which its planner does not look into. The smaller a number there is, the
    cheaper it takes sorting to be, so that for a small page it reads and sorts all matching rows,
    where an index has them in order. This way a page of any size is read as a large one.
    """
    if not _hides_limits(connection):
        return connection.ops.limit_offset_sql(low, high)
    return f"LIMIT {high - low - 1} + 1" + (f" OFFSET {low}" if low else "")


def run_in_parts(query: Query, using: str, size: int) -> Iterator[list[Row]]:
    """Yield the rows of a query of tuples, ``size`` at a time, by one cursor."""
    compiler = compiler_of(query, using)
    try:
        sql, parameters = compiler.as_sql()
    except EmptyResultSet:
        return
    converters = row_converters(compiler)
    with connections[using].cursor() as cursor:
        cursor.execute(sql, parameters)
        while some := cursor.fetchmany(size):
            yield _converted_rows(compiler, some, converters)
