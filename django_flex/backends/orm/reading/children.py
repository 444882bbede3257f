"""Lists of related objects: one statement for each relation, however many rows they belong to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple
from uuid import UUID

from django.db.models import CharField, F, Field, Q, UUIDField, Window
from django.db.models.functions import RowNumber

from django_flex.backends.orm.bind_parameters import KeyArgument
from django_flex.backends.orm.connection.databases import database_of_related
from django_flex.backends.orm.django_internals.joins import conditions_added
from django_flex.backends.orm.django_internals.models import key_field
from django_flex.backends.orm.django_internals.queries import chosen_database
from django_flex.backends.orm.expressions.columns import select
from django_flex.backends.orm.expressions.conditions import filtered, visible_links, visible_rows
from django_flex.backends.orm.expressions.ordering import sort_keys
from django_flex.backends.orm.expressions.related_rows import linked
from django_flex.backends.orm.prepared.statement_cache import Database, fetch
from django_flex.backends.orm.schema import model_of
from django_flex.plan.results import RelatedPage

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from django_flex.plan.nodes import ChildPlan, Row
    from django_flex.plan.sizes import ReplySize
    from django_flex.schema.resources import Relation

RANK = "flex_rank"
#: Keys of outer rows in one statement; more only come up in lists within lists within lists.
MAX_KEYS = 10_000


class SizeAccounting(NamedTuple):
    """The size of the reply, and how often the reply may show each row of a list."""

    reply_size: ReplySize | None
    times: int


class Rank(RowNumber):
    """The rank of a row among those of its outer row: a number, which needs no conversion."""

    output_field: ClassVar[Any] = Field()


def with_lists(
    children: Sequence[ChildPlan],
    rows: list[Row],
    database: Database,
    reply_size: ReplySize | None = None,
    times: int = 1,
) -> list[Row]:
    """Return rows, each followed by the lists of its related objects.

    Args:
        children: the plans of the lists.
        rows: outer rows; each gets one more value for each plan.
        database: where, with its statements.
        reply_size: counts what the reply comes to.
        times: how often the reply may show a row.
    """
    if not children or not rows:
        return rows
    added = [_added(child, rows, database, reply_size, times) for child in children]
    return [row + lists for row, lists in zip(rows, zip(*added, strict=True), strict=True)]


def _added(
    child: ChildPlan,
    rows: Sequence[Row],
    database: Database,
    reply_size: ReplySize | None,
    times: int,
) -> list[object]:
    """Return the list of each row; it is empty if nothing is related, or if the way to it is hidden."""
    near = child.near
    keys = [row[near] for row in rows]
    if child.flags:
        shown = [all(row[flag] for flag in child.flags) for row in rows]
        keys = [key if there else None for key, there in zip(keys, shown, strict=True)]
    wanted = Counter(key for key in keys if key is not None)
    # Rows with one key share one list, which the reply then shows in each of them.
    accounting = SizeAccounting(reply_size, times * max(wanted.values(), default=1))
    lists = _read(child, list(wanted), database, accounting)
    nothing = _listed(child, [])
    return [lists.get(key, nothing) for key in keys]


def _read(
    child: ChildPlan, keys: Sequence[object], database: Database, accounting: SizeAccounting
) -> dict[object, Any]:
    """Read lists from the database that their rows are in."""
    using = _database_of(child, database.using)
    if using == database.using:
        return _lists(child, keys, database, accounting)
    with database.reading(using):
        return _lists(child, keys, replace(database, using=using), accounting)


def _database_of(child: ChildPlan, using: str) -> str:
    """Return the database of lists; if their rows are a queryset, it may have chosen one itself."""
    chosen = None if child.rows.queryset is None else chosen_database(child.rows.queryset)
    if chosen is not None:
        return chosen
    inner = model_of(child.relation.target)
    outer: Any = inner._meta.get_field(child.relation.far).related_model
    return using if outer is None else database_of_related(outer, inner, using)


def _lists(
    child: ChildPlan, keys: Sequence[object], database: Database, accounting: SizeAccounting
) -> dict[object, Any]:
    """Return the lists of outer rows by their keys; of those that have one."""
    if child.output.children or child.paged:
        found: dict[object, list[Row]] = {}
        for key, row in _found(child, keys, database, accounting):
            found.setdefault(key, []).append(row)
        if child.output.children:
            found = _with_inner_lists(child, found, database, accounting)
        return {key: _listed(child, rows) for key, rows in found.items()}
    make = itemgetter(0) if child.keys_only else child.output.make_object
    lists: dict[object, list[object]] = {}
    for key, row in _found(child, keys, database, accounting):
        lists.setdefault(key, []).append(make(row))
    return lists


def _with_inner_lists(
    child: ChildPlan, lists: dict[object, list[Row]], database: Database, accounting: SizeAccounting
) -> dict[object, list[Row]]:
    """Read the lists inside all rows of all lists together."""
    width = len(child.output.columns) + len(child.output.flags)
    every = [row[:width] for found in lists.values() for row in found]
    inner = with_lists(
        child.output.children, every, database, accounting.reply_size, accounting.times
    )
    complete = iter(inner)
    return {key: [next(complete) for _ in found] for key, found in lists.items()}


def _found(
    child: ChildPlan, keys: Sequence[object], database: Database, accounting: SizeAccounting
) -> Iterator[tuple[object, Row]]:
    """Yield rows with the keys of their outer rows, those of each outer row in order.

    The columns and flags of a row come first; the values after them do not go into the reply.
    """
    weight, reply_size = child.output.weight, accounting.reply_size
    note = (
        None
        if reply_size is None
        else partial(reply_size.add, weight=weight, times=accounting.times)
    )
    for start in range(0, len(keys), MAX_KEYS):
        some = keys[start : start + MAX_KEYS]
        rows = fetch((child, KeyArgument(some)), _query, database, note=note)
        if len(some) > 1:
            # Sorted here by the rank that the database gave: it would sort once more for that.
            rows.sort(key=itemgetter(-1))
        place = -1 if len(some) == 1 else -2
        yield from zip(map(itemgetter(place), rows), rows, strict=True)


def _query(asked: tuple[ChildPlan, KeyArgument], using: str) -> Any:
    return _build(*asked, using).query


def sample_of(child: ChildPlan, using: str) -> tuple[QuerySet[Any], str]:
    """Return the statement of lists, and its database, with keys that stand for any two rows'."""
    using = _database_of(child, using)
    key = _key_field(child.relation)
    keys: Sequence[object] = (1, 2)
    if isinstance(key, UUIDField):
        keys = (UUID(int=1), UUID(int=2))
    elif isinstance(key, CharField):
        keys = ("1", "2")
    return _build(child, KeyArgument(keys), using), using


def _key_field(relation: Relation) -> object:
    """Return the column of the outer model that the related rows point to."""
    far: object = model_of(relation.target)._meta.get_field(relation.far)
    return key_field(far)


def _build(child: ChildPlan, keys: KeyArgument, using: str) -> QuerySet[Any]:
    far = child.relation.far
    rows, links = visible_rows(child.rows, using).using(using), Q((f"{far}__in", keys.value))
    queryset = linked(rows, links, visible_links(child.rows, using))
    if child.where is not None:
        within = (conditions_added(queryset, rows), child.rows)
        queryset = filtered(queryset, child.where, using, within)
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


def _listed(child: ChildPlan, rows: Sequence[Row]) -> object:
    """Return the objects of one list, as a page if that was asked for."""
    shown = rows[: child.limit]
    make = child.output.make_object
    items = [row[0] for row in shown] if child.keys_only else [make(row) for row in shown]
    if not child.paged:
        return items
    return RelatedPage(items, child.offset, child.limit, len(rows) > child.limit)
