"""The attack tables 4a to 4c of the security reference: each by name, with the status it must have.

A refusal costs no statement on the tables of the models, and says nothing that was not sent.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection

from tests.security.conftest import granted

pytestmark = pytest.mark.usefixtures("secrets")

# The caller's rows are those of one customer; columns and relations beyond are nobody's.
NARROW = {
    "booking": granted(
        rows={"customer": 1},
        fields=["id", "status", "price", "seats", "day", "created_at", "customer.name"],
        filters=[
            "id.*",
            "status.*",
            "status.regex",
            "price.*",
            "seats.*",
            "day.*",
            "created_at.*",
            "customer.name.*",
        ],
        order_by=["status", "price"],
    )
}
# Everything is granted, so that nothing but the value or the size is to blame.
WIDE = {
    name: granted()
    for name in ("booking", "customer", "company", "line", "tag", "node", "address", "team")
}
SECRETS = (b"s3cret", b"T-1", b"T-2", b"call back", b"pi_1", b"pbkdf2", b"Omar", b"Stone")


def _cases(table: Any) -> Any:
    return pytest.mark.parametrize(
        ("status", "query"),
        [pytest.param(status, query, id=name) for name, (status, query) in table.items()],
    )


IDENTIFIERS = {
    "connector-with-sql": (403, {"filters": {"_connector": "OR 1=1) OR (1=1"}}),
    "connector-or": (403, {"filters": {"_connector": "OR", "id": 1}}),
    "connector-in-the-query": (400, {"_connector": "OR"}),
    "negated": (403, {"filters": {"_negated": True, "id": 1}}),
    "negated-in-a-group": (403, {"filters": {"or": [{"_negated": True}]}}),
    "password-of-a-relation": (403, {"filters": {"created_by.password.startswith": "p"}}),
    "password-by-regex": (403, {"filters": {"created_by.password.regex": "^p"}}),
    "password-by-comparison": (403, {"filters": {"created_by.password.gt": "a"}}),
    "password-in-double-underscores": (403, {"filters": {"created_by__password__startswith": "p"}}),
    "many-to-many-loop": (403, {"filters": {"tags.bookings.customer.company.tax_id": "T-2"}}),
    "loop-by-quantifier": (403, {"filters": {"tags.some": {"bookings.status": "pending"}}}),
    "field-of-a-secret": (403, {"fields": "created_by.password"}),
    "field-over-many-to-many": (403, {"fields": "tags.bookings.internal_notes"}),
    "field-in-double-underscores": (403, {"fields": "created_by__password"}),
    "alias-of-a-secret": (403, {"fields": "x:internal_notes"}),
    "wildcard-of-a-relation-not-granted": (403, {"fields": "created_by.*"}),
    "exclusion-of-a-secret": (403, {"fields": "*, -internal_notes"}),
    "order-by-a-secret": (403, {"order_by": "internal_notes"}),
    "order-by-a-secret-of-a-relation": (403, {"order_by": "created_by.password"}),
    "order-by-to-many": (403, {"order_by": "lines.note"}),
    "order-in-the-other-direction": (403, {"order_by": "-status"}),
    "order-by-chance": (400, {"order_by": "?"}),
    "order-by-position": (403, {"order_by": "1"}),
    "order-by-sql": (400, {"order_by": "(SELECT 1)"}),
    "aggregate-of-a-secret": (403, {"aggregate": "internal_notes.max"}),
    "group-by-a-secret": (400, {"group_by": "internal_notes"}),
    "unknown-filter": (403, {"filters": {"nothing": 1}}),
    "unknown-field": (403, {"fields": "nothing"}),
    "unknown-order": (403, {"order_by": "nothing"}),
    "alias-with-a-quote": (400, {"fields": '"x":status'}),
    "alias-with-a-space": (400, {"fields": "a b:status"}),
    "alias-with-a-comment": (400, {"fields": "x--:status"}),
    "alias-with-a-control-character": (400, {"fields": "x\x01:status"}),
    "alias-with-a-percent-sign": (400, {"fields": "%s:status"}),
    "alias-with-a-dollar-sign": (400, {"fields": "$1:status"}),
    "alias-with-a-dot": (400, {"fields": "a.b:status"}),
    "alias-in-other-letters": (400, {"fields": "ä:status"}),
    "alias-too-long": (400, {"fields": f"{'a' * 65}:status"}),
    "alias-equal-to-a-field": (400, {"fields": "status:price, status"}),
    "alias-equal-to-a-relation": (400, {"fields": "customer:price, customer.name"}),
    "alias-twice": (400, {"fields": "x:price, x:status"}),
    "alias-self-is-a-name": (200, {"fields": "self:status"}),
    "alias-of-a-wildcard": (400, {"fields": "x:*"}),
    "transform-that-does-not-exist": (403, {"filters": {"created_at.century": 20}}),
    "transform-with-sql": (400, {"filters": {"created_at.year'--": 20}}),
    "deep-path": (400, {"filters": {".".join(["x"] * 500): 1}}),
    "deep-calls": (400, {"fields": "f(" * 5_000 + ")" * 5_000}),
    "attribute-of-python": (403, {"fields": "__class__"}),
    "method": (403, {"fields": "delete"}),
    "manager": (403, {"fields": "objects"}),
    "property": (403, {"fields": "_state"}),
    "secret-by-field-value": (403, {"filters": {"status": {"$field": "internal_notes"}}}),
    "unknown-by-field-value": (403, {"filters": {"status": {"$field": "nothing"}}}),
    "secret-of-the-user": (400, {"filters": {"status": {"$user": "password"}}}),
    "method-of-the-user": (400, {"filters": {"status": {"$user": "get_session_auth_hash"}}}),
    "unknown-dynamic-value": (400, {"filters": {"status": {"$sql": "1"}}}),
    "two-dynamic-values": (400, {"filters": {"status": {"$user": "id", "$field": "status"}}}),
    "operator-not-granted": (403, {"filters": {"customer.name.regex": "^A"}}),
    "operator-that-does-not-exist": (403, {"filters": {"status.sounds_like": "x"}}),
    "regex-on-a-secret": (403, {"filters": {"not": {"internal_notes.regex": "x"}}}),
    "secret-under-or": (403, {"filters": {"or": [{"id": 1}, {"internal_notes": "x"}]}}),
    "secret-under-not": (403, {"filters": {"not": {"not": {"stripe_payment_id.isnull": False}}}}),
    "secret-behind-isnull": (403, {"filters": {"created_by.password.isnull": False}}),
    "relation-behind-isnull": (403, {"filters": {"lines.isnull": False}}),
    "search-over-secrets": (403, {"search": "call"}),
    "related-secrets": (403, {"related": {"lines": {}}}),
    "distinct-on-a-secret": (403, {"distinct": ["internal_notes"]}),
    "having": (400, {"having": {"internal_notes.max.gt": "a"}}),
    "explain": (401, {"explain": True}),
}


@_cases(IDENTIFIERS)
def test_identifiers_and_logic(ask, status, query):
    answer = ask(query, NARROW)
    assert answer.status == status, answer.content
    assert len(answer.statements) == (1 if status == 200 else 0)
    assert not [secret for secret in SECRETS if secret in answer.content]


def test_filters_never_widen_the_rows_rule(ask):
    for filters in (
        {"or": [{"id.gte": 0}, {"id.isnull": True}]},
        {"not": {"id": 999}},
        {"or": {"id": 2, "status": "pending"}},
        {"id.in": [1, 2, 3]},
    ):
        answer = ask({"filters": filters}, NARROW)
        assert set(answer.ids) <= {1}, filters


def test_row_of_somebody_else_is_no_row(ask):
    hidden, missing = ask({}, NARROW, pk=2), ask({}, NARROW, pk=999)
    assert hidden.status == 404
    assert hidden.content == missing.content
    assert len(hidden.statements) == len(missing.statements)


JSON_PATHS = {
    "negative-index": (403, {"filters": {"metadata.tags.-1": "a"}}),
    "index-with-an-underscore": (403, {"filters": {"metadata.tags.1_0": "a"}}),
    "negative-index-with-an-underscore": (403, {"filters": {"metadata.tags.-1_0": "a"}}),
    "twenty-digits": (403, {"filters": {"metadata.tags.12345678901234567890": "a"}}),
    "nine-digits": (200, {"filters": {"metadata.tags.999999999": "a"}}),
    "500-segments": (400, {"filters": {"metadata." + ".".join(["x"] * 500): "a"}}),
    "quote": (400, {"filters": {"metadata.a'b": "a"}}),
    "double-quote": (400, {"filters": {'metadata.a"b': "a"}}),
    "percent-sign": (400, {"filters": {"metadata.%s": "a"}}),
    "in-fields": (400, {"fields": "metadata.a'b"}),
    "in-orders": (400, {"order_by": "metadata.a'b"}),
    "key-too-long": (400, {"filters": {f"metadata.{'a' * 65}": "a"}}),
    "has-key-with-quotes": (200, {"filters": {"metadata.has_key": "a'b\"c\\"}}),
    "has-keys-with-quotes": (200, {"filters": {"metadata.has_keys": ["a'b\"", "$.*"]}}),
    "field-value": (400, {"filters": {"metadata.level": {"$field": "metadata"}}}),
    "lookup-name": (200, {"filters": {"metadata.level__gt": 0}}),
}


@_cases(JSON_PATHS)
def test_keys_in_json(ask, status, query):
    answer = ask(query, WIDE, model="customer")
    assert answer.status == status, answer.content
    assert len(answer.statements) == (1 if status == 200 else 0)


def test_contained_by_is_refused_with_a_reason_where_the_database_cannot(ask):
    answer = ask(
        {"filters": {"metadata.contained_by": {"$value": {"a": 1}}}}, WIDE, model="customer"
    )
    if connection.features.supports_json_field_contains:
        assert answer.status == 200
    else:
        assert answer.status == 400
        assert answer.body["code"] == "query.unsupported"
        assert answer.statements == []


def _compared(path: str, value: Any) -> dict[str, Any]:
    return {"filters": {path: value}}


VALUES = {
    "nul-in-text": (400, _compared("status", "a\x00b")),
    "nul-in-a-list": (400, _compared("status.in", ["a", "\x00"])),
    "nul-in-a-json-value": (400, _compared("customer.metadata.level", "\x00")),
    "nul-deep-in-a-json-value": (
        400,
        _compared("customer.metadata", {"$value": {"a": ["\x00"]}}),
    ),
    "nul-in-a-json-key": (400, _compared("customer.metadata.has_key", "\x00")),
    "nul-in-a-path": (400, _compared("status\x00", "a")),
    "big-integer": (400, _compared("seats", 10**30)),
    "big-integer-less-than": (400, _compared("seats.lt", 10**30)),
    "big-integer-in": (400, _compared("seats.in", [1, 10**30])),
    "big-integer-range": (400, _compared("seats.range", [0, 10**30])),
    "big-integer-of-a-foreign-key": (400, _compared("customer", 10**30)),
    "big-integer-among-foreign-keys": (400, _compared("customer.in", [10**30])),
    "big-integer-in-json": (400, _compared("customer.metadata.level.gt", 10**30)),
    "largest-integer": (200, _compared("seats.lt", 2**63 - 1)),
    "big-year": (400, _compared("day.year", 10**30)),
    "year-10000": (400, _compared("day.year", 10_000)),
    "year-0": (400, _compared("day.year.gte", 0)),
    "year-below-0": (400, _compared("created_at.year", -5)),
    "year-as-text": (400, _compared("day.year", "abc")),
    "year-beyond-in-a-list": (400, _compared("created_at.iso_year.in", [2025, 99_999])),
    "month-beyond": (400, _compared("day.month", 2**40)),
    "end-of-time-in-another-zone": (400, _compared("created_at", "9999-12-31T23:59:59-23:59")),
    "begin-of-time-in-another-zone": (400, _compared("created_at", "0001-01-01T00:00:00+14:00")),
    "date-as-integer": (400, _compared("day", 5)),
    "date-as-list": (400, _compared("day", ["2025-01-01"])),
    "datetime-as-integer": (400, _compared("created_at.gt", 5)),
    "date-that-is-none": (400, _compared("day", "2025-02-30")),
    "date-in-other-digits": (400, _compared("day", "２０２５-01-01")),
    "time-that-is-none": (400, _compared("starts", "25:00")),
    "duration-that-is-none": (400, _compared("lasts", "long")),
    "duration-too-long": (400, _compared("lasts", "P99999999999D")),
    "uuid-that-is-none": (400, _compared("reference", "xyz")),
    "uuid-in-braces": (400, _compared("reference", "{00000000-0000-0000-0000-000000000001}")),
    "boolean-that-is-none": (400, _compared("urgent", "yes")),
    "boolean-as-integer": (400, _compared("urgent", 1)),
    "decimal-nan": (400, _compared("price", "NaN")),
    "decimal-infinity": (400, _compared("price.lt", "Infinity")),
    "decimal-signalling-nan": (400, _compared("price", "sNaN")),
    "decimal-with-a-huge-exponent": (400, _compared("price.lt", "1e1000000000")),
    "decimal-with-a-long-exponent": (400, _compared("price", "1e" + "9" * 3_000)),
    "decimal-with-too-many-places": (400, _compared("price", "1.005")),
    "decimal-with-too-many-digits": (400, _compared("price.gt", 10**7)),
    "float-beyond": (400, _compared("rating.lt", "1e400")),
    "isnull-as-word": (400, _compared("status.isnull", "no")),
    "isnull-as-integer": (400, _compared("status.isnull", 1)),
    "isnull-as-null": (400, _compared("status.isnull", None)),
    "in-null": (400, _compared("seats.in", None)),
    "in-integer": (400, _compared("seats.in", 5)),
    "in-an-object": (400, _compared("seats.in", {"a": 1})),
    "in-a-list-of-lists": (400, _compared("seats.in", [[1]])),
    "in-a-list-with-null": (400, _compared("seats.in", [None])),
    "in-text-of-letters": (400, _compared("seats.in", "abc")),
    "range-of-one": (400, _compared("seats.range", [1])),
    "range-of-three": (400, _compared("seats.range", [1, 2, 3])),
    "range-of-nothing": (400, _compared("seats.range", [])),
    "null-for-less-than": (400, _compared("seats.lt", None)),
    "null-for-contains": (400, _compared("status.contains", None)),
    "key-as-true": (400, _compared("id", True)),
    "key-in-other-digits": (400, _compared("id", "１")),
    "key-with-an-underscore": (400, _compared("id", "1_0")),
    "key-with-spaces": (400, _compared("id", " 1 ")),
    "key-as-float": (400, _compared("id", 1.0)),
    "bad-regex": (400, _compared("status.regex", "(")),
    "bad-regex-class": (400, _compared("status.regex", "[z-a]")),
    "text-too-long": (400, _compared("status.icontains", "a" * 60_000)),
    "text-as-long-as-may-be": (200, _compared("status.icontains", "\U0001f600" * 4_000)),
    "integer-for-text": (400, _compared("status.contains", 5)),
    "object-for-text": (400, _compared("status", {"a": 1})),
    "list-for-text": (400, _compared("status", ["a"])),
    "offset-beyond": (400, {"offset": 2**63}),
    "offset-below": (400, {"offset": -1}),
    "offset-as-text": (400, {"offset": "1"}),
    "offset-as-float": (400, {"offset": 1.5}),
    "limit-as-float": (400, {"limit": 1.0}),
    "limit-zero": (400, {"limit": 0}),
    "limit-below": (400, {"limit": -1}),
    "limit-true": (400, {"limit": True}),
    "limit-null": (400, {"limit": None}),
    "limit-huge-is-capped": (200, {"limit": 10**18}),
    "now-too-far": (400, _compared("created_at.gt", {"$now": "999999999w"})),
    "now-for-text": (400, _compared("status", {"$now": "-7d"})),
    "now-that-is-none": (400, _compared("created_at.gt", {"$now": "yesterday"})),
    "value-in-value": (400, _compared("status", {"$value": {"$value": "x"}})),
}


@_cases(VALUES)
def test_values(ask, status, query):
    answer = ask(query, WIDE)
    assert answer.status == status, answer.content
    assert len(answer.statements) == (1 if status == 200 else 0)
    if status == 400:
        (place,) = query.get("filters", query)
        assert place.split("\x00")[0] in answer.body["path"]


@pytest.mark.parametrize(
    "pk", ["true", "１", "1_0", " 1 ", "inf", "abc", "{}", "-1", "1.0", "9" * 30]
)
def test_keys_that_are_no_keys_are_no_rows(ask, pk):
    answer = ask({}, WIDE, pk=pk)
    assert answer.status == 404, answer.content


@pytest.mark.parametrize("pk", [True, {}, [], [1], None, 1.0, "1_0", 10**30, {"$user": "id"}])
def test_keys_of_a_body_that_are_no_keys_are_no_rows(ask, pk):
    answer = ask({"_id": pk}, WIDE)
    assert answer.status == 404, answer.content
    assert answer.statements == []


BODIES = {
    "surrogate-in-text": b'{"filters": {"status": "\\ud800"}}',
    "surrogate-in-a-json-value": b'{"filters": {"customer.metadata.level": "\\ud800"}}',
    "integer-of-4301-digits": b'{"filters": {"seats": ' + b"1" * 4_301 + b"}}",
    "nan": b'{"filters": {"rating": NaN}}',
    "infinity": b'{"filters": {"rating": -Infinity}}',
    "float-beyond": b'{"filters": {"rating": 1e400}}',
    "utf-16": '{"fields": "id"}'.encode("utf-16"),
    "byte-order-mark": b'\xef\xbb\xbf{"fields": "id"}',
    "broken-utf-8": b'{"fields": "\xff\xfe"}',
    "list": b"[]",
    "text": b'"fields"',
    "null": b"null",
    "unfinished": b'{"fields": ',
    "trailing": b'{"fields": "id"} x',
    "nested-33-deep": b'{"filters": ' + b"[" * 33 + b"]" * 33 + b"}",
    "nested-20000-deep": b"[" * 20_000,
}


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in BODIES.items()])
def test_bodies_that_are_no_json_object(ask, body):
    answer = ask(body, WIDE)
    assert answer.status == 400, answer.content
    assert answer.statements == []


def test_last_of_repeated_keys_counts_everywhere(ask):
    answer = ask(b'{"fields": "internal_notes", "fields": "id"}', NARROW)
    assert answer.body["results"] == {"1": {"id": 1}}
    refused = ask(b'{"fields": "id", "fields": "internal_notes"}', NARROW)
    assert refused.status == 403


def _nested(connector: str, depth: int) -> dict[str, Any]:
    tree: dict[str, Any] = {"id": 1}
    for _ in range(depth):
        tree = {connector: [tree]}
    return {"filters": tree}


RESOURCES = {
    "and-nested-11-deep": (400, _nested("and", 11)),
    "and-nested-10-deep": (200, _nested("and", 10)),
    "or-nested-11-deep": (400, _nested("or", 11)),
    "not-nested-11-deep": (400, _nested("not", 11)),
    "not-nested-10-deep": (200, _nested("not", 10)),
    "or-of-3000": (400, {"filters": {"or": [{"id": key} for key in range(3_000)]}}),
    "or-of-100": (200, {"filters": {"or": [{"id": key} for key in range(100)]}}),
    "or-of-101": (400, {"filters": {"or": [{"id": key} for key in range(101)]}}),
    "in-1001": (400, {"filters": {"id.in": list(range(1_001))}}),
    "in-1000": (200, {"filters": {"id.in": list(range(1_000))}}),
    "in-100000": (400, {"filters": {"id.in": list(range(100_000))}}),
    "in-1001-as-text": (400, {"filters": {"id.in": ",".join(["1"] * 1_001)}}),
    "keys-1001": (400, {"filters": {"customer.metadata.has_keys": ["a"] * 1_001}}),
    "json-value-of-1001": (400, {"filters": {"customer.metadata": {"$value": [1] * 1_001}}}),
    "path-of-60-joins": (400, {"filters": {f"tags.{'bookings.tags.' * 30}slug": "a"}}),
    "fields-201": (400, {"fields": ["id"] * 201}),
    "fields-of-wildcards": (400, {"fields": ", ".join(f"x{n}:id" for n in range(190)) + ", *"}),
    "fields-500000": (400, {"fields": "a," * 499_999 + "a"}),
    "orders-9": (400, {"order_by": ["id"] * 9}),
    "orders-8": (200, {"order_by": ["id"] * 8}),
    "chained-filters-on-one-path": (
        200,
        {"filters": {"and": [{"lines.quantity.gte": n} for n in range(8)]}},
    ),
    "pattern-of-101": (400, {"filters": {"status.regex": "a" * 101}}),
    "pattern-of-100": (200, {"filters": {"status.regex": "a" * 100}}),
    "exponential-pattern": (400, {"filters": {"status.regex": "(a+)+$"}}),
    "offset-beyond": (400, {"offset": 100_001}),
    "offset-at-the-cap": (200, {"offset": 100_000}),
}


@_cases(RESOURCES)
def test_resources(ask, status, query):
    answer = ask(query, WIDE)
    assert answer.status == status, answer.content[:300]
    assert len(answer.statements) == (1 if status == 200 else 0)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param({"filters": {"parent.parent.parent.title": "x"}}, id="filters"),
        pytest.param({"filters": {"parent.children.parent.title": "x"}}, id="to-many"),
        pytest.param({"fields": "parent.parent.parent.title"}, id="fields"),
        pytest.param({"fields": "parent.parent.parent.*"}, id="wildcards"),
        pytest.param({"order_by": "parent.parent.parent.title"}, id="orders"),
        pytest.param(
            {"filters": {"title": {"$field": "parent.parent.parent.title"}}}, id="field-values"
        ),
    ],
)
def test_three_hops_are_too_many_in_every_clause(ask, query):
    expose = {"node": granted(fields=["*", "parent.children.parent.title"])}
    refused = ask(query, expose, model="node")
    assert refused.status == 400, refused.content
    assert refused.body["code"] == "query.limit"
    assert refused.statements == []
    assert ask(query, expose, model="node", MAX_RELATION_DEPTH=3).status == 200


def test_joins_are_counted_over_all_clauses(ask):
    hops = ["customer.name", "customer.company.name", "address.city", "team.name", "lines.note"]
    query = {"fields": "customer.name, address.city", "filters": dict.fromkeys(hops, "x")}
    assert ask(query, WIDE, MAX_JOINS=5).status == 200
    refused = ask(query, WIDE, MAX_JOINS=4)
    assert refused.status == 400
    assert refused.body["code"] == "query.limit"
    assert refused.statements == []


def test_body_is_measured_before_it_is_read(ask):
    answer = ask(json.dumps({"fields": "x" * 2_000_000}).encode(), WIDE)
    assert answer.status == 413
    assert answer.statements == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="These limits are SQLite's own")
def test_limits_of_sqlite_are_no_outage(ask):
    """Each of 4,000 letters is written with 14 in the pattern that finds it in JSON text."""
    query = {"filters": {"customer.metadata.level.icontains": "\U0001f600" * 4_000}}
    answer = ask(query, WIDE)
    assert answer.status == 400
    assert answer.body["code"] == "query.limit"


@pytest.mark.exhaustive
def test_hundred_lists_of_a_thousand_are_answered_or_refused(ask):
    lists = [{"id.in": list(range(start, start + 1_000))} for start in range(100)]
    # A slow machine may take longer than a read may: refused, too.
    assert ask({"filters": {"or": lists}}, WIDE).status in {200, 400, 503}
