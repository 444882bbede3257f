"""Aggregates of rows in plain Python."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.differential.sight import Caller, reach
from tests.differential.values import Path, written
from tests.differential.world import COLUMNS, RELATIONS, Row, key_of

FUNCTIONS = {
    *["count", "count_distinct", "sum", "sum_distinct", "avg", "avg_distinct"],
    *["min", "max", "stddev", "variance"],
}


class Near:
    """A number that databases round each in its own way."""

    def __init__(self, value: Any, *, text: bool) -> None:
        self.value, self.text = value, text

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Near):
            return bool(self.value == other.value)
        if self.text != isinstance(other, str) or not isinstance(other, str | int | float):
            return False
        allowed = 0.0051 if self.text else 1e-6 * max(1.0, abs(float(self.value)))
        return abs(float(other) - float(self.value)) <= allowed

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"about {self.value}"


def reduced(function: str, values: list[Any]) -> Any:
    """Apply a function to the values that are not NULL."""
    values = [value for value in values if value is not None]
    if function.endswith("_distinct"):
        values = [*set(values)]
        function = function.removesuffix("_distinct")
    if function == "count":
        return len(values)
    if not values:
        return None
    if function in {"min", "max"}:
        return {"min": min, "max": max}[function](values)
    if function == "sum":
        return sum(values[1:], start=values[0])
    if isinstance(values[0], Decimal) and function == "avg":
        return sum(values, Decimal(0)) / len(values)
    numbers = [float(value) for value in values]
    functions: dict[str, Callable[[list[float]], float]] = {
        "avg": statistics.fmean,
        "stddev": statistics.pstdev,
    }
    return functions.get(function, statistics.pvariance)(numbers)


def shown(value: Any, function: str, kind: str) -> Any:
    """Return an aggregate as a reply has it."""
    if value is None or function.startswith("count"):
        return value
    if isinstance(value, Decimal) and function.startswith("avg"):
        rounded = value.quantize(Decimal("0.01"), ROUND_HALF_UP)
        return Near(rounded, text=True)
    if isinstance(value, float):
        return Near(value, text=False)
    return written(value, kind)


def gathered(caller: Caller, model: str, row: Row, path: Path) -> list[Any]:
    """Return the values at the end of a path over any relations, once for each row there."""
    rows = [row]
    position = 0
    while position < len(path) and path[position] in RELATIONS[model]:
        relation = RELATIONS[model][path[position]]
        is_own_key = relation.here is not None and position + 1 == len(path)
        if is_own_key:
            break
        rows = [one for each in rows for one in caller.behind(model, each, path[position])]
        model = relation.target
        position += 1
    rest = path[position:] or (key_of(model),)
    return [reach(caller, model, one, rest)[0] for one in rows]


def kind_of(model: str, path: Path) -> str:
    for name in path[:-1]:
        model = RELATIONS[model][name].target
    return COLUMNS[model].get(path[-1], "int")


class Measure:
    """An aggregate as it was asked for: ``total:price.sum``, ``lines.count``, ``count``."""

    def __init__(self, model: str, text: str) -> None:
        alias, _, path = text.rpartition(":")
        *way, self.function = path.split(".")
        self.path = tuple(way)
        self.model = model
        self.place = (alias,) if alias else tuple(path.split("."))
        self.kind = kind_of(model, self.path) if self.path else "int"

    def of(self, caller: Caller, rows: Iterable[Row]) -> Any:
        if not self.path:
            return len([*rows])
        found = [v for row in rows for v in gathered(caller, self.model, row, self.path)]
        return reduced(self.function, found)

    def beside(self, caller: Caller, row: Row) -> Any:
        """Return the aggregate of the rows behind one; NULL where there is none to be behind."""
        model, here = self.model, row
        for name in self.path:
            relation = RELATIONS[model][name]
            if relation.many:
                return self.of(caller, [row])
            found = caller.behind(model, here, name)
            if not found:
                return None
            model, here = relation.target, found[0]
        raise AssertionError(self.path)

    @property
    def result(self) -> str:
        """The kind of the result."""
        return "int" if self.function.startswith("count") else self.kind


def is_measure(model: str, text: str) -> bool:
    """Whether a term or path goes over a list and ends in a function."""
    way = text.rpartition(":")[2].split(".")
    many = False
    for name in way:
        relation = RELATIONS[model].get(name)
        if relation is None:
            break
        many = many or relation.many
        model = relation.target
    return many and way[-1] in FUNCTIONS


def put(made: dict[str, Any], place: Path, value: Any) -> None:
    for name in place[:-1]:
        made = made.setdefault(name, {})
    made[place[-1]] = value


def measured(caller: Caller, measures: Iterable[Measure], rows: list[Row]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for one in measures:
        put(made, one.place, shown(one.of(caller, rows), one.function, one.kind))
    return made
