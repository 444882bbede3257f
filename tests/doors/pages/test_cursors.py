"""Pages by cursor: forward and back, over any order, whatever is added or deleted meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Q

from tests.doors.fronts import OPEN, Door, Execute, RestGet, grant
from tests.testapp.models import Booking, Customer, Node

pytestmark = pytest.mark.usefixtures("bookings")

ORDERS = {
    "key": None,
    "key-descending": "-id",
    "key-named": "pk",
    "ties": "status",
    "ties-descending": "-status",
    "boolean": "urgent",
    "two": "urgent, -status",
    "key-within": "-urgent, -id, status",
    "nulls": "seats",
    "nulls-descending": "-seats",
    "nulls-first": "seats.nulls_first",
    "nulls-last": "seats.nulls_last",
    "nulls-first-descending": "-seats.nulls_first",
    "nulls-last-descending": "-seats.nulls_last",
    "mixed-nulls": "-seats.nulls_last, price.nulls_first, -rating",
    "decimal": "-price",
    "float": "rating",
    "date": "-day",
    "time": "starts",
    "duration": "-lasts",
    "datetime": "created_at",
    "uuid": "-reference",
    "foreign-key": "-customer",
    "foreign-key-null": "address",
    "relation": "customer.name",
    "relation-null": "-address.city",
    "two-hops": "customer.company.name, urgent",
    "reverse-one-to-one": "invoice.number.nulls_first",
    "json": "customer.metadata.level",
    "json-descending": "-customer.metadata.settings.theme, -status",
    "json-null-first": "customer.metadata.active.nulls_first",
    "file": "document, -urgent",
    "binary": "digest",
}
#: Where NULL stands without a word about it, on every database.
EXPECTED = {
    "nulls": [4, 1, 2, 6, 3, 5],
    "nulls-descending": [3, 5, 2, 6, 1, 4],
    "relation-null": [3, 4, 5, 2, 1, 6],
    "decimal": [4, 2, 6, 1, 3, 5],
    "two-hops": [3, 1, 2, 6, 5, 4],
}


@pytest.fixture
def execute(settings: Any, db: None) -> Door:
    """The door without HTTP."""
    return Execute(settings)


@pytest.fixture
def rest(settings: Any, db: None) -> RestGet:
    """The door of URLs."""
    return RestGet(settings)


def walk(door: Door, query: dict[str, Any], way: str = "next", **options: Any) -> list[list[int]]:
    """Return the keys of each page until there is no other."""
    pages = []
    following: dict[str, Any] | None = query
    while following is not None:
        reply = door.list(following, **options)
        assert 200 == reply.status, reply.body
        pages.append(reply.ids)
        following = reply.body["pagination"].get(way)
        assert len(pages) < 20
    return pages


def last_page(door: Door, query: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Return the reply of the last page."""
    reply = door.list(query, **options)
    while "next" in reply.body["pagination"]:
        reply = door.list(reply.body["pagination"]["next"], **options)
    body: dict[str, Any] = reply.body
    return body


def flat(pages: list[list[int]]) -> list[int]:
    return [key for page in pages for key in page]


@pytest.mark.one_in(9)
@pytest.mark.parametrize("limit", [1, 2, 3])
@pytest.mark.parametrize("name", ORDERS)
def test_pages_make_the_whole_list_forward_and_back(execute: Door, name: str, limit: int) -> None:
    order = {} if ORDERS[name] is None else {"order_by": ORDERS[name]}
    query = {"fields": "id", **order, "cursor": True}
    whole = execute.list(query).ids
    pages = walk(execute, {**query, "limit": limit})
    end = last_page(execute, {**query, "limit": limit})["pagination"]
    back = walk(execute, end["prev"], "prev")

    assert sorted(whole) == [1, 2, 3, 4, 5, 6]
    assert EXPECTED.get(name, whole) == whole
    assert whole == flat(pages)
    assert whole == flat([*reversed(back)]) + pages[-1]


