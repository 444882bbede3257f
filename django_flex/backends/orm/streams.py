"""Any number of rows, some at a time, in as much memory as some of them need.

| Database | How |
|---|---|
| PostgreSQL | a cursor on the server, in a transaction of its own |
| SQLite | one statement, read as it is run |
| MariaDB, MySQL | by primary key: one statement for the keys of a lot, one for its rows |

In another order than that of the keys the client of MariaDB holds all keys, of distinct rows all
rows: it has no cursor that leaves the connection free for other statements.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db import connections, transaction

from django_flex.backends.orm.children import with_lists
from django_flex.backends.orm.reads import build, database_of, with_keys
from django_flex.backends.orm.transactions import streaming
from django_flex.exceptions import TimeLimitExceededError
from django_flex.query.ast import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.db.models import QuerySet

    from django_flex.plan.nodes import ReadPlan, Row
    from django_flex.query.limits import Limits

#: Rows that are in memory at once; fewer where each of them has lists.
LOT, LOT_WITH_LISTS = 2_000, 500
#: Keys in one statement: beyond 1,000 MariaDB makes a table of them, and reads all rows to join it.
MAX_KEYS = 500


def rows_of(
    plan: ReadPlan, limits: Limits, setting: Callable[[], AbstractContextManager[None]]
) -> Iterator[list[Row]]:
    """Yield the rows of a plan, some at a time.

    Args:
        plan: of a list; its limit may be any number of rows.
        limits: with ``export_timeout``, after which no more rows are read.
        setting: makes the context that each lot is read in.

    Raises:
        UnavailableError: the database is away, or all of it takes too long.
    """
    using = database_of(plan)
    size = LOT_WITH_LISTS if plan.children else LOT
    lots = _lots(plan, using, size)
    ends = time.monotonic() + limits.export_timeout
    while True:
        left = ends - time.monotonic()
        if left <= 0:
            raise TimeLimitExceededError
        with setting(), streaming(using, replace(limits, read_timeout=left)):
            lot = next(lots, None)
            if lot is None:
                return
            lot = with_lists(plan.children, lot, using)
        yield lot


def is_held(plan: ReadPlan) -> bool:
    """Whether a transaction of the caller is open, which rows must not be read across the end of."""
    return bool(connections[database_of(plan)].in_atomic_block)


def _lots(plan: ReadPlan, using: str, size: int) -> Iterator[list[Row]]:
    if connections[using].vendor != "mysql" or plan.asked.distinct:
        return _by_cursor(plan, using, size)
    size = min(size, MAX_KEYS)
    in_key_order = not (plan.order_by or plan.ranking)
    # Only the key, so that no relation is joined but for filters and orders.
    bare = replace(plan, output=replace(plan.output, columns=plan.columns[:1], flags=()))
    keys = _keys_in_order(bare, using, size) if in_key_order else _keys(bare, using, size)
    return _by_key(plan, using, keys)


def _by_cursor(plan: ReadPlan, using: str, size: int) -> Iterator[list[Row]]:
    with _open_for_cursor(using):
        rows = _limited(build(plan, using), plan.offset, plan.limit).iterator(chunk_size=size)
        while lot := list(islice(rows, size)):
            try:
                yield lot
            except GeneratorExit:
                return  # given up, which is no reason to undo what others did in between


def _open_for_cursor(using: str) -> AbstractContextManager[None]:
    """Return the transaction that a cursor of PostgreSQL lives in.

    Outside of one it would outlive its statement only by being stored on the server first, all of
    it, which happens where no time limit of a statement applies.
    """
    connection = connections[using]
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        return transaction.atomic(using)
    return nullcontext()


def _by_key(plan: ReadPlan, using: str, lots: Iterator[list[Any]]) -> Iterator[list[Row]]:
    """Yield the rows of some keys at a time; one that is gone in between is left out."""
    for keys in lots:
        found = {row[0]: row for row in with_keys(plan, keys, using)}
        yield [found[key] for key in keys if key in found]


def _keys(plan: ReadPlan, using: str, size: int) -> Iterator[list[Any]]:
    """Yield the keys of all rows in order. The client of MariaDB holds them all, and only them."""
    found = _limited(build(plan, using), plan.offset, plan.limit)
    keys = iter(found.values_list(plan.resource.pk.lookup, flat=True).iterator(chunk_size=size))
    while lot := list(islice(keys, size)):
        yield lot


def _keys_in_order(plan: ReadPlan, using: str, size: int) -> Iterator[list[Any]]:
    """Yield the keys of all rows in their own order, each lot by a statement."""
    left, offset = plan.limit, plan.offset
    key = plan.resource.pk.lookup
    after: dict[str, Any] = {}
    while left > 0:
        queryset = build(plan, using)
        queryset.query.clear_limits()
        found = _limited(queryset.filter(**after), offset, min(left, size))
        lot = list(found.values_list(key, flat=True))
        if lot:
            yield lot
        if len(lot) < size:
            return
        left, offset, after = left - len(lot), 0, {f"{key}__gt": lot[-1]}


def _limited(queryset: QuerySet[Any], offset: int, limit: int) -> QuerySet[Any]:
    queryset.query.clear_limits()
    queryset.query.set_limits(offset, None if limit >= EVERYTHING else offset + limit)
    return queryset
