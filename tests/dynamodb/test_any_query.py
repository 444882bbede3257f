"""Random queries of a random table: what is accepted is right, what is refused says why."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db.models import Q
from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.indexes import (
    AllProjection,
    GlobalSecondaryIndex,
    IncludeProjection,
    KeysOnlyProjection,
    LocalSecondaryIndex,
)

from django_flex.dynamodb.core.planner import Plan
from django_flex.dynamodb.exceptions import NoKeyError
from django_flex.dynamodb.introspection import describe
from django_flex.dynamodb.models import DynamoModel
from django_flex.dynamodb.transport import current_transport, override_transport
from tests.dynamodb.faults import FaultTransport
from tests.random_search import SEED, some

Row = dict[str, Any]
#: Values that are equal, sorted and prefixes of each other often enough.
TEXTS = ("a", "ab", "abc", "b", "B", "é", "\U0001f600")
NUMBERS = (-1, 0, 1, 2, 10)
TABLES, QUERIES, ROWS = 6, 60, 40


def random_model(drawn: random.Random, number: int) -> Any:
    """Return a model with random keys and indexes, over the same attributes."""
    texts, numbers = ["t1", "t2", "t3", "t4"], ["n1", "n2"]
    hash_key, range_key = drawn.choice(texts), drawn.choice(["n1", "n2", None])
    members: dict[str, Any] = {"tags": UnicodeSetAttribute(null=True)}
    for name in texts:
        members[name] = UnicodeAttribute(hash_key=name == hash_key, null=name != hash_key)
    for name in numbers:
        members[name] = NumberAttribute(range_key=name == range_key, null=name != range_key)
    if range_key is None:
        # Else there would be few items.
        members[hash_key] = UnicodeAttribute(null=True)
        members["id"] = NumberAttribute(hash_key=True)
        hash_key = "id"
    for position in range(drawn.randrange(4)):
        is_local = range_key is not None and drawn.random() < 0.3
        base: Any = LocalSecondaryIndex if is_local else GlobalSecondaryIndex
        own = hash_key if is_local else drawn.choice([one for one in texts if one != hash_key])
        sorts = drawn.choice([one for one in [*texts, *numbers] if one != own])
        keys: dict[str, Any] = {own: UnicodeAttribute(hash_key=True)}
        if is_local or drawn.random() < 0.7:
            kind = UnicodeAttribute if sorts in texts else NumberAttribute
            keys[sorts] = kind(range_key=True)
        projection = drawn.choice(
            [AllProjection(), KeysOnlyProjection(), IncludeProjection(["tags"])]
        )
        meta = type("Meta", (), {"index_name": f"index{position}", "projection": projection})
        members[f"index{position}"] = type(f"Index{position}", (base,), {**keys, "Meta": meta})()
    # A proxy, so that no other test creates its table.
    members["Meta"] = type("Meta", (), {"table_name": f"random{number}", "proxy": True})
    return type(f"Random{number}", (DynamoModel,), members)


def random_rows(drawn: random.Random, model: Any) -> list[Row]:
    keys = {*describe(model).table.key.names}
    found: dict[tuple[Any, ...], Row] = {}
    for number in range(ROWS):
        row: Row = {"id": number} if "id" in keys else {}
        for name in ("t1", "t2", "t3", "t4", "n1", "n2"):
            if name in keys or drawn.random() < 0.8:
                row[name] = drawn.choice(TEXTS if name[0] == "t" else NUMBERS)
        if drawn.random() < 0.7:
            row["tags"] = {*drawn.sample(TEXTS, 2)}
        found[tuple(row[name] for name in sorted(keys))] = row
    return [*found.values()]


@dataclass(frozen=True)
class Term:
    """A lookup, and the same in Python."""

    name: str
    lookup: str
    value: Any

    def holds(self, row: Row) -> bool:
        there = row.get(self.name)
        if self.lookup in {"isnull", "exists"}:
            return (there is None) is (self.value is (self.lookup == "isnull"))
        if there is None:
            return self.lookup == "ne"
        return _IN_PYTHON[self.lookup](there, self.value)

    @property
    def q(self) -> Q:
        return Q(**{f"{self.name}__{self.lookup}": self.value})


def _as_stored(value: Any) -> Any:
    """DynamoDB sorts texts by their bytes."""
    return value.encode() if isinstance(value, str) else value


_IN_PYTHON: dict[str, Callable[[Any, Any], bool]] = {
    "exact": lambda there, value: there == value,
    "ne": lambda there, value: there != value,
    "lt": lambda there, value: _as_stored(there) < _as_stored(value),
    "lte": lambda there, value: _as_stored(there) <= _as_stored(value),
    "gt": lambda there, value: _as_stored(there) > _as_stored(value),
    "gte": lambda there, value: _as_stored(there) >= _as_stored(value),
    "range": lambda there, value: _as_stored(value[0]) <= _as_stored(there) <= _as_stored(value[1]),
    "in": lambda there, value: there in value,
    "startswith": lambda there, value: there.startswith(value),
    "contains": lambda there, value: value in there,
}


def random_term(drawn: random.Random) -> Term:
    name = drawn.choice(["t1", "t2", "t3", "t4", "n1", "n2", "tags"])
    values: tuple[Any, ...] = NUMBERS if name[0] == "n" else TEXTS
    lookups = ["exact", "ne", "lt", "lte", "gt", "gte", "range", "in", "isnull", "exists"]
    if name == "tags":
        lookups = ["contains", "isnull", "exists"]
    elif name[0] == "t":
        lookups += ["startswith", "contains"]
    lookup = drawn.choice(lookups)
    value: Any = drawn.choice(values)
    if lookup == "range":
        value = tuple(sorted(drawn.sample(values, 2), key=_as_stored))
    elif lookup == "in":
        value = drawn.sample(values, drawn.randrange(4))
    elif lookup in {"isnull", "exists"}:
        value = drawn.random() < 0.5
    return Term(name, lookup, value)


Holds = Callable[[Row], bool]


def random_condition(drawn: random.Random) -> tuple[Q, Holds]:
    """Return a condition, and the same in Python."""
    kind, first, second = drawn.random(), random_term(drawn), random_term(drawn)
    if kind < 0.2:
        return first.q | second.q, lambda row: first.holds(row) or second.holds(row)
    if kind < 0.4:
        return ~first.q, lambda row: not first.holds(row)
    if kind < 0.5:
        return ~(first.q & second.q), lambda row: not (first.holds(row) and second.holds(row))
    return first.q, first.holds


def random_query(drawn: random.Random, model: Any) -> tuple[Any, list[Holds]]:
    items = model.objects.all()
    holds: list[Holds] = []
    table = describe(model).table
    if drawn.random() < 0.85:
        key = drawn.choice([table.key, *(one.key for one in table.indexes)])
        value = drawn.choice(TEXTS if key.hash != "id" else range(ROWS))
        terms = [Term(key.hash, "exact", value)]
        if key.range is not None and drawn.random() < 0.3:
            kinds = TEXTS if key.range[0] == "t" else NUMBERS
            terms.append(Term(key.range, "exact", drawn.choice(kinds)))
        for term in terms:
            items, holds = items.filter(term.q), [*holds, term.holds]
    for _ in range(drawn.randrange(4)):
        q, meaning = random_condition(drawn)
        items, holds = items.filter(q), [*holds, meaning]
    if drawn.random() < 0.3:
        items = items.order_by(drawn.choice(["t1", "-t2", "n1", "-n2"]))
    return items, holds


def identities(model: Any, rows: Any) -> list[Any]:
    names = sorted(describe(model).table.key.names)
    return [tuple(row[name] for name in names) for row in rows]


def by_pages(drawn: random.Random, items: Any) -> Iterator[Any]:
    cursor = None
    while True:
        page = items.page(drawn.randint(1, 9), cursor, max_evaluated=drawn.randint(1, 20))
        yield from page.items
        cursor = page.next
        if cursor is None:
            return


@pytest.mark.parametrize("number", range(TABLES))
def test_accepted_queries_find_what_python_finds(database: str, number: int) -> None:
    drawn = random.Random(f"{SEED} {number}")
    model = random_model(drawn, number)
    model.create_table(wait=True)
    rows = random_rows(drawn, model)
    model.objects.bulk_create([model(**row) for row in rows], mode="batch")
    transport = FaultTransport(inner=current_transport())
    try:
        with override_transport(transport):
            for _ in range(some(QUERIES)):
                _check(drawn, model, rows)
        assert "Scan" not in transport.operations
    finally:
        model.delete_table(wait=True)


def planned(items: Any) -> Plan | str:
    """Return the plan for a query, or why there is none."""
    try:
        found: Plan = items.explain()
    except NoKeyError as error:
        return str(error)
    return found


def _check(drawn: random.Random, model: Any, rows: list[Row]) -> None:
    """Compare one query with Python; a query that is refused has to be told why."""
    items, holds = random_query(drawn, model)
    expected = [row for row in rows if all(one(row) for one in holds)]
    plan = planned(items)
    if isinstance(plan, str):
        assert "exact value" in plan or "can be sorted by" in plan
        return
    found = identities(model, items.values())
    if plan.index is not None:
        # Items without a key attribute of an index are not in it.
        expected = [row for row in expected if all(one in row for one in plan.index.key.names)]
    context = (plan, items)
    assert sorted(identities(model, expected)) == sorted(found), context
    assert len(expected) == items.count(), context
    assert found == identities(model, by_pages(drawn, items.values())), context
    assert found[:3] == identities(model, items.values()[:3]), context
    if plan.index is None and plan.kind == "query":
        name = describe(model).table.key.range
        sort = [row[name] for row in items.values()]
        assert sort == sorted(sort, reverse=not plan.forward), context
