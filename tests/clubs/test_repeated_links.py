"""Rows with several links to one row: lists, pages, counts and filters have them once."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_flex import FlexQuery
from tests.clubs.models import Club, Membership, Person

GRANT = {
    "fields": ["*"],
    "filters": ["*"],
    "order_by": ["*"],
    "aggregates": ["*"],
    "ops": ["get", "list", "aggregate"],
}
ANN, BOB, CAT, DAN = 1, 2, 3, 4


@pytest.fixture
def clubs(db: None, settings: Any) -> None:
    """Ann is three times and Bob twice in the first club; the second one has Bob twice, and Cat."""
    names = {"clubs.club", "clubs.person", "clubs.membership"}
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {name: {"anon": GRANT} for name in names},
    }
    Person.objects.bulk_create(Person(id=n, name=name) for n, name in enumerate("abcd", 1))
    Club.objects.bulk_create(Club(id=n, name=str(n)) for n in (1, 2))
    links = [(1, ANN)] * 3 + [(1, BOB)] * 2 + [(1, DAN), (2, BOB), (2, CAT), (2, BOB)]
    Membership.objects.bulk_create(Membership(club_id=c, person_id=p) for c, p in links)


def members(fields: str = "members", among: Any = None, **related: Any) -> list[Any]:
    query = {
        "_action": "list",
        "fields": f"id, {fields}",
        "shape": "list",
        "order_by": "id",
        "filters": among or {},
        "related": {"members": {"order_by": "id", **related}},
    }
    with CaptureQueriesContext(connection) as captured:
        result = FlexQuery("clubs.club").execute(query)
    reply = result.to_dict()
    assert 200 == result.status_code, reply
    assert 2 == len([one for one in captured if "SELECT" in one["sql"]])
    return [row["members"] for row in reply["results"]]


@pytest.mark.parametrize("filters", [{}, {"id": 1}, {"id.in": [2]}])
def test_a_row_is_once_in_a_list(clubs: None, filters: Any) -> None:
    expected = {1: [ANN, BOB, DAN], 2: [BOB, CAT]}
    keys = {"": [1, 2], "id": [1], "id.in": [2]}["".join(filters)]

    assert [expected[key] for key in keys] == members(among=filters)


def test_pages_of_a_list_count_rows_and_not_links(clubs: None) -> None:
    assert [[ANN, BOB], [BOB, CAT]] == members(limit=2)
    assert [[BOB, DAN], [CAT]] == members(offset=1, limit=2)
    assert [[DAN], []] == members(offset=2)
    pages = members(limit=2, shape="list")
    assert [True, False] == [page["pagination"]["has_more"] for page in pages]


def test_any_order_has_a_row_once(clubs: None) -> None:
    assert [[DAN, BOB, ANN], [CAT, BOB]] == members(order_by="-name")
    rows = members("members.name", order_by="-name")
    assert [["d", "b", "a"], ["c", "b"]] == [[row["name"] for row in found] for found in rows]


def test_filters_and_counts_agree(clubs: None) -> None:
    assert [[BOB], [BOB]] == members(among={"members.name": "b"}, filters={"name": "b"})
    query = {"_action": "list", "fields": "n:members.count", "shape": "list", "order_by": "id"}
    reply = FlexQuery("clubs.club").execute(query).to_dict()
    assert [3, 2] == [row["n"] for row in reply["results"]]


def test_lists_in_lists_have_a_row_once(clubs: None) -> None:
    query = {"_action": "get", "id": BOB, "fields": "clubs.members.name"}

    reply = FlexQuery("clubs.person").execute(query).to_dict()

    found = [[row["name"] for row in club["members"]] for club in reply["clubs"]]
    assert [["a", "b", "d"], ["b", "c"]] == found


def test_a_list_counts_rows_and_not_links(clubs: None) -> None:
    pages: list[dict[str, Any]] = [{"limit": 1}, {"offset": 2}, {"offset": 9}]
    for page in pages:
        found = members(count=True, **page)
        assert [3, 2] == [one["pagination"]["count"] for one in found]
    assert [[DAN], []] == [one["results"] for one in members(count=True, offset=2)]


@pytest.mark.parametrize("entry", [{}, {"order_by": "-name"}, {"count": True}])
def test_pages_by_cursor_have_a_row_once(clubs: None, entry: dict[str, Any]) -> None:
    whole = [page["results"] for page in members(cursor=True, **entry)]
    first = members(limit=1, cursor=True, **entry)
    assert [rows[:1] for rows in whole] == [page["results"] for page in first]

    following = first[0]["pagination"]["next"]
    found = [ANN, BOB, DAN] if "order_by" not in entry else [DAN, BOB, ANN]
    for expected in found[1:]:
        query = {"_action": "get", "id": 1, "fields": "members"}
        asked = {"order_by": "id", "limit": 1, **entry, **following}
        query["related"] = {"members": asked}
        page = FlexQuery("clubs.club").execute(query).to_dict()["members"]
        assert [expected] == page["results"]
        assert page["pagination"].get("count") == (3 if "count" in entry else None)
        following = page["pagination"].get("next", {})
    assert {} == following


def test_distinct_rows_are_once(clubs: None) -> None:
    names = members("members.name", order_by="name", distinct=True)
    assert [["a", "b", "d"], ["b", "c"]] == [[row["name"] for row in found] for found in names]
    assert [[1, 2, 4], [2, 3]] == members(distinct="name")
    for fields, paths in (("members", "name"), ("members.name", True)):
        order = "name" if paths is True else "id"
        found = members(fields, order_by=order, distinct=paths, count=True, limit=1)
        assert [3, 2] == [page["pagination"]["count"] for page in found]
