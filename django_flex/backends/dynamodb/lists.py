"""Executes read plans."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django_flex.backends.dynamodb.budgets import Budget, budget_of
from django_flex.backends.dynamodb.conditions import all_conditions, condition_of, visible
from django_flex.backends.dynamodb.paging import FIRST, Start, count_rows, place_names, read_rows
from django_flex.backends.dynamodb.planning import Access, Sort, choose_access, identity
from django_flex.backends.dynamodb.positions import packed, unpacked
from django_flex.backends.dynamodb.rows import row_of, rows_of, stored_key
from django_flex.backends.dynamodb.steps import items_of
from django_flex.backends.dynamodb.units import current_unit
from django_flex.dynamodb.core.evaluation import matches
from django_flex.dynamodb.wire.deadlines import until
from django_flex.exceptions import CursorError, UnsupportedQueryError
from django_flex.exceptions.places import Part
from django_flex.plan.results import ResultSet, RowCount
from django_flex.plan.sizes import ReplySize
from django_flex.resolved import Column, Predicate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django_flex.backends.base import Surroundings
    from django_flex.backends.dynamodb.steps import Found, Hit
    from django_flex.backends.dynamodb.tables import Table
    from django_flex.dynamodb.core.conditions import Condition
    from django_flex.dynamodb.core.schema import Item
    from django_flex.plan.nodes import ReadPlan, Row
    from django_flex.query.ast import Count
    from django_flex.query.limits import Limits
    from django_flex.resolved import Keyset, Ordering, Rows

#: Rows of a stream that are in memory at once.
CHUNK = 500


def read(table: Table, plan: ReadPlan, limits: Limits, started: float | None) -> ResultSet:
    """Fetch the rows of a plan.

    Raises:
        NeedsKeyError: no key of the table finds them, or sorts them as wanted.
        TimeLimitExceededError: it takes too long.
    """
    reply_size = ReplySize(limits.max_reply_bytes)
    if plan.single:
        item = visible_item(table, plan.rows, plan.pk)
        found = ResultSet([] if item is None else [row_of(item, plan.output, table)])
    else:
        found = _list(table, plan, limits, started)
    reply_size.add(found.rows, plan.output.weight)
    most = reply_size.to_measure
    return found if most is None else replace(found, most=most)


def visible_item(table: Table, rows: Rows, key: object) -> Item | None:
    """Return the item of a key, if it is one of some rows."""
    stored = stored_key(key, table)
    if stored is None:
        return None
    unit = current_unit()
    if unit is not None:
        item = unit.item(table, stored)
    else:
        item = items_of(table, [stored]).get(identity(stored))
    return item if item is not None and matches(visible(rows, table), item) else None


def _list(table: Table, plan: ReadPlan, limits: Limits, started: float | None) -> ResultSet:
    _check_unwritten(table)
    condition = condition_of_list(table, plan)
    access = access_of(table, plan, condition)
    keyset = plan.keyset
    start = FIRST if keyset is None else _start(table, access, keyset)
    budget = budget_of(table, limits, started, plan.limit + 1)
    found = read_rows(table, access, plan.limit + 1, start, budget)
    page = _page(table, plan, access, found, start)
    if plan.count is None:
        return page
    counting = budget_of(table, limits, started)
    return replace(page, count=_count(table, access, plan.count, counting))


def _check_unwritten(table: Table) -> None:
    """Refuse a list of rows some of which have been written by the same transaction, but not sent."""
    unit = current_unit()
    if unit is not None and unit.has_written(table):
        raise UnsupportedQueryError(
            "This database cannot list rows after a write in the same transaction",
            path=Part.ACTION,
            hint="list them before, or in another request",
        )


def condition_of_list(table: Table, plan: ReadPlan) -> Condition | None:
    """Return what each row of a list has to meet."""
    where = None if plan.where is None else condition_of(plan.where, table)
    return all_conditions(visible(plan.rows, table), where)


def access_of(table: Table, plan: ReadPlan, condition: Condition | None) -> Access:
    """Return how the rows of a list are read."""
    stored = table.description.stored
    names = {
        part.lookup
        for column in plan.output.columns
        for part in (column.attribute.parts or (column.attribute,))
    }
    wanted = frozenset(stored[name] for name in names)
    order = _order(table, plan.order_by)
    asked = None if plan.where is None else condition_of(plan.where, table)
    return choose_access(table, condition, order, wanted, asked=asked, may_scan=plan.may_scan)


def _order(table: Table, order_by: Sequence[Ordering]) -> tuple[Sort, ...]:
    found: list[Sort] = []
    for ordering in order_by:
        column = ordering.column
        if not isinstance(column, Column):
            raise TypeError("The planner lets no such order through")
        for part in column.attribute.parts or (column.attribute,):
            name = table.description.stored[part.lookup]
            found.append(Sort(name, descending=ordering.descending, nulls=ordering.nulls))
    return tuple(found)


def _start(table: Table, access: Access, keyset: Keyset) -> Start:
    """Return where a page begins.

    Raises:
        CursorError: by now, rows are read by another key than when the cursor was made.
    """
    position = keyset.position
    if position is None:
        return FIRST
    place = unpacked(position)
    names = place_names(table, access)
    needed = names if access.branches else frozenset(table.schema.key.names)
    is_read = access.keys or access.branches or access.scan
    if is_read and not needed <= place.keys() <= names:
        raise CursorError
    if access.scan is not None and position.backward:
        raise CursorError
    return Start(place=place, backward=position.backward, inclusive=position.inclusive)


def _page(table: Table, plan: ReadPlan, access: Access, found: Found, start: Start) -> ResultSet:
    """Return a page, with the places at its ends.

    Where the budget was used up before the page was full, the place is that behind the last item
    that was read, so that the next page goes on there.
    """
    hits = list(found.hits[: plan.limit])
    more = len(found.hits) > plan.limit or found.stopped is not None
    ends = None
    if plan.keyset is not None:
        ends = _ends(table, access, hits, found, plan.keyset)
    if start.backward:
        hits.reverse()
        ends = None if ends is None else (ends[1], ends[0])
    rows = rows_of([hit.item for hit in hits], plan.output, table)
    came_from = start.place is not None and not start.inclusive
    after, before = (came_from, more) if start.backward else (more, came_from)
    # A scan has no way back.
    before = before and access.scan is None
    return ResultSet(rows, has_more=after, has_previous=before, ends=ends)


def _ends(
    table: Table, access: Access, hits: Sequence[Hit], found: Found, keyset: Keyset
) -> tuple[Row, Row] | None:
    """Return the places of the first and the last row, in the direction of reading."""
    names = place_names(table, access)
    places = [hit.entry if not access.keys else hit.item for hit in hits]
    stopped = found.stopped if len(hits) == len(found.hits) else None
    if stopped is not None:
        places.append(stopped)
    if not places:
        return None
    first = packed(places[0], names, keyset, hidden=places[0] is stopped)
    return first, packed(places[-1], names, keyset, hidden=stopped is not None)


def _count(table: Table, access: Access, asked: Count, budget: Budget) -> RowCount:
    """Count rows; the number is a lower bound if the budget is used up before the end."""
    most = asked.most or budget.left
    number, complete = count_rows(table, access, most + 1, budget)
    if complete:
        return RowCount(number, "exact")
    return RowCount(min(number, most), "capped")


def stream(
    table: Table, plan: ReadPlan, limits: Limits, surroundings: Surroundings
) -> Iterator[list[Row]]:
    """Yield the rows of a list, some at a time, without a budget but the time.

    Raises:
        NeedsKeyError: no key of the table finds them.
        TimeLimitExceededError: all of it takes too long.
    """
    access = access_of(table, plan, condition_of_list(table, plan))
    names = place_names(table, access)
    ends = time.monotonic() + limits.export_timeout
    left, start = plan.limit, FIRST
    while left > 0:
        with surroundings(), until(ends):
            size = min(CHUNK, left)
            found = read_rows(table, access, size, start, Budget(CHUNK * 2, ends))
            rows = rows_of([hit.item for hit in found.hits], plan.output, table)
        left -= len(rows)
        yield rows
        if found.stopped is None and len(rows) < size:
            return
        last = found.stopped or found.hits[-1].entry
        start = Start(place={name: last[name] for name in names if name in last})


def with_value(table: Table, rows: Rows, name: str, value: Any, most: int) -> list[Item]:
    """Return at most so many visible items that have a value in a column; none without the column."""
    attribute = table.resource.attribute(name)
    if attribute is None:
        return []
    test = condition_of(Predicate(Column((), attribute), (), "exact", value), table)
    condition = all_conditions(visible(rows, table), test)
    access = choose_access(table, condition)
    budget = Budget(table.max_evaluated)
    return [hit.item for hit in read_rows(table, access, most, FIRST, budget).hits]
