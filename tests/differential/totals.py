"""Groups of rows, searches and counts in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from tests.differential.conditions import listed, matches, sort
from tests.differential.measures import Measure, gathered, kind_of, measured, put, shown
from tests.differential.sight import Caller, reach, split
from tests.differential.values import TRANSFORMED, TRANSFORMS, Path, holds, typed, written
from tests.differential.world import Row

TRUNCATED: dict[str, Callable[[Any], Any]] = {
    "trunc_year": lambda value: value.replace(month=1, day=1),
    "trunc_month": lambda value: value.replace(day=1),
    "trunc_week": lambda value: value - timedelta(days=value.weekday()),
    "trunc_day": lambda value: value,
}


#: The columns that a part can be taken of; what is called as a part is may be a column too.
MOMENTS = {"day", "created_at", "closed_at"}


class Key:
    """What rows are grouped by: a path, perhaps with a part of a date behind it."""

    def __init__(self, model: str, text: str) -> None:
        alias, _, path = text.rpartition(":")
        way = path.split(".")
        is_part = way[-1] in {*TRANSFORMS, *TRUNCATED} and way[-2:-1] and way[-2] in MOMENTS
        self.part = way.pop() if is_part else None
        self.model, self.path = model, tuple(way)
        self.place = (alias,) if alias else tuple(path.split("."))
        hops, column, _ = split(model, self.path)
        kind = kind_of(model, (*hops, column))
        self.kind = kind if self.part is None or self.part in TRUNCATED else "int"
        if self.part in TRANSFORMED:
            self.kind = TRANSFORMED[self.part]

    def of(self, caller: Caller, row: Row) -> Any:
        value, kind = reach(caller, self.model, row, self.path)
        if value is None or self.part is None:
            return value
        if self.part in TRUNCATED:
            if kind == "datetime":
                value = value.replace(hour=0, minute=0)
            return TRUNCATED[self.part](value)
        return TRANSFORMS[self.part](value)


def aggregated(caller: Caller, model: str, query: Mapping[str, Any], limit: int) -> dict[str, Any]:
    """Return the whole reply to the action ``aggregate``, without ``next``."""
    filters = query.get("filters", {})
    rows = [row for row in caller.rows(model) if matches(caller, model, row, filters)]
    asked = listed(query.get("aggregate")) or ["count"]
    measures = [Measure(model, text) for text in asked]
    keys = [Key(model, text) for text in listed(query.get("group_by"))]
    if not keys:
        return {"results": measured(caller, measures, rows)}
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(key.of(caller, row) for key in keys), []).append(row)
    found = [Group(caller, keys, measures, values, own) for values, own in groups.items()]
    found = [group for group in found if group.matches(query.get("having", {}))]
    for term in reversed(listed(query.get("order_by"))):
        found = sort(found, term, lambda group, path: group.value(path)[0])
    size, offset = query.get("limit", limit), query.get("offset", 0)
    return {
        "pagination": {
            "offset": offset,
            "limit": size,
            "has_more": len(found) > offset + size,
        },
        "results": [group.shown() for group in found[offset : offset + size]],
    }


class Group:
    """Rows with the same values of the keys."""

    def __init__(
        self,
        caller: Caller,
        keys: list[Key],
        measures: list[Measure],
        values: tuple[Any, ...],
        rows: list[Row],
    ) -> None:
        self.caller, self.keys, self.measures = caller, keys, measures
        self.values, self.rows = values, rows

    def shown(self) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in zip(self.keys, self.values, strict=True):
            put(made, key.place, written(value, key.kind))
        for one in self.measures:
            put(made, one.place, shown(one.of(self.caller, self.rows), one.function, one.kind))
        return made

    def value(self, path: Path) -> tuple[Any, str]:
        """Return what a path of ``having`` or ``order_by`` means here, and its kind."""
        for key, value in zip(self.keys, self.values, strict=True):
            if path == key.place:
                return value, key.kind
        for one in self.measures:
            if path == one.place:
                return one.of(self.caller, self.rows), one.result
        one = Measure(self.keys[0].model, ".".join(path))
        return one.of(self.caller, self.rows), one.result

    def matches(self, having: Mapping[str, Any]) -> bool:
        for key, value in having.items():
            if key in {"or", "not"}:
                found = [self.matches({name: one}) for name, one in value.items()]
                if not (any(found) if key == "or" else not all(found)):
                    return False
                continue
            path, _, operator = key.rpartition(".")
            mine, kind = self.value(tuple(path.split(".")))
            if operator == "isnull":
                if (mine is None) != value:
                    return False
            elif not holds(mine, operator, typed(value, kind), kind):
                return False
        return True


def searched(caller: Caller, model: str, row: Row, text: str, paths: Iterable[str]) -> bool:
    """Whether each word stands in some of the paths that may be read."""
    texts = [
        value.lower()
        for path in paths
        if caller.may_read(model, tuple(path.split(".")))
        for value in gathered(caller, model, row, tuple(path.split(".")))
        if isinstance(value, str)
    ]
    return all(any(word in one for one in texts) for word in text.lower().split())


def first_of_each(caller: Caller, model: str, rows: list[Row], paths: list[str]) -> list[Row]:
    """Keep the first row of each combination of values."""
    found: dict[Any, Row] = {}
    for row in rows:
        values = (reach(caller, model, row, tuple(path.split(".")))[0] for path in paths)
        found.setdefault(tuple(values), row)
    return [*found.values()]


def counted(asked: Any, number: int) -> dict[str, Any]:
    """Return what ``count`` adds to the pagination."""
    if asked in {True, "exact"}:
        return {"count": number, "count_kind": "exact"}
    most = int(asked.removeprefix("capped:"))
    kind = "capped" if number > most else "exact"
    return {"count": min(number, most), "count_kind": kind}