@pytest.mark.parametrize("order", ["-urgent, customer.name", "seats, -price"])
def test_every_door_pages_by_cursor(any_door: Door, order: str) -> None:
    query = {"fields": "id, status", "order_by": order, "cursor": True}
    whole = any_door.list(query).ids

    assert whole == flat(walk(any_door, {**query, "limit": 2}))


def test_reply_has_the_neighbours_and_the_order(door: Door) -> None:
    query = {"fields": "status", "order_by": "status", "limit": 2, "cursor": True}
    first = door.list(query).body["pagination"]
    second = door.list(first["next"]).body["pagination"]
    third = door.list(second["next"]).body["pagination"]

    assert {
        "offset": 0,
        "limit": 2,
        "has_more": True,
        "next": {
            "fields": "status",
            "order_by": "status",
            "limit": 2,
            "cursor": first["next"]["cursor"],
        },
        "ids": [5, 4],
    } == first
    assert ([3, 1], [2, 6]) == (second["ids"], third["ids"])
    assert first.keys() | {"prev"} == second.keys()
    assert (False, True) == ("next" in third, "prev" in third)
    assert [5, 4] == door.list(second["prev"]).ids


def test_keys_alone_are_in_the_order_of_the_map(door: Door) -> None:
    assert [1, 2] == door.list({"fields": "id", "cursor": "", "limit": 2}).body["pagination"]["ids"]


def test_cursor_needs_no_column_in_the_reply(door: Door) -> None:
    query = {"fields": "who:customer.name", "order_by": "-seats, urgent", "cursor": True}
    reply = door.list({**query, "shape": "list", "limit": 1})

    assert [{"id": 3, "who": "Aisha Khan"}] == reply.body["results"]


def test_size_shape_and_count_may_change_on_the_way(door: Door) -> None:
    first = door.list({"fields": "id", "cursor": True, "limit": 1})
    following = first.body["pagination"]["next"]
    reply = door.list({**following, "limit": 3, "shape": "list", "count": True}, statements=2)

    assert [{"id": 2}, {"id": 3}, {"id": 4}] == reply.body["results"]
    assert 6 == reply.body["pagination"]["count"]


def test_lists_inside_rows_are_in_the_reply(door: Door) -> None:
    query = {"fields": "id, lines.quantity", "order_by": "-seats.nulls_last", "cursor": True}
    first = door.list({**query, "limit": 1}, statements=2)
    second = door.list(first.body["pagination"]["next"], statements=2)

    assert {"id": 2, "lines": [{"quantity": 1}]} == first.first
    assert {"id": 6, "lines": []} == second.first


def test_search_is_part_of_what_is_paged(execute: Door) -> None:
    expose = {"customer": {"anon": {**grant()["booking"]["anon"], "search": ["name"]}}}
    query = {"fields": "id", "search": "khan", "cursor": True, "limit": 1}
    first = execute.list(query, model="customer", expose=expose)
    following = first.body["pagination"]["next"]
    other = execute.list({**following, "search": "o"}, model="customer", expose=expose)

    assert [2] == execute.list(following, model="customer", expose=expose).ids
    assert (400, "query.cursor") == (other.status, other.body["code"])


@pytest.mark.parametrize("order", [None, "-id", "status", "-seats", "customer.name"])
def test_rows_that_come_and_go_disturb_no_other_row(execute: Door, order: str | None) -> None:
    query = {"fields": "id", "limit": 2, "cursor": True}
    if order:
        query["order_by"] = order
    whole = execute.list({**query, "limit": 6}).ids
    first = execute.list(query)
    Booking.objects.filter(pk__in=first.ids).delete()
    for key in (-1, 100):
        Booking.objects.create(id=key, customer_id=1, status="aaa" if key < 0 else "zzz")
    rest = flat(walk(execute, first.body["pagination"]["next"]))

    assert whole[2:] == [key for key in rest if key in whole]
    assert len(rest) == len(set(rest))


def test_place_of_a_row_outlives_it(execute: Door) -> None:
    query = {"fields": "id", "order_by": "-price", "limit": 3, "cursor": True}
    first = execute.list(query)
    Booking.objects.filter(pk=first.ids[-1]).delete()

    assert [1, 3, 5] == execute.list(first.body["pagination"]["next"]).ids


