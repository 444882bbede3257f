"""Reads what a selection asks for, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import Any

from django_flex.dynamodb.chaining import Selection, plan_of
from django_flex.dynamodb.core import requests
from django_flex.dynamodb.core.evaluation import matches
from django_flex.dynamodb.core.planner import Plan
from django_flex.dynamodb.core.schema import Item, TableSchema
from django_flex.dynamodb.core.values import decode
from django_flex.dynamodb.exceptions import DynamoDBQuerySetError
from django_flex.dynamodb.introspection import ModelDescription
from django_flex.dynamodb.transport import call_table, repeatedly

#: How many keys one BatchGetItem has at most.
KEYS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPage:
    """Items as they are stored.

    Attributes:
        items: those that match.
        position: where the next page begins, or ``None`` at the end.
        scanned: how many items were read, whether they match or not.
    """

    items: tuple[Item, ...]
    position: Item | None
    scanned: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page.

    Attributes:
        items: instances, or dicts after ``values()``.
        next: the cursor of the next page, or ``None`` at the end.
        scanned: how many items DynamoDB read, which is what it charges for.
    """

    items: list[Any]
    next: str | None
    scanned: int


def pages(
    description: ModelDescription, selection: Selection, *, page_size: int | None = None
) -> Iterator[RawPage]:
    """Yield pages until the end, the limit, or ``max_items``, whether a key is used or not.

    Args:
        description: the model.
        selection: what is asked for.
        page_size: how many items are read by one request, at most.
    """
    plan = plan_of(description, selection)
    check_start(description.table, plan, selection.start)
    if plan.kind == "scan" and selection.segments > 1:
        yield from _segments(description, selection, plan)
        return
    left, budget, start = selection.limit, selection.max_items, selection.start
    while left is None or left > 0:
        size = _page_size(plan, left, budget, page_size)
        page = read_page(description.table, plan, selection, size=size, start=start)
        if left is not None and len(page.items) > left:
            page = cut(description.table, plan, page, left)
        yield page
        left = None if left is None else left - len(page.items)
        start = page.position
        if budget is not None:
            budget -= page.scanned
            if budget <= 0:
                return
        if start is None:
            return


def check_start(schema: TableSchema, plan: Plan, start: Item | None) -> None:
    """Refuse a position that is none of what is read; not every server does.

    Raises:
        DynamoDBQuerySetError: it does not have the attributes of a position in it.
    """
    names = schema.position_names(plan.index)
    if start is not None and plan.kind != "none" and set(start) != names:
        raise DynamoDBQuerySetError(f"a position here has {', '.join(sorted(names))}")


def _page_size(plan: Plan, *bounds: int | None) -> int | None:
    left, *others = bounds
    given = [one for one in others if one is not None]
    if left is not None and plan.filter is None and plan.post is None:
        # Every item that is read is one of the result.
        given.append(left)
    return min(given) if given else None


def read_page(
    schema: TableSchema,
    plan: Plan,
    selection: Selection,
    *,
    size: int | None = None,
    start: Item | None = None,
    segment: dict[str, Any] | None = None,
) -> RawPage:
    """Read one page of a plan."""
    if plan.kind == "none":
        return RawPage(items=(), position=None, scanned=0)
    if plan.kind == "get":
        found = call_table(schema, "GetItem", requests.get_request(schema, plan)).get("Item")
        there = () if found is None or start is not None else (found,)
        items = tuple(one for one in there if matches(plan.post, one))
        return RawPage(items=items, position=None, scanned=len(there))
    parameters = requests.page_request(schema, plan, limit=size, start=start) | (segment or {})
    response = call_table(schema, "Scan" if plan.kind == "scan" else "Query", parameters)
    read = response["Items"]
    if plan.hydrate:
        read = hydrated(schema, read, plan, selection)
    return RawPage(
        items=tuple(one for one in read if matches(plan.post, one)),
        position=response.get("LastEvaluatedKey"),
        scanned=response["ScannedCount"],
    )


def hydrated(
    schema: TableSchema, items: Iterable[Item], plan: Plan, selection: Selection
) -> list[Item]:
    """Return the whole items for what an index has of them; those that are gone are left out."""
    keys = [requests.key_of(schema, one) for one in items]
    found = batch_get(schema, keys, consistent=selection.consistent)
    whole = {identity(schema, one): one for one in found}
    names = [identity(schema, key) for key in keys]
    return [whole[name] for name in names if name in whole]


