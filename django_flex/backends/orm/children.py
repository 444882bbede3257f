"""Lists of related objects: one statement for each relation, however many rows they belong to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.db.models import CharField, F, Field, ForeignKey, Q, UUIDField, Window
from django.db.models.functions import RowNumber

from django_flex.backends.orm.columns import select
from django_flex.backends.orm.compiled import fetch
from django_flex.backends.orm.conditions import filtered, visible_rows
from django_flex.backends.orm.ordering import sort_keys
from django_flex.backends.orm.slots import Given

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from django_flex.plan.nodes import ChildPlan, Row
    from django_flex.schema.introspection import Relation

RANK = "flex_rank"
#: Keys of outer rows in one statement; more only come up in lists within lists within lists.
MAX_KEYS = 10_000


class Rank(RowNumber):
    """The place of a row among those of its outer row: a number already, which nobody converts."""

    output_field: ClassVar[Any] = Field()


def with_lists(children: Sequence[ChildPlan], rows: list[Row], using: str) -> list[Row]:
    """Return rows with the lists of their related objects behind them.

    Args:
        children: the plans of the lists.
        rows: outer rows; each gets one more value for each plan.
        using: the database.
    """
    if not children or not rows:
        return rows
    added = [_added(child, rows, using) for child in children]
    return [row + lists for row, lists in zip(rows, zip(*added, strict=True), strict=True)]


def _added(child: ChildPlan, rows: Sequence[Row], using: str) -> list[Any]:
    """Return the list of each row: an empty one where there is nothing, or the way to it is hidden."""
    near = child.near
    keys = [row[near] for row in rows]
    if child.flags:
        shown = [all(row[flag] for flag in child.flags) for row in rows]
        keys = [key if there else None for key, there in zip(keys, shown, strict=True)]
    lists = _lists(child, [key for key in dict.fromkeys(keys) if key is not None], using)
    nothing = _listed(child, [])
    return [lists.get(key, nothing) for key in keys]


def _lists(child: ChildPlan, keys: Sequence[Any], using: str) -> dict[Any, Any]:
    """Return the lists of outer rows by their keys; of those that have one."""
    if child.output.children or child.paged:
        found: dict[Any, list[Row]] = {}
        for key, row in _found(child, keys, using):
            found.setdefault(key, []).append(row)
        if child.output.children:
            found = _with_inner_lists(child, found, using)
        return {key: _listed(child, rows) for key, rows in found.items()}
    make = itemgetter(0) if child.keys_only else child.output.make_object
    lists: dict[Any, list[Any]] = {}
    for key, row in _found(child, keys, using):
        lists.setdefault(key, []).append(make(row))
    return lists


def _with_inner_lists(
    child: ChildPlan, lists: dict[Any, list[Row]], using: str
) -> dict[Any, list[Row]]:
    """Read the lists inside all rows of all lists together."""
    width = len(child.output.columns) + len(child.output.flags)
    every = [row[:width] for found in lists.values() for row in found]
    complete = iter(with_lists(child.output.children, every, using))
    return {key: [next(complete) for _ in found] for key, found in lists.items()}


def _found(child: ChildPlan, keys: Sequence[Any], using: str) -> Iterator[tuple[Any, Row]]:
    """Yield rows with the keys of their outer rows, those of each outer row in order.

    Of a row the columns and flags come first; what stands behind them is not for the reply.
    """
    for start in range(0, len(keys), MAX_KEYS):
        some = keys[start : start + MAX_KEYS]
        rows = fetch((child, Given(some)), _query, using)
        if len(some) > 1:
            # Sorted here by the rank that the database gave: it would sort once more for that.
            rows.sort(key=itemgetter(-1))
        place = -1 if len(some) == 1 else -2
        yield from zip(map(itemgetter(place), rows), rows, strict=True)


def _query(asked: tuple[ChildPlan, Given], using: str) -> Any:
    return _build(*asked, using).query


def sample_of(child: ChildPlan, using: str) -> QuerySet[Any]:
    """Return the statement of lists with keys that stand for those of any two outer rows."""
    key = _key_field(child.relation)
    keys: Sequence[Any] = (1, 2)
    if isinstance(key, UUIDField):
        keys = (UUID(int=1), UUID(int=2))
    elif isinstance(key, CharField):
        keys = ("1", "2")
    return _build(child, Given(keys), using)


def _key_field(relation: Relation) -> Any:
    """Return the column of the outer model that the related rows point to."""
    far: Any = relation.target.model._meta.get_field(relation.far)
    return far.target_field if isinstance(far, ForeignKey) else far.related_model._meta.pk


def _build(child: ChildPlan, keys: Given, using: str) -> QuerySet[Any]:
    far = child.relation.far
    queryset = visible_rows(child.rows, using).using(using).filter(Q((f"{far}__in", keys.value)))
    if child.where is not None:
        queryset = filtered(queryset, child.where, using)
    order = [key for ordering in child.order_by for key in sort_keys(ordering, using)]
    order.append(child.relation.target.pk.lookup)
    last = child.offset + child.limit + child.paged
    columns, flags = child.output.columns, child.output.flags
    if keys.number == 1:
        selected = select(queryset.order_by(*order), columns, flags, using, far)
        page: QuerySet[Any] = selected[child.offset : last]
        return page
    rank = Window(Rank(), partition_by=[F(far)], order_by=order)
    queryset = queryset.annotate(**{RANK: rank}).filter(Q((f"{RANK}__lte", last)))
    if child.offset:
        queryset = queryset.filter(Q((f"{RANK}__gt", child.offset)))
    return select(queryset.order_by(), columns, flags, using, far, last=(RANK,), windowed=True)


def _listed(child: ChildPlan, rows: Sequence[Row]) -> Any:
    """Return the rows of one list as the reply shows them."""
    shown = rows[: child.limit]
    make = child.output.make_object
    items = [row[0] for row in shown] if child.keys_only else [make(row) for row in shown]
    if not child.paged:
        return items
    pagination = {
        "offset": child.offset,
        "limit": child.limit,
        "has_more": len(rows) > child.limit,
    }
    return {"pagination": pagination, "results": items}
