"""Pages by cursor: the rows after a position in an order, without counting those before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.models import F, Q, Value

from django_flex.backends.orm.django_internals.keys import has_key
from django_flex.backends.orm.django_internals.queries import limit, sort
from django_flex.backends.orm.expressions.columns import names_of, select
from django_flex.backends.orm.expressions.compared_names import name_before_lookup
from django_flex.backends.orm.expressions.conditions import among, seen, visible_rows
from django_flex.backends.orm.expressions.context import MATCH_NONE, path_of
from django_flex.backends.orm.expressions.evaluation_order import only_among, value_may_fail
from django_flex.backends.orm.expressions.json_conditions import json_value
from django_flex.backends.orm.expressions.json_functions import JSONNumber, JSONText
from django_flex.backends.orm.expressions.masks import masked
from django_flex.backends.orm.schema import field_of
from django_flex.exceptions import CursorError, UnsupportedQueryError
from django_flex.exceptions.places import Part, worded
from django_flex.plan.results import ResultSet
from django_flex.resolved import Column, ComputedValue, TooLong
from django_flex.schema.output_fields import output_field_of

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from django_flex.exceptions.places import Place
    from django_flex.plan.nodes import ReadPlan, Row, SelectOutput
    from django_flex.resolved import Keyset, Ordering, Position, Rows

# SQLite keeps decimals as floats, of which Django reads so many digits.
SQLITE_DIGITS = 15


@dataclass(frozen=True, slots=True, eq=False)
class SortKey:
    """One thing to sort by: a column by its ``name``, or an ``expression`` under that name.

    ``before_lookup`` is the column's name if a lookup follows it, ``field`` is the column's. A
    ``bare`` value is compared as the database gave it, not as its field would have it.
    """

    name: str
    descending: bool
    nulls_first: bool
    nullable: bool
    field: object = None
    expression: object = None
    bare: bool = False
    before_lookup: str = ""

    def reversed(self) -> SortKey:
        """Return the same, the other way round."""
        return replace(self, descending=not self.descending, nulls_first=not self.nulls_first)

    def term(self) -> object:
        """Return what Django sorts by."""
        if not self.nullable:
            return f"-{self.name}" if self.descending else self.name
        where = {"nulls_first": True} if self.nulls_first else {"nulls_last": True}
        return F(self.name).desc(**where) if self.descending else F(self.name).asc(**where)

    def compared(self, operator: str, value: object) -> Q:
        """Return a comparison with a value."""
        return self._looked_up(operator, Value(value) if self.bare else value)

    def same(self, value: object) -> Q:
        """Return the rows that have a value here."""
        return self._null() if value is None else self.compared("exact", value)

    def beyond(self, value: object, *, inclusive: bool = False) -> Q | None:
        """Return the rows behind a value, ``None`` if there can be none."""
        if value is None:
            return self._beyond_null(inclusive=inclusive)
        operator = ("lt" if self.descending else "gt") + ("e" if inclusive else "")
        found = self.compared(operator, value)
        if self.nullable and not self.nulls_first:
            found |= self._null()
        return found

    def _beyond_null(self, *, inclusive: bool) -> Q | None:
        if self.nulls_first:
            return Q() if inclusive else self._looked_up("isnull", False)
        return self._null() if inclusive else None

    def _null(self) -> Q:
        return self._looked_up("isnull", True)

    def _looked_up(self, lookup: str, value: object) -> Q:
        return Q((f"{self.before_lookup or self.name}__{lookup}", value))


def parts_of(keyset: Keyset, using: str) -> list[SortKey]:
    """Return what a query is sorted by, in the direction of the order.

    Raises:
        UnsupportedQueryError: this database does not give exact values of a column.
    """
    parts: list[SortKey] = []
    for ordering in keyset.order:
        parts += _parts(ordering, f"flex_k{len(parts)}", using)
    return parts


def _parts(ordering: Ordering, alias: str, using: str) -> list[SortKey]:
    column = ordering.column
    common: dict[str, Any] = {
        "descending": ordering.descending,
        "nulls_first": ordering.nulls == "first",
    }
    if isinstance(column, Column) and column.keys:
        value = json_value(column)
        number, text = (
            masked(part, column.masks, using) for part in (JSONNumber(value), JSONText(value))
        )
        return [
            SortKey(f"{alias}n", expression=number, nullable=True, bare=True, **common),
            SortKey(f"{alias}t", expression=text, nullable=True, **common),
        ]
    _check_exact(output_field_of(column.attribute), using)
    if isinstance(column, ComputedValue) or column.masks:
        return [SortKey(alias, expression=seen(column, using), nullable=True, **common)]
    nullable = column.attribute.null or any(hop.null for hop in column.hops)
    return [
        SortKey(
            path_of(column),
            nullable=nullable,
            field=field_of(column.attribute),
            before_lookup=name_before_lookup(column),
            **common,
        )
    ]


def _check_exact(field: object, using: str) -> None:
    digits = getattr(field, "max_digits", None) or 0
    if digits > SQLITE_DIGITS and connections[using].vendor == "sqlite":
        raise UnsupportedQueryError(
            "SQLite cannot sort decimals of this length exactly",
            path=Part.ORDER_BY,
            hint=worded("use '{}'", Part.OFFSET),
        )


def behind(parts: Sequence[SortKey], position: Position) -> Q:
    """Return the rows behind a position, all parts being in the direction of reading.

    The comparison of the first part is repeated at the front, since an index can serve it.
    """
    *before, key = zip(parts, position.values, strict=True)
    condition = key[0].beyond(key[1], inclusive=position.inclusive)
    for part, value in reversed(before):
        further, same = part.beyond(value), part.same(value)
        if condition is not None:
            same &= condition
        condition = same if further is None else further | same
    if condition is None:
        return MATCH_NONE
    leading = parts[0].beyond(position.values[0], inclusive=True) if before else None
    return condition if leading is None else leading & condition


def with_position(keyset: Keyset, rows: Rows, using: str, place: Place = Part.CURSOR) -> Keyset:
    """Return a keyset that knows its position, where the cursor had only the key of the row.

    Args:
        keyset: how rows are paged.
        rows: those that the caller may see.
        using: the database.
        place: of the cursor in the request.

    Raises:
        CursorError: that row is gone.
    """
    position = keyset.position
    if position is None or not any(isinstance(value, TooLong) for value in position.values):
        return keyset
    parts = parts_of(keyset, using)
    queryset = named(visible_rows(rows, using).using(using), parts)
    columns = rows.resource.key_columns
    key = position.values[-len(columns) :]
    found = queryset.filter(has_key(queryset.model, key if len(key) > 1 else key[0])).order_by()
    values = found.values_list(*(part.name for part in parts)).first()
    if values is None:
        raise CursorError(place)
    return replace(keyset, position=replace(position, values=values))


def named(queryset: QuerySet[Any], parts: Sequence[SortKey]) -> QuerySet[Any]:
    """Return a queryset in which sort keys that are expressions have their names."""
    computed = {part.name: part.expression for part in parts if part.expression is not None}
    return queryset.annotate(**computed) if computed else queryset


def in_reading_order(parts: list[SortKey], keyset: Keyset) -> list[SortKey]:
    """Return sort keys in the direction in which a page is read."""
    backward = keyset.position is not None and keyset.position.backward
    return [part.reversed() for part in parts] if backward else parts


def page(plan: ReadPlan, keyset: Keyset, queryset: QuerySet[Any], using: str) -> QuerySet[Any]:
    """Return a page and one row more, in the order of reading, which is backward for a previous page.

    The columns and flags of a row are followed by those sort values that are not among its columns.
    """
    parts = in_reading_order(parts_of(keyset, using), keyset)
    queryset = from_position(named(queryset, parts), parts, keyset, using, (plan.rows,))
    queryset = select(
        queryset, plan.columns, plan.flags, using, last=others_of(plan.columns, parts)
    )
    sort(queryset.query, (part.term() for part in parts))
    limit(queryset.query, 0, plan.limit + 1)
    return queryset


def from_position(
    queryset: QuerySet[Any],
    parts: Sequence[SortKey],
    keyset: Keyset,
    using: str,
    within: Sequence[Rows | Q],
) -> QuerySet[Any]:
    """Return the rows behind the position of a keyset; all rows if it has none.

    Args:
        queryset: the rows, with the names of their sort keys.
        parts: the sort keys, in the direction of reading.
        keyset: with the position.
        using: the database.
        within: the rows, and conditions on them, that the queryset is restricted to.
    """
    if keyset.position is None:
        return queryset
    condition = behind(parts, keyset.position)
    fails = any(value_may_fail(ordering.column, using) for ordering in keyset.order)
    rows = among(within, using) if fails else None
    return queryset.filter(condition if rows is None else only_among(rows, condition))


def others_of(columns: Sequence[Column | ComputedValue], parts: Sequence[SortKey]) -> list[str]:
    """Return the names of the sort keys that are not among the columns of a row."""
    names = names_of(columns)
    return [part.name for part in parts if part.name not in names]


def places_of(output: SelectOutput, parts: Sequence[SortKey]) -> tuple[int, ...]:
    """Return where in a row its sort values are: among its columns, or behind its flags."""
    names, others = names_of(output.columns), others_of(output.columns, parts)
    width = len(names) + len(output.flags)
    return tuple(
        names.index(part.name) if part.name in names else width + others.index(part.name)
        for part in parts
    )


def cut(rows: list[Row], limit: int, keyset: Keyset, places: Sequence[int]) -> ResultSet:
    """Return the page from the rows that were read: in order, with the positions at its ends.

    Args:
        rows: the page and one row more, in the order of reading.
        limit: how many rows a page has.
        keyset: how the rows are paged.
        places: where in a row its sort values are.
    """
    position, more = keyset.position, len(rows) > limit
    rows = rows[:limit]
    backward = position is not None and position.backward
    if backward:
        rows.reverse()
    ends: tuple[Row, Row] | None = None
    if rows:
        first, last = rows[0], rows[-1]
        ends = tuple(first[n] for n in places), tuple(last[n] for n in places)
    # Where we came from there was a row; beside a page that was found empty there was none.
    came_from = position is not None and not position.inclusive
    after, before = (came_from, more) if backward else (more, came_from)
    return ResultSet(rows, has_more=after, has_previous=before, ends=ends)


def cut_page(plan: ReadPlan, keyset: Keyset, rows: list[Row], using: str) -> ResultSet:
    """Return the page of a list; its rows have the values of the plan alone."""
    parts = parts_of(keyset, using)
    found = cut(rows, plan.limit, keyset, places_of(plan.output, parts))
    if not others_of(plan.columns, parts):
        return found
    width = len(plan.columns) + len(plan.flags)
    return replace(found, rows=[row[:width] for row in found.rows])
