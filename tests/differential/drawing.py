"""Fields, filters, orders and pages that a caller is allowed to ask for, drawn at random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.differential.sight import Caller, Inner
from tests.differential.values import Path, written
from tests.differential.world import COLUMNS, NULLABLE, RELATIONS, key_of

DEPTH = 2
JSON_KEYS: dict[Path, str] = {
    (): "document",
    ("level",): "json-number",
    ("active",): "json-bool",
    ("settings", "theme"): "json-text",
    ("settings",): "document",
    ("tags",): "json-list",
    ("nothing",): "json-number",
}
COMPARED = ["exact", "ne", "lt", "lte", "gt", "gte", "in", "nin", "range", "isnull", "null"]
EQUAL = ["exact", "ne", "in", "nin", "isnull", "null"]
TEXTS = [
    *["contains", "icontains", "startswith", "istartswith", "endswith", "iendswith", "iexact"],
    *["len", "len.gte", "exact", "ne", "in", "nin", "isnull", "null"],
]
DATES = [
    "year",
    "month.lt",
    "quarter",
    "week",
    "iso_year",
    "week_day.in",
    "iso_week_day.in",
    "day.gte",
]
TIMES = ["hour", "minute.gte", "second"]
OPERATORS: dict[str, list[str]] = {
    "int": COMPARED,
    "decimal": COMPARED,
    "float": COMPARED,
    "duration": COMPARED,
    "text": TEXTS,
    "bool": ["exact", "ne", "isnull"],
    "date": [*COMPARED, *DATES],
    "time": [*COMPARED, *TIMES],
    "datetime": [*COMPARED, *DATES, *TIMES, "date.lte", "time.gte"],
    "uuid": EQUAL,
    "json-number": COMPARED,
    "json-bool": ["exact", "ne", "isnull", "null"],
    "json-text": ["exact", "ne", "in", "nin", "startswith", "icontains", "isnull", "null", "len"],
    "json-list": ["len", "len.gte", "isnull", "null"],
    "document": ["has_key", "isnull", "null"],
}
CONSTANTS: dict[str, list[Any]] = {
    "json-number": [0, 1, 3, 7, 2.5, 11],
    "json-bool": [True, False],
    "json-text": ["dark", "light", "da"],
    "has_key": ["level", "active", "settings", "theme", "nothing"],
    "date": ["2024-12-31", "2025-01-01"],
    "time": ["00:30:00", "09:30:00"],
    **{part: [1, 2, 3, 4, 5] for part in ("month", "quarter", "day", "week_day", "iso_week_day")},
    "week": [1, 5, 27],
    **{part: [2024, 2025] for part in ("year", "iso_year")},
    "hour": [0, 9, 14, 23],
    "minute": [0, 30],
    "second": [0, 15],
    "len": [0, 2, 3, 4, 5],
}
#: SQLite ignores case in ``contains``: capitals are for what ignores it everywhere.
PIECES = ["e", "r", "wet", "am", "%", "_", "dry ", "", "red"]
CAPITALS = ["W", "E", "Dry", "AM"]
NOTHING = {"file", "binary"}


@dataclass(frozen=True, slots=True)
class Leaf:
    """A path that leads to a value, and what may be said of it."""

    path: Path
    kind: str
    place: tuple[str, str]
    nullable: bool


class Draws:
    """What is drawn for one query."""

    def __init__(self, number: Callable[[int], int]) -> None:
        self.number = number

    def one(self, options: Any) -> Any:
        options = list(options)
        return options[self.number(len(options) - 1)]

    def chance(self, percent: int) -> bool:
        return self.number(99) >= 100 - percent

    def some(self, options: Any, most: int, least: int = 0) -> list[Any]:
        number = least + self.number(most - least)
        return list({repr(one): one for one in (self.one(options) for _ in range(number))}.values())


_LEAVES: dict[Any, list[Leaf]] = {}


def leaves(model: str, depth: int = DEPTH, *, many: bool = True) -> list[Leaf]:
    """Return every path from a model: columns, JSON keys, relations up to the depth."""
    key = (model, depth, many)
    if key not in _LEAVES:
        _LEAVES[key] = [*_leaves(model, depth, many)]
    return _LEAVES[key]


def _leaves(model: str, depth: int, many: bool) -> Any:
    for name, kind in COLUMNS[model].items():
        if kind == "json":
            for keys, inner in JSON_KEYS.items():
                yield Leaf((name, *keys), inner, (model, name), nullable=bool(keys))
        elif kind not in NOTHING:
            yield Leaf((name,), kind, (model, name), (model, name) in NULLABLE)
    if not depth:
        return
    for name, relation in RELATIONS[model].items():
        if relation.many and not many:
            continue
        for one in leaves(relation.target, depth - 1, many=many):
            yield Leaf((name, *one.path), one.kind, one.place, nullable=True)


class Asker:
    """Draws clauses of a query on one model for one caller."""

    def __init__(self, draws: Draws, caller: Caller, model: str, depth: int = DEPTH) -> None:
        self.draws, self.caller, self.model, self.depth = draws, caller, model, depth

    def query(self) -> dict[str, Any]:
        """Draw a query for a list."""
        made: dict[str, Any] = {}
        terms, related = self.fields()
        if terms:
            made["fields"] = ", ".join(terms) if self.draws.chance(50) else terms
        if related:
            made["related"] = related
        made |= self.arguments()
        if self.draws.chance(30):
            made["shape"] = "list"
        return made

    def arguments(self) -> dict[str, Any]:
        """Draw filters, order and page."""
        made: dict[str, Any] = {}
        if self.draws.chance(75):
            found = self.filters(2)
            if found:
                made["filters"] = found
        terms = self.order() if self.draws.chance(60) else []
        if terms:
            made["order_by"] = ", ".join(terms)
        if self.draws.chance(60):
            made["limit"] = self.draws.one([1, 2, 3, 5, 40])
        if self.draws.chance(25):
            made["offset"] = self.draws.one([0, 1, 4, 90])
        return made

    # --- filters ----------------------------------------------------------------------------------

    def filters(self, nesting: int, way: Path = ()) -> dict[str, Any]:
        """Draw an object of conditions about the rows at the end of a way."""
        model = self.model
        for name in way:
            model = RELATIONS[model][name].target
        depth = self.depth - len(way)
        allowed = [
            one
            for one in leaves(model, depth)
            if self.caller.may_filter(self.model, (*way, *one.path))
        ]
        if not allowed:
            return {}
        made: dict[str, Any] = {}
        first = self.draws.one(allowed)
        # Some conditions of the same relation, which then mean the same row.
        near = [one for one in allowed if one.path[:-1] == first.path[:-1]]
        for leaf in [first, *self.draws.some(near if self.draws.chance(50) else allowed, 2)]:
            made |= self.condition(leaf, model, way)
        if nesting and self.draws.chance(30):
            name = self.draws.one(["or", "and", "not"])
            parts = [self.filters(nesting - 1, way) for _ in range(self.draws.one([1, 2, 2, 3]))]
            made[name] = parts if self.draws.chance(60) else parts[0]
        if nesting and self.draws.chance(25):
            made |= self.quantified(model, nesting - 1, way, depth)
        return made

    def quantified(self, model: str, nesting: int, way: Path, depth: int) -> dict[str, Any]:
        ways: list[Path] = [(name,) for name, relation in RELATIONS[model].items() if relation.many]
        for name, relation in RELATIONS[model].items():
            if depth > 1:
                others = RELATIONS[relation.target].items()
                ways += [(name, second) for second, other in others if other.many]
        ways = [one for one in ways if len(one) <= depth]
        if not ways:
            return {}
        found = self.draws.one(ways)
        inner = self.filters(nesting, (*way, *found))
        quantifier = self.draws.one(["some", "none", "every"])
        return {f"{'.'.join(found)}.{quantifier}": inner} if inner else {}

    def condition(self, leaf: Leaf, model: str, way: Path) -> dict[str, Any]:
        """Draw one comparison."""
        path = ".".join(leaf.path)
        other = self.same_kind(leaf, model, way)
        if other is not None and self.draws.chance(30):
            operator = self.draws.one(["lt", "gte", "exact", "ne"])
            return {f"{path}.{operator}": {"$field": other}}
        name = self.draws.one(OPERATORS[leaf.kind])
        if name == "null":
            return {path: None}
        if name == "exact" and self.draws.chance(70):
            return {path: self.value(leaf, name)}
        return {f"{path}.{name}": self.value(leaf, name)}

    def same_kind(self, leaf: Leaf, model: str, way: Path) -> str | None:
        """Return another column of the same row that can be compared with this one."""
        pairs = {
            "created_at": "closed_at",
            "closed_at": "created_at",
            "status": "internal_notes",
            "seats": "customer.company.id" if not way and self.depth == DEPTH else "id",
        }
        name = pairs.get(leaf.path[0]) if len(leaf.path) == 1 and model == "booking" else None
        if name is None:
            return None
        path = (*way, *name.split("."))
        return name if self.caller.may_read(self.model, path) else None

    def value(self, leaf: Leaf, name: str) -> Any:
        first, _, last = name.partition(".")
        if name == "isnull":
            return self.draws.chance(50)
        if first in CONSTANTS:
            constants = CONSTANTS[first]
            return self.many(constants) if last in {"in", "nin"} else self.draws.one(constants)
        values = CONSTANTS.get(leaf.kind, [])
        model, column = leaf.place
        if leaf.kind not in CONSTANTS or leaf.kind in {"date", "time"}:
            rows = self.caller.world.tables[model]
            values = sorted(
                {sent(row[column], leaf.kind) for row in rows if row[column] is not None}
            )
            values = values or [0]
        if name in {"in", "nin"}:
            return self.many(values)
        if name == "range":
            return sorted((self.draws.one(values), self.draws.one(values)), key=self.by_kind(leaf))
        if name not in COMPARED:
            capitals = CAPITALS if name.startswith("i") else []
            return self.draws.one([*PIECES, *capitals, *values])
        return self.draws.one(values)

    @staticmethod
    def by_kind(leaf: Leaf) -> Any:
        return float if leaf.kind == "decimal" else None

    def many(self, values: list[Any]) -> list[Any]:
        return self.draws.some(values, 4)

    # --- order ------------------------------------------------------------------------------------

    def order(self) -> list[str]:
        terms: dict[Path, str] = {}
        for _ in range(self.draws.one([1, 1, 2, 3])):
            sign = self.draws.one(["", "-"])
            allowed = [
                one
                for one in leaves(self.model, self.depth, many=False)
                if one.kind not in {"document", "json-list", "json-bool", "uuid"}
                and self.caller.may_order(self.model, one.path, sign)
            ]
            if allowed:
                leaf = self.draws.one(allowed)
                nulls = self.draws.one([".nulls_first", ".nulls_last"])
                explicit = leaf.nullable or self.draws.chance(20)
                path = ".".join(leaf.path)
                terms[leaf.path] = f"{sign}{path}{nulls if explicit else ''}"
        return list(terms.values())

    # --- fields -----------------------------------------------------------------------------------

    def fields(self) -> tuple[list[str], dict[str, Any]]:
        """Draw terms, and arguments of lists."""
        terms: list[str] = []
        columns = self.caller.columns(self.model, ())
        if columns and self.draws.chance(35):
            terms.append("*")
            if self.draws.chance(40):
                terms += [f"-{name}" for name in self.draws.some(columns, 2)]
        terms += self.named()
        terms += self.wildcards()
        related = self.related() if self.draws.chance(50) else {}
        if not terms and columns and self.draws.chance(30):
            return [], related
        if not terms:
            terms = self.named(least=1)
        if not terms and columns:
            terms = ["*"]
        left_out = {term[1:] for term in terms if term.startswith("-")}
        kept = [term for term in dict.fromkeys(terms) if term not in left_out]
        return kept, related

    def named(self, least: int = 0) -> list[str]:
        allowed = [
            one.path
            for one in leaves(self.model, self.depth)
            if self.caller.may_read(self.model, one.path)
        ]
        if not allowed:
            return []
        terms = []
        for number, path in enumerate(self.draws.some(allowed, 4, least)):
            text = ".".join(path)
            if self.is_one(path) and self.draws.chance(15):
                text = f"a{number}:{text}"
            if path[-1] == key_of(self.target(path)) and len(path) > 1 and self.draws.chance(50):
                text = ".".join(path[:-1])
                # The key of the row itself is a column of its own, with a grant of its own.
                relation = RELATIONS[self.target(path[:-1])][path[-2]]
                if relation.here and not self.caller.may_read(self.model, path[:-1]):
                    text = ".".join(path)
            terms.append(text)
        return terms

    def target(self, path: Path) -> str:
        model = self.model
        for name in path[:-1]:
            if name not in RELATIONS[model]:
                break
            model = RELATIONS[model][name].target
        return model

    def is_one(self, path: Path) -> bool:
        model = self.model
        for name in path[:-1]:
            relation = RELATIONS[model].get(name)
            if relation is None:
                return True
            if relation.many:
                return False
            model = relation.target
        return True

    def wildcards(self) -> list[str]:
        names = [
            name
            for name, relation in RELATIONS[self.model].items()
            if not relation.many and self.caller.columns(self.model, (name,))
        ]
        return [f"{name}.*" for name in self.draws.some(names, 1)] if names and self.depth else []

    def related(self) -> dict[str, Any]:
        """Draw lists with arguments."""
        made: dict[str, Any] = {}
        if not self.depth:
            return made
        names = [name for name, relation in RELATIONS[self.model].items() if relation.many]
        for number, name in enumerate(self.draws.some(names, 2) if names else []):
            inner = Inner(self.caller, self.model, (name,))
            target = RELATIONS[self.model][name].target
            if not inner.columns(target, ()):
                continue
            asker = Asker(self.draws, inner, target, self.depth - 1)
            terms, related = asker.fields()
            asked = asker.arguments()
            if terms and self.draws.chance(80):
                asked["fields"] = ", ".join(terms)
            if related:
                asked["related"] = related
            if self.draws.chance(20):
                asked["shape"] = "list"
            if self.draws.chance(25):
                made[f"own{number}"] = {"from": name, **asked}
            else:
                made[name] = asked
        return made


def sent(value: Any, kind: str) -> Any:
    """Return a value of a column as a query says it."""
    if kind == "duration":
        seconds = int(value.total_seconds())
        return f"{seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return written(value, kind)
