"""Queries that are ours alone, changed in place: a queryset's methods would copy each time.

Uses of ``sql.Query``: ``add_ordering``, ``clear_ordering``, ``set_limits``, ``clear_limits``,
``add_annotation``, ``set_values``, ``group_by``, ``annotations``, ``combinator``, ``distinct``,
``distinct_fields``, ``is_sliced``, ``clone``, ``alias_map`` and ``where.leaves``; of querysets and
managers ``_db``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import QuerySet
    from django.db.models.sql import Query


def sort(query: Query, keys: Iterable[Any]) -> None:
    """Sort by some keys and nothing else, not by the model's own ordering either."""
    query.clear_ordering(force=True, clear_default=True)
    query.add_ordering(*keys)


def limit(query: Query, low: int, high: int | None) -> None:
    """Leave out all rows except those from ``low`` on and before ``high``."""
    query.set_limits(low, high)


def unlimit(query: Query) -> None:
    """Remove the limits."""
    query.clear_limits()


def chosen_database(rows: Any) -> str | None:
    """Return the database that a queryset or manager names itself, ``None`` if routers choose it."""
    alias: str | None = getattr(rows, "_db", None)
    return alias


def ungrouped(query: Query, totals: Mapping[str, object]) -> Query:
    """Return a copy of a query that gives one row of totals, by alias; of no rows there is one, too."""
    query = query.clone()
    query.clear_ordering(force=True)
    for alias, expression in totals.items():
        query.add_annotation(expression, alias)
    query.group_by = None
    query.set_values([*totals])
    return query


def annotations_of(query: Query) -> list[object]:
    """Return the expressions that a query has under aliases."""
    return [*query.annotations.values()]


def conditions_of(query: Query) -> list[object]:
    """Return the lookups and expressions that a query filters by."""
    return [*query.where.leaves()]


def count_of_aliases(queryset: QuerySet[Any]) -> int:
    """Return how many aliases of expressions a queryset has."""
    return len(queryset.query.annotations)


def may_repeat_rows(queryset: QuerySet[Any]) -> bool:
    """Whether a queryset may have a row twice, or has groups in place of rows."""
    query = queryset.query
    multiplied = any(_is_many(join) for join in query.alias_map.values())
    return bool(multiplied or query.distinct or query.combinator or query.group_by is not None)


def is_reducible(queryset: QuerySet[Any]) -> bool:
    """Whether a queryset has rows, not groups, and none but the same rows once it is filtered by key."""
    return not is_final(queryset) and queryset.query.group_by is None


def is_final(queryset: QuerySet[Any]) -> bool:
    """Whether a queryset takes no further filter, or would have other rows with one."""
    query = queryset.query
    return bool(query.is_sliced or query.combinator or query.distinct_fields)


def _is_many(join: object) -> bool:
    field = getattr(join, "join_field", None)
    if field is None or field.one_to_one:
        return False
    # The way of a generic relation calls itself one to a single row; those ways are made by Django.
    return bool(field.auto_created or not field.many_to_one)
