"""Errors name places and keys in the words of the dialect, wherever in the package they begin."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from django.db.models import F
from django.test import RequestFactory

from django_flex.actions.declare.registry import registry
from django_flex.backends.registry import registered
from django_flex.conf import get_settings
from django_flex.exceptions import FlexError
from django_flex.exceptions.places import Part, dotted, in_words, inside, worded
from django_flex.http.endpoint import Door, serve
from django_flex.http.routing import Route, action_route, route
from django_flex.plan.capabilities import ALL
from tests.actions import handlers
from tests.dialects.wide import ALL_WORDS, WIDE
from tests.memory.backend import MemoryBackend
from tests.memory.test_capabilities import tables

EVERY = ["get", "list", "aggregate", "explain", "add", "edit", "delete", "bulk_edit", "export"]
ACTIONS = ["confirm", "approve", "close_all", "move"]
OPEN = dict.fromkeys(("fields", "filters", "order_by", "aggregates"), "*")
GRANT: dict[str, Any] = {**OPEN, "exclude": ["internal_notes"], "ops": [*EVERY, *ACTIONS]}
EXPOSE: dict[str, Any] = {
    "booking": {"anon": {**GRANT, "search": ["status"]}, "computed": {"twice": F("seats") * 2}},
    "customer": {"anon": {**OPEN, "ops": ["list", "add"]}},
    "line": {"anon": {**OPEN, "ops": ["list", "add", "edit", "delete"]}},
    "tag": {"anon": {**OPEN, "ops": ["list", "add", "edit"], "write_fields": ["slug"]}},
}
CAPS = {
    "MAX_ITEMS": 2,
    "MAX_OFFSET": 3,
    "MAX_FIELDS": 30,
    "MAX_ORDERS": 2,
    "MAX_CONDITIONS": 4,
    "MAX_NESTING": 2,
    "MAX_SEARCH_WORDS": 2,
    "MAX_RELATION_DEPTH": 2,
    "MAX_JOINS": 2,
    "MAX_BATCH": 2,
}
#: Our words that the dialect does not have: as segments of a place, and as keys in a text, where
#: some of them are only words of English if nothing marks them as keys.
#: ``count`` is also a function, and ``aggregate`` an operation.
OURS = {str(part) for part in Part} - {*ALL_WORDS.values(), "id", "count", "aggregate"}
MARKED = [re.escape(word) for word in sorted(OURS) if word[0] in "_$"]
QUOTED = [rf"['\"]{re.escape(word)}['\"]" for word in sorted(OURS)]
AS_KEY = re.compile(rf"(?<!\w)(?:{'|'.join([*QUOTED, *MARKED])})(?!\w)")


@dataclass(frozen=True)
class Case:
    """A faulty request, what is the matter, and the place that its error names."""

    body: Mapping[str, Any]
    at: str
    code: str
    method: str = "QUERY"
    action: str | None = None
    pk: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@pytest.fixture(autouse=True)
def project(settings: Any, bookings: None) -> Iterator[None]:
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": EXPOSE, **CAPS}
    with registry.isolated():
        handlers.register()
        yield


def send(case: Case) -> tuple[int, Any]:
    settings = get_settings()
    resource = "" if "all" in case.body else case.body.get("of", "booking")
    body = {name: value for name, value in case.body.items() if name != "of" or not resource}

    def find() -> Route:
        if case.action is not None:
            return action_route(resource, None if case.pk is None else str(case.pk), case.action)
        return route(resource if case.pk is None else f"{resource}/{case.pk}")

    request = RequestFactory().generic(
        case.method, "/", json.dumps(body), content_type="application/json", headers=case.headers
    )
    door = Door(settings=settings, policy=settings.policy, dialect=WIDE)
    response: Any = serve(request, find, door)
    return response.status_code, json.loads(response.content)


def where(path: str, value: Any, operator: str = "eq") -> dict[str, Any]:
    return {"where": {path: {operator: value}}}


def deep(levels: int) -> Any:
    test: Any = {"seats": {"eq": 1}}
    for _ in range(levels):
        test = {"any": [test]}
    return test


MANY = {"any": [{"seats": {"eq": 1}}] * 5}
READS: dict[str, Case] = {
    # fields
    "field": Case({"select": "internal_notes"}, "select", "field.denied"),
    "field-unknown": Case({"select": "nothing"}, "select", "field.denied"),
    "field-behind": Case({"select": "customer.nothing"}, "select", "field.denied"),
    "field-in-a-list": Case({"select": "lines.nothing"}, "select", "field.denied"),
    "field-twice": Case({"select": "a:seats, a:price"}, "select", "query.invalid"),
    "field-renamed-list": Case({"select": "a:lines"}, "select", "query.invalid"),
    "field-excluded": Case({"select": "seats, -price"}, "select", "query.invalid"),
    "fields-too-many": Case({"select": ",".join(["id"] * 31)}, "select", "query.limit"),
    "field-too-far": Case({"select": "customer.company.team.name"}, "select", "field.denied"),
    # filters
    "filter": Case(where("internal_notes", 1), "where.internal_notes.eq", "filter.denied"),
    "filter-unknown": Case(where("nothing", 1), "where.nothing.eq", "filter.denied"),
    "filter-behind": Case(where("customer.no", 1), "where.customer.no.eq", "filter.denied"),
    "filter-value": Case(where("seats", "x"), "where.seats.eq", "query.value"),
    "filter-nested": Case(
        {"where": {"any": [{"seats": {"eq": 1}}, {"seats": {"in": "x"}}]}},
        "where.seats.in",
        "query.value",
    ),
    "filters-too-many": Case({"where": MANY}, "where", "query.limit"),
    "filters-too-deep": Case({"where": deep(3)}, "where", "query.limit"),
    # order, page
    "order": Case({"sort": "internal_notes"}, "sort", "order.denied"),
    "order-unknown": Case({"sort": "-nothing"}, "sort", "order.denied"),
    "order-of-a-list": Case({"sort": "lines.quantity"}, "sort", "query.invalid"),
    "orders-too-many": Case({"sort": "seats,price,id"}, "sort", "query.limit"),
    "offset": Case({"skip": 4}, "skip", "query.limit"),
    "offset-with-cursor": Case({"skip": 1, "after": True}, "skip", "query.invalid"),
    "cursor": Case({"after": "x"}, "after", "query.cursor"),
    "cursor-of-json": Case(
        {"after": True, "sort": "customer.metadata"}, "sort", "query.unsupported"
    ),
    "search": Case({"find": "a b c"}, "find", "query.limit"),
    "search-empty": Case({"find": " "}, "find", "query.value"),
    "search-denied": Case({"of": "customer", "find": "a"}, "find", "search.denied"),
    "distinct": Case({"unique": "internal_notes"}, "unique", "field.denied"),
    "distinct-of-a-list": Case({"unique": "lines.quantity"}, "unique", "query.invalid"),
    "format": Case({"as": "ndjson", "sum": "count"}, "sum", "query.invalid"),
    # related
    "related": Case({"with": "nothing:1"}, "with.nothing", "field.denied"),
    "related-one": Case({"with": "customer:1"}, "with.customer", "query.invalid"),
    "related-offset": Case({"with": "lines:1:4"}, "with.lines.skip", "query.limit"),
    "related-many": Case({"with": ",".join(["lines:1"] * 21)}, "with", "query.limit"),
    "related-order": Case(
        {"with": "lines:1", "inside": {"lines": {"sort": "nothing"}}},
        "with.lines.sort",
        "order.denied",
    ),
    "related-orders": Case(
        {"with": "lines:1", "inside": {"lines": {"sort": "id,note,product"}}},
        "with.lines.sort",
        "query.limit",
    ),
    "related-fields": Case(
        {"with": "lines:1", "inside": {"lines": {"select": ",".join(["id"] * 31)}}},
        "with.lines.select",
        "query.limit",
    ),
    "related-filter": Case(
        {"with": "lines:1", "inside": {"lines": {"where": {"nothing": {"eq": 1}}}}},
        "with.lines.where.nothing.eq",
        "filter.denied",
    ),
    "related-filters": Case(
        {"with": "lines:1", "inside": {"lines": {"where": MANY}}},
        "with.lines.where",
        "query.limit",
    ),
    "related-search": Case(
        {"with": "lines:1", "inside": {"lines": {"find": "a"}}},
        "with.lines.find",
        "search.denied",
    ),
    "related-search-long": Case(
        {"with": "lines:1", "inside": {"lines": {"find": "a b c"}}},
        "with.lines.find",
        "query.limit",
    ),
    "related-aggregate": Case(
        {"with": "lines:1", "inside": {"lines": {"sum": "nothing.sum"}}},
        "with.lines.sum",
        "field.denied",
    ),
    "related-wildcard": Case(
        {"with": "lines:1", "inside": {"lines": {"sum": "*"}}}, "with.lines.sum", "query.invalid"
    ),
    # aggregates
    "aggregate": Case({"sum": "internal_notes.max"}, "sum", "field.denied"),
    "aggregate-unknown": Case({"sum": "nothing.sum"}, "sum", "field.denied"),
    "aggregate-of-text": Case({"sum": "status.sum"}, "sum", "query.invalid"),
    "aggregate-twice": Case({"sum": "count, count"}, "sum", "query.invalid"),
    "group-in-a-list": Case({"by": "status"}, "by", "query.invalid"),
    "having-in-a-list": Case({"keep": {"count": {"gte": 1}}}, "keep", "query.invalid"),
}


def aggregate(at: str, code: str, **body: Any) -> Case:
    return Case({"do": "aggregate", **body}, at, code)


GROUPS: dict[str, Case] = {
    "group": aggregate("by", "field.denied", by="internal_notes"),
    "group-unknown": aggregate("by", "field.denied", by="nothing"),
    "group-of-a-list": aggregate("by", "query.invalid", by="lines.quantity"),
    "group-of-json": aggregate("by", "query.invalid", by="customer.metadata"),
    "group-part": aggregate("by", "query.invalid", by="seats.year"),
    "groups-too-many": aggregate("by", "query.limit", by=",".join(["id"] * 31)),
    "total": aggregate("sum", "field.denied", by="status", sum="nothing.sum"),
    "having": aggregate(
        "keep.nothing.eq", "filter.denied", by="status", keep={"nothing": {"eq": 1}}
    ),
    "having-value": aggregate(
        "keep.count.gte", "query.value", by="status", keep={"count": {"gte": "x"}}
    ),
    "having-alone": aggregate("keep", "query.invalid", keep={"count": {"gte": 1}}),
    "having-too-many": aggregate("keep", "query.limit", by="status", keep=MANY),
    "order-of-groups": aggregate("sort", "order.denied", by="status", sort="seats"),
    "order-alone": aggregate("sort", "query.invalid", sort="count"),
    "filter-of-groups": aggregate("where.no.eq", "filter.denied", by="status", **where("no", 1)),
}
BOOKING = {"customer": 1, "reference": "00000000-0000-0000-0000-000000000009"}


def write(at: str | None, code: str, method: str = "PATCH", pk: int | None = 1, **body: Any) -> Any:
    return Case(body, at or "", code, method, pk=pk)


WRITES: dict[str, Case] = {
    "column": write("data.internal_notes", "field.denied", data={"internal_notes": "x"}),
    "column-unknown": write("data.nothing", "field.denied", data={"nothing": 1}),
    "column-twice": write(
        "data.customer_id", "query.invalid", data={"customer": 1, "customer_id": 1}
    ),
    "value": write("data", "write.invalid", data={"seats": "x"}),
    "update": write("data.status", "query.value", data={"status": {"$inc": 1}}),
    "returned": write("select", "field.denied", data={"seats": 1}, select="nothing"),
    "returned-many": write(
        "select", "query.limit", data={"seats": 1}, select=",".join(["id"] * 31)
    ),
    "precondition": write(
        "if_tag", "write.precondition", data={"seats": 1}, if_tag='"x"', select="id"
    ),
    "links": write("data.tags", "query.value", data={"tags": {"more": [1]}}),
    "children": write("data.lines", "query.invalid", data={"lines": {"more": [1]}}),
    "child-list": write("data.lines.new", "query.invalid", data={"lines": {"new": 1}}),
    "child-object": write("data.lines.new[1]", "query.invalid", data={"lines": {"new": [{}, 1]}}),
    "child-column": write(
        "data.lines.new[0].nothing", "field.denied", data={"lines": {"new": [{"nothing": 1}]}}
    ),
    "child-value": write(
        "data.lines.new[0]",
        "write.invalid",
        data={"lines": {"new": [{"product": "x", "quantity": "y"}]}},
    ),
    "child-edited": write(
        "data.lines.changed[0].id", "query.invalid", data={"lines": {"changed": [{"note": "x"}]}}
    ),
    "child-missing": write(
        "data.lines.changed[0].id",
        "object.not_found",
        data={"lines": {"changed": [{"id": 4004, "note": "x"}]}},
    ),
    "child-removed": write("data.lines.gone", "object.not_found", data={"lines": {"gone": [4004]}}),
    "child-key": write("data.lines.gone", "query.invalid", data={"lines": {"gone": ["x"]}}),
    "child-replaced": write(
        "data.lines.exactly[0].nothing",
        "field.denied",
        data={"lines": {"exactly": [{"nothing": 1}]}},
    ),
    "parent": write(
        "data.customer.new.nothing", "field.denied", data={"customer": {"new": {"nothing": 1}}}
    ),
    "parent-form": write("data.customer", "query.value", data={"customer": {"new": 1}}),
    "item": write(
        "rows[1].nothing", "field.denied", "POST", None, rows=[BOOKING, {**BOOKING, "nothing": 1}]
    ),
    "item-value": write(
        "rows[1]", "write.invalid", "POST", None, rows=[BOOKING, {**BOOKING, "seats": "x"}]
    ),
    "items-too-many": write("rows", "query.limit", "POST", None, rows=[BOOKING] * 3),
    "item-missing": write(
        "rows[1].key",
        "object.not_found",
        "POST",
        None,
        rows=[{"key": 1, "seats": 1}, {"key": 4004, "seats": 1}],
    ),
    "item-twice": write("rows[1].id", "query.invalid", "POST", None, rows=[{"key": 1}, {"key": 1}]),
    "items-and-tag": write(
        "if_tag", "query.invalid", "POST", None, rows=[{"key": 1, "seats": 1}], if_tag='"x"'
    ),
    "set": write(
        "change.nothing",
        "field.denied",
        "POST",
        None,
        change={"nothing": 1},
        **where("seats", 1, "gte"),
    ),
    "set-filter": write(
        "where.no.eq", "filter.denied", "POST", None, change={"seats": 1}, **where("no", 1)
    ),
    "set-filters": write("where", "query.limit", "POST", None, change={"seats": 1}, where=MANY),
    "set-nested": write(
        "change", "query.unsupported", "POST", None, change={"lines": {"new": []}}, **where("id", 1)
    ),
    "affected": write(
        "at_most",
        "query.limit",
        "POST",
        None,
        change={"seats": 1},
        at_most=1,
        **where("seats", 0, "gte"),
    ),
    "match": write(
        "known_by", "field.denied", "POST", None, of="tag", known_by="no", data={"slug": "a"}
    ),
    "match-not-unique": write(
        "known_by", "query.value", "POST", None, known_by="status", data={"status": "a"}
    ),
    "match-twice": write(
        "rows", "query.invalid", "POST", None, of="tag", known_by="slug", rows=[{"slug": "a"}] * 2
    ),
}


def call(name: str, at: str, code: str, pk: int | None = None, **body: Any) -> Case:
    headers = body.pop("headers", {})
    return Case(body, at, code, "POST", name, pk, headers)


CALLS: dict[str, Case] = {
    "input": call("confirm", "data.nothing", "query.unknown_key", 1, data={"nothing": 1}),
    "input-of-many": call("close_all", "data.x", "query.unknown_key", keys=[1], data={"x": 1}),
    "keys-missing": call("close_all", "keys", "object.not_found", keys=[4004]),
    "keys-none": call("close_all", "keys", "query.value", keys=[]),
    "keys-of-lists": call("close_all", "keys", "query.value", keys=[[1]]),
    "chosen": call("close_all", "where.no.eq", "filter.denied", **where("no", 1)),
    "chosen-by-many": call("close_all", "where", "query.limit", where=MANY),
    "expected": call("close_all", "number", "write.conflict", keys=[1], number=2),
    "condition": call(
        "confirm", "only_if", "write.precondition", 1, only_if={"seats": {"eq": 4004}}
    ),
    "condition-path": call(
        "confirm", "only_if.no.eq", "filter.denied", 1, only_if={"no": {"eq": 1}}
    ),
    "returned-by-action": call("confirm", "select", "field.denied", 1, select="nothing"),
    "later": call("confirm", "later", "query.unsupported", 1, later=True),
    "action": Case({"do": "nothing"}, "do", "query.value", "POST"),
}


def batch(at: str, code: str, *parts: Any, **others: Any) -> Case:
    return Case({"all": [{"of": "booking", **part} for part in parts], **others}, at, code, "POST")


BATCHES: dict[str, Case] = {
    "batch": batch("all", "query.value"),
    "batch-too-long": batch("all", "query.limit", {}, {}, {}),
    "batch-model": batch("all[1].of", "query.invalid", {}, {"of": None}),
    "batch-read": batch("all[1].sort", "order.denied", {}, {"sort": "nothing"}),
    "batch-stream": batch("all[0].as", "query.unsupported", {"as": "csv"}),
    "batch-related": batch("all[0].with.lines.skip", "query.limit", {"with": "lines:1:4"}),
    "batch-write": batch(
        "all[1].data.nothing", "field.denied", {}, {"key": 1, "data": {"nothing": 1}}
    ),
    "batch-item": batch("all[0].rows[0].no", "field.denied", {"rows": [{**BOOKING, "no": 1}]}),
    "batch-apart": batch(
        "together",
        "query.invalid",
        {"rows": [BOOKING]},
        together=False,
        **{"try": True},
    ),
}
CASES = {**READS, **GROUPS, **WRITES, **CALLS, **BATCHES}


def check_words(error: Mapping[str, Any]) -> None:
    """Check that nothing which an error says is one of our words."""
    assert not OURS & {*re.split(r"\W+", error.get("at", ""))}, error
    for text in (error["message"], error.get("try", "")):
        assert AS_KEY.search(text) is None, text


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", CASES)
def test_an_error_is_told_in_the_words_of_the_dialect(name: str) -> None:
    case = CASES[name]
    status, body = send(case)

    assert status >= 400, body
    (error,) = body["errors"]
    assert (case.code, case.at) == (error["code"], error.get("at", "")), error
    check_words(error)


#: What needs each capability, and where; writes are sent by their method.
LACKING: dict[str, tuple[Case, str | None]] = {
    "joins": (Case({"select": "customer.name"}, "select", ""), None),
    "related_filters": (Case(where("lines.id", 1), "where", ""), None),
    "related_aggregates": (Case({"select": "lines.count"}, "select", ""), None),
    "computed": (Case({"select": "twice"}, "select", ""), None),
    "operators": (Case(where("seats", 1, "gte"), "where", ""), None),
    "json_keys": (Case({"sort": "customer.metadata.level"}, "sort", ""), None),
    "search": (Case({"find": "a"}, "find", ""), "use 'where'"),
    "orders": (Case({"sort": "seats"}, "sort", ""), "leave 'sort' out"),
    "offsets": (Case({"skip": 1}, "skip", ""), "page by 'after'"),
    "cursors": (Case({"after": True}, "after", ""), "page by 'skip'"),
    "counts": (Case({"total": "true"}, "total", ""), "request the aggregate 'count'"),
    "distinct": (Case({"unique": "seats"}, "unique", ""), "leave 'unique' out"),
    "aggregates": (aggregate("sum", "", sum="count"), None),
    "groups": (aggregate("by", "", by="status"), "leave 'by' out, and filter for each group"),
    "explain": (Case({"how": True}, "how", ""), "leave 'how' out"),
    "writes": (write("do", "", data={"seats": 1}), None),
    "dry_runs": (
        Case({"data": {"seats": 1}, "try": True}, "try", "", "PATCH", pk=1),
        "leave 'try' out",
    ),
    "transactions": (write("rows", "", "POST", None, rows=[{"key": 1}, {"key": 2}]), None),
    "writes_by_filter": (
        write("do", "", "POST", None, change={"seats": 1}, **where("seats", 1)),
        None,
    ),
}


@pytest.mark.parametrize("name", LACKING)
def test_what_a_backend_lacks_is_told_in_the_words_of_the_dialect(name: str) -> None:
    case, hint = LACKING[name]
    nothing: Any = frozenset({"exact"}) if name == "operators" else False
    labels = [f"testapp.{model}" for model in ("booking", "customer", "line", "tag")]

    with registered(MemoryBackend(tables(), replace(ALL, **{name: nothing})), *labels):
        status, body = send(case)

    (error,) = body["errors"]
    assert (400, "query.unsupported", case.at) == (status, error["code"], error["at"]), error
    assert hint in {None, error["try"]}
    check_words(error)


HINTS: dict[str, tuple[Case, str]] = {
    "offset": (Case({"skip": 4}, "", ""), 'at most 3; beyond it page with "after": true'),
    "cursor": (Case({"after": "x"}, "", ""), 'start again with "after": true'),
    "start": (Case({"skip": 1, "after": True}, "", ""), "leave 'skip' out"),
    "list": (
        Case({"select": "a:lines"}, "", ""),
        '"with": {"a": {"from": "lines"}}',
    ),
    "outer": (
        Case({"with": "customer:1"}, "", ""),
        "put a nested list into 'with' of the outer list",
    ),
    "group": (aggregate("", "", sort="count"), "add 'by'"),
    "links": (
        write("", "", data={"tags": {"more": [1]}}),
        '[1, 2] replaces all of them; {"new": [3], "gone": [1]} changes some',
    ),
    "children": (
        write("", "", data={"lines": {"more": [1]}}),
        '{"new": [{…}], "changed": [{"id": 1, …}], "gone": [2]}, or {"exactly": [{…}]} for all',
    ),
    "affected": (
        WRITES["affected"],
        "make the filters more specific, or raise at_most up to MAX_ITEMS",
    ),
    "model": (BATCHES["batch-model"], '"of": "booking"'),
}


@pytest.mark.parametrize("name", HINTS)
def test_a_hint_names_keys_as_the_dialect_does(name: str) -> None:
    case, hint = HINTS[name]
    _, body = send(case)

    assert hint == body["errors"][0]["try"]


def test_a_batch_over_two_databases_is_told_in_the_words_of_the_dialect() -> None:
    case = batch("all", "query.unsupported", {"rows": [BOOKING]}, {"of": "tag", "rows": [{}]})

    with registered(MemoryBackend(tables()), "testapp.tag"):
        status, body = send(case)

    (error,) = body["errors"]
    assert (400, case.code, case.at) == (status, error["code"], error["at"])
    assert '"together": false' == error["try"]


def test_a_problem_document_has_the_words_of_the_dialect() -> None:
    case = Case({"sort": "nothing"}, "", "", headers={"Accept": "application/problem+json"})
    status, body = send(case)

    assert (403, "sort", "order.denied") == (status, body["path"], body["code"])


def test_the_dialect_has_a_word_for_each_part() -> None:
    assert {*Part} == ALL_WORDS.keys()


WORDS = {Part.RELATED: "deep", Part.LIMIT: "_limit", Part.ADD: "create"}


@pytest.mark.parametrize(
    ("place", "ours", "theirs"),
    [
        (Part.LIMIT, "limit", "_limit"),
        (Part.OFFSET, "offset", "offset"),
        ("limit", "limit", "limit"),
        ((Part.RELATED, "lines", Part.LIMIT), "related.lines.limit", "deep.lines._limit"),
        (
            ("data", "tags", Part.ADD, 0, "name"),
            "data.tags.$add[0].name",
            "data.tags.create[0].name",
        ),
        (inside("", "name"), "name", "name"),
        (inside("rows[1]", Part.LIMIT), "rows[1].limit", "rows[1]._limit"),
        (inside((Part.RELATED, 2), "x", 1), "related[2].x[1]", "deep[2].x[1]"),
    ],
)
def test_a_place_is_joined_of_its_segments(place: Any, ours: str, theirs: str) -> None:
    assert (ours, theirs) == (dotted(place), dotted(place, WORDS))
    assert type(dotted(place)) is str


def test_a_text_of_the_client_is_not_taken_for_a_part() -> None:
    text = worded("'{}' needs '{}' and {{}}", Part.LIMIT, "{0} limit related")

    assert "'limit' needs '{0} limit related' and {}" == in_words(text)
    assert "'_limit' needs '{0} limit related' and {}" == in_words(text, WORDS)


def test_an_error_is_told_in_words_and_stays_the_same() -> None:
    error = FlexError(worded("no {}", Part.LIMIT), path=inside("a", Part.LIMIT), hint="limit")
    told = error.in_words(WORDS, lambda place, words: dotted(place, words).replace(".", "/"))

    assert ("no limit", "a.limit", "limit") == (error.message, error.path, error.hint)
    assert ("no _limit", "a/_limit", "limit") == (told.message, told.path, told.hint)
    assert told.in_words({}).to_dict() == error.to_dict()