def test_paging_back_from_an_empty_page_begins_with_the_last_row(execute: Door) -> None:
    first = execute.list({"fields": "id", "limit": 3, "cursor": True})
    Booking.objects.filter(pk__gt=3).delete()
    empty = execute.list(first.body["pagination"]["next"])
    back = execute.list(empty.body["pagination"]["prev"])

    assert ([], [1, 2, 3]) == (empty.ids, back.ids)
    assert (False, False) == (
        empty.body["pagination"]["has_more"],
        "next" in back.body["pagination"],
    )


def test_paging_forward_from_an_empty_page_begins_with_the_first_row(execute: Door) -> None:
    first = execute.list({"fields": "id", "limit": 3, "cursor": True})
    second = execute.list(first.body["pagination"]["next"])
    Booking.objects.filter(pk__lt=4).delete()
    empty = execute.list(second.body["pagination"]["prev"])

    assert [] == empty.ids
    assert [4, 5, 6] == execute.list(empty.body["pagination"]["next"]).ids
    assert "prev" not in empty.body["pagination"]


def test_no_row_has_no_neighbours(door: Door) -> None:
    reply = door.list({"fields": "id", "filters": {"id": 0}, "cursor": True})

    assert {"offset": 0, "limit": 50, "has_more": False, "ids": []} == reply.body["pagination"]


def test_keys_that_are_no_integers(execute: Door) -> None:
    for title in "abcabc":
        Node.objects.create(title=title)
    query = {"fields": "title", "order_by": "-title", "shape": "list", "cursor": True}
    whole = execute.list(query, model="node").body["results"]
    found: list[Any] = []
    following: Any = {**query, "limit": 2}
    while following is not None:
        body = execute.list(following, model="node").body
        found += body["results"]
        following = body["pagination"].get("next")

    assert whole == found
    assert 6 == len(found)


def test_long_texts_are_found_again_by_their_row(execute: Door) -> None:
    notes = {pk: letter * 5_000 for pk, letter in zip(range(1, 7), "fbdace", strict=True)}
    for pk, text in notes.items():
        Booking.objects.filter(pk=pk).update(internal_notes=text)
    query = {"fields": "id", "order_by": "internal_notes", "limit": 2, "cursor": True}
    first = execute.list(query)
    following = first.body["pagination"]["next"]
    second = execute.list(following, statements=2)

    assert ([4, 2], [5, 3]) == (first.ids, second.ids)
    assert len(following["cursor"]) < 200
    Booking.objects.filter(pk=2).delete()
    gone = execute.list(following, statements=2)
    assert (400, "query.cursor") == (gone.status, gone.body["code"])


def test_json_numbers_and_texts(execute: Door) -> None:
    values = {1: "b", 2: 20, 3: "a", 4: 2.5}
    for pk, level in values.items():
        Customer.objects.filter(pk=pk).update(metadata={"level": level})
    query = {"fields": "id", "order_by": "metadata.level", "limit": 1, "cursor": True}

    assert [4, 2, 3, 1] == flat(walk(execute, query, model="customer"))


def test_whole_json_value_has_no_places(door: Door) -> None:
    query = {"fields": "id", "order_by": "customer.metadata", "cursor": True}
    reply = door.list(query)

    assert (400, "query.unsupported", "order_by") == (
        reply.status,
        reply.body["code"],
        reply.body["path"],
    )


def test_offset_beside_a_cursor_is_refused(door: Door) -> None:
    reply = door.list({"fields": "id", "offset": 0, "cursor": True})

    assert (400, "offset") == (reply.status, reply.body["path"])


def test_too_large_an_offset_is_told_of_cursors(door: Door) -> None:
    reply = door.list({"fields": "id", "offset": 100_001})

    assert "cursor" in reply.body["hint"]


QUERY: dict[str, Any] = {
    "fields": "id",
    "filters": {"id.gte": 1},
    "order_by": "status",
    "limit": 2,
    "cursor": True,
}
OTHERS = {
    "fields": {"fields": "id, status"},
    "filters": {"filters": {"id.gte": 2}},
    "no-filters": {"filters": {}},
    "order": {"order_by": "-status"},
    "distinct": {"distinct": "status"},
    "related": {"related": {"lines": {"limit": 1}}},
}


