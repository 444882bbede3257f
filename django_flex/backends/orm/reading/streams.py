"""Any number of rows, some at a time, in as much memory as some of them need.

Each chunk is read by separate statements, and between two chunks nothing is open on the connection:
no cursor, no transaction, no setting. A stream may therefore end in any way, in any thread, or
never be finished, without affecting the connection. What is read depends on the order:

| Order | How a chunk is read |
|---|---|
| by primary key | the rows behind the last one; on MariaDB and MySQL first their keys |
| any other, ``distinct`` of some paths | the keys of all rows are read once and kept |
| ``distinct`` combinations, which have no key | by their place in the order |
"""

from __future__ import annotations

import math
import time
from array import array
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.models import Q

from django_flex.backends.orm.connection.databases import database_of
from django_flex.backends.orm.connection.transactions import reading
from django_flex.backends.orm.django_internals.compilation import run_in_parts, run_query
from django_flex.backends.orm.django_internals.queries import limit, unlimit
from django_flex.backends.orm.prepared.statement_cache import Database, StatementCache
from django_flex.backends.orm.reading.children import with_lists
from django_flex.backends.orm.reading.keyset import SortKey, behind
from django_flex.backends.orm.reading.reads import build, with_keys
from django_flex.exceptions import TimeLimitExceededError
from django_flex.plan.sizes import ReplySize, has_open_values
from django_flex.query.ast import NO_LIMIT
from django_flex.resolved import Column, Position

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from django.db.models import QuerySet
    from django.db.models.sql import Query

    from django_flex.backends.orm.django_internals.compilation import Note
    from django_flex.plan.nodes import ReadPlan, Row, SelectOutput
    from django_flex.query.limits import Limits
    from django_flex.resolved import Ordering
    from django_flex.schema.resources import Attribute

#: Rows that are in memory at once; fewer where each of them has lists.
CHUNK, CHUNK_WITH_LISTS = 2_000, 500
#: Rows of the first chunk where values may be of any size, and what a chunk may come to in bytes.
FIRST_CHUNK, CHUNK_BYTES = 200, 16_777_216
#: Keys that are taken from the database at once, where all are kept.
MANY = 10_000
#: Keys in one statement: beyond 1,000 MariaDB makes a table of them, and reads all rows to join it.
MAX_KEYS = 500
#: Chunks of combinations that one statement reads: each statement sorts all of them.
CHUNKS_OF_COMBINATIONS = 10


def rows_of(
    plan: ReadPlan,
    statements: StatementCache,
    limits: Limits,
    setting: Callable[[], AbstractContextManager[None]],
) -> Iterator[list[Row]]:
    """Yield the rows of a plan, some at a time.

    Args:
        plan: of a list; its limit may be any number of rows.
        statements: those that are cached.
        limits: with ``export_timeout``, after which no more rows are read.
        setting: makes the context that each chunk is read in.

    Raises:
        UnavailableError: the database is away, or all of it takes too long.
    """
    others = partial(reading, limits=replace(limits, read_timeout=limits.export_timeout))
    database = Database(database_of(plan), statements, others)
    chunk_size = ChunkSize(plan.output, CHUNK_WITH_LISTS if plan.children else CHUNK)
    chunks = _chunks(plan, database.using, chunk_size)
    ends = time.monotonic() + limits.export_timeout
    while True:
        left = ends - time.monotonic()
        if left <= 0:
            raise TimeLimitExceededError
        with setting(), reading(database.using, replace(limits, read_timeout=left)):
            chunk = next(chunks, None)
            if chunk is None:
                return
            chunk = with_lists(plan.children, chunk, database, chunk_size.reply_size)
        chunk_size.took(len(chunk))
        yield chunk


class ChunkSize:
    """How many rows a chunk has: ``CHUNK``, or as many as come to some megabytes.

    Attributes:
        rows: of the next chunk.
        reply_size: counts what this one comes to.
    """

    __slots__ = ("_most", "_weight", "reply_size", "rows")

    def __init__(self, output: SelectOutput, most: int) -> None:
        self._weight = output.weight
        self._most = most
        self.rows = min(most, FIRST_CHUNK) if has_open_values(output) else most
        self.reply_size = ReplySize()

    def at_most(self, rows: int) -> None:
        """Have no more rows than that in a chunk."""
        self._most, self.rows = min(self._most, rows), min(self.rows, rows)

    def note(self, rows: Sequence[Row]) -> None:
        """Count rows as the database gave them."""
        self.reply_size.add(rows, self._weight)

    def took(self, rows: int) -> None:
        """Set the size of the next chunk from the size of this one; it grows gradually."""
        size, self.reply_size = self.reply_size.upper_bound, ReplySize()
        if math.isinf(size):  # unknown
            self.rows = min(self._most, FIRST_CHUNK)
        elif rows:
            fitting = int(rows * CHUNK_BYTES / max(size, 1))
            self.rows = max(1, min(self._most, fitting, self.rows * 4))


