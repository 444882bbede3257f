"""Combinations of values of related rows, and their first rows: in each list by itself."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from django.db.models import Q

from tests.doors.fronts import EVERYTHING, OPEN, Door, Execute, Reply
from tests.testapp.models import Booking, Customer, Line, Tag

pytestmark = pytest.mark.usefixtures("bookings")


@pytest.fixture
def execute(settings: Any, db: None) -> Door:
    """The door without HTTP."""
    return Execute(settings)


@pytest.fixture
def many_lines(bookings: None) -> None:
    """Three bookings with lines of a few products and quantities, in different orders."""
    Line.objects.all().delete()
    drawn = product((1, 2, 3), ("mop", "sweep", "wax"), (1, 2, 2), (None, "a"))
    Line.objects.bulk_create(
        Line(
            id=1 + n * 7 % 55,
            booking_id=booking,
            product="mop" if booking == 3 else name,
            quantity=quantity * booking,
            note=note,
        )
        for n, (booking, name, quantity, note) in enumerate(drawn)
    )


def lists(reply: Reply, name: str = "lines") -> dict[int, Any]:
    assert 200 == reply.status, reply.body
    return {int(key): row[name] for key, row in reply.body["results"].items() if row[name]}


def asked(name: str = "lines", **entry: Any) -> dict[str, Any]:
    return {"fields": "id", "related": {name: entry}}


COMBINED: dict[str, tuple[dict[str, Any], dict[int, list[Any]]]] = {
    "one": (
        {"fields": "product"},
        {1: [{"product": "mop"}, {"product": "sweep"}], 2: [{"product": "mop"}], 3: [{"product": "sweep"}]},
    ),
    "descending": (
        {"fields": "product", "order_by": "-product", "limit": 1},
        {1: [{"product": "sweep"}], 2: [{"product": "mop"}], 3: [{"product": "sweep"}]},
    ),
    "offset": ({"fields": "product", "offset": 1}, {1: [{"product": "sweep"}]}),
    "alias": ({"fields": "what:product", "filters": {"quantity.gte": 5}}, {1: [{"what": "mop"}], 3: [{"what": "sweep"}]}),
    "key-of-the-outer-row": (
        {"fields": "booking, booking.id, booking.urgent"},
        {n: [{"booking": {"id": n, "urgent": n == 1}}] for n in (1, 2, 3)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", COMBINED)
def test_each_combination_is_once_in_each_list(query_door: Door, name: str) -> None:
    entry, expected = COMBINED[name]
    found = lists(query_door.list(asked(distinct=True, **entry), statements=2))

    assert expected == found
    for key, rows in expected.items():
        assert rows == query_door.get(key, asked(distinct=True, **entry)).body["lines"]


def test_every_door_takes_it(door: Door) -> None:
    found = lists(door.list(asked(fields="product", distinct=True), statements=2))

    assert [{"product": "mop"}, {"product": "sweep"}] == found[1]


@pytest.mark.parametrize("key", [None, 1, 3])
@pytest.mark.parametrize("order", ["-quantity", "product", "quantity, -product"])
@pytest.mark.parametrize(
    "page", [{}, {"limit": 2}, {"limit": 2, "offset": 1}, {"count": True, "limit": 1}]
)
def test_combinations_are_those_that_python_finds(
    many_lines: None, execute: Door, key: int | None, order: str, page: dict[str, Any]
) -> None:
    entry = {"fields": "product, quantity", "order_by": order, "distinct": True, **page}
    among = {} if key is None else {"filters": {"id": key}}
    found = lists(execute.list({**asked(**entry), **among}, statements=2))
    offset = page.get("offset", 0)

    for booking in [key] if key else [1, 2, 3]:
        values = set(Line.objects.filter(booking=booking).values_list("product", "quantity"))
        rows = sorted(values)
        for term in reversed(order.split(", ")):
            name = term.removeprefix("-")
            rows.sort(key=lambda row: row[name == "quantity"], reverse=term.startswith("-"))
        shown = rows[offset : offset + page.get("limit", 50)]
        expected: Any = [{"product": p, "quantity": q} for p, q in shown]
        listed = found[booking]
        if "count" in page:
            assert len(rows) == listed["pagination"]["count"]
            assert (len(rows) > 1) is listed["pagination"]["has_more"]
            listed = listed["results"]
        assert expected == listed


@pytest.mark.one_in(3)
@pytest.mark.parametrize("key", [None, 1, 3])
@pytest.mark.parametrize("order", ["-quantity", "product", "-note", "id"])
@pytest.mark.parametrize("paths", ["product", "note", "product, quantity"])
@pytest.mark.parametrize("page", [{}, {"limit": 1, "offset": 1}, {"count": True, "limit": 1}])
def test_first_rows_are_those_that_python_finds(
    many_lines: None,
    execute: Door,
    key: int | None,
    order: str,
    paths: str,
    page: dict[str, Any],
) -> None:
    entry = {"fields": "id", "order_by": order, "distinct": paths, **page}
    among = {} if key is None else {"filters": {"id": key}}
    found = lists(execute.list({**asked(**entry), **among}, statements=2))
    offset, name = page.get("offset", 0), order.removeprefix("-")

    for booking in [key] if key else [1, 2, 3]:
        rows = list(Line.objects.filter(booking=booking).order_by("id"))
        rows.sort(
            key=lambda row: (getattr(row, name) is None, getattr(row, name) or 0),
            reverse=order.startswith("-"),
        )
        first: dict[Any, int] = {}
        for row in rows:
            first.setdefault(tuple(getattr(row, p) for p in paths.split(", ")), row.pk)
        keys = list(first.values())[offset : offset + page.get("limit", 50)]
        listed = found.get(booking, [])
        if "count" in page:
            assert len(first) == listed["pagination"]["count"]
            listed = listed["results"]
        assert keys == [row["id"] for row in listed]


def test_a_tag_may_be_the_first_of_one_booking_alone(execute: Door) -> None:
    tags = Tag.objects.bulk_create(Tag(slug=f"t{n}", date=str(n % 2)) for n in range(4))
    Booking.objects.get(pk=4).tags.add(*tags)
    Booking.objects.get(pk=5).tags.add(*tags[2:])
    entry = {"fields": "slug", "distinct": "date"}
    among = {"filters": {"id.in": [4, 5]}}
    found = lists(execute.list({**asked("tags", **entry), **among}, statements=2), "tags")

    assert {4: ["t0", "t1"], 5: ["t2", "t3"]} == {
        key: [row["slug"] for row in rows] for key, rows in found.items()
    }
    assert [{"slug": "t2"}, {"slug": "t3"}] == execute.get(5, asked("tags", **entry)).body["tags"]
    combined = {"fields": "date", "distinct": True, "order_by": "-date"}
    found = lists(execute.list({**asked("tags", **combined), **among}, statements=2), "tags")
    assert {4: [{"date": "1"}, {"date": "0"}], 5: [{"date": "1"}, {"date": "0"}]} == found


def test_combinations_of_related_values_are_paged(execute: Door) -> None:
    Booking.objects.update(customer_id=1)
    entry = {"fields": "address.city, urgent", "distinct": True, "limit": 2, "shape": "list"}
    found: list[Any] = []
    for offset in (0, 2, 4):
        query = asked("booking", **entry, offset=offset)
        page = execute.get(1, query, model="customer").body["booking"]
        found += page["results"]
    values = {(b.address and b.address.city, b.urgent) for b in Booking.objects.all()}

    assert values == {((one["address"] or {}).get("city"), one["urgent"]) for one in found}
    assert len(values) == len(found)


def test_keys_are_distinct_already(execute: Door) -> None:
    query = {"fields": "tags", "related": {"tags": {"distinct": True, "order_by": "-slug"}}}

    assert ["red", "blue"] == execute.get(1, query).body["tags"]


def test_first_rows_have_lists_of_their_own(execute: Door) -> None:
    entry = {"fields": "id, lines.id", "distinct": "customer"}
    reply = execute.get(1, asked("booking", **entry), model="customer", statements=3)

    assert [{"id": 1, "lines": [{"id": 1}, {"id": 2}]}] == reply.body["booking"]


# --- what is hidden -------------------------------------------------------------------------------


def test_hidden_rows_make_no_combination_and_are_nobodys_first(door: Door) -> None:
    rule = {"anon": {**EVERYTHING, "rows": lambda user: Q(quantity__gte=5)}}
    expose = {**OPEN, "line": rule}
    combined = door.list(asked(fields="product", distinct=True), expose=expose, statements=2)
    first = door.list(asked(fields="id", distinct="product"), expose=expose, statements=2)

    assert {1: [{"product": "mop"}], 3: [{"product": "sweep"}]} == lists(combined)
    assert {1: [{"id": 2}], 3: [{"id": 4}]} == lists(first)


def test_hidden_links_make_no_combination(execute: Door) -> None:
    links = {"anon": {**EVERYTHING, "rows": {"tag.slug.ne": "blue"}}}
    expose = {**OPEN, "booking_tags": links}
    for entry in ({"fields": "slug", "distinct": True}, {"fields": "slug", "distinct": "date"}):
        reply = execute.list(asked("tags", **entry), expose=expose, statements=2)
        assert {1: [{"slug": "red"}], 2: [{"slug": "red"}]} == lists(reply, "tags")


@pytest.mark.parametrize("entry", [{"fields": "id", "distinct": "customer.name", "order_by": "id"}])
def test_hidden_related_rows_are_one_value(execute: Door, entry: dict[str, Any]) -> None:
    rule = {"anon": {**EVERYTHING, "rows": {"vip": True}}}
    expose = {**OPEN, "customer": rule}
    Booking.objects.update(address_id=1)
    query = asked("booking", **entry)
    before = execute.get(1, query, model="address", expose=expose).body["booking"]
    Customer.objects.filter(vip=False).update(name="Same")

    assert [{"id": 1}, {"id": 2}] == before
    assert before == execute.get(1, query, model="address", expose=expose).body["booking"]
    names = {**query, "related": {"booking": {"fields": "customer.name", "distinct": True}}}
    found = execute.get(1, names, model="address", expose=expose).body["booking"]
    assert 2 == len(found)
    assert {"customer": None} in found


def test_values_that_may_not_be_read_tell_no_rows_apart(door: Door) -> None:
    sorted_only = {**EVERYTHING, "fields": ["id"], "order_by": ["note"], "filters": ["note"]}
    expose = {"booking": {"anon": {**EVERYTHING, "fields": ["id"]}}, "line": {"anon": sorted_only}}
    unknown, denied = (
        door.list(asked(fields="id", distinct=path), expose=expose) for path in ("nothing", "note")
    )

    assert (403, 403) == (unknown.status, denied.status)
    assert {**unknown.body, "error": ""} == {**denied.body, "error": ""}


# --- mistakes -------------------------------------------------------------------------------------

MISTAKES: dict[str, tuple[dict[str, Any], str, str]] = {
    "order": ({"fields": "product", "order_by": "id"}, "query.invalid", "order_by"),
    "list": ({"fields": "product", "related": {"booking": {}}}, "query.invalid", "related.booking"),
    "number": ({"fields": "id", "distinct": 5}, "query.value", "distinct"),
    "empty": ({"fields": "id", "distinct": ""}, "query.value", "distinct"),
    "no-path": ({"fields": "id", "distinct": "a b"}, "query.invalid", "distinct"),
    "unknown": ({"fields": "id", "distinct": "nothing"}, "field.denied", "distinct"),
    "aggregate": ({"aggregate": "count"}, "query.invalid", "distinct"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_named_with_its_place(query_door: Door, case: str) -> None:
    entry, code, path = MISTAKES[case]
    reply = query_door.list(asked(**{"distinct": True, **entry}))

    assert (code, f"related.lines.{path}") == (reply.body["code"], reply.body["path"])


INCOMPARABLE: dict[str, dict[str, Any]] = {
    "list": {"fields": "id, lines.id", "distinct": True},
    "json": {"fields": "customer.metadata", "distinct": True},
    "path-of-json": {"fields": "id", "distinct": "customer.metadata.level"},
    "path-of-many": {"fields": "id", "distinct": "lines.product"},
}


@pytest.mark.parametrize("entry", INCOMPARABLE.values(), ids=INCOMPARABLE)
def test_what_cannot_be_compared_is_refused(query_door: Door, entry: dict[str, Any]) -> None:
    reply = query_door.get(1, asked("booking", **entry), model="address")

    assert (400, "related.booking.distinct") == (reply.status, reply.body["path"])
