"""Pages: limit, offset, the cap, what follows, and the two shapes of a list."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doors.fronts import Door, grant
from tests.testapp.models import Node

pytestmark = pytest.mark.usefixtures("bookings")


@pytest.mark.needs("offsets")
def test_list_says_offset_limit_and_whether_more_follows(any_door: Door) -> None:
    reply = any_door.list({"fields": "id"})

    assert (200, {"offset": 0, "limit": 50, "has_more": False}) == (
        reply.status,
        reply.body["pagination"],
    )
    assert {str(pk): {"id": pk} for pk in range(1, 7)} == reply.body["results"]


@pytest.mark.parametrize(
    ("page", "expected", "more"),
    [
        ({"limit": 2}, [1, 2], True),
        ({"limit": 2, "offset": 2}, [3, 4], True),
        ({"limit": 2, "offset": 4}, [5, 6], False),
        ({"limit": 2, "offset": 5}, [6], False),
        ({"limit": 6}, [1, 2, 3, 4, 5, 6], False),
        ({"limit": 5}, [1, 2, 3, 4, 5], True),
        ({"offset": 6}, [], False),
        ({"offset": 100_000}, [], False),
    ],
)
def test_page_is_cut_out(
    query_door: Door, page: dict[str, int], expected: list[int], more: bool
) -> None:
    reply = query_door.list({"fields": "id", **page})

    assert (expected, more) == (reply.ids, reply.body["pagination"]["has_more"])
    assert more == ("next" in reply.body["pagination"])


@pytest.mark.parametrize(
    ("query", "applied"), [({}, 2), ({"limit": 3}, 3), ({"limit": 4}, 4), ({"limit": 5}, 4)]
)
def test_limit_has_a_default_and_a_cap(door: Door, query: dict[str, int], applied: int) -> None:
    reply = door.list({"fields": "id", **query}, DEFAULT_LIMIT=2, MAX_LIMIT=4)

    assert (applied, applied) == (reply.body["pagination"]["limit"], len(reply.results))


NEXT = {
    "all-keys": {
        "fields": "id, who:customer.name",
        "filters": {"or": [{"urgent": True}, {"not": {"status": "pending"}}]},
        "order_by": "-customer.name, id",
        "shape": "list",
    },
    "json-path": {"fields": "id", "filters": {"customer.metadata.level.gte": 3}},
    "dynamic": {"fields": "id", "filters": {"day.lt": {"$now": "-1d"}}},
    "related-rows": {
        "fields": "id",
        "filters": {"lines.some": {"quantity.gte": 1}, "lines.product.ne": "x"},
    },
    "null": {"fields": "id", "filters": {"seats": None}},
    "list-of-values": {"fields": "*", "filters": {"status.in": ["pending", "confirmed"]}},
}


@pytest.mark.parametrize("query", NEXT.values(), ids=NEXT)
def test_next_can_be_sent_as_it_is_until_the_end(query_door: Door, query: dict[str, Any]) -> None:
    whole = query_door.list(query)
    expected = _keys(whole.body)
    found: list[int] = []
    following: dict[str, Any] | None = {**query, "limit": 1}
    while following is not None:
        page = query_door.list(following)
        assert 200 == page.status
        found += _keys(page.body)
        following = page.body["pagination"].get("next")

    assert expected == found
    assert len(found) > 1


def _keys(body: dict[str, Any]) -> list[int]:
    results = body["results"]
    if isinstance(results, list):
        return [row["id"] for row in results]
    return [int(key) for key in body["pagination"].get("ids", results)]


def test_shape_list_is_a_list_with_keys(door: Door) -> None:
    query = {"fields": "status", "order_by": "-id", "shape": "list", "limit": 2}
    reply = door.list(query)

    assert [{"id": 6, "status": "pending"}, {"id": 5, "status": ""}] == reply.body["results"]
    assert "ids" not in reply.body["pagination"]


def test_shape_list_keeps_an_id_that_was_asked_for(door: Door) -> None:
    reply = door.list({"fields": "id", "shape": "list", "limit": 1})

    assert [{"id": 1}] == reply.body["results"]


@pytest.mark.parametrize("shape", ["map", "list"])
def test_keys_that_are_no_integers_come_as_text(door: Door, shape: str) -> None:
    key = "00000000-0000-0000-0000-000000000001"
    Node.objects.create(id=key, title="root")
    query = {"fields": "title", "order_by": "title", "shape": shape}
    body = door.list(query, model="node").body

    if shape == "map":
        assert (body["pagination"]["ids"], body["results"]) == ([key], {key: {"title": "root"}})
    else:
        assert [{"id": key, "title": "root"}] == body["results"]


@pytest.mark.parametrize(
    ("query", "code", "place"),
    [
        pytest.param({"limit": 0}, "query.value", "limit", id="limit-zero"),
        pytest.param({"limit": -1}, "query.value", "limit", id="limit-negative"),
        pytest.param({"limit": 1.5}, "query.value", "limit", id="limit-fraction"),
        pytest.param({"limit": True}, "query.value", "limit", id="limit-boolean"),
        pytest.param({"limit": None}, "query.value", "limit", id="limit-null"),
        pytest.param({"limit": [1]}, "query.value", "limit", id="limit-list"),
        pytest.param({"offset": -1}, "query.value", "offset", id="offset-negative"),
        pytest.param({"offset": "x"}, "query.value", "offset", id="offset-text"),
        pytest.param({"offset": 100_001}, "query.limit", "offset", id="offset-too-large"),
        pytest.param({"offset": 10**17}, "query.limit", "offset", id="offset-absurd"),
        pytest.param({"shape": "tree"}, "query.value", "shape", id="shape-unknown"),
        pytest.param({"shape": ["map"]}, "query.value", "shape", id="shape-of-no-text"),
    ],
)
def test_page_that_makes_no_sense_is_refused(query_door: Door, query, code, place) -> None:
    reply = query_door.list({"fields": "id", **query})

    assert (400, code, place) == (reply.status, reply.body["code"], reply.body["path"])


def test_page_is_the_same_for_the_same_grant(any_door: Door) -> None:
    query = {"fields": "id, customer.name", "filters": {"urgent": True}, "order_by": "-id"}
    reply = any_door.list(query, expose=grant())

    assert {
        "pagination": {"offset": 0, "limit": 50, "has_more": False, "ids": [6, 4, 1]},
        "results": {
            "6": {"id": 6, "customer": {"name": "Omar Khan"}},
            "4": {"id": 4, "customer": {"name": "Bob Stone"}},
            "1": {"id": 1, "customer": {"name": "Aisha Khan"}},
        },
    } == reply.body