def identity(schema: TableSchema, item: Item) -> str:
    """Return a text that is equal for equal keys: 7.0 is the same as 7."""
    return repr([decode(item[name]) for name in schema.key.names])


def batch_get(schema: TableSchema, keys: Iterable[Item], *, consistent: bool = False) -> list[Item]:
    """Return the items with these keys, in any order; a key that is there twice is read once."""
    unique = [*{identity(schema, one): one for one in keys}.values()]
    found: list[Item] = []

    def read(some: list[Item]) -> list[Item]:
        response = call_table(
            schema, "BatchGetItem", requests.batch_get_request(schema, some, consistent=consistent)
        )
        found.extend(response["Responses"].get(schema.name, ()))
        left: list[Item] = response.get("UnprocessedKeys", {}).get(schema.name, {}).get("Keys", [])
        return left

    for first in range(0, len(unique), KEYS):
        repeatedly(read, unique[first : first + KEYS])
    return found


def cut(schema: TableSchema, plan: Plan, page: RawPage, size: int) -> RawPage:
    """Return the first items of a page, with the position after the last of them."""
    items = page.items[:size]
    names = schema.position_names(plan.index)
    position = {name: items[-1][name] for name in sorted(names)}
    return replace(page, items=items, position=position)


def _segments(description: ModelDescription, selection: Selection, plan: Plan) -> Iterator[RawPage]:
    """Yield the pages of all segments of a scan, which are read at the same time."""
    parts = selection.segments
    most, more = divmod(selection.max_items or 0, parts)

    def read(number: int) -> list[RawPage]:
        segment = {"Segment": number, "TotalSegments": parts}
        found: list[RawPage] = []
        start, left = None, most + (number < more)
        while left > 0:
            page = read_page(
                description.table, plan, selection, size=left, start=start, segment=segment
            )
            found.append(replace(page, position=None))
            start, left = page.position, left - page.scanned
            if start is None:
                break
        return found

    limit = selection.limit
    with ThreadPoolExecutor(parts) as threads:
        contexts = [copy_context() for _ in range(parts)]  # they have the deadline
        read_all = [threads.submit(one.run, read, number) for number, one in enumerate(contexts)]
        for some in (one.result() for one in read_all):
            for page in some:
                items = page.items if limit is None else page.items[:limit]
                limit = None if limit is None else limit - len(items)
                yield replace(page, items=items)


def budgeted_page(
    description: ModelDescription,
    selection: Selection,
    size: int,
    *,
    start: Item | None,
    max_evaluated: int,
) -> RawPage:
    """Return at most ``size`` items, of at most ``max_evaluated`` that are read."""
    plan = plan_of(description, selection)
    if selection.max_items is not None:
        max_evaluated = min(max_evaluated, selection.max_items)
    items: list[Item] = []
    scanned, position = 0, start
    while True:
        limit = _page_size(plan, size - len(items), max_evaluated - scanned)
        page = read_page(description.table, plan, selection, size=limit, start=position)
        scanned += page.scanned
        if len(page.items) > size - len(items):
            page = cut(description.table, plan, page, size - len(items))
        items += page.items
        position = page.position
        if position is None or len(items) >= size or scanned >= max_evaluated:
            return RawPage(items=tuple(items), position=position, scanned=scanned)


def count(description: ModelDescription, selection: Selection) -> int:
    """Return the number of items, without reading more than DynamoDB needs to."""
    plan = plan_of(description, selection)
    slim = replace(selection, names=(), as_dicts=True)
    is_counted = plan.kind == "query" and plan.post is None and not plan.hydrate
    if not is_counted or selection.limit is not None or selection.max_items is not None:
        return sum(len(page.items) for page in pages(description, slim))
    check_start(description.table, plan, selection.start)
    total: int = 0
    start = selection.start
    while True:
        response = call_table(
            description.table,
            "Query",
            requests.page_request(description.table, plan, start=start, count=True),
        )
        total += response["Count"]
        start = response.get("LastEvaluatedKey")
        if start is None:
            return total
