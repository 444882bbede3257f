"""Pages of rows: of some keys, of queries one after another, or of queries merged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django_flex.backends.dynamodb.planning import Sort
from django_flex.backends.dynamodb.sorting import by, compare, in_order
from django_flex.backends.dynamodb.steps import (
    Found,
    Hit,
    Part,
    count_query,
    items_of,
    part_behind,
    part_from,
    read_query,
)
from django_flex.dynamodb.core.evaluation import matches

if TYPE_CHECKING:
    from django_flex.backends.dynamodb.budgets import Budget
    from django_flex.backends.dynamodb.planning import Access, Branch
    from django_flex.backends.dynamodb.tables import Table
    from django_flex.dynamodb.core.planner import Plan
    from django_flex.dynamodb.core.schema import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a page begins, and in which direction it is read."""

    place: Item | None = None
    backward: bool = False
    inclusive: bool = False


FIRST = Start()


def read_rows(table: Table, access: Access, most: int, start: Start, budget: Budget) -> Found:
    """Return at most so many rows, in the direction of reading.

    Args:
        table: the table.
        access: how they are read.
        most: how many are enough.
        start: where they begin.
        budget: what may be read.

    Raises:
        TimeLimitExceededError: it takes too long.
    """
    if access.keys:
        return _of_keys(table, access, most, start, budget)
    if access.scan is not None:
        part = Part(plan=access.scan, start=start.place)
        return read_query(table, part, access.condition, most, budget)
    if access.merged:
        return _merged(table, access, most, start, budget)
    return _one_after_another(table, access, most, start, budget)


def place_names(table: Table, access: Access) -> frozenset[str]:
    """Return the stored attributes of which a place in the rows consists."""
    names = frozenset(table.schema.key.names)
    if access.keys:
        return names | {term.name for term in access.order}
    for branch in access.branches[:1]:
        names |= table.schema.position_names(branch.plan.index)
    return names


def _of_keys(table: Table, access: Access, most: int, start: Start, budget: Budget) -> Found:
    order = (*access.order, *(Sort(name, descending=False) for name in table.schema.key.names))
    found = items_of(table, access.keys).values()
    budget.take(len(found))
    rows = in_order((one for one in found if matches(access.condition, one)), order)
    if start.backward:
        rows.reverse()
    place = start.place
    if place is not None:
        sign = -1 if start.backward else 1
        least = 0 if start.inclusive else 1
        rows = [one for one in rows if sign * compare(one, place, order) >= least]
    return Found(hits=tuple(Hit(one, one) for one in rows[:most]))


def _one_after_another(
    table: Table, access: Access, most: int, start: Start, budget: Budget
) -> Found:
    ascending = access.hashes_forward is not start.backward
    forward = access.forward is not start.backward
    hits: list[Hit] = []
    for branch in access.branches if ascending else reversed(access.branches):
        plan = replace(branch.plan, forward=forward)
        part = Part(plan=plan)
        if start.place is not None:
            order = _order_of_hashes(branch, start.place)
            if order < 0 if ascending else order > 0:
                continue
            if order == 0:
                part = _beginning(branch, plan, start.place, start)
        found = read_query(table, part, access.condition, most - len(hits), budget)
        hits += found.hits
        if found.stopped is not None or len(hits) >= most:
            return Found(hits=tuple(hits), stopped=found.stopped)
    return Found(hits=tuple(hits))


def _order_of_hashes(branch: Branch, place: Item) -> int:
    return compare({branch.key.hash: branch.hash}, place, (Sort(branch.key.hash, False),))


def _beginning(branch: Branch, plan: Plan, place: Item, start: Start) -> Part:
    """Return the part of the query in which a page begins."""
    if start.inclusive:
        return part_from(branch, plan, place)
    if not all(matches(one, place) for one in plan.key):
        # A rule by the time or by the caller has moved since. DynamoDB takes no start out of bounds.
        return part_behind(branch, plan, place)
    return Part(plan=plan, start=place)


def _merged(table: Table, access: Access, most: int, start: Start, budget: Budget) -> Found:
    """Merge queries by their range keys.

    Each is read until it has enough rows by itself. Where one stops earlier, since the budget is
    used up, rows of the others that come later wait for the next page.
    """
    forward = access.forward is not start.backward
    order = _merged_order(access, start)
    hits: list[Hit] = []
    reached: list[Item] = []
    for branch in access.branches:
        plan = replace(branch.plan, forward=forward)
        part = Part(plan=plan)
        if start.place is not None:
            side = _order_of_hashes(branch, start.place) * (-1 if start.backward else 1)
            if side == 0:
                part = _beginning(branch, plan, start.place, start)
            else:
                part = (part_from if side > 0 else part_behind)(branch, plan, start.place)
        found = read_query(table, part, access.condition, most, budget)
        hits += found.hits
        if found.stopped is not None:
            reached.append(found.stopped)
    sorts = by(order)
    hits.sort(key=lambda hit: sorts(hit.entry))
    if not reached:
        return Found(hits=tuple(hits[:most]))
    first = min(reached, key=sorts)
    known = [one for one in hits if compare(one.entry, first, order) <= 0][:most]
    return Found(hits=tuple(known), stopped=first if len(known) < most else None)


def _merged_order(access: Access, start: Start) -> tuple[Sort, ...]:
    """Return the order of merged rows: by the range key, then by the hash key."""
    key = access.branches[0].key
    forward = access.forward is not start.backward
    ranged = () if key.range is None else (Sort(key.range, descending=not forward),)
    return (*ranged, Sort(key.hash, descending=start.backward))


def count_rows(table: Table, access: Access, most: int, budget: Budget) -> tuple[int, bool]:
    """Return how many rows there are, and whether these are all.

    Args:
        table: the table.
        access: how they are read.
        most: how many are enough.
        budget: what may be read.
    """
    if access.keys:
        number = len(_of_keys(table, access, len(access.keys), FIRST, budget).hits)
        return min(number, most), number < most
    if access.scan is not None:
        return count_query(table, access.scan, access.condition, most, budget)
    total, complete = 0, True
    for branch in access.branches:
        number, all_of_it = count_query(table, branch.plan, access.condition, most - total, budget)
        total += number
        complete = complete and all_of_it
        if total >= most:
            return most, False
    return total, complete
