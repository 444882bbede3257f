"""Reading all rows by keys, against a server without cursors."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_flex.client import BadQuery, BuildError, Client, Progress, ProtocolError
from tests.client.directus_server import DirectusServer
from tests.random_search import some

VALUES = st.none() | st.integers(0, 3)
ROWS = st.lists(st.tuples(VALUES, VALUES), max_size=14)
ORDERS = st.lists(st.sampled_from(["a", "-a", "b", "-b"]), max_size=2, unique_by=lambda p: p[-1])


def client(server: DirectusServer) -> Client:
    http = httpx2.Client(transport=server.transport())
    return Client("https://directus.example/", dialect="directus", http=http)


def server_with(rows: list[tuple[Any, Any]], *, nulls_large: bool = False) -> DirectusServer:
    items = [{"id": place, "a": a, "b": b} for place, (a, b) in enumerate(rows, 1)]
    return DirectusServer({"items": items}, nulls_large=nulls_large)


@pytest.mark.exhaustive
@given(ROWS, ORDERS, st.booleans(), st.integers(1, 5), st.booleans())
def test_all_rows_are_read_once_and_in_order(
    rows: list[tuple[Any, Any]], order: list[str], large: bool, size: int, ascending: bool
) -> None:
    server = server_with(rows, nulls_large=large)
    query = client(server).collection("items").order_by(*order, "id" if ascending else "-id")
    expected = query.limit(-1).list().items
    assert list(query.iter(page_size=size)) == expected


@pytest.mark.exhaustive
@given(ROWS, ORDERS, st.booleans(), st.integers(1, 4), st.integers(0, 14))
def test_reading_resumes_after_the_last_row_that_was_taken(
    rows: list[tuple[Any, Any]], order: list[str], large: bool, size: int, taken: int
) -> None:
    server = server_with(rows, nulls_large=large)
    query = client(server).collection("items").order_by(*order)
    expected = [row["id"] for row in query.order_by("id").limit(-1).list()]
    begun = query.iter(page_size=size)
    first = [row["id"] for _, row in zip(range(taken), begun, strict=False)]
    rest = [row["id"] for row in query.iter(page_size=size, resume=begun.token)]
    assert first + rest == expected


def test_rows_that_are_added_and_deleted_meanwhile_shift_nothing() -> None:
    server = server_with([(n, 0) for n in range(20)])
    begun = client(server).collection("items").order_by("a").iter(page_size=5)
    first = [next(begun)["id"] for _ in range(7)]
    server.collections["items"] = [
        {"id": 90, "a": -1, "b": 0},
        *(row for row in server.collections["items"] if row["id"] not in {2, 3, 15}),
    ]
    assert first + [row["id"] for row in begun] == [*range(1, 15), *range(16, 21)]


def test_pages_are_read_ahead_in_their_order() -> None:
    server = server_with([(n % 3, n) for n in range(100)])
    query = client(server).collection("items").order_by("-a")
    read = [row["id"] for row in query.iter(page_size=7, concurrency=4)]
    assert read == [row["id"] for row in query.order_by("id").limit(-1).list()]


def test_a_limit_is_the_number_of_all_rows() -> None:
    server = server_with([(n, 0) for n in range(20)])
    query = client(server).collection("items").limit(7)
    assert len(list(query.iter(page_size=3))) == 7
    assert [len(page) for page in query.pages(page_size=3)] == [3, 3, 1]


def test_progress_counts_rows_of_a_known_total() -> None:
    told: list[Progress] = []
    server = server_with([(n, 0) for n in range(10)])
    list(client(server).collection("items").iter(page_size=4, progress=told.append))
    assert [(step.done, step.total) for step in told] == [(4, 10), (8, 10), (10, 10)]


def test_columns_of_the_order_are_selected_with_the_rows() -> None:
    server = server_with([(2, 0), (1, 0)])
    rows = list(client(server).collection("items").fields("b").order_by("a").iter(page_size=1))
    assert rows == [{"b": 0, "a": 1, "id": 2}, {"b": 0, "a": 2, "id": 1}]


def test_a_server_that_repeats_a_page_is_noticed() -> None:
    server = server_with([(1, 0), (2, 0)])
    page = {"data": [{"id": 1, "a": 1, "b": 0}, {"id": 2, "a": 2, "b": 0}]}
    server.faults = [lambda _: httpx2.Response(200, json=page) for _ in range(3)]
    with pytest.raises(ProtocolError, match="same page twice"):
        list(client(server).collection("items").iter(page_size=2))


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda query: query.offset(3).iter(), "starts with the first row"),
        (lambda query: query.group_by("a").iter(), "list\\(\\) computes"),
        (lambda query: query.iter(page_size=0), "at least one row"),
        (lambda query: query.iter(concurrency=0), "at least 1"),
        (lambda query: query.iter(resume="junk"), "no position"),
        (lambda query: next(query.order_by("year(a)").iter()), "sorts by columns"),
    ],
)
def test_what_cannot_be_read_by_keys_is_refused(build: Any, told: str) -> None:
    with pytest.raises(BuildError, match=told):
        build(client(server_with([(1, 1)])).collection("items"))


TEXTS = st.lists(st.sampled_from(["x", "y", "z"]) | st.none(), max_size=14)


@pytest.mark.exhaustive
@settings(max_examples=some(500))
@given(TEXTS, st.sampled_from(["name", "-name"]), st.integers(1, 5), st.integers(0, 14))
def test_pages_are_counted_where_directus_compares_nothing_by_size(
    names: list[str | None], order: str, size: int, taken: int
) -> None:
    server = DirectusServer({"items": [{"id": n, "name": name} for n, name in enumerate(names)]})
    query = client(server).collection("items").order_by(order)
    expected = query.order_by("id").limit(-1).list().items
    assert list(query.iter(page_size=size)) == expected
    begun = query.iter(page_size=size, concurrency=2)
    first = [row for _, row in zip(range(taken), begun, strict=False)]
    assert first + list(query.iter(page_size=size, resume=begun.token)) == expected
    assert [row for page in query.pages(size) for row in page] == expected


def test_rows_with_uuids_as_keys_are_all_read() -> None:
    rows = [{"id": f"{n:08}-0000-4000-8000-000000000000", "n": n % 2} for n in range(9)]
    server = DirectusServer({"items": rows})
    items = client(server).collection("items")
    assert list(items.iter(page_size=2)) == rows
    assert [row["id"] for row in items.order_by("n").iter(page_size=2)] == [
        row["id"] for row in sorted(rows, key=lambda row: (row["n"], row["id"]))
    ]
    server.asked.clear()
    assert len(list(items.limit(7).iter(page_size=3))) == 7
    # One page was refused, once.
    assert len(server.asked) == 4


def test_a_query_that_is_refused_is_not_counted() -> None:
    server = DirectusServer({"items": [{"id": 1, "name": "x"}]})
    with pytest.raises(BadQuery, match="_gt"):
        list(client(server).collection("items").filter(name__gt="a").iter())
    assert len(server.asked) == 1


@pytest.mark.parametrize("offset", [-1, "5", [], 1.5])
def test_a_token_with_a_wrong_number_is_no_position(offset: Any) -> None:
    token = urlsafe_b64encode(json.dumps({"offset": offset}).encode()).decode()
    with pytest.raises(BuildError, match="no position"):
        list(client(server_with([(1, 1)])).collection("items").iter(resume=token))
