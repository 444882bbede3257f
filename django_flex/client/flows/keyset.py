"""Paging by keys where the server has no cursors: each page filters by the last row before it.

Databases disagree about NULL: PostgreSQL sorts it as the largest value, others as the smallest.
Which one it is shows where a value and NULL stand next to each other in a group of rows that are
equal before. Until then a group has shown only values, so that NULLs can only follow, or only NULLs,
so that values can only follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django_flex.client.exceptions import BuildError
from django_flex.client.queries.filters import OPERATORS, Comparison, Condition, Group, all_of
from django_flex.client.queries.query import Query


@dataclass(frozen=True, slots=True)
class Key:
    """A path of the order, and whether it descends."""

    path: tuple[str, ...]
    descending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The values of the last row, the keys of the rows of its page, and how NULL sorts."""

    last: tuple[Any, ...] | None = None
    seen: frozenset[Any] = frozenset()
    nulls_large: bool | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the state as it stands in a token."""
        return {"last": self.last, "seen": sorted(self.seen, key=str), "large": self.nulls_large}

    @classmethod
    def of(cls, value: Mapping[str, Any] | None) -> State:
        """Return the state that ``as_json`` has written."""
        if value is None:
            return cls()
        return cls(
            last=tuple(value["last"]),
            seen=frozenset(value["seen"]),
            nulls_large=value["large"],
        )


def order_of(query: Query) -> tuple[Key, ...]:
    """Return the order of a query, which ends with the primary key, ``id``.

    Raises:
        BuildError: it sorts by what is not in the rows.
    """
    keys = [Key(tuple(path.lstrip("-").split(".")), path.startswith("-")) for path in query.order]
    for key in keys:
        if "(" in key.path[-1]:
            raise BuildError(f"iter() sorts by columns, not by {'.'.join(key.path)!r}")
    if ("id",) not in [key.path for key in keys]:
        keys.append(Key(("id",), descending=False))
    return tuple(keys)


def next_query(query: Query, order: Sequence[Key], state: State) -> Query:
    """Return the query of the page after ``state``, with the columns of the order in its fields."""
    fields = query.fields
    if fields and "*" not in fields:
        needed = [".".join(key.path) for key in order]
        fields = (*fields, *(path for path in needed if path not in fields))
    elif any(len(key.path) > 1 for key in order):
        fields = (*(fields or ("*",)), *(".".join(key.path) for key in order if len(key.path) > 1))
    sort = tuple(("-" if key.descending else "") + ".".join(key.path) for key in order)
    where = query.where
    if state.last is not None:
        where = all_of([where, after(order, state)])
    return replace(query, fields=fields, order=sort, where=where)


def after(order: Sequence[Key], state: State) -> Condition:
    """Return the condition of the rows that follow ``state``."""
    assert state.last is not None  # noqa: S101 # asked only once there is a last row
    alternatives: list[Condition] = []
    for place, key in enumerate(order):
        beyond = _beyond(key, state.last[place], nulls_large=state.nulls_large)
        if beyond is None:
            continue
        same = [_equal(order[before], state.last[before]) for before in range(place)]
        alternatives.append(all_of([*same, beyond]))
    return alternatives[0] if len(alternatives) == 1 else Group("or", tuple(alternatives))


def advanced(state: State, rows: Sequence[Any], order: Sequence[Key]) -> State:
    """Return the state after ``rows``, which follow it."""
    large = state.nulls_large
    previous = state.last
    for row in rows:
        values = tuple(value_at(row, key.path) for key in order)
        if large is None:
            large = _convention(previous, values, order)
        previous = values
    seen = frozenset(key_of_row(row, order) for row in rows) if rows else state.seen
    return State(last=previous, seen=seen, nulls_large=large)


def key_of_row(row: Any, order: Sequence[Key]) -> Any:
    """Return the primary key of a row."""
    return value_at(row, ("id",))


def value_at(row: Any, path: Sequence[str]) -> Any:
    """Return the value at a path of a JSON row; ``None`` where a relation is null.

    Raises:
        BuildError: the row does not have it.
    """
    value = row
    for segment in path:
        if value is None:
            return None
        if not isinstance(value, Mapping) or segment not in value:
            raise BuildError(
                f"iter() needs {'.'.join(path)!r} in the rows; the server did not return it"
            )
        value = value[segment]
    return value


def _convention(
    previous: tuple[Any, ...] | None, values: tuple[Any, ...], order: Sequence[Key]
) -> bool | None:
    """Return whether NULL is large, if these two rows, the second right after the first, show it."""
    if previous is None:
        return None
    for place, key in enumerate(order):
        before, value = previous[place], values[place]
        if value is None and before is not None:
            return not key.descending  # NULL after a value
        if before is None and value is not None:
            return key.descending  # a value after NULL
        if value != before:
            return None  # another group begins here, for the keys that follow
    return None


def _beyond(key: Key, value: Any, *, nulls_large: bool | None) -> Condition | None:
    nulls_last = value is not None if nulls_large is None else nulls_large != key.descending
    if value is None:
        return None if nulls_last else Comparison(key.path, OPERATORS["notnull"], True)
    beyond: Condition = Comparison(key.path, OPERATORS["lt" if key.descending else "gt"], value)
    if nulls_last and key.path != ("id",):
        return Group("or", (beyond, Comparison(key.path, OPERATORS["isnull"], True)))
    return beyond


def _equal(key: Key, value: Any) -> Condition:
    return Comparison(key.path, OPERATORS["eq"], value)
