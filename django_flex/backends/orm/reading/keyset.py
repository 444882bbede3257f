"""Pages by cursor: the rows after a position in an order, without counting those before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.models import F, Q, Value

from django_flex.backends.orm.django_internals.queries import limit, sort
from django_flex.backends.orm.expressions.columns import names_of, select
from django_flex.backends.orm.expressions.conditions import among, seen, visible_rows
from django_flex.backends.orm.expressions.context import MATCH_NONE, path_of
from django_flex.backends.orm.expressions.evaluation_order import only_among, value_may_fail
from django_flex.backends.orm.expressions.json_conditions import json_value
from django_flex.backends.orm.expressions.json_functions import JSONNumber, JSONText
from django_flex.backends.orm.expressions.masks import masked
from django_flex.backends.orm.schema import field_of
from django_flex.exceptions import CursorError, UnsupportedQueryError
from django_flex.plan.results import ResultSet
from django_flex.resolved import Column, Derived, TooLong
from django_flex.schema.output_fields import output_field_of

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from django_flex.plan.nodes import ReadPlan, Row
    from django_flex.resolved import Keyset, Ordering, Position

# SQLite keeps decimals as floats, of which Django reads so many digits.
SQLITE_DIGITS = 15


@dataclass(frozen=True, slots=True, eq=False)
class SortKey:
    """One thing to sort by: a column by its ``name``, or an ``expression`` under that name.

    ``field`` is the column's. A ``bare`` value is compared as the database gave it, not as its
    field would have it.
    """

    name: str
    descending: bool
    nulls_first: bool
    nullable: bool
    field: object = None
    expression: object = None
    bare: bool = False

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
        return Q((f"{self.name}__{operator}", Value(value) if self.bare else value))

    def same(self, value: object) -> Q:
        """Return the rows that have a value here."""
        return Q((f"{self.name}__isnull", True)) if value is None else self.compared("exact", value)

    def beyond(self, value: object, *, inclusive: bool = False) -> Q | None:
        """Return the rows behind a value, ``None`` if there can be none."""
        if value is None:
            return self._beyond_null(inclusive=inclusive)
        operator = ("lt" if self.descending else "gt") + ("e" if inclusive else "")
        found = self.compared(operator, value)
        if self.nullable and not self.nulls_first:
            found |= Q((f"{self.name}__isnull", True))
        return found

    def _beyond_null(self, *, inclusive: bool) -> Q | None:
        if self.nulls_first:
            return Q() if inclusive else Q((f"{self.name}__isnull", False))
        return Q((f"{self.name}__isnull", True)) if inclusive else None


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
    if isinstance(column, Derived) or column.masks:
        return [SortKey(alias, expression=seen(column, using), nullable=True, **common)]
    nullable = column.attribute.null or any(hop.null for hop in column.hops)
    return [SortKey(path_of(column), nullable=nullable, field=field_of(column.attribute), **common)]


def _check_exact(field: object, using: str) -> None:
    digits = getattr(field, "max_digits", None) or 0
    if digits > SQLITE_DIGITS and connections[using].vendor == "sqlite":
        raise UnsupportedQueryError(
            "SQLite cannot sort decimals of this length exactly",
            path="order_by",
            hint="use 'offset'",
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


def with_position(plan: ReadPlan, using: str) -> ReadPlan:
    """Return a plan that knows its position, where the cursor had only the key of the row.

    Raises:
        CursorError: that row is gone.
    """
    keyset = plan.keyset
    position = keyset.position if keyset is not None else None
    if keyset is None or position is None:
        return plan
    if not any(isinstance(value, TooLong) for value in position.values):
        return plan
    parts = parts_of(keyset, using)
    rows = _named(visible_rows(plan.rows, using).using(using), parts)
    found = rows.filter(pk=position.values[-1]).order_by()
    values = found.values_list(*(part.name for part in parts)).first()
    if values is None:
        raise CursorError
    return replace(plan, keyset=replace(keyset, position=replace(position, values=values)))


def _named(queryset: QuerySet[Any], parts: Sequence[SortKey]) -> QuerySet[Any]:
    computed = {part.name: part.expression for part in parts if part.expression is not None}
    return queryset.annotate(**computed) if computed else queryset


def _in_reading_order(parts: list[SortKey], keyset: Keyset) -> list[SortKey]:
    backward = keyset.position is not None and keyset.position.backward
    return [part.reversed() for part in parts] if backward else parts


def page(plan: ReadPlan, keyset: Keyset, queryset: QuerySet[Any], using: str) -> QuerySet[Any]:
    """Return a page and one row more, in the order of reading, which is backward for a previous page.

    The columns and flags of a row are followed by those sort values that are not among its columns.
    """
    parts = _in_reading_order(parts_of(keyset, using), keyset)
    position = keyset.position
    queryset = _named(queryset, parts)
    if position is not None:
        condition = behind(parts, position)
        fails = any(value_may_fail(ordering.column, using) for ordering in keyset.order)
        rows = among((plan.rows,), using) if fails else None
        queryset = queryset.filter(condition if rows is None else only_among(rows, condition))
    queryset = select(queryset, plan.columns, plan.flags, using, last=_others(plan, parts))
    sort(queryset.query, (part.term() for part in parts))
    limit(queryset.query, 0, plan.limit + 1)
    return queryset


def _others(plan: ReadPlan, parts: Sequence[SortKey]) -> list[str]:
    columns = names_of(plan.columns)
    return [part.name for part in parts if part.name not in columns]


def cut(plan: ReadPlan, keyset: Keyset, rows: list[Row], using: str) -> ResultSet:
    """Return the page from the rows that were read: in order, with the positions at its ends."""
    position, more = keyset.position, len(rows) > plan.limit
    rows = rows[: plan.limit]
    backward = position is not None and position.backward
    if position is not None and backward:
        rows.reverse()
    parts = parts_of(keyset, using)
    names, others = names_of(plan.columns), _others(plan, parts)
    width = len(names) + len(plan.flags)
    ends: tuple[Row, Row] | None = None
    if rows:
        where = [
            names.index(p.name) if p.name in names else width + others.index(p.name) for p in parts
        ]
        first, last = rows[0], rows[-1]
        ends = tuple(first[n] for n in where), tuple(last[n] for n in where)
    if others:
        rows = [row[:width] for row in rows]
    # Where we came from there was a row; beside a page that was found empty there was none.
    came_from = position is not None and not position.inclusive
    after, before = (came_from, more) if backward else (more, came_from)
    return ResultSet(rows, has_more=after, has_previous=before, ends=ends)
