"""Strategies for requests: some well formed, most of them wrong in one way or in many."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

GRANTED = ["id", "status", "price", "seats", "day", "created_at", "customer", "customer.name"]
HIDDEN = [
    "internal_notes",
    "stripe_payment_id",
    "customer.api_token",
    "customer.company.tax_id",
    "created_by.password",
    "created_by.is_superuser",
    "lines.note",
    "tags.slug",
    "team.members.password",
]
STRANGE = [
    "",
    ".",
    "*",
    "?",
    "-",
    "pk",
    "id.id.id",
    "customer__name",
    "status__startswith",
    "_connector",
    "_negated",
    "self",
    "objects",
    "__class__",
    "save",
    "a" * 65,
    "x." * 70 + "y",
    "a(" * 30 + ")" * 30,
    "sum(price)",
    "count(*)",
    "id;--",
    "id' OR 1=1 --",
    'id"',
    "id%s",
    "id\x00",
    "é",
    "１",
    "metadata.-1",
    "customer.metadata.1_0",
    "status.nulls_first",
    "\u202e",
    "\ud800",
]
OPERATORS = [
    "exact",
    "iexact",
    "ne",
    "lt",
    "gte",
    "in",
    "nin",
    "range",
    "isnull",
    "contains",
    "icontains",
    "startswith",
    "regex",
    "iregex",
    "year",
    "date",
    "month.gte",
    "len",
    "len.len",
    "has_key",
    "has_keys",
    "contained_by",
    "some",
    "every",
    "none",
    "nonsense",
]
paths = st.one_of(
    st.sampled_from(GRANTED), st.sampled_from(HIDDEN), st.sampled_from(STRANGE), st.text(max_size=9)
)
fitting = st.sampled_from(["confirmed", 1, "1", True, None, "2025-01-15", "10.50", [1, 2], "1,2"])
dynamic = st.one_of(
    st.sampled_from([{"$now": "-7d"}, {"$now": "x"}, {"$now": "999999999w"}, {"$user": "id"}]),
    st.sampled_from([{"$user": "password"}, {"$user": "is_superuser"}, {"$x": 1}, {}]),
    st.builds(lambda path: {"$field": path}, paths),
    st.builds(lambda value: {"$value": value}, st.one_of(fitting, st.just({"a": [1, None]}))),
)
extreme = st.sampled_from(
    [
        10**30,
        -(2**63),
        2**63,
        1e308,
        0.1,
        "1e1000000000",
        "NaN",
        "0000-00-00",
        "10000-01-01",
        "9999-12-31T23:59:59-23:59",
        "25:61",
        "P99999999999D",
        "a" * 4_001,
        "\x00",
        "\ud800",
        "%",
        "(a+)+$",
        "[",
        "' OR 1=1",
        [],
        {},
        [[1]],
        [None],
        list(range(1_001)),
        "１",
        " 1 ",
        "1_0",
    ]
)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=6,
)
values = st.one_of(fitting, fitting, dynamic, extreme, json_values)
filter_keys = st.one_of(
    paths,
    st.builds("{}.{}".format, paths, st.sampled_from(OPERATORS)),
    st.builds("{}.{}".format, st.sampled_from(GRANTED), st.sampled_from(OPERATORS)),
)
filters = st.recursive(
    st.dictionaries(filter_keys, values, max_size=3),
    lambda inner: st.dictionaries(
        st.sampled_from(["and", "or", "not", "lines.some", "tags.none", "team.members.every"]),
        st.one_of(inner, st.lists(inner, max_size=3)),
        max_size=2,
    ),
    max_leaves=5,
)
field_lists = st.one_of(
    st.lists(st.one_of(st.sampled_from(GRANTED), paths), max_size=4).map(", ".join),
    st.lists(st.one_of(paths, st.builds("{}:{}".format, st.text(max_size=4), paths)), max_size=4),
    st.sampled_from(
        ["*", "customer.*", "*, -status", "-status", "*, -internal_notes", "a:id,a:id"]
    ),
    values,
)
keys: dict[str, st.SearchStrategy[Any]] = {
    "fields": field_lists,
    "filters": st.one_of(filters, filters, values),
    "order_by": st.one_of(field_lists, st.builds("-{}".format, paths)),
    "limit": st.one_of(st.integers(-2, 5), values),
    "offset": st.one_of(st.integers(-2, 5), st.just(10**9), values),
    "shape": st.one_of(st.sampled_from(["map", "list"]), values),
    "_model": st.one_of(st.just("booking"), paths, values),
    "_action": st.one_of(st.sampled_from(["get", "list", "add", "delete", "aggregate"]), values),
    "_id": st.one_of(st.integers(0, 9), values),
    "id": st.one_of(st.integers(0, 9), values),
    "search": values,
    "distinct": values,
    "aggregate": values,
    "group_by": values,
    "having": values,
    "related": values,
    "explain": values,
    "cursor": values,
    "count": values,
    "nonsense": values,
}
comparisons = st.one_of(
    st.tuples(
        st.sampled_from(["status", "status.ne", "status.icontains", "status.gt", "customer.name"]),
        st.sampled_from(["confirmed", "pending", "e", ""]),
    ),
    st.tuples(st.sampled_from(["seats", "price.gte", "price.lt"]), st.integers(0, 40)),
    st.tuples(st.sampled_from(["status.in", "status.nin"]), st.lists(st.just("pending"))),
    st.tuples(st.sampled_from(["price.isnull", "created_at.isnull"]), st.booleans()),
    st.tuples(st.sampled_from(["day.year", "created_at.month.lt"]), st.integers(2, 9)),
)
good_filters = st.recursive(
    st.lists(comparisons, min_size=1, max_size=3).map(dict),
    lambda inner: st.dictionaries(
        st.sampled_from(["and", "or", "not"]),
        st.one_of(inner, st.lists(inner, min_size=1, max_size=2)),
        min_size=1,
        max_size=2,
    ),
    max_leaves=4,
)
good_fields = st.one_of(
    st.lists(st.sampled_from(GRANTED), min_size=1, max_size=4).map(", ".join), st.just("*")
)
good: dict[str, st.SearchStrategy[Any]] = {
    "fields": good_fields,
    "filters": good_filters,
    "order_by": st.sampled_from(["status", "-price", ["-price", "customer.name"]]),
    "limit": st.integers(1, 3),
    "offset": st.integers(0, 3),
    "shape": st.sampled_from(["map", "list"]),
}
well_formed = st.fixed_dictionaries({}, optional=good)
usual = st.one_of(
    well_formed,
    st.fixed_dictionaries({}, optional={**good, "fields": keys["fields"]}),
    st.fixed_dictionaries({}, optional={**good, "filters": keys["filters"]}),
    st.fixed_dictionaries({}, optional={**good, "order_by": keys["order_by"]}),
    st.fixed_dictionaries({}, optional={name: keys[name] for name in good}),
)
queries = st.one_of(usual, st.fixed_dictionaries({}, optional=keys))


def encoded(value: Any) -> bytes:
    """Return a value as JSON that keeps what JSON cannot say: NaN, half surrogate pairs."""
    return json.dumps(value).encode()


broken = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            b"{",
            b"[]",
            b"null",
            b'"fields"',
            b"1",
            b'{"limit": NaN}',
            b'{"limit": 1e400}',
            b'{"limit": ' + b"1" * 5_000 + b"}",
            b'{"fields": "\\ud800"}',
            b'{"fields": "\xff"}',
            b"\xef\xbb\xbf{}",
            '{"fields": "id"}'.encode("utf-16"),
            b'{"fields": "id"}x',
            b'{"fields": "id", "fields": "internal_notes"}',
            b'{"filters": ' * 40 + b"1" + b"}" * 40,
            b"[" * 100_000,
            b'{"fields": "' + b"a," * 600_000 + b'"}',
            b'{"fields": "' + b"a(" * 5_000 + b")" * 5_000 + b'"}',
        ]
    ),
    st.builds(lambda whole, end: whole[: -end or None], queries.map(encoded), st.integers(0, 9)),
)
bodies = st.one_of(queries.map(encoded), queries.map(encoded), broken)

flat_names = st.one_of(
    st.sampled_from(["fields", "order_by", "limit", "offset", "shape", "q", "id", "_model"]),
    st.builds("filters.{}".format, filter_keys),
    st.builds("filters.or.{}.{}".format, st.integers(0, 12), filter_keys),
    st.builds("filters.not.lines.some.{}".format, filter_keys),
    st.sampled_from(["filters", "filters.", "filters..", "filters.or", "related.lines.limit", ""]),
    st.text(max_size=12),
)
flat_values = st.one_of(
    st.sampled_from(["id", "id,status", "5", "true", "null", "", "{}", '{"fields": "id"}', "{"]),
    paths,
    queries.map(json.dumps),
    st.text(max_size=12),
)
parameters = st.one_of(
    st.lists(st.tuples(flat_names, flat_values), max_size=5).map(
        lambda pairs: urlencode(pairs, errors="replace")
    ),
    st.sampled_from(["%", "%zz", "a=%ff", "=", "&&&", "a;b", "fields=%00", "a=1&" * 1_100]),
    st.text(st.characters(max_codepoint=255), max_size=30),
)


def _segment(text: str) -> str:
    return quote(text, safe="%", errors="replace")


segments = st.one_of(
    st.sampled_from(["booking", "bookings", "Booking", "testapp.booking", "customer", "company"]),
    st.sampled_from(["1", "999", "query", "aggregate", "actions", "..", "%2e%2e", "%00", "%ff"]),
    st.sampled_from(
        ["１", "1_0", "%2531", "1%0a", "null", "[]", "{}", "auth.user", "user", "x" * 3_000]
    ),
    paths.map(_segment),
)
urls = st.one_of(
    st.sampled_from(["", "booking/", "booking/1", "booking/query", "bookings", "customer/"]),
    st.lists(segments, max_size=4).map("/".join),
    st.lists(segments, max_size=4).map(lambda parts: f"{'/'.join(parts)}/"),
)
methods = st.one_of(
    st.sampled_from(["GET", "POST", "QUERY", "OPTIONS", "HEAD"]),
    st.sampled_from(["PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "get", "X" * 50]),
)
headers = st.fixed_dictionaries(
    {},
    optional={
        "Accept": st.sampled_from(["*/*", "application/problem+json", "text/html", "", ";;q=,"]),
        "Prefer": st.sampled_from(["handling=lenient", "return=minimal", ",;=", "x" * 999]),
        "If-None-Match": st.sampled_from(["*", '"x"', 'W/"x", "y"', "x", '"', ","]),
        "Content-Encoding": st.sampled_from(["gzip", "identity", "", "x"]),
        "Authorization": st.sampled_from(
            [
                "Basic",
                "Basic x",
                "Basic w6k6w6k=",
                "Basic OnBhc3M=",
                "Bearer x",
                "x" * 999,
                "Basic ÿ",
            ]
        ),
        "Cookie": st.sampled_from(["sessionid=x", "sessionid='; DROP", "csrftoken=x", "=;=", "é"]),
        "X-HTTP-Method-Override": st.just("DELETE"),
        "X-Forwarded-Host": st.just("<script>"),
        "Range": st.just("bytes=0-1"),
    },
)
content_types = st.one_of(
    st.just("application/json"),
    st.sampled_from(["", "text/plain", "application/xml", "application/x-www-form-urlencoded"]),
    st.sampled_from(
        ["multipart/form-data; boundary=x", "multipart/form-data", "x", "é/é", "a/b;c"]
    ),
)
lengths = st.sampled_from(["", "0", "x", "9" * 5_000, "1e3", "２"])
