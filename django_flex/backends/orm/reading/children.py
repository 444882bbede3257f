"""Lists of related objects: one statement for each relation, however many rows they belong to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.apps import apps
from django.db import router
from django.db.models import CharField, UUIDField

from django_flex.backends.orm.bind_parameters import KeyArgument
from django_flex.backends.orm.connection.databases import database_of_related
from django_flex.backends.orm.django_internals.queries import chosen_database
from django_flex.backends.orm.expressions.related_rows import far_field
from django_flex.backends.orm.prepared.statement_cache import Database, fetch
from django_flex.backends.orm.reading.keyset import cut, parts_of, places_of, with_position
from django_flex.backends.orm.reading.list_queries import (
    COUNT_AT,
    build_lists,
    is_ranked,
    key_of_outer,
    may_repeat,
)
from django_flex.backends.orm.schema import model_of
from django_flex.exceptions import CursorError
from django_flex.exceptions.places import Part, inside
from django_flex.plan.positions import neighbours
from django_flex.plan.results import RelatedPage
from django_flex.resolved.keyset import digest_of_parent
from django_flex.schema.conversions.keys import check_usable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import Model, QuerySet

    from django_flex.plan.nodes import ChildPlan, Row
    from django_flex.plan.results import ResultSet
    from django_flex.plan.sizes import ReplySize
    from django_flex.resolved import Keyset
    from django_flex.schema.resources import Relation

#: Keys of outer rows in one statement; more only come up in lists within lists within lists.
MAX_KEYS = 10_000


class SizeAccounting(NamedTuple):
    """The size of the reply, and how often the reply may show each row of a list."""

    reply_size: ReplySize | None
    times: int


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
    if child.relation.as_text:
        keys = [None if key is None else str(key) for key in keys]
    if child.flags:
        shown = [all(row[flag] for flag in child.flags) for row in rows]
        keys = [key if there else None for key, there in zip(keys, shown, strict=True)]
    check_usable(tuple(keys), child.place)
    wanted = dict.fromkeys(keys)
    wanted.pop(None, None)
    _check_parents(child, wanted)
    # Rows with one key share one list, which the reply then shows in each of them.
    most = 1 if len(wanted) == len(keys) else _most_of_one(keys)
    lists = _read(child, list(wanted), database, SizeAccounting(reply_size, times * most))
    nothing = _listed(child, [])
    return [lists.get(key, nothing) for key in keys]


def _check_parents(child: ChildPlan, keys: Iterable[object]) -> None:
    """Refuse the cursor of another list than the one that is read.

    Raises:
        CursorError: it belongs to the list of another row, or there are several lists.
    """
    position = None if child.keyset is None else child.keyset.position
    if position is not None and any(digest_of_parent(key) != position.parent for key in keys):
        raise CursorError(inside(child.place, Part.CURSOR))


def _most_of_one(keys: Sequence[object]) -> int:
    """Return how many rows have the key that most of them have."""
    return max(Counter(key for key in keys if key is not None).values(), default=1)


def _read(
    child: ChildPlan, keys: Sequence[object], database: Database, accounting: SizeAccounting
) -> dict[object, Any]:
    """Read lists from the database that their rows are in."""
    using = _database_of(child, database.using, from_primary=database.from_primary)
    if using == database.using:
        return _lists(child, keys, database, accounting)
    with database.reading(using):
        return _lists(child, keys, replace(database, using=using), accounting)


def _database_of(child: ChildPlan, using: str, *, from_primary: bool = False) -> str:
    """Return the database of lists; if their rows are a queryset, it may have chosen one itself."""
    chosen = None if child.rows.queryset is None else chosen_database(child.rows.queryset)
    if chosen is not None:
        return chosen
    if not router.routers:
        return using
    inner = model_of(child.relation.target)
    outer = _outer_model(child.relation)
    return (
        using if outer is None else database_of_related(outer, inner, using, writing=from_primary)
    )


def _outer_model(relation: Relation) -> type[Model] | None:
    """Return the model of the rows that lists belong to."""
    if relation.far_type is not None:
        return apps.get_model(relation.far_type.label)
    outer: type[Model] | None = far_field(relation).related_model
    return outer


def _lists(
    child: ChildPlan, keys: Sequence[object], database: Database, accounting: SizeAccounting
) -> dict[object, Any]:
    """Return the lists of outer rows by their keys; of those that have one."""
    if child.keyset is not None:
        return _pages(child, child.keyset, keys, database, accounting)
    if child.output.children or child.paged:
        found: dict[object, list[Row]] = {}
        counts: dict[object, int] = {}
        for key, row in _found(child, keys, database, accounting):
            listed = found.setdefault(key, [])
            if child.counted:
                counts[key] = row[COUNT_AT]
                if row[-1] <= child.offset:
                    continue  # only for its count
            listed.append(row)
        if child.output.children:
            found = _with_inner_lists(child, found, database, accounting)
        return {key: _listed(child, rows, counts.get(key, 0)) for key, rows in found.items()}
    make = child.item_of
    lists: dict[object, list[object]] = {}
    for key, row in _found(child, keys, database, accounting):
        lists.setdefault(key, []).append(make(row))
    return lists


def _with_inner_lists(
    child: ChildPlan, lists: dict[object, list[Row]], database: Database, accounting: SizeAccounting
) -> dict[object, list[Row]]:
    """Read the lists inside all rows of all lists together."""
    width = len(child.output.columns) + len(child.output.flags)
    # Not of the row that only tells that there are more: a cursor belongs to one row.
    shown = {key: found[: child.limit] for key, found in lists.items()}
    every = [row[:width] for found in shown.values() for row in found]
    inner = with_lists(
        child.output.children, every, database, accounting.reply_size, accounting.times
    )
    complete = iter(inner)
    return {
        key: [*(next(complete) for _ in shown[key]), *found[child.limit :]]
        for key, found in lists.items()
    }


def _found(
    child: ChildPlan, keys: Sequence[object], database: Database, accounting: SizeAccounting
) -> Iterator[tuple[object, Row]]:
    """Yield rows with the keys of their outer rows, those of each outer row in order.

    The columns and flags of a row come first; the values after them do not go into the reply.
    """
    repeats, weight, reply_size = may_repeat(child), child.output.weight, accounting.reply_size
    note = (
        None
        if reply_size is None
        else partial(reply_size.add, weight=weight, times=accounting.times)
    )
    for start in range(0, len(keys), MAX_KEYS):
        some = keys[start : start + MAX_KEYS]
        rows = fetch((child, KeyArgument(some)), _query, database, note=note)
        if not is_ranked(child, len(some)):
            yield from zip(map(itemgetter(-1), rows), rows, strict=True)
            continue
        place = COUNT_AT - 1 if child.counted else -2
        # Sorted here by the rank that the database gave: it would sort once more for that.
        rows.sort(key=itemgetter(-1))
        if repeats or child.cells:
            # By its outer row, and its key; equal combinations by rank.
            own = itemgetter(-1) if child.cells else child.output.key_of
            first = {(row[place], own(row)): row for row in reversed(rows)}
            rows = list(reversed(first.values()))
        yield from zip(map(itemgetter(place), rows), rows, strict=True)


def _query(asked: tuple[ChildPlan, KeyArgument], using: str) -> Any:
    return build_lists(*asked, using).query


def sample_of(child: ChildPlan, using: str) -> tuple[QuerySet[Any], str]:
    """Return the statement of lists, and its database, with keys that stand for any two rows'."""
    using = _database_of(child, using)
    key = key_of_outer(child.relation)
    keys: Sequence[object] = (1, 2)
    if isinstance(key, UUIDField):
        keys = (UUID(int=1), UUID(int=2))
    elif isinstance(key, CharField):
        keys = ("1", "2")
    child = _positioned(child, using)
    return build_lists(child, KeyArgument(keys), using), using


