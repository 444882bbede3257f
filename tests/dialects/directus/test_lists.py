"""Lists of items: what each parameter means, by value."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dialects.directus.asking import Server

LISTS: dict[str, tuple[dict[str, Any], Any]] = {
    "fields": (
        {"fields": "id,status", "limit": 2},
        [{"id": 1, "status": "confirmed"}, {"id": 2, "status": "pending"}],
    ),
    "key-of-a-relation": ({"fields": "customer", "limit": 1}, [{"customer": 1}]),
    "object-of-a-relation": (
        {"fields": "customer,customer.name", "limit": 1},
        [{"customer": {"name": "Aisha Khan"}}],
    ),
    "no-object": ({"fields": "team.name", "limit": 1}, [{"team": None}]),
    "keys-of-a-list": ({"fields": "lines,tags", "limit": 1}, [{"lines": [1, 2], "tags": ["blue", "red"]}]),
    "rows-of-a-list": (
        {"fields": "lines.product", "limit": 1},
        [{"lines": [{"product": "sweep"}, {"product": "mop"}]}],
    ),
    "functions": (
        {"fields": "id,year(created_at),count(lines)", "limit": 1},
        [{"id": 1, "created_at_year": 2025, "lines_count": 2}],
    ),
    "function-of-a-relation": (
        {"fields": "customer.count(booking),customer.name", "limit": 1},
        [{"customer": {"booking_count": 2, "name": "Aisha Khan"}}],
    ),
    "function-in-a-list": (
        {"fields": "lines.booking.year(created_at)", "limit": 1},
        [{"lines": [{"booking": {"created_at_year": 2025}}] * 2}],
    ),
    "json": (
        {"fields": "customer.metadata.level", "limit": 1},
        [{"customer": {"metadata": {"level": 7}}}],
    ),
    "alias-of-a-column": ({"fields": "st", "alias": {"st": "status"}, "limit": 1}, [{"st": "confirmed"}]),
    "alias-of-a-relation": (
        {"fields": "who.name", "alias": {"who": "customer"}, "limit": 1},
        [{"who": {"id": 1, "name": "Aisha Khan"}}],
    ),
    "alias-of-a-list": (
        {"fields": "top.product,top.quantity", "alias": {"top": "lines"}, "limit": 1,
         "deep": {"top": {"_limit": 1, "_sort": "-quantity"}}},
        [{"top": [{"product": "mop", "quantity": 5}]}],
    ),
    "alias-of-keys": ({"fields": "top", "alias": {"top": "lines"}, "limit": 1}, [{"top": [1, 2]}]),
    "two-views-of-a-list": (
        {"fields": "lines,few.id", "alias": {"few": "lines"}, "limit": 1,
         "deep": {"few": {"_filter": {"quantity": {"_gt": 2}}}}},
        [{"lines": [1, 2], "few": [{"id": 2}]}],
    ),
    "deep-page": ({"fields": "lines", "limit": 1, "deep": {"lines": {"_limit": 1, "_page": 2}}}, [{"lines": [2]}]),
    "sort": ({"fields": "id", "sort": "-customer.name,-id", "limit": 2}, [{"id": 5}, {"id": 6}]),
    "sort-by-function": ({"fields": "id", "sort": "-count(lines),id", "limit": 2}, [{"id": 1}, {"id": 3}]),
    "sort-by-alias": ({"fields": "id", "alias": {"st": "status"}, "sort": "-st,id", "limit": 1}, [{"id": 2}]),
    "page": ({"fields": "id", "page": 2, "limit": 2}, [{"id": 3}, {"id": 4}]),
    "first-page": ({"fields": "id", "page": 0, "limit": 1}, [{"id": 1}]),
    "offset": ({"fields": "id", "offset": 5}, [{"id": 6}]),
    "no-rows": ({"fields": "id", "limit": 0}, []),
    "all-rows": ({"fields": "id", "limit": -1}, [{"id": key} for key in range(1, 7)]),
    "search": ({"fields": "id", "search": "CONF"}, [{"id": 1}]),
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_a_list_has_what_was_asked_for(name: str, server: Server) -> None:
    asked, expected = LISTS[name]
    found = server.search("items/booking", **asked)
    assert expected == found.data
    assert expected == server.get("items/booking", **asked).data
    lists = {key for row in expected for key, value in row.items() if isinstance(value, list)}
    assert 1 + len(lists) == found.statements


def test_all_fields_of_all_relations(server: Server) -> None:
    (row,) = server.get("items/booking", fields="*.*", limit=1).data
    assert row["customer"]["name"] == "Aisha Khan"
    assert row["invoice"]["number"] == "A-1"
    assert [line["product"] for line in row["lines"]] == ["sweep", "mop"]
    assert row["team"] is None
    assert "lines" not in server.get("items/booking", limit=1).data[0]


FILTERS: dict[str, tuple[dict[str, Any], list[int]]] = {
    "bare": ({"status": "pending"}, [2, 6]),
    "eq": ({"status": {"_eq": "pending"}}, [2, 6]),
    "eq-null": ({"price": {"_eq": None}}, [4]),
    "neq": ({"rating": {"_neq": 3}}, [1, 4]),
    "neq-null": ({"rating": {"_neq": None}}, [1, 2, 4]),
    "several-operators": ({"price": {"_gt": 1, "_lte": 100}}, [1, 3]),
    "in": ({"id": {"_in": [1, 3]}}, [1, 3]),
    "in-text": ({"id": {"_in": "1,3"}}, [1, 3]),
    "nin": ({"rating": {"_nin": [3]}}, [1, 4]),
    "between": ({"price": {"_between": [99, 101]}}, [1, 3]),
    "nbetween": ({"price": {"_nbetween": "99,101"}}, [2, 5, 6]),
    "null": ({"price": {"_null": True}}, [4]),
    "nnull-inverted": ({"price": {"_nnull": False}}, [4]),
    "empty": ({"status": {"_empty": True}}, [5]),
    "nempty": ({"rating": {"_nempty": True}}, [1, 2, 4]),
    "contains": ({"status": {"_contains": "nd"}}, [2, 6]),
    "contains-a-wildcard": ({"status": {"_contains": "%"}}, []),
    "ncontains": ({"status": {"_ncontains": "e"}}, [5]),
    "icontains": ({"status": {"_icontains": "PEN"}}, [2, 6]),
    "istarts-with": ({"customer": {"name": {"_istarts_with": "a"}}}, [1, 3]),
    "nends-with": ({"customer": {"name": {"_nends_with": "Khan"}}}, [4, 5]),
    "and": ({"_and": [{"id": {"_gt": 1}}, {"id": {"_lt": 4}}]}, [2, 3]),
    "or": ({"_or": [{"id": 1}, {"price": {"_lt": 1}}]}, [1, 5]),
    "nested-connectors": ({"_or": [{"_and": [{"id": {"_gt": 4}}, {"urgent": True}]}, {"id": 2}]}, [2, 6]),
    "key-of-a-relation": ({"customer": 3}, [4]),
    "relation": ({"customer": {"company": {"name": {"_eq": "Globex"}}}}, [2, 6]),
    "no-relation": ({"team": {"_null": True}}, [1, 2, 3, 4, 5, 6]),
    "at-least-one": ({"lines": {"product": {"_neq": "mop"}}}, [1, 3]),
    "the-same-row": ({"lines": {"product": "mop", "quantity": {"_gt": 1}}}, [1]),
    "or-in-a-list": ({"lines": {"_or": [{"quantity": 1}, {"quantity": 7}]}}, [2, 3]),
    "some": ({"tags": {"_some": {"slug": {"_eq": "blue"}}}}, [1]),
    "none": ({"lines": {"_none": {"product": {"_eq": "mop"}}}}, [3, 4, 5, 6]),
    "no-list": ({"tags": {"_null": True}}, [3, 4, 5, 6]),
    "function": ({"year(created_at)": {"_eq": 2024}}, [3]),
    "count": ({"count(lines)": {"_gt": 1}}, [1, 3]),
    "json": ({"customer": {"metadata": {"level": {"_gte": 7}}}}, [1, 3]),
    "now": ({"created_at": {"_lt": "$NOW(-1 day)"}}, [1, 2, 3]),
    "nothing": ({}, [1, 2, 3, 4, 5, 6]),
}  # fmt: skip


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_finds_each_row_once(name: str, server: Server) -> None:
    condition, expected = FILTERS[name]
    found = server.search("items/booking", fields=["id"], filter=condition)
    assert expected == found.ids
    assert 1 == found.statements


def test_a_filter_in_brackets_finds_the_same(server: Server) -> None:
    asked = {
        "fields[]": ["id", "status"],
        "filter[_or][0][status][_in][]": ["pending", "cancelled"],
        "filter[_or][1][customer][name][_eq]": "Zoe",
        "sort[]": "-id",
        "limit": "3",
    }
    assert [6, 5, 4] == server.get("items/booking", **asked).ids
    assert [4] == server.get("items/booking", **{"filter[price][_eq]": "null"}).ids
    assert [4] == server.get("items/booking", **{"filter[price][_null]": ""}).ids


COUNTS: dict[str, tuple[dict[str, Any], dict[str, int], int]] = {
    "all": ({"meta": "*"}, {"total_count": 6, "filter_count": 6}, 2),
    "filtered": ({"meta": "filter_count", "filter": {"status": "pending"}}, {"filter_count": 2}, 2),
    "both": ({"meta": "*", "filter": {"status": "pending"}}, {"total_count": 6, "filter_count": 2}, 4),
    "total": ({"meta": ["total_count"], "search": "conf"}, {"total_count": 6}, 4),
    "without-rows": ({"meta": "filter_count", "limit": 0}, {"filter_count": 6}, 2),
}  # fmt: skip


@pytest.mark.parametrize("name", COUNTS)
def test_rows_are_counted(name: str, server: Server) -> None:
    asked, expected, statements = COUNTS[name]
    found = server.search("items/booking", fields="id", **asked)
    assert expected == found.body["meta"]
    assert statements == found.statements


GROUPS: dict[str, tuple[dict[str, Any], Any]] = {
    "count": ({"aggregate": {"count": "*"}}, [{"count": 6}]),
    "count-of-values": ({"aggregate": {"count": "rating"}}, [{"count": {"rating": 3}}]),
    "both-counts": ({"aggregate": {"count": ["*", "rating"], "countAll": "*"}}, [{"count": {"*": 6, "rating": 3}, "countAll": 6}]),
    "functions": (
        {"aggregate": {"sum": ["price"], "max": "seats,rating", "countDistinct": "status"}},
        [{"sum": {"price": "701.49"}, "max": {"seats": 4, "rating": 5.0}, "countDistinct": {"status": 5}}],
    ),
    # A join would count customer 1 once for each of the lines.
    "under-a-list": (
        {"aggregate": {"count": "*", "sum": "price"}, "filter": {"lines": {"quantity": {"_gt": 0}}}},
        [{"count": 3, "sum": {"price": "450.49"}}],
    ),
    "groups": (
        {"groupBy": "status", "aggregate": {"count": "*"}, "sort": "-count,status", "limit": 2},
        [{"status": "pending", "count": 2}, {"status": "", "count": 1}],
    ),
    "groups-by-function": (
        {"groupBy": ["year(created_at)"], "aggregate": {"sum": "seats"}, "sort": "-year(created_at)", "filter": {"created_at": {"_nnull": True}}},
        [{"created_at_year": 2025, "sum": {"seats": 6}}, {"created_at_year": 2024, "sum": {"seats": None}}],
    ),
    "groups-by-relation": (
        {"groupBy": "customer.name", "aggregate": {"count": "id"}, "sort": "-count.id,customer.name", "limit": 1},
        [{"customer": {"name": "Aisha Khan"}, "count": {"id": 2}}],
    ),
    "groups-alone": ({"groupBy": "urgent"}, [{"urgent": False}, {"urgent": True}]),
}  # fmt: skip


@pytest.mark.parametrize("name", GROUPS)
def test_aggregates_are_in_a_list(name: str, server: Server) -> None:
    asked, expected = GROUPS[name]
    found = server.search("items/booking", **asked)
    assert expected == found.data
    assert 1 == found.statements


def test_a_single_item_has_no_list_around_it(server: Server) -> None:
    found = server.get("items/booking/1", fields="id,lines.product")
    assert {"id": 1, "lines": [{"product": "sweep"}, {"product": "mop"}]} == found.data
    assert {"slug": "red", "date": "today"} == server.get("items/tag/red").data


def test_a_search_by_keys(server: Server) -> None:
    assert [1, 3] == server.send("SEARCH", "items/booking", {"keys": [3, 1]}).ids


def test_an_export_has_no_envelope(server: Server) -> None:
    csv = server.get("items/booking", export="csv", fields="id,customer.name", limit=2)
    assert csv.content == b"id,customer.name\r\n1,Aisha Khan\r\n2,Omar Khan\r\n"
    assert "booking.csv" in csv.headers["Content-Disposition"]
    assert [{"id": 6}] == server.get("items/booking", export="json", fields="id", offset=5).body


def test_a_list_has_no_header_of_ours_that_tells_a_total(server: Server) -> None:
    headers = server.get("items/booking", limit=1, meta="*").headers
    assert {"X-Total-Count", "Link"}.isdisjoint(headers)