def _chunks(plan: ReadPlan, using: str, chunk_size: ChunkSize) -> Iterator[list[Row]]:
    if plan.cells:
        return _combinations(plan, using, chunk_size)
    # Only the key, so that no relation is joined but for filters and orders.
    key = plan.columns[: plan.output.key_width]
    bare = replace(plan, output=replace(plan.output, columns=key, flags=()))
    by_key = connections[using].vendor == "mysql"
    if by_key or plan.resource.pk.parts:
        chunk_size.at_most(MAX_KEYS)
    descending = _direction(plan)
    if descending is None:
        return _by_key(plan, using, _keys(bare, using, chunk_size), chunk_size.note)
    if by_key:
        chunks = _in_key_order(bare, using, chunk_size, None, descending=descending)
        return _by_key(
            plan, using, (list(map(plan.output.key_of, chunk)) for chunk in chunks), chunk_size.note
        )
    return _in_key_order(plan, using, chunk_size, chunk_size.note, descending=descending)


def _direction(plan: ReadPlan) -> bool | None:
    """Return whether the keys go down in the order of a plan, ``None`` if it is another order."""
    if plan.ranking or plan.distinct_on:
        return None
    if not plan.order_by:
        return False
    columns = plan.resource.key_columns
    leading = plan.order_by[: len(columns)]
    if [*map(_own_column, leading)] != [*columns]:
        return None
    directions = {ordering.descending for ordering in leading}
    return directions.pop() if len(directions) == 1 else None


def _own_column(ordering: Ordering) -> Attribute | None:
    """Return the column of the row itself that an order is by."""
    column = ordering.column
    return column.attribute if isinstance(column, Column) and not column.hops else None


def _in_key_order(
    plan: ReadPlan, using: str, chunk_size: ChunkSize, note: Note | None, *, descending: bool
) -> Iterator[list[Row]]:
    """Yield rows that are sorted by their key: each chunk begins behind the last key."""
    left, offset = plan.limit, plan.offset
    columns = plan.resource.key_columns
    parts = [SortKey(one.lookup, descending, nulls_first=False, nullable=False) for one in columns]
    after = Q()
    while left > 0:
        size = chunk_size.rows
        queryset = build(plan, using)
        unlimit(queryset.query)
        queryset = _limited(queryset.filter(after), offset, min(left, size))
        chunk = run_query(queryset.query, using, note)
        if chunk:
            yield chunk
        if len(chunk) < size:
            return
        left, offset = left - len(chunk), 0
        after = behind(parts, Position(chunk[-1][: len(columns)]))


def _by_key(
    plan: ReadPlan, using: str, chunks: Iterator[list[object]], note: Note
) -> Iterator[list[Row]]:
    """Yield the rows of some keys at a time; one that is gone in between is left out."""
    undivided = replace(plan, distinct_on=())  # the keys are those of the first rows already
    for keys in chunks:
        rows = run_query(with_keys(undivided, keys, using).query, using, note)
        found = {plan.output.key_of(row): row for row in rows}
        yield [found[key] for key in keys if key in found]


def _keys(plan: ReadPlan, using: str, chunk_size: ChunkSize) -> Iterator[list[object]]:
    """Yield the keys of all rows in order. They are kept until the end, and only they."""
    found = _limited(build(plan, using), plan.offset, plan.limit)
    columns = [column.lookup for column in plan.resource.key_columns]
    keys = _all_keys(found.values_list(*columns).query, plan, using)
    start = 0
    while start < len(keys):
        end = start + chunk_size.rows
        yield list(keys[start:end])
        start = end


def _all_keys(query: Query, plan: ReadPlan, using: str) -> Sequence[object]:
    """Fetch all keys into as little memory as they need: numbers take eight bytes each."""
    keys: list[object] | array[int] = array("q") if plan.resource.pk.kind == "integer" else []
    for some in run_in_parts(query, using, MANY):
        keys.extend(map(plan.output.key_of, some))
    return keys


def _combinations(plan: ReadPlan, using: str, chunk_size: ChunkSize) -> Iterator[list[Row]]:
    """Yield combinations of values by their place in the order, which is total."""
    place = 0
    while place < plan.limit:
        size = chunk_size.rows
        most = size * CHUNKS_OF_COMBINATIONS
        queryset = _limited(build(plan, using), plan.offset + place, min(most, plan.limit - place))
        found = run_query(queryset.query, using, chunk_size.note)
        for start in range(0, len(found), size):
            yield found[start : start + size]
        if len(found) < most:
            return
        place += most


def _limited(queryset: QuerySet[Any], offset: int, most: int) -> QuerySet[Any]:
    unlimit(queryset.query)
    limit(queryset.query, offset, None if most >= NO_LIMIT else offset + most)
    return queryset
