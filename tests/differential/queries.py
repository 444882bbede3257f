"""Random queries that a caller is allowed to ask, as hypothesis draws them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.differential.conditions import listed
from tests.differential.drawing import Asker, Draws, leaves
from tests.differential.sight import Caller
from tests.differential.values import Path
from tests.differential.world import RELATIONS, key_of

FUNCTIONS = {
    "int": ["sum", "avg", "min", "max", "count", "count_distinct"],
    "float": ["sum", "avg", "min", "max", "count", "count_distinct"],
    "decimal": ["sum", "sum_distinct", "avg", "min", "max", "count"],
    "duration": ["sum", "min", "max"],
    **{kind: ["min", "max", "count_distinct"] for kind in ("text", "date", "time", "datetime")},
}
#: What can be made of the rows behind those of a group: a sum of sums, not a mean of means.
ADDED = {"sum", "min", "max", "count"}
SEARCHED = ["elm", "E", "dune", "pend", "dark", "birch", "%", "an"]


class Totals:
    """Draws aggregates and groups of one model."""

    def __init__(self, asker: Asker) -> None:
        self.asker, self.draws, self.caller = asker, asker.draws, asker.caller
        self.model = asker.model
        grant = asker.caller.grant(asker.model) or {}
        self.is_free = "*" in grant["filters"] and "*" in grant["order_by"]
        self.may = "aggregate" in grant["ops"] and "*" in grant["aggregates"]

    def paths(self, *, behind: bool) -> list[tuple[str, str]]:
        """Return aggregates and their kinds; with ``behind`` only those over a list."""
        found = []
        for one in leaves(self.model):
            ways = self.crossings(one.path)
            if ways > 1 or (behind and not ways) or not self.caller.may_read(self.model, one.path):
                continue
            functions = [f for f in FUNCTIONS.get(one.kind, []) if not ways or behind or f in ADDED]
            found += [(f"{'.'.join(one.path)}.{f}", one.kind) for f in functions]
            is_key = len(one.path) > 1 and one.path[-1] == key_of(one.place[0])
            if is_key and ways and RELATIONS[self.end(one.path[:-2])][one.path[-2]].many:
                found.append((".".join((*one.path[:-1], "count")), "int"))
        return found

    def end(self, way: Path) -> str:
        model = self.model
        for name in way:
            model = RELATIONS[model][name].target
        return model

    def crossings(self, path: Path) -> int:
        model, found = self.model, 0
        for name in path[:-1]:
            relation = RELATIONS[model].get(name)
            if relation is None:
                break
            found, model = found + relation.many, relation.target
        return found

    def measures(self, most: int, *, behind: bool) -> list[str]:
        """Draw aggregates under names of their own."""
        found = self.paths(behind=behind)
        if not found or not self.may:
            return []
        drawn = self.draws.some([path for path, _ in found], most)
        return [f"m{number}:{path}" for number, path in enumerate(drawn)]

    def condition(self) -> dict[str, Any]:
        """Draw a condition on an aggregate of the rows behind each row."""
        found = [one for one in self.paths(behind=True) if one[1] in {"int", "decimal"}]
        if not found or not self.may or not self.is_free:
            return {}
        path, _ = self.draws.one([one for one in found if not one[0].endswith("avg")])
        name = self.draws.one(["gte", "lt", "ne", "exact", "isnull"])
        return {f"{path}.{name}": self.draws.chance(50) if name == "isnull" else self.number()}

    def number(self) -> int:
        return int(self.draws.one([0, 1, 2, 3, 5, 10, 100]))

    def order(self) -> list[str]:
        found = [path for path, _ in self.paths(behind=True) if not path.endswith("avg")]
        if not found or not self.may or not self.is_free:
            return []
        nulls = self.draws.one(["nulls_first", "nulls_last"])
        return [f"{self.draws.one(['', '-'])}{self.draws.one(found)}.{nulls}"]

    def groups(self) -> dict[str, Any]:
        """Draw a query of groups of rows."""
        made: dict[str, Any] = {"_action": "aggregate"}
        measures = self.measures(3, behind=False)
        if self.draws.chance(50):
            measures.append("count")
        if measures:
            made["aggregate"] = ", ".join(measures)
        filters = self.asker.filters(1) if self.draws.chance(60) else {}
        if filters:
            made["filters"] = filters
        keys = self.keys() if self.draws.chance(85) else []
        if not keys:
            return made
        made["group_by"] = ", ".join(keys)
        if self.is_free:
            having = self.having(measures) if self.draws.chance(40) else {}
            if having:
                made["having"] = having
            made["order_by"] = ", ".join(self.sorted_by(keys, measures))
            if self.draws.chance(60):
                made["limit"] = self.draws.one([1, 2, 4, 40])
            if self.draws.chance(25):
                made["offset"] = self.draws.one([1, 3])
        else:
            made["limit"] = 200
        return made

    def keys(self) -> list[str]:
        kinds = {"int", "text", "bool", "date", "datetime", "decimal"}
        kinds |= {"json-number", "json-text", "json-bool"}
        allowed = [
            one
            for one in leaves(self.model, many=False)
            if one.kind in kinds and self.caller.may_read(self.model, one.path)
        ]
        drawn = self.draws.some(allowed, 2, 1) if allowed else []
        parts = {"date": ["year", "trunc_month", "week"], "datetime": ["date", "trunc_day", "hour"]}
        terms = []
        for number, leaf in enumerate(drawn):
            path = ".".join(leaf.path)
            if leaf.kind in parts and self.draws.chance(70):
                path = f"{path}.{self.draws.one(parts[leaf.kind])}"
            terms.append(f"k{number}:{path}" if number or self.draws.chance(50) else path)
        return terms

    def sorted_by(self, keys: list[str], measures: list[str]) -> list[str]:
        """Draw an order that is total, and says where NULL goes."""
        names = [
            *self.draws.some([m.partition(":")[0] for m in measures if "avg" not in m] or keys, 1)
        ]
        names += [key for key in keys if key not in names]
        made = []
        for name in names:
            nulls = self.draws.one(["nulls_first", "nulls_last"])
            made.append(f"{self.draws.one(['', '-'])}{name.partition(':')[0]}.{nulls}")
        return made

    def having(self, measures: list[str]) -> dict[str, Any]:
        sums = [m for m in measures if m.rpartition(".")[2] in {"sum", "count"}]
        names = ["count", *(m.partition(":")[0] for m in sums if not self.is_span(m))]
        operators = ["gte", "lt", "ne", "isnull"]
        made: dict[str, Any] = {}
        for name in self.draws.some(names, 2, 1):
            operator = self.draws.one(operators)
            null = operator == "isnull"
            made[f"{name}.{operator}"] = self.draws.chance(50) if null else self.number()
        wrap = self.draws.one(["", "", "or", "not"])
        return {wrap: made} if wrap else made

    @staticmethod
    def is_span(measure: str) -> bool:
        return "lasts" in measure


@st.composite
def listings(draw: Any, caller: Caller, roots: list[str]) -> tuple[str, dict[str, Any]]:
    """Draw a model and a query for a list of its rows, or for one row."""
    return listing(Draws(lambda most: draw(st.integers(0, most))), caller, roots)


def listing(draws: Draws, caller: Caller, roots: list[str]) -> tuple[str, dict[str, Any]]:
    model = draws.one([*roots, "booking", "customer"])
    asker = Asker(draws, caller, model)
    query = asker.query()
    extend(draws, asker, query)
    if draws.chance(8):
        kept: dict[str, Any] = {key: query[key] for key in ("fields", "related") if key in query}
        key = key_of(model)
        query = {**kept, "_id": draws.one([row[key] for row in caller.world.tables[model]])}
    return model, query


def extend(draws: Draws, asker: Asker, query: dict[str, Any]) -> None:
    """Put what goes beside a list into a query: aggregates, counts, a search, ``distinct``."""
    totals = Totals(asker)
    behind = totals.measures(2, behind=True) if draws.chance(30) else []
    if behind and query.get("fields"):
        fields = query["fields"]
        query["fields"] = (
            [*fields, *behind] if isinstance(fields, list) else ", ".join([fields, *behind])
        )
    if draws.chance(20):
        query["filters"] = {**query.get("filters", {}), **totals.condition()}
    found = totals.order() if draws.chance(15) else []
    if found:
        query["order_by"] = ", ".join([*found, *listed(query.get("order_by"))])
    if draws.chance(20):
        query["count"] = draws.one([True, "capped:3", "capped:100"])
    above = totals.measures(2, behind=False) if draws.chance(20) else []
    if above:
        query["aggregate"] = ", ".join(above)
    grant = asker.caller.grant(asker.model) or {}
    readable = [
        p
        for p in grant.get("search", ())
        if asker.caller.may_read(asker.model, tuple(p.split(".")))
    ]
    if readable and draws.chance(25):
        query["search"] = " ".join(draws.one(SEARCHED) for _ in range(draws.one([1, 1, 2])))
    if draws.chance(10) and "aggregate" not in query:
        distinct(draws, asker, query)


def distinct(draws: Draws, asker: Asker, query: dict[str, Any]) -> None:
    """Ask for the first row of each value, or for each combination of values once."""
    kinds = {"int", "text", "bool", "date", "decimal"}
    allowed = [
        one
        for one in leaves(asker.model, many=False)
        if one.kind in kinds and asker.caller.may_read(asker.model, one.path)
    ]
    if not allowed:
        return
    drawn = draws.some(allowed, 2, 1)
    query["distinct"] = ", ".join(".".join(one.path) for one in drawn)
    if draws.chance(50):
        return
    own = [
        one
        for one in drawn
        if len(one.path) == 1 and asker.caller.may_order(asker.model, one.path, "-")
    ]
    if own:
        names = [".".join(one.path) for one in own]
        for key in ("related", "shape", "search"):
            query.pop(key, None)
        query |= {"distinct": True, "fields": ", ".join(names)}
        query["order_by"] = ", ".join(f"-{name}.nulls_last" for name in names)


@st.composite
def groupings(draw: Any, caller: Caller, roots: list[str]) -> tuple[str, dict[str, Any]]:
    """Draw a model and a query for groups of its rows."""
    return grouping(Draws(lambda most: draw(st.integers(0, most))), caller, roots)


def grouping(draws: Draws, caller: Caller, roots: list[str]) -> tuple[str, dict[str, Any]]:
    may = [m for m in roots if "aggregate" in (caller.grant(m) or {})["ops"]]
    model = draws.one([*may, "booking", "booking", "customer"])
    return model, Totals(Asker(draws, caller, model)).groups()