@pytest.mark.parametrize("change", OTHERS.values(), ids=OTHERS)
def test_cursor_of_another_query_is_refused(door: Door, change: dict[str, Any]) -> None:
    following = door.list(QUERY).body["pagination"]["next"]
    reply = door.list({**following, **change})

    assert (400, "query.cursor", "cursor") == (
        reply.status,
        reply.body["code"],
        reply.body["path"],
    )


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda text: text[:-1], id="cut"),
        pytest.param(lambda text: text[: len(text) // 2], id="half"),
        pytest.param(lambda text: text + "A", id="longer"),
        pytest.param(lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"), id="last"),
        pytest.param(lambda text: ("A" if text[0] != "A" else "B") + text[1:], id="first"),
        pytest.param(lambda text: text[:40] + "_-" + text[42:], id="middle"),
        pytest.param(lambda text: "x", id="short"),
        pytest.param(lambda text: "true!", id="letters"),
        pytest.param(lambda text: "A" * 40_000, id="absurd"),
        pytest.param(lambda text: "é", id="no-ascii"),
        pytest.param(lambda text: text + "=", id="padded"),
    ],
)
def test_forged_cursor_is_refused(query_door: Door, forge: Any) -> None:
    following = query_door.list(QUERY).body["pagination"]["next"]
    forged = forge(following["cursor"])
    reply = query_door.list({**following, "cursor": forged})

    assert (400, "query.cursor") == (reply.status, reply.body["code"])


@pytest.mark.parametrize("value", [5, 1.5, [], ["x"], {"a": 1}])
def test_cursor_is_a_text(execute: Door, value: Any) -> None:
    reply = execute.list({"fields": "id", "cursor": value})

    assert (400, "query.value", "cursor") == (
        reply.status,
        reply.body["code"],
        reply.body["path"],
    )


@pytest.mark.parametrize("value", [False, None])
def test_an_invalid_cursor_is_refused(execute: Door, value: Any) -> None:
    reply = execute.list({"fields": "id", "cursor": value, "limit": 1})

    assert {"fields": "id", "limit": 1, "offset": 1} == reply.body["pagination"]["next"]


def test_cursor_of_another_user_or_role_is_refused(role_door: Door) -> None:
    everything = grant()["booking"]["anon"]
    expose = {"booking": {"staff": everything, "authenticated": everything}}
    one = User(pk=1, username="one", is_active=True)
    following = role_door.list(QUERY, expose=expose, user=one).body["pagination"]["next"]
    two = User(pk=2, username="two", is_active=True)
    staff = User(pk=1, username="one", is_active=True, is_staff=True)

    assert 200 == role_door.list(following, expose=expose, user=one).status
    for other in (two, staff):
        reply = role_door.list(following, expose=expose, user=other)
        assert (400, "query.cursor") == (reply.status, reply.body["code"])


def test_cursor_of_another_version_or_model_is_refused(rest: RestGet) -> None:
    versions = {"VERSIONS": {"v1": {"path": "/api/v1/", "EXPOSE": OPEN}}}
    query = {"fields": "id", "cursor": True, "limit": 1}
    following = rest.list(query, **versions).body["pagination"]["next"]
    same = rest.request("GET", f"/api/booking/?fields=id&limit=1&cursor={following['cursor']}")
    other = rest.request("GET", f"/api/v1/booking/?fields=id&limit=1&cursor={following['cursor']}")
    model = rest.request("GET", f"/api/customer/?fields=id&limit=1&cursor={following['cursor']}")

    assert [200, 400, 400] == [reply.status_code for reply in (same, other, model)]


def test_a_cursor_can_be_read_with_a_fallback_key(execute: Door, settings: Any) -> None:
    settings.SECRET_KEY = "first"
    following = execute.list(QUERY).body["pagination"]["next"]
    settings.SECRET_KEY = "second"
    refused = execute.list(following)
    settings.SECRET_KEY_FALLBACKS = ["first"]

    assert (400, [3, 1]) == (refused.status, execute.list(following).ids)


HIDDEN = grant(fields=["id"], order_by=["stripe_payment_id", "-stripe_payment_id", "id"])


def test_cursor_shows_nothing_of_what_may_only_be_sorted_by(door: Door) -> None:
    for pk in range(1, 7):
        Booking.objects.filter(pk=pk).update(stripe_payment_id="x" * 8 * pk)
    query = {"fields": "id", "order_by": "stripe_payment_id", "limit": 1, "cursor": True}
    cursors = []
    following: Any = query
    while following is not None:
        body = door.list(following, expose=HIDDEN).body
        following = body["pagination"].get("next")
        cursors += [following["cursor"]] if following else []
    again = door.list(query, expose=HIDDEN).body["pagination"]["next"]["cursor"]

    assert 5 == len(set(cursors))
    assert 1 == len({len(cursor) for cursor in cursors})
    assert again != cursors[0]


def test_same_page_has_the_same_cursor_and_tag(rest: RestGet) -> None:
    rest.list(QUERY)
    url = "/api/booking/?fields=id&order_by=status&limit=2&cursor=true"
    first, second = rest.request("GET", url), rest.request("GET", url)

    assert first.headers["ETag"] == second.headers["ETag"]


RULED = {
    "booking": {"anon": {**grant()["booking"]["anon"], "order_by": ["*"]}},
    "customer": {"anon": {**grant()["booking"]["anon"], "rows": lambda user: Q(vip=True)}},
}


def test_hidden_related_rows_are_null_in_the_order_of_pages(execute: Door) -> None:
    query = {"fields": "id", "order_by": "-customer.name, -status", "cursor": True}
    expose = {
        **RULED,
        "booking": {"anon": {**RULED["booking"]["anon"], "fields": ["*", "customer.name"]}},
    }
    whole = execute.list(query, expose=expose).ids
    pages = flat(walk(execute, {**query, "limit": 1}, expose=expose))
    Customer.objects.filter(vip=False).update(name="Zzz")

    assert whole == pages == execute.list(query, expose=expose).ids
    assert [2, 6, 4, 5, 1, 3] == whole


def test_hidden_rows_are_on_no_page(execute: Door) -> None:
    expose = grant(rows=lambda user: Q(urgent=True))
    query = {"fields": "id", "order_by": "-status", "limit": 1, "cursor": True}

    assert [[6], [1], [4]] == walk(execute, query, expose=expose)


def test_rows_that_are_hidden_meanwhile_are_on_no_page(execute: Door) -> None:
    visible: dict[str, Any] = {"urgent": True}
    expose = grant(rows=lambda user: Q(**visible))
    first = execute.list({"fields": "id", "limit": 1, "cursor": True}, expose=expose)
    visible["status"] = "pending"

    assert [6] == execute.list(first.body["pagination"]["next"], expose=expose).ids


def test_links_name_both_neighbours(rest: RestGet) -> None:
    rest.list({"fields": "id"})
    first = rest.request("GET", "/api/booking/?fields=id&limit=2&cursor=true&order_by=-id")
    url = first.headers["Link"].split(">")[0].removeprefix("<")
    second = rest.request("GET", url)
    links = dict(reversed(link.split("; ")) for link in second.headers["Link"].split(", "))
    following, previous = (links[f'rel="{way}"'].strip("<>") for way in ("next", "prev"))

    assert first.headers["Link"].endswith('rel="next"')
    assert ["4", "3"] == [*second.json()["results"]]
    assert ["2", "1"] == [*rest.request("GET", following).json()["results"]]
    assert ["6", "5"] == [*rest.request("GET", previous).json()["results"]]


def test_link_replaces_the_cursor_of_a_whole_query_in_the_url(rest: RestGet) -> None:
    rest.list({"fields": "id"})
    url = '/api/booking/?q={"fields":"id","limit":2,"cursor":true}'
    first = rest.request("GET", url)
    second = rest.request("GET", first.headers["Link"].split(">")[0].removeprefix("<"))

    assert ["3", "4"] == [*second.json()["results"]]
