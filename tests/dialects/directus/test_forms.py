"""One normaliser: each form of a parameter means the same, and none is an error of the server."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from django_flex.dialects.base import RawRequest
from django_flex.dialects.directus.requests import decode
from django_flex.exceptions import FlexError
from django_flex.query.limits import Limits
from tests.dialects.directus.asking import Server
from tests.random_search import some

ASKED: dict[str, Any] = {
    "fields": ["id", "author.name"],
    "filter": {"_or": [{"status": {"_in": ["a", "b"]}}, {"author": {"name": {"_eq": "x"}}}]},
    "sort": ["-id", "title"],
    "limit": 5,
    "page": 2,
    "search": "x",
    "meta": ["total_count"],
    "deep": {"posts": {"_limit": 3, "_sort": ["-id"], "_filter": {"id": {"_gt": 1}}}},
    "alias": {"top": "posts"},
}
FORMS: dict[str, dict[str, Any]] = {
    "values": ASKED,
    "text-of-json": {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in ASKED.items()
    },
    "json-in-json": {
        name: json.dumps(json.dumps(value)) if isinstance(value, dict) else value
        for name, value in ASKED.items()
    },
    "with-white-space": {
        name: f"\n{json.dumps(value, indent=2)}\n" if isinstance(value, dict) else value
        for name, value in ASKED.items()
    },
    "commas": {**ASKED, "fields": "id,author.name", "sort": "-id, title", "limit": "5", "page": "2"},
    "commas-in-lists": {**ASKED, "fields": ["id,author.name"]},
}  # fmt: skip


def read(method: str, body: Any = None, parameters: Any = ()) -> dict[str, Any]:
    content = b"" if body is None else json.dumps(body).encode()
    sent = RawRequest(method=method, parameters=list(parameters), body=content)
    found: Any = decode(sent, Limits())
    return dict(found["query"])


def expected() -> dict[str, Any]:
    return read("SEARCH", {"query": ASKED})


def as_texts(value: Any) -> Any:
    """A value as it is in a URL, where everything is a text."""
    if isinstance(value, dict):
        return {key: as_texts(part) for key, part in value.items()}
    if isinstance(value, list):
        return [as_texts(part) for part in value]
    return str(value)


@pytest.mark.parametrize("name", FORMS)
def test_each_form_in_a_body_means_the_same(name: str) -> None:
    assert expected() == read("SEARCH", {"query": FORMS[name]})
    assert expected() == read("SEARCH", {"query": json.dumps(FORMS[name])})


@pytest.mark.parametrize("name", ["text-of-json", "commas"])
def test_each_form_in_a_url_means_the_same(name: str) -> None:
    parameters = [
        (key, value if isinstance(value, list) else [value if isinstance(value, str) else json.dumps(value)])
        for key, value in FORMS[name].items()
    ]  # fmt: skip
    assert expected() == read("GET", parameters=parameters)


def test_brackets_mean_the_same() -> None:
    parameters = [
        ("fields[]", ["id", "author.name"]),
        ("filter[_or][0][status][_in][0]", ["a"]),
        ("filter[_or][0][status][_in][1]", ["b"]),
        ("filter[_or][1][author][name][_eq]", ["x"]),
        ("sort[0]", ["-id"]),
        ("sort[1]", ["title"]),
        ("limit", ["5"]),
        ("page", ["2"]),
        ("search", ["x"]),
        ("meta", ["total_count"]),
        ("deep[posts][_limit]", ["3"]),
        ("deep[posts][_sort][]", ["-id"]),
        ("deep[posts][_filter][id][_gt]", ["1"]),
        ("alias[top]", ["posts"]),
    ]
    assert as_texts(expected()) == as_texts(read("GET", parameters=parameters))


def test_a_comma_in_parentheses_separates_nothing() -> None:
    assert ["id", "f(a,b)"] == read("GET", parameters=[("fields", ["id,f(a,b)"])])["fields"]


def test_a_parameter_without_a_value_asks_for_nothing() -> None:
    assert {} == read("GET", parameters=[("filter", [""]), ("fields", [""]), ("limit", [""])])


names = st.sampled_from(
    [
        *("fields", "filter", "sort", "limit", "offset", "page", "search", "meta", "aggregate"),
        *("groupBy", "deep", "alias", "export", "keys", "foo", ""),
    ]
)
words = st.sampled_from(
    [
        *(
            "id",
            "status",
            "customer",
            "customer.name",
            "lines",
            "lines.product",
            "tags",
            "*",
            "*.*",
        ),
        *("nothing", "_eq", "_in", "_or", "_and", "_some", "_none", "_null", "_between", "_empty"),
        *("year(created_at)", "count(lines)", "f(", ")", "-id", "_limit", "_filter", "_sort", "pk"),
        *("$NOW", "$CURRENT_USER", "null", "true", "-1", "99999999999999999999", "\0", "\ud800"),
        *(
            "a.b.c",
            "count",
            "sum",
            "price",
            "metadata",
            "__proto__",
            "🂡",
            " ",
            "{",
            "[",
            "0",
            "csv",
        ),
    ]
)
leaves = st.one_of(words, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False))
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(words, inner, max_size=3),
        inner.map(json.dumps),
    ),
    max_leaves=8,
)
brackets = st.lists(st.one_of(words, st.just("")), max_size=4).map(
    lambda way: "".join(f"[{name}]" for name in way)
)
parameters = st.lists(
    st.tuples(st.builds("{}{}".format, names, brackets), st.lists(words, min_size=1, max_size=2)),
    max_size=5,
    unique_by=lambda pair: pair[0],
)


@pytest.mark.exhaustive
@settings(max_examples=some(3_000))
@given(parameters=parameters, body=st.dictionaries(names, values, max_size=4))
def test_whatever_is_sent_is_read_or_refused(parameters: Any, body: Any) -> None:
    for method, content in (("GET", None), ("SEARCH", {"query": body}), ("SEARCH", body)):
        try:
            read(method, content, parameters)
        except FlexError as error:
            assert error.status == 400  # noqa: PT017 - most are refused


@pytest.mark.exhaustive
@settings(max_examples=some(2_000))
@given(query=st.dictionaries(names, values, max_size=4), parameters=parameters)
@example(query={"export": "csv"}, parameters=[])
def test_no_request_is_an_error_of_the_server(
    server: Server, query: dict[str, Any], parameters: Any
) -> None:
    text = urlencode(
        [(name, value) for name, many in parameters for value in many], errors="replace"
    )
    for found in (
        server.send("SEARCH", "items/booking", {"query": query}),
        server.send("SEARCH", f"items/booking?{text}", {"query": query}),
        server.send("GET", f"items/booking?{text}"),
        server.send("GET", f"items/booking/1?{text}"),
        server.send("PATCH", f"items/line/99?{text}", query),
        server.send("PATCH", "items/line", {"query": query, "data": {"nothing": 1}}),
    ):
        assert found.status in {200, 204, 400, 403}, (found.status, found.content)


@pytest.mark.exhaustive
@settings(max_examples=some(1_000))
@given(body=values)
def test_no_body_of_a_write_is_an_error_of_the_server(server: Server, body: Any) -> None:
    for method in ("POST", "PATCH", "DELETE"):
        for path in ("items/nothing", "items/tag", "items/tag/nothing"):
            found = server.send(method, path, body)
            assert found.status in {200, 204, 400, 403, 405, 422}, found.content
