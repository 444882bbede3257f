"""Conditions, values and orders of a plan, evaluated row by row.

What comparisons, transforms and aggregates mean is said once, in the evaluator that the differential
tests compare replies with.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, assert_never

from django.utils import timezone

from django_flex.resolved import (
    AggregateSubquery,
    AllOf,
    AnyOf,
    Column,
    Complement,
    ComputedValue,
    Exists,
    Ordering,
    Predicate,
    Rows,
    Search,
    Value,
    VisibleHop,
    Where,
)
from django_flex.schema.resources import Relation
from tests.differential.measures import reduced
from tests.differential.values import ABSENT, holds, part_of, transformed
from tests.memory.tables import Row, Tables


class Evaluation:
    """Answers questions about rows of some tables."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    # --- rows -------------------------------------------------------------------------------------

    def visible(self, rows: Rows) -> list[Row]:
        """Return the rows that a caller may see."""
        return [row for row in self.tables.all(rows.resource) if self.satisfies(row, rows)]

    def satisfies(self, row: Row, rows: Rows) -> bool:
        """Whether a row is as a rule says."""
        given = rows.q, rows.queryset, rows.among
        assert (None, None, None) == given, "The planner lets no such rule through"
        if rows.nothing:
            return False
        if rows.among is not None:
            key = row[rows.resource.pk.lookup]
            if all(
                other[rows.among.resource.pk.lookup] != key for other in self.visible(rows.among)
            ):
                return False
        return rows.condition is None or self.holds(row, rows.condition)

    def is_visible(self, row: Row, rows: Rows) -> bool:
        shown = self.tables.managed.get(rows.resource.label)
        key = row[rows.resource.pk.lookup]
        return (shown is None or key in shown) and self.satisfies(row, rows)

    def related(self, relation: Relation, value: Any, rows: Rows) -> list[Row]:
        """Return the visible rows at the other end of a relation, in the order of their keys."""
        return [
            row
            for link, row in self.tables.behind(relation, value)
            if self.is_visible(row, rows)
            and (link is None or rows.links is None or self.satisfies(link, rows.links))
        ]

    def follow(self, row: Row | None, hops: Iterable[Relation]) -> Row | None:
        """Return the row at the end of a to-one way, whoever may see it."""
        for hop in hops:
            if row is None:
                return None
            found = self.tables.behind(hop, near(row, hop))
            row = next((one for _, one in found), None)
        return row

    def sees(self, row: Row, mask: VisibleHop) -> bool:
        """Whether a related row is there and visible."""
        *way, last = mask.hops
        start = self.follow(row, way)
        return start is not None and bool(self.related(last, near(start, last), mask.rows))

    def matching(self, rows: Rows, where: Where | None) -> list[Row]:
        """Return the visible rows that satisfy a filter, if there is one."""
        found = self.visible(rows)
        return found if where is None else [row for row in found if self.holds(row, where)]

    # --- values -----------------------------------------------------------------------------------

    def selected(self, row: Row, value: Value) -> Any:
        """Return a value as it is selected: as if every related row were visible."""
        if isinstance(value, Column):
            end = self.follow(row, value.hops)
            return None if end is None else end[value.attribute.lookup]
        assert isinstance(value.source, AggregateSubquery)
        return self._aggregate(row, value.source)

    def value(self, row: Row, value: Value) -> Any:
        """Return a value, ``None`` where the caller may not see its row."""
        if not all(self.sees(row, mask) for mask in value.masks):
            return None
        found = self.selected(row, value)
        if not value.keys:
            return found
        part = part_of(found, value.keys)
        return None if part is ABSENT else part

    def _aggregate(self, row: Row, subquery: AggregateSubquery) -> Any:
        start = self.follow(row, subquery.way)
        if start is None:
            return None
        rows = self.related(subquery.relation, near(start, subquery.relation), subquery.rows)
        if subquery.where is not None:
            rows = [one for one in rows if self.holds(one, subquery.where)]
        if len(rows) < subquery.least and subquery.least > 1:
            return None
        if subquery.value is None:
            return len(rows)
        return reduced(subquery.function, [self.value(one, subquery.value) for one in rows])

    # --- conditions -------------------------------------------------------------------------------

    def holds(self, row: Row, where: Where) -> bool:
        """Whether a row satisfies a condition."""
        match where:
            case Predicate():
                return self._test(row, where)
            case AllOf(children=children):
                return all(self.holds(row, child) for child in children)
            case AnyOf(children=children):
                return any(self.holds(row, child) for child in children)
            case Complement(child=child):
                return not self.holds(row, child)
            case Exists():
                return self._exists(row, where)
            case Search():
                return all(self.holds(row, word) for word in where.words)
        assert_never(where)

    def _test(self, row: Row, test: Predicate) -> bool:
        wanted = test.value
        if isinstance(wanted, Column | ComputedValue):
            wanted = self.value(row, wanted)
            if wanted is None:
                return False
        kind = "json" if test.column.attribute.kind == "json" else ""
        return compare(self.value(row, test.column), test, wanted, kind)

    def _exists(self, row: Row, where: Exists) -> bool:
        start = self.follow(row, where.hops)
        if start is None or not all(self.sees(row, mask) for mask in where.masks):
            return False
        rows = self.related(where.relation, near(start, where.relation), where.rows)
        return any(where.where is None or self.holds(one, where.where) for one in rows)

    # --- orders -----------------------------------------------------------------------------------

    def in_order(self, rows: Iterable[Row], order_by: Sequence[Ordering], pk: str) -> list[Row]:
        """Sort rows; the key comes last."""
        return ordered(sorted(rows, key=lambda row: row[pk]), order_by, self.value)


def compare(found: Any, test: Predicate, wanted: Any, kind: str) -> bool:
    """Whether a value satisfies a test."""
    found = transform(found, test.transforms, kind)
    if test.operator == "isnull":
        return (found is None) is bool(wanted)
    # The length of a JSON list is a number, no longer JSON.
    return holds(found, test.operator, wanted, "" if test.transforms else kind)


def transform(found: Any, names: Iterable[str], kind: str = "") -> Any:
    """Return what transforms make of a value; moments are those of the current time zone."""
    for name in names:
        if isinstance(found, datetime) and timezone.is_aware(found):
            found = timezone.localtime(found)
        found = None if found is None else transformed(name, found, kind)
    return found


def ordered(rows: list[Any], order_by: Sequence[Ordering], value_of: Any) -> list[Any]:
    """Sort stably by values; NULL is the least of them unless said otherwise."""
    for ordering in reversed(order_by):
        for part in reversed(_parts(ordering)):
            rows = _sorted(
                rows, ordering, lambda row, o=ordering, p=part: p(value_of(row, o.column))
            )
    return rows


def _sorted(rows: list[Any], ordering: Ordering, value_of: Any) -> list[Any]:
    missing = [row for row in rows if value_of(row) is None]
    present = [row for row in rows if value_of(row) is not None]
    present.sort(key=value_of, reverse=ordering.descending)
    first = ordering.nulls == "first" or (ordering.nulls is None and not ordering.descending)
    return missing + present if first else present + missing


def _parts(ordering: Ordering) -> list[Any]:
    """Return what a value is sorted by: of JSON numbers first, then texts."""
    if ordering.column.attribute.kind != "json":
        return [lambda value: value]
    return [
        lambda value: value if isinstance(value, int | float) else None,
        lambda value: value if isinstance(value, str) else None,
    ]


def near(row: Row, relation: Relation) -> Any:
    """Return the value of a row by which related rows are found."""
    if relation.near != "pk":
        return row[relation.near]
    return row["id"] if "id" in row else next(iter(row.values()))
