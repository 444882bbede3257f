"""``cursor`` and ``distinct`` in ``related``: what they are in a query, in each list by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.access.hints import order_names
from django_flex.access.reach import NestedAccess
from django_flex.analysis.read.cursors import (
    digest,
    hides,
    keyset_at,
    total_order,
    zone_of,
)
from django_flex.analysis.read.distinct import authorize_paths, check_combinations
from django_flex.exceptions import UnsupportedQueryError
from django_flex.exceptions.places import Part, inside, worded
from django_flex.query.ast import RANDOM, START
from django_flex.query.canonical import canonical_list
from django_flex.resolved.selection import key_of_rows
from django_flex.schema.paths import ResolvedPath

if TYPE_CHECKING:
    from django_flex.access.reach import Access
    from django_flex.exceptions.places import Place
    from django_flex.policy.model import Grant
    from django_flex.query.ast import FieldTerm, Related
    from django_flex.resolved import Keyset, Ordering, Selection, Value
    from django_flex.schema.resources import Relation, Resource


def authorize_list_distinct(
    asked: Related | None,
    selection: Selection | None,
    order_by: tuple[Ordering, ...],
    inner: Access,
) -> tuple[tuple[Ordering, ...], tuple[Value, ...]]:
    """Return the order that applies, and the columns whose combinations are distinct in each list.

    Args:
        asked: the entry, ``None`` without one.
        selection: the fields of its rows, checked; ``None`` for their keys.
        order_by: its orderings, checked.
        inner: the caller's reach from its rows.

    Raises:
        FieldDeniedError: a path that the caller may not read, or that does not exist.
        QueryError: a value cannot be compared, or sorted by.
    """
    if asked is None or asked.distinct is None:
        return order_by, ()
    if asked.distinct is True:
        check_combinations(selection or key_of_rows(inner.resource), order_by, asked.place)
        return order_by, ()
    paths = authorize_paths(asked.distinct, inner, inside(asked.place, Part.DISTINCT))
    # As in a query; the key comes after the order of links, which the relation may keep.
    return total_order(order_by, inner.resource, asked.place)[: len(order_by)], paths


def authorize_list_cursor(
    asked: Related,
    fields: tuple[FieldTerm, ...],
    order_by: tuple[Ordering, ...],
    way: tuple[Relation, ...],
    inner: NestedAccess,
    json_places: frozenset[str],
) -> Keyset:
    """Return how each list of an entry is paged by cursors.

    A cursor belongs to the list of one row: a backend compares that row with its ``parent``.

    Args:
        asked: the entry, which has a cursor, with the order that applies.
        fields: the fields of its rows, wherever they were named; none for their keys.
        order_by: its orderings, checked.
        way: the relations from the row of the request, or of the list around, to its rows.
        inner: the caller's reach from its rows.
        json_places: where it compares JSON values.

    Raises:
        CursorError: the cursor is not one of ours, or belongs to another entry, role or user.
        UnsupportedQueryError: an order that has no positions, or a user without a key.
    """
    place = inside(asked.place, Part.CURSOR)
    if asked.distinct is True:
        raise UnsupportedQueryError(
            "Distinct combinations have no cursor",
            path=place,
            hint=worded("use '{}'", Part.OFFSET),
        )
    relation = way[-1]
    if relation.sorted_by is not None and not order_by:
        raise _ordered_by_links(inner, place)
    order = total_order(order_by, inner.resource, asked.place)
    holder, granted = _holder(way, inner)
    context = digest(
        Part.RELATED,
        (holder.label, relation.label, relation.far),
        canonical_list(asked, fields, json_places),
        zone_of(order),
        access=inner,
        grants=(granted, inner.grant),
        place=place,
    )
    # A page of rows by themselves has their keys beside it; a list has them among its fields only.
    columns = inner.resource.key_columns
    shows_keys = all(inner.readable(ResolvedPath((), column)) for column in columns)
    hidden = not shows_keys or hides(asked.order_by, inner)
    return keyset_at(asked.cursor or START, order, inner, context, place, hidden=hidden)


def _ordered_by_links(inner: NestedAccess, place: Place) -> UnsupportedQueryError:
    """Return the error of a list whose links keep the order: cursors only hold values of its rows."""
    granted = [name for name in order_names(inner) if name != RANDOM]
    key = inner.resource.pk.name
    order = key if key in granted else max(granted, default=None)  # "-" sorts before any letter
    hint = worded("use '{}'", Part.OFFSET)
    if order is not None:
        words = (Part.ORDER_BY, order, Part.OFFSET)
        hint = worded("name an order, such as '{}': '{}', or use '{}'", *words)
    return UnsupportedQueryError(
        "The links of this list keep its order, which does not support cursors",
        path=place,
        hint=hint,
    )


def _holder(way: tuple[Relation, ...], inner: NestedAccess) -> tuple[Resource, Grant | None]:
    """Return the model of the rows that the lists belong to, and the caller's grant there.

    It is the same, whichever way leads to a row, unless a view has its own.
    """
    outer = inner.outer
    holder = way[-2].target if len(way) > 1 else outer.resource
    if len(way) > 1 or isinstance(outer, NestedAccess):
        return holder, outer.related_grant(holder.label)
    return holder, outer.grant
