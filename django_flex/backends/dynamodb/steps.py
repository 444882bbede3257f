"""One query, request after request, and items by their keys."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from django_flex.backends.dynamodb.planning import identity
from django_flex.dynamodb.core import requests, values
from django_flex.dynamodb.core.conditions import Comparison, Operator, all_of
from django_flex.dynamodb.core.evaluation import matches
from django_flex.dynamodb.core.ranges import choose
from django_flex.dynamodb.reading import batch_get
from django_flex.dynamodb.transport import call_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_flex.backends.dynamodb.budgets import Budget
    from django_flex.backends.dynamodb.planning import Branch
    from django_flex.backends.dynamodb.tables import Table
    from django_flex.dynamodb.core.conditions import Condition
    from django_flex.dynamodb.core.planner import Plan
    from django_flex.dynamodb.core.schema import Item


class Hit(NamedTuple):
    """An item that matches, and the entry of the table or the index that led to it."""

    entry: Item
    item: Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found, in the direction of reading.

    Attributes:
        hits: the items that match, at most one more than were asked for.
        stopped: the position where the budget was used up; ``None`` if it was not.
    """

    hits: tuple[Hit, ...]
    stopped: Item | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The part of a query that is read.

    Attributes:
        plan: of the query.
        start: the position after which it begins.
        until: what each position has to meet: behind the first that does not, no item matches.
    """

    plan: Plan
    start: Item | None = None
    until: Condition | None = None


def read_query(
    table: Table, part: Part, condition: Condition | None, most: int, budget: Budget
) -> Found:
    """Read items of a query until there are enough, it ends, or the budget is used up.

    Args:
        table: the table.
        part: of the query.
        condition: what each row has to meet. It is checked again of items that an index only has
            the keys of: they may have changed since.
        most: how many are enough.
        budget: what may be read.
    """
    hits: list[Hit] = []
    plan, start = part.plan, part.start
    if plan.kind == "none":
        return Found(hits=())
    exact = plan.filter is None and plan.post is None and not plan.hydrate
    while True:
        size = min(budget.left, most - len(hits)) if exact else budget.left
        response = call_table(
            table.schema,
            operation_of(plan),
            requests.page_request(table.schema, plan, limit=max(size, 1), start=start),
        )
        budget.take(response["ScannedCount"])
        hits += _hits(table, plan, condition, response["Items"])
        start = response.get("LastEvaluatedKey")
        if start is None or len(hits) >= most or not matches(part.until, start):
            return Found(hits=tuple(hits[:most]))
        if budget.left <= 0:
            return Found(hits=tuple(hits), stopped=start)


def operation_of(plan: Plan) -> str:
    """Return the operation that reads a page of a plan."""
    return "Scan" if plan.kind == "scan" else "Query"


def _hits(
    table: Table, plan: Plan, condition: Condition | None, found: Sequence[Item]
) -> list[Hit]:
    if not plan.hydrate:
        if plan.post is not None:
            found = [one for one in found if matches(plan.post, one)]
        return [*map(Hit, found, found)]
    items = items_of(table, [requests.key_of(table.schema, one) for one in found])
    named = ((one, identity(requests.key_of(table.schema, one))) for one in found)
    whole = [Hit(one, items[name]) for one, name in named if name in items]
    return [hit for hit in whole if matches(condition, hit.item)]


def items_of(
    table: Table, keys: Sequence[Item], *, consistent: bool | None = None
) -> dict[str, Item]:
    """Return the items with some keys, by ``identity`` of these."""
    consistent = table.consistent if consistent is None else consistent
    schema = table.schema
    if len(keys) == 1:
        parameters = {"TableName": schema.name, "Key": keys[0], "ConsistentRead": consistent}
        one = call_table(schema, "GetItem", parameters).get("Item")
        found = [] if one is None else [one]
    else:
        found = batch_get(schema, keys, consistent=consistent)
    return {identity(requests.key_of(schema, one)): one for one in found}


def part_from(branch: Branch, plan: Plan, place: Item) -> Part:
    """Return the part of a query at or behind a value of its range key."""
    name = branch.key.range
    if name is None or name not in place or plan.kind == "none":
        return Part(plan=plan)
    operator = Operator.GTE if plan.forward else Operator.LTE
    bound = Comparison(path=(name,), operator=operator, values=(place[name],))
    hash_key, *ranged = plan.key
    choice = choose([*ranged, bound])
    if choice.impossible:
        return Part(plan=replace(plan, kind="none"))
    post = _also(plan.post, *choice.rest)
    key = (hash_key,) if choice.key is None else (hash_key, choice.key)
    return Part(plan=replace(plan, key=key, post=post))


def part_behind(branch: Branch, plan: Plan, place: Item) -> Part:
    """Return the part of a query behind a value of its range key.

    Items with this value are not read. A query with two bounds has both of them in it, so that it
    could stop at an item that is before the place; therefore one bound is the place, and the other
    is looked after here.
    """
    name = branch.key.range
    if name is None or name not in place or plan.kind == "none":
        return Part(plan=plan)
    operator = Operator.GT if plan.forward else Operator.LT
    bound = Comparison(path=(name,), operator=operator, values=(place[name],))
    hash_key, *ranged = plan.key
    if not ranged:
        return Part(plan=replace(plan, key=(hash_key, bound)))
    if matches(ranged[0], place):
        post = _also(plan.post, ranged[0])
        return Part(plan=replace(plan, key=(hash_key, bound), post=post), until=ranged[0])
    order = values.compare(ranged[0].values[0], place[name]) or 0
    is_behind = order > 0 if plan.forward else order < 0
    return Part(plan=plan if is_behind else replace(plan, kind="none"))


def _also(*conditions: Condition | None) -> Condition | None:
    return all_of(tuple(one for one in conditions if one is not None))


def count_query(
    table: Table, plan: Plan, condition: Condition | None, most: int, budget: Budget
) -> tuple[int, bool]:
    """Return how many items of a query match, and whether these are all.

    Args:
        table: the table.
        plan: of the query.
        condition: what each row has to meet.
        most: how many are enough.
        budget: what may be read.
    """
    if plan.kind == "none":
        return 0, True
    if plan.post is not None or plan.hydrate:
        found = read_query(table, Part(plan=plan), condition, most, budget)
        return len(found.hits), len(found.hits) < most and found.stopped is None
    number, start = 0, None
    while True:
        parameters = requests.page_request(
            table.schema, plan, limit=max(budget.left, 1), start=start, count=True
        )
        response = call_table(table.schema, operation_of(plan), parameters)
        budget.take(response["ScannedCount"])
        number += response["Count"]
        start = response.get("LastEvaluatedKey")
        if start is None or number >= most or budget.left <= 0:
            return number, start is None and number < most