def _listed(child: ChildPlan, rows: Sequence[Row], count: int = 0) -> object:
    """Return the objects of one list, as a page if that was asked for."""
    shown = rows[: child.limit]
    items = list(map(child.item_of, shown))
    if not child.paged:
        return items
    counted = count if child.counted else None
    return RelatedPage(items, child.offset, child.limit, len(rows) > child.limit, counted)


def _positioned(child: ChildPlan, using: str) -> ChildPlan:
    """Return a plan that knows its position; as ``with_position``."""
    if child.keyset is None:
        return child
    place = inside(child.place, Part.CURSOR)
    return replace(child, keyset=with_position(child.keyset, child.rows, using, place))


def _pages(
    child: ChildPlan,
    keyset: Keyset,
    keys: Sequence[object],
    database: Database,
    accounting: SizeAccounting,
) -> dict[object, Any]:
    """Return the pages of lists that are paged by cursors."""
    using = database.using
    child = _positioned(child, using)
    keyset = child.keyset or keyset
    # Behind a position the other rows of a list are not read, so these are counted apart.
    apart = child.counted and keyset.position is not None
    counts = _counts(child, keys, database) if apart else {}
    plan = replace(child, counted=False) if apart else child
    read: dict[object, list[Row]] = {}
    for key, row in _found(plan, keys, database, accounting):
        read.setdefault(key, []).append(row)
        if plan.counted:
            counts[key] = row[COUNT_AT]
    places = places_of(child.output, parts_of(keyset, using))
    found = {key: cut(read.get(key, []), child.limit, keyset, places) for key in keys}
    rows = {key: page.rows for key, page in found.items()}
    if child.output.children:
        rows = _with_inner_lists(child, rows, database, accounting)
    return {
        key: _with_cursors(
            _listed(child, rows[key], counts.get(key, 0)),
            page,
            neighbours(keyset, page, digest_of_parent(key)),
            accounting,
        )
        for key, page in found.items()
    }


def _counts(child: ChildPlan, keys: Sequence[object], database: Database) -> dict[object, int]:
    """Return how many rows lists have, whichever page is read."""
    key = replace(child.output, columns=child.output.columns[:1], flags=(), children=())
    first = replace(child, output=key, keyset=None, order_by=(), limit=1, paged=False)
    nothing = SizeAccounting(None, 1)
    return {key: row[COUNT_AT] for key, row in _found(first, keys, database, nothing)}


def _with_cursors(
    listed: Any,
    page: ResultSet,
    cursors: tuple[str | None, str | None],
    accounting: SizeAccounting,
) -> RelatedPage:
    """Return a page with the cursors of its neighbours, whose size counts, too."""
    if accounting.reply_size is not None:
        shown = sum(len(cursor) for cursor in cursors if cursor is not None)
        accounting.reply_size.add_text(shown * accounting.times)
    after, before = cursors
    shown_page: RelatedPage = replace(listed, has_more=page.has_more, after=after, before=before)
    return shown_page
