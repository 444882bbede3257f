"""Pages of related rows by cursor: each list by itself, under the rules that hold now."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Q
from django.utils.timezone import override

from tests.doors.fronts import EVERYTHING, OPEN, Door, Execute, Reply, RestGet
from tests.testapp.models import Booking, Line, Tag

pytestmark = pytest.mark.usefixtures("bookings")

ORDERS = {
    "key": None,
    "key-descending": "-id",
    "ties": "status",
    "two": "urgent, -status",
    "nulls": "seats",
    "nulls-descending": "-seats",
    "nulls-first": "seats.nulls_first",
    "mixed-nulls": "-seats.nulls_last, price.nulls_first, -rating",
    "decimal": "-price",
    "date": "-day",
    "duration": "-lasts",
    "datetime": "created_at",
    "uuid": "-reference",
    "key-of-the-outer-row": "customer, -urgent",
    "relation": "-address.city",
    "reverse-one-to-one": "invoice.number.nulls_first",
    "json": "customer.metadata.level",
    "part": "created_at.month, -id",
    "aggregate": "-lines.count",
    "binary": "digest",
}


@pytest.fixture
def execute(settings: Any, db: None) -> Door:
    """The door without HTTP."""
    return Execute(settings)


@pytest.fixture
def one_customer(bookings: None) -> None:
    """All bookings but the last belong to the first customer."""
    Booking.objects.filter(pk__lt=6).update(customer_id=1)


def page_of(reply: Reply, name: str = "booking") -> dict[str, Any]:
    assert 200 == reply.status, reply.body
    page: dict[str, Any] = reply.body[name]
    return page


def keys(page: dict[str, Any]) -> list[Any]:
    return [row["id"] for row in page["results"]]


def walk(
    door: Door, entry: dict[str, Any], way: str = "next", pk: int = 1, **options: Any
) -> list[dict[str, Any]]:
    """Return the pages of a list until there is no other."""
    pages: list[dict[str, Any]] = []
    following: dict[str, Any] | None = {}
    while following is not None:
        asked = {"fields": "id", "related": {"booking": {**entry, **following}}}
        pages.append(page_of(door.get(pk, asked, model="customer", **options)))
        following = pages[-1]["pagination"].get(way)
        assert len(pages) < 20
    return pages


def flat(pages: list[dict[str, Any]]) -> list[Any]:
    return [key for page in pages for key in keys(page)]


AGGREGATING = {**OPEN, "booking": {"anon": {**EVERYTHING, "aggregates": ["*"], "ops": "*"}}}


@pytest.mark.one_in(3)
@pytest.mark.parametrize("limit", [1, 2])
@pytest.mark.parametrize("name", ORDERS)
def test_pages_make_the_whole_list_forward_and_back(
    one_customer: None, execute: Door, name: str, limit: int
) -> None:
    order = {} if ORDERS[name] is None else {"order_by": ORDERS[name]}
    entry = {"fields": "id", **order, "cursor": True}
    (whole,) = walk(execute, entry, expose=AGGREGATING)
    pages = walk(execute, {**entry, "limit": limit}, expose=AGGREGATING)
    back = walk(
        execute,
        {**entry, "limit": limit, **pages[-1]["pagination"]["prev"]},
        "prev",
        expose=AGGREGATING,
    )

    assert [1, 2, 3, 4, 5] == sorted(keys(whole))
    assert keys(whole) == flat(pages)
    assert keys(whole) == flat([*reversed(back)]) + keys(pages[-1])


def test_each_list_of_a_page_has_its_own_cursors_by_one_statement(door: Door) -> None:
    asked = {"fields": "id", "related": {"lines": {"fields": "id", "limit": 1, "cursor": True}}}
    reply = door.list(asked, statements=2)
    pages = {key: row["lines"] for key, row in reply.body["results"].items()}
    cursors = {key: page["pagination"].get("next") for key, page in pages.items()}

    assert {"1", "3"} == {key for key, following in cursors.items() if following}
    assert {"offset": 0, "limit": 1, "has_more": False} == pages["2"]["pagination"]
    assert {"cursor": cursors["1"]["cursor"]} == cursors["1"]
    assert cursors["1"] != cursors["3"]
    assert {"pagination": pages["2"]["pagination"], "results": []} == pages["4"]
    for key, expected in {"1": [2], "3": [5]}.items():
        lines = {"fields": "id", "limit": 1, **cursors[key]}
        following = door.get(int(key), {"fields": "status", "related": {"lines": lines}})
        page = page_of(following, "lines")
        assert expected == keys(page)
        assert {"offset", "limit", "has_more", "prev"} == page["pagination"].keys()


def test_the_page_of_one_row_takes_one_statement_more_than_the_row(execute: Door) -> None:
    first = walk(execute, {"fields": "id", "limit": 1, "cursor": True})[0]
    entry = {"fields": "id", "limit": 1, **first["pagination"]["next"]}
    asked = {"fields": "id", "related": {"booking": entry}}
    listed = {**asked, "filters": {"id": 1}}

    assert [3] == keys(page_of(execute.get(1, asked, model="customer", statements=2)))
    reply = execute.list(listed, model="customer", statements=2)
    assert [3] == keys(reply.first["booking"])


def test_a_list_with_a_cursor_counts_all_its_rows(one_customer: None, execute: Door) -> None:
    entry = {"fields": "id", "limit": 2, "cursor": True, "count": True}
    asked = {"fields": "id", "related": {"booking": entry}}
    first = page_of(execute.get(1, asked, model="customer", statements=2))
    entry |= first["pagination"]["next"]
    second = page_of(execute.get(1, asked, model="customer", statements=3))

    assert ([1, 2], [3, 4]) == (keys(first), keys(second))
    assert (5, "exact") == (first["pagination"]["count"], first["pagination"]["count_kind"])
    assert (5, "exact") == (second["pagination"]["count"], second["pagination"]["count_kind"])


def test_long_texts_take_one_statement_to_find_their_row(one_customer: None, execute: Door) -> None:
    for pk, letter in zip(range(1, 6), "fbdac", strict=True):
        Booking.objects.filter(pk=pk).update(internal_notes=letter * 5_000)
    entry = {"fields": "id", "limit": 2, "order_by": "internal_notes", "cursor": True}
    asked = {"fields": "id", "related": {"booking": entry}}
    first = page_of(execute.get(1, asked, model="customer", statements=2))
    entry |= first["pagination"]["next"]

    second = page_of(execute.get(1, asked, model="customer", statements=3))
    assert ([4, 2], [5, 3]) == (keys(first), keys(second))
    Booking.objects.filter(pk=2).delete()
    gone = execute.get(1, asked, model="customer", statements=3)
    assert (400, "query.cursor", "related.booking.cursor") == _refusal(gone)


def _refusal(reply: Reply) -> tuple[int, Any, Any]:
    return reply.status, reply.body.get("code"), reply.body.get("path")


def test_rows_of_a_many_to_many_relation_are_paged(execute: Door) -> None:
    tags = Tag.objects.bulk_create(Tag(slug=f"t{n}", date=str(n % 2)) for n in range(5))
    for booking in Booking.objects.filter(pk__in=(1, 2)):
        booking.tags.add(*tags)
    for pk, tagged in {1: 7, 2: 6}.items():
        entry = {"fields": "slug", "limit": 2, "order_by": "-date", "cursor": True}
        whole = execute.get(pk, {"fields": "id", "related": {"tags": {**entry, "limit": 50}}})
        found: list[Any] = []
        following: Any = {}
        while following is not None:
            reply = execute.get(pk, {"fields": "id", "related": {"tags": {**entry, **following}}})
            page = page_of(reply, "tags")
            found += page["results"]
            following = page["pagination"].get("next")
        assert whole.body["tags"]["results"] == found
        assert tagged == len(found)


def test_a_list_inside_a_list_goes_on_below_its_row(execute: Door) -> None:
    lines = {"fields": "id", "limit": 1, "cursor": True}
    related = {"booking": {"fields": "id", "related": {"lines": lines}}}
    asked = {"fields": "id", "related": related}
    reply = execute.get(1, asked, model="customer", statements=3)
    first = {row["id"]: row["lines"] for row in reply.body["booking"]}
    assert {1: [1], 3: [4]} == {key: keys(page) for key, page in first.items()}

    lines |= first[3]["pagination"]["next"]
    assert (400, "query.cursor", "related.booking.related.lines.cursor") == _refusal(
        execute.get(1, asked, model="customer", statements=3)
    )
    related["booking"]["filters"] = {"id": 3}
    (row,) = execute.get(1, asked, model="customer", statements=3).body["booking"]
    assert [5] == keys(row["lines"])
    # Its rows are those of a booking, whichever way leads there.
    assert [5] == keys(
        page_of(execute.get(3, {"fields": "id", "related": {"lines": lines}}), "lines")
    )


def test_the_list_of_a_to_one_row_is_that_of_the_row(execute: Door) -> None:
    entry = {"fields": "id", "limit": 1, "cursor": True}
    reply = execute.get(1, {"fields": "id", "related": {"customer.booking": entry}})
    entry |= reply.body["customer"]["booking"]["pagination"]["next"]
    # Two bookings of one customer share the list.
    asked = {"fields": "id", "related": {"customer.booking": entry}, "filters": {"customer": 1}}
    shared = execute.list(asked, statements=2)

    assert [[3], [3]] == [keys(row["customer"]["booking"]) for row in shared.results]


def test_lists_inside_a_page_are_read_for_its_rows_alone(execute: Door) -> None:
    entry = {"fields": "id, lines.id", "limit": 1, "order_by": "-id", "cursor": True}
    pages = walk(execute, entry)

    assert [
        [{"id": 3, "lines": [{"id": 4}, {"id": 5}]}],
        [{"id": 1, "lines": [{"id": 1}, {"id": 2}]}],
    ] == [page["results"] for page in pages]


def test_a_list_of_keys_is_paged(execute: Door) -> None:
    asked: dict[str, Any] = {
        "fields": "booking",
        "related": {"booking": {"limit": 1, "cursor": True}},
    }
    first = page_of(execute.get(1, asked, model="customer"))
    asked["related"]["booking"] |= first["pagination"]["next"]

    assert ([1], [3]) == (
        first["results"],
        page_of(execute.get(1, asked, model="customer"))["results"],
    )


def test_first_rows_of_each_value_are_paged(one_customer: None, execute: Door) -> None:
    entry = {"fields": "id", "distinct": "urgent", "order_by": "-id", "limit": 1, "cursor": True}

    assert [5, 4] == flat(walk(execute, entry))


@pytest.mark.parametrize("order", [None, "-id", "status", "-seats"])
def test_rows_that_come_and_go_disturb_no_other_row(
    one_customer: None, execute: Door, order: str | None
) -> None:
    entry: dict[str, Any] = {"fields": "id", "limit": 2, "cursor": True}
    if order:
        entry["order_by"] = order
    (whole,) = walk(execute, {**entry, "limit": 9})
    first = walk(execute, entry)[0]
    Booking.objects.filter(pk__in=keys(first)).delete()
    for key in (-1, 100):
        Booking.objects.create(id=key, customer_id=1, status="aaa" if key < 0 else "zzz")
    rest = flat(walk(execute, {**entry, **first["pagination"]["next"]}))

    assert keys(whole)[2:] == [key for key in rest if key in keys(whole)]
    assert len(rest) == len(set(rest))


def test_paging_back_from_an_empty_page_begins_with_the_last_row(
    one_customer: None, execute: Door
) -> None:
    entry = {"fields": "id", "limit": 2, "cursor": True}
    first = walk(execute, entry)[0]
    Booking.objects.filter(pk__gt=2, customer_id=1).delete()
    (empty,) = walk(execute, {**entry, **first["pagination"]["next"]})
    (back,) = walk(execute, {**entry, **empty["pagination"]["prev"]}, "prev")

    assert ([], [1, 2]) == (keys(empty), keys(back))
    assert "next" not in back["pagination"]


def test_the_next_page_of_rows_begins_their_lists_again(door: Door) -> None:
    lines = {"fields": "id", "limit": 1, "cursor": True}
    asked = {"fields": "id", "related": {"lines": lines}, "limit": 1, "filters": {"id.in": [1, 3]}}
    lines |= door.list(asked, statements=2).first["lines"]["pagination"]["next"]
    reply = door.list(asked, statements=2)
    following = door.list(reply.body["pagination"]["next"], statements=2)

    assert ([2], [4]) == (keys(reply.first["lines"]), keys(following.first["lines"]))


def test_a_cursor_of_rows_beside_cursors_of_their_lists(execute: Door) -> None:
    lines = {"fields": "id", "limit": 1, "cursor": True}
    asked = {"fields": "id", "related": {"lines": lines}, "limit": 2, "cursor": True}
    first = execute.list(asked, statements=2)
    second = execute.list(first.body["pagination"]["next"], statements=2)

    assert ([1, 2], [3, 4]) == (first.ids, second.ids)
    assert [4] == keys(second.body["results"]["3"]["lines"])


def test_lists_in_a_stream_have_cursors(settings: Any, db: None) -> None:
    rest = RestGet(settings)
    lines = {"fields": "id", "limit": 1, "cursor": True}
    following = page_of(rest.get(1, {"fields": "id", "related": {"lines": lines}}), "lines")
    url = "/api/booking/?fields=id&format=ndjson&related.lines.fields=id&related.lines.limit=1"
    reply = rest.request("GET", f"{url}&related.lines.cursor=true")
    rows = [json.loads(line) for line in reply.getvalue().splitlines()]

    assert [1, 3] == [row["id"] for row in rows if "next" in row["lines"]["pagination"]]
    # A page of one list is none of a stream of several.
    cursor = following["pagination"]["next"]["cursor"]
    refused = rest.request("GET", f"{url}&related.lines.cursor={cursor}")
    assert (400, "query.cursor") == (refused.status_code, json.loads(refused.getvalue())["code"])


# --- what a cursor is bound to --------------------------------------------------------------------

ENTRY: dict[str, Any] = {
    "fields": "id",
    "filters": {"id.gte": 0},
    "order_by": "status",
    "limit": 1,
    "cursor": True,
}


def next_of(door: Door, pk: int = 1, entry: dict[str, Any] = ENTRY, **options: Any) -> Any:
    asked = {"fields": "id", "related": {"booking": entry}}
    page = page_of(door.get(pk, asked, model="customer", **options))
    return page["pagination"]["next"]


MAY_CHANGE: dict[str, dict[str, Any]] = {
    "limit": {"limit": 5},
    "count": {"count": True},
    "shape": {"shape": "list"},
}
OTHERS: dict[str, dict[str, Any]] = {
    "fields": {"fields": "id, status"},
    "filters": {"filters": {"id.gte": 1}},
    "no-filters": {"filters": {}},
    "order": {"order_by": "-status"},
    "no-order": {"order_by": None},
    "distinct": {"distinct": "status"},
    "related": {"related": {"lines": {}}},
    "keys-too": {"fields": None},
}


@pytest.mark.parametrize("change", MAY_CHANGE.values(), ids=MAY_CHANGE)
def test_the_size_of_a_page_and_its_count_may_change(door: Door, change: dict[str, Any]) -> None:
    entry = {**ENTRY, **next_of(door), **change}
    page = page_of(door.get(1, {"related": {"booking": entry}}, model="customer"))

    assert [1] == keys(page)


def test_the_name_of_the_entry_and_the_rest_of_the_query_may_change(door: Door) -> None:
    entry = {**ENTRY, **next_of(door), "from": "booking_set"}
    asked = {"fields": "name", "related": {"mine": entry, "other": {"from": "booking"}}}

    assert [1] == keys(page_of(door.get(1, asked, model="customer"), "mine"))


def test_fields_may_be_named_outside(execute: Door) -> None:
    entry = {key: value for key, value in {**ENTRY, **next_of(execute)}.items() if key != "fields"}
    asked = {"fields": "booking.id", "related": {"booking": entry}}

    assert [1] == keys(page_of(execute.get(1, asked, model="customer")))


@pytest.mark.parametrize("change", OTHERS.values(), ids=OTHERS)
def test_the_cursor_of_another_entry_is_refused(door: Door, change: dict[str, Any]) -> None:
    entry = {**ENTRY, **next_of(door), **change}
    reply = door.get(1, {"fields": "id", "related": {"booking": entry}}, model="customer")

    assert (400, "query.cursor", "related.booking.cursor") == _refusal(reply)


@pytest.mark.parametrize("pk", [2, 3])
def test_the_cursor_of_another_row_is_refused(door: Door, pk: int) -> None:
    entry = {**ENTRY, **next_of(door, 1)}
    asked = {"fields": "id", "related": {"booking": entry}}
    reply = door.get(pk, asked, model="customer", statements=2)

    assert (400, "query.cursor", "related.booking.cursor") == _refusal(reply)


def test_a_cursor_belongs_to_one_list_of_several(door: Door) -> None:
    entry = {**ENTRY, **next_of(door)}
    asked = {"fields": "id", "related": {"booking": entry}}

    assert (400, "query.cursor", "related.booking.cursor") == _refusal(
        door.list(asked, model="customer", statements=2)
    )
    nobody = door.list({**asked, "filters": {"id": 0}}, model="customer")
    assert {} == nobody.body["results"]


def test_the_cursor_of_another_relation_is_refused(execute: Door) -> None:
    lines = {"fields": "id", "limit": 1, "cursor": True}
    page = page_of(execute.get(1, {"fields": "id", "related": {"lines": lines}}), "lines")
    entry = {**lines, **page["pagination"]["next"]}
    reply = execute.get(1, {"fields": "id", "related": {"booking": entry}}, model="customer")
    whole = execute.list({"fields": "id", "limit": 1, **page["pagination"]["next"]}, model="line")

    assert (400, "query.cursor", "related.booking.cursor") == _refusal(reply)
    assert (400, "query.cursor", "cursor") == _refusal(whole)


def test_the_cursor_of_a_list_is_none_of_related_rows(execute: Door) -> None:
    asked = {"fields": "id", "limit": 1, "cursor": True}
    cursor = execute.list(asked, model="booking").body["pagination"]["next"]["cursor"]
    entry = {"fields": "id", "limit": 1, "cursor": cursor}
    reply = execute.get(1, {"fields": "id", "related": {"booking": entry}}, model="customer")

    assert (400, "query.cursor", "related.booking.cursor") == _refusal(reply)


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda text: text[:-1], id="cut"),
        pytest.param(lambda text: text + "A", id="longer"),
        pytest.param(lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"), id="last"),
        pytest.param(lambda text: ("A" if text[0] != "A" else "B") + text[1:], id="first"),
        pytest.param(lambda text: "x", id="short"),
        pytest.param(lambda text: "A" * 40_000, id="absurd"),
        pytest.param(lambda text: "é", id="no-ascii"),
    ],
)
def test_a_forged_cursor_is_refused(query_door: Door, forge: Any) -> None:
    entry = {**ENTRY, "cursor": forge(next_of(query_door)["cursor"])}
    reply = query_door.get(1, {"fields": "id", "related": {"booking": entry}}, model="customer")

    assert (400, "query.cursor", "related.booking.cursor") == _refusal(reply)


def test_the_cursor_of_another_user_or_role_is_refused(role_door: Door) -> None:
    roles = dict.fromkeys(("staff", "authenticated"), EVERYTHING)
    expose = dict.fromkeys(("booking", "customer"), roles)
    one = User(pk=1, username="one", is_active=True)
    entry = {**ENTRY, **next_of(role_door, expose=expose, user=one)}
    asked = {"fields": "id", "related": {"booking": entry}}
    two = User(pk=2, username="two", is_active=True)
    staff = User(pk=1, username="one", is_active=True, is_staff=True)

    assert 200 == role_door.get(1, asked, model="customer", expose=expose, user=one).status
    for other in (two, staff):
        reply = role_door.get(1, asked, model="customer", expose=expose, user=other)
        assert (400, "query.cursor", "related.booking.cursor") == _refusal(reply)


def test_the_cursor_of_another_version_is_refused(settings: Any, db: None) -> None:
    rest = RestGet(settings)
    versions = {"VERSIONS": {"v1": {"path": "/api/v1/", "EXPOSE": OPEN}}}
    entry = {"fields": "id", "limit": 1, "cursor": True}
    asked = {"fields": "id", "related": {"booking": entry}}
    page = page_of(rest.get(1, asked, model="customer", **versions))
    query = (
        "?fields=id&related.booking.fields=id&related.booking.limit=1"
        f"&related.booking.cursor={page['pagination']['next']['cursor']}"
    )
    replies = [rest.request("GET", f"/api/{part}customer/1{query}") for part in ("", "v1/")]

    assert [200, 400] == [reply.status_code for reply in replies]


def test_an_order_by_parts_of_times_is_bound_to_their_time_zone(execute: Door) -> None:
    entry = {"fields": "id", "order_by": "created_at.day", "limit": 1, "cursor": True}
    entry |= next_of(execute, entry=entry)
    asked = {"fields": "id", "related": {"booking": entry}}

    assert 200 == execute.get(1, asked, model="customer").status
    with override("Asia/Tokyo"):
        reply = execute.get(1, asked, model="customer")
    assert (400, "query.cursor", "related.booking.cursor") == _refusal(reply)


# --- what is hidden -------------------------------------------------------------------------------


def test_rows_that_are_hidden_meanwhile_are_on_no_page(one_customer: None, execute: Door) -> None:
    visible: dict[str, Any] = {"pk__gte": 0}
    rule = {**EVERYTHING, "rows": lambda user: Q(**visible)}
    expose = {"customer": {"anon": EVERYTHING}, "booking": {"anon": rule}}
    entry = {"fields": "id", "limit": 1, "cursor": True}
    entry |= next_of(execute, entry=entry, expose=expose)
    visible = {"pk__in": [1, 4]}

    assert [4] == flat(walk(execute, {**entry, "limit": 9}, expose=expose))
    visible = {"pk": 0}
    (page,) = walk(execute, {**entry, "limit": 9}, expose=expose)
    assert ([], False) == (page["results"], page["pagination"]["has_more"])


def test_a_row_that_is_hidden_meanwhile_shows_no_list(one_customer: None, execute: Door) -> None:
    visible: dict[str, Any] = {"pk__gte": 0}
    rule = {**EVERYTHING, "rows": lambda user: Q(**visible)}
    expose = {"customer": {"anon": rule}, "booking": {"anon": EVERYTHING}}
    entry = {"fields": "id", "limit": 1, "cursor": True}
    entry |= next_of(execute, entry=entry, expose=expose)
    visible = {"pk": 2}
    asked = {"fields": "id", "related": {"booking": entry}}

    hidden = execute.get(1, asked, model="customer", expose=expose)
    gone = execute.get(99, asked, model="customer", expose=expose)
    assert (404, 404, hidden.body) == (hidden.status, gone.status, gone.body)
    behind = {"fields": "id", "related": {"customer.booking": entry}}
    assert None is execute.get(1, behind, expose=expose).body["customer"]


def test_what_is_no_longer_granted_cannot_be_paged(execute: Door) -> None:
    entry = {"fields": "id", "order_by": "seats", "limit": 1, "cursor": True}
    entry |= next_of(execute, entry=entry)
    asked = {"fields": "id", "related": {"booking": entry}}
    expose = {
        name: {"anon": {**EVERYTHING, "order_by": ["id"]}} for name in ("customer", "booking")
    }
    reply = execute.get(1, asked, model="customer", expose=expose)

    assert 403 == reply.status


def test_a_cursor_tells_nothing_of_what_may_only_be_sorted_by(
    one_customer: None, execute: Door
) -> None:
    for pk in range(1, 6):
        Booking.objects.filter(pk=pk).update(stripe_payment_id="x" * 8 * pk)
    sorted_only = {**EVERYTHING, "fields": ["id"], "order_by": ["stripe_payment_id"]}
    expose = {"customer": {"anon": EVERYTHING}, "booking": {"anon": sorted_only}}
    entry = {"fields": "id", "order_by": "stripe_payment_id", "limit": 1, "cursor": True}
    pages = walk(execute, entry, expose=expose)
    cursors = [p["pagination"]["next"]["cursor"] for p in pages if "next" in p["pagination"]]
    again = walk(execute, entry, expose=expose)[0]["pagination"]["next"]["cursor"]

    assert [1, 2, 3, 4, 5] == flat(pages)
    assert (4, 1) == (len(set(cursors)), len({len(cursor) for cursor in cursors}))
    assert again != cursors[0]


def test_hidden_related_rows_are_null_in_the_order_of_pages(
    one_customer: None, execute: Door
) -> None:
    rule = {**EVERYTHING, "rows": {"city": "Berlin"}}
    expose = {**OPEN, "address": {"anon": rule}}
    entry = {"fields": "id", "order_by": "-address.city", "limit": 1, "cursor": True}
    before = flat(walk(execute, entry, expose=expose))
    Booking.objects.filter(address__city="Paris").update(address=None)

    assert before == flat(walk(execute, entry, expose=expose))


# --- mistakes -------------------------------------------------------------------------------------

MISTAKES: dict[str, tuple[dict[str, Any], str, str]] = {
    "offset": ({"cursor": True, "offset": 0}, "query.invalid", "offset"),
    "no-text": ({"cursor": 5}, "query.value", "cursor"),
    "combinations": ({"cursor": True, "distinct": True}, "query.unsupported", "cursor"),
    "json": (
        {"cursor": True, "order_by": "customer.metadata"},
        "query.unsupported",
        "order_by",
    ),
    "aggregate": ({"cursor": True, "aggregate": "count"}, "query.invalid", "cursor"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_named_with_its_place(query_door: Door, case: str) -> None:
    entry, code, path = MISTAKES[case]
    reply = query_door.get(1, {"fields": "id", "related": {"booking": entry}}, model="customer")

    assert (400, code, f"related.booking.{path}") == _refusal(reply)


def test_cursors_count_to_the_size_of_a_reply(execute: Door) -> None:
    Line.objects.bulk_create(Line(booking_id=1 + n % 6, product="x") for n in range(24))
    entry = {"fields": "id", "order_by": "note", "limit": 1}
    sizes: dict[bool, int] = {}
    asked: dict[str, Any] = {}
    for cursor in (False, True):
        lists = {f"l{n}": {**entry, "cursor": cursor, "shape": "list"} for n in range(5)}
        asked = {
            "fields": "id",
            "related": {n: {**one, "from": "lines"} for n, one in lists.items()},
        }
        sizes[cursor] = len(json.dumps(execute.list(asked, statements=6).body))
    assert sizes[True] > 2 * sizes[False]

    reply = execute.list(asked, statements=7, MAX_REPLY_BYTES=(sizes[True] + sizes[False]) // 2)
    assert (400, "query.reply_size") == (reply.status, reply.body["code"])
