"""Random requests for a random table: accepted ones give what Python finds, others say why not."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import override_settings

from django_flex import FlexQuery
from django_flex.backends.dynamodb import DynamoBackend, Table
from django_flex.backends.dynamodb.tables import resource_of
from django_flex.backends.registry import registered
from django_flex.dynamodb.introspection import describe
from django_flex.dynamodb.transport import current_transport, override_transport
from tests.dynamodb.faults import FaultTransport
from tests.dynamodb.test_any_query import (
    NUMBERS,
    ROWS,
    TEXTS,
    Holds,
    Row,
    Term,
    random_model,
    random_rows,
    random_term,
)
from tests.random_search import SEED, some

pytestmark = pytest.mark.exhaustive

TABLES, REQUESTS = 6, 100
#: Of all requests, this part less so many is accepted at least: else the test would find nothing.
ACCEPTED, FEWER = 0.3, 5

Filters = dict[str, Any]


@dataclass
class Asked:
    """A request, and what its rows have to be."""

    query: dict[str, Any]
    holds: list[Holds] = field(default_factory=list)

    def expected(self, rows: list[Row]) -> list[Row]:
        return [row for row in rows if all(one(row) for one in self.holds)]


def filters_of(term: Term) -> Filters:
    value = [*term.value] if isinstance(term.value, tuple) else term.value
    if term.lookup == "contains" and term.name == "tags":
        value = [value]
    return {f"{term.name}.{term.lookup}": value}


def a_term(drawn: random.Random) -> Term:
    term = random_term(drawn)
    return a_term(drawn) if term.lookup == "exists" else term


def condition(drawn: random.Random) -> tuple[Filters, Holds]:
    kind, first, second = drawn.random(), a_term(drawn), a_term(drawn)
    one, other = filters_of(first), filters_of(second)
    if kind < 0.2:
        return {"or": [one, other]}, lambda row: first.holds(row) or second.holds(row)
    if kind < 0.4:
        return {"not": one}, lambda row: not first.holds(row)
    if kind < 0.5:
        both = {"and": [one, other]}
        return {"not": both}, lambda row: not (first.holds(row) and second.holds(row))
    return one, first.holds


def key_terms(drawn: random.Random, model: Any) -> list[Term]:
    """Return conditions on a key: one value of its hash or some, and perhaps one of its range."""
    table = describe(model).table
    key = drawn.choice([table.key, *(one.key for one in table.indexes)])
    values = TEXTS if key.hash != "id" else range(ROWS)
    wanted = drawn.sample(values, drawn.randint(1, 4))
    terms = [Term(key.hash, "in", wanted)]
    if drawn.random() < 0.5:
        terms = [Term(key.hash, "exact", wanted[0])]
    if key.range is not None and drawn.random() < 0.5:
        kinds = TEXTS if key.range[0] == "t" else NUMBERS
        lookup = drawn.choice(["exact", "gte", "lt", "isnull"])
        terms.append(Term(key.range, lookup, lookup != "isnull" and drawn.choice(kinds)))
    return terms


def a_request(drawn: random.Random, model: Any) -> tuple[Asked, Filters | None]:
    """Return a request, and the row rule of its caller."""
    asked = Asked({"_action": "list", "limit": drawn.randint(1, 9)})
    parts: list[Filters] = []
    rule: Filters | None = None
    if drawn.random() < 0.9:
        terms = key_terms(drawn, model)
        parts += map(filters_of, terms)
        asked.holds += [term.holds for term in terms]
    for _ in range(drawn.randrange(3)):
        part, holds = condition(drawn)
        parts.append(part)
        asked.holds.append(holds)
    if parts and drawn.random() < 0.3:
        rule = parts.pop(drawn.randrange(len(parts)))
    if parts:
        asked.query["filters"] = {"and": parts}
    if drawn.random() < 0.4:
        name = drawn.choice([*describe(model).table.key_types])
        asked.query["order_by"] = drawn.choice(["", "-"]) + name
    if drawn.random() < 0.3:
        asked.query["count"] = True
    names = drawn.sample(["t1", "t2", "t3", "t4", "n1", "n2", "tags"], drawn.randint(1, 3))
    asked.query["fields"] = ",".join(sorted({*names, *describe(model).table.key.names}))
    return asked, rule


def pages(query: dict[str, Any]) -> tuple[list[Row], Any]:
    """Return all rows page by page, forwards; check that the way back gives the same."""
    found: list[list[Row]] = []
    first = reply = FlexQuery("any").execute(query)
    if not first.ok:
        return [], first
    while True:
        data = reply.to_dict()
        found.append([*data["results"].values()])
        following = data["pagination"].get("next")
        if following is None:
            break
        reply = FlexQuery("any").execute({**following, "_action": "list"})
        assert reply.ok, reply.to_dict()
    forwards = [row for page in found for row in page]
    backwards = [*reversed(found[-1])]
    while (before := reply.to_dict()["pagination"].get("prev")) is not None:
        reply = FlexQuery("any").execute({**before, "_action": "list"})
        assert reply.ok, reply.to_dict()
        backwards += reversed([*reply.to_dict()["results"].values()])
    assert forwards == backwards[::-1]
    return forwards, first


def sorts(name: str) -> Callable[[Row], Any]:
    """Return what DynamoDB sorts rows by; what is not there comes last."""

    def value(row: Row) -> Any:
        found = row.get(name)
        return found is None, found.encode() if isinstance(found, str) else found

    return value


def check(drawn: random.Random, model: Any, rows: list[Row]) -> str:
    """Send one request; return what became of it."""
    asked, rule = a_request(drawn, model)
    grant: dict[str, Any] = {"fields": ["*"], "filters": ["*"], "order_by": ["*"], "ops": ["list"]}
    if rule is not None:
        grant["rows"] = rule
    expose = {"any": {"anon": grant}}
    with override_settings(DJANGO_FLEX={"REQUIRE_AUTHENTICATION": False, "EXPOSE": expose}):
        found, reply = pages(asked.query)
    context = (asked.query, rule)
    if not reply.ok:
        body = reply.to_dict()
        assert (400, "query.unsupported") == (reply.status_code, body["code"]), (body, context)
        assert body["hint"], context
        return str(body["path"])
    expected = asked.expected(rows)
    keys = sorted(describe(model).table.key.names)

    def key(row: Row) -> Any:
        return tuple(row[name] for name in keys)

    assert sorted(map(key, expected)) == sorted(map(key, found)), context
    by_key = {key(row): row for row in rows}
    for row in found:
        stored = by_key[key(row)]
        whole = {name: stored.get(name) for name in row if name not in {"pk", "id", "tags"}}
        assert whole.items() <= row.items(), context
        assert "tags" not in row or row["tags"] == (sorted(stored.get("tags", ())) or None)
    order = asked.query.get("order_by", "")
    if order:
        wanted = [by_key[key(row)] for row in found]
        name = order.removeprefix("-")
        assert wanted == sorted(wanted, key=sorts(name), reverse=order != name), context
    paging = reply.to_dict()["pagination"]
    if paging.get("count_kind") == "exact":
        assert len(expected) == paging["count"], context
    elif "count" in paging:
        assert len(expected) >= paging["count"], context
    return "accepted"


@pytest.mark.parametrize("number", range(TABLES))
def test_any_request_is_answered_rightly_or_refused_with_a_reason(
    database: str, number: int
) -> None:
    drawn = random.Random(f"requests {SEED} {number}")
    model = random_model(drawn, number + 100)
    model.create_table(wait=True)
    rows = random_rows(drawn, model)
    model.objects.bulk_create([model(**row) for row in rows], mode="batch")
    made = DynamoBackend()
    resource = resource_of(model, "club.any")
    made.tables["club.any"] = Table(
        model=model, resource=resource, max_evaluated=drawn.choice([2, 7, 1_000]), max_fanout=4
    )
    transport = FaultTransport(inner=current_transport())
    try:
        with override_transport(transport), registered(made, resource):
            results = Counter(check(drawn, model, rows) for _ in range(some(REQUESTS)))
        assert "Scan" not in transport.operations
        assert results["accepted"] >= ACCEPTED * results.total() - FEWER, results
    finally:
        model.delete_table(wait=True)
