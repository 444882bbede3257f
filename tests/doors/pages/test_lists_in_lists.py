"""Lists inside lists by pages, and what their values and cursors tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from django_flex.schema.introspection import describe
from tests.doors.fronts import EVERYTHING, OPEN, Door, Execute
from tests.testapp.models import Booking, Line, Tag

pytestmark = pytest.mark.usefixtures("bookings")


@pytest.fixture
def execute(settings: Any, db: None) -> Door:
    """The door without HTTP."""
    return Execute(settings)


PAGES: dict[str, dict[str, Any]] = {
    "list": {"shape": "list", "limit": 1},
    "offset": {"shape": "list", "limit": 1, "offset": 1},
    "offset-alone": {"limit": 1, "offset": 1},
    "count": {"count": True, "limit": 1},
    "count-and-offset": {"count": True, "limit": 1, "offset": 2},
    "cursor": {"cursor": True, "limit": 1},
    "cursor-and-count": {"cursor": True, "count": True, "limit": 1},
    "first-of-each": {"shape": "list", "distinct": "id", "limit": 1},
}


@pytest.fixture
def many_lines(bookings: None) -> None:
    """One customer has all bookings, and each of these three lines."""
    Booking.objects.update(customer_id=1)
    Line.objects.all().delete()
    Line.objects.bulk_create(
        Line(id=1 + n, booking_id=1 + n // 3, product=f"p{n % 3}") for n in range(18)
    )


def rows_of(page: Any) -> list[Any]:
    found: list[Any] = page["results"] if isinstance(page, dict) else page
    return found


@pytest.mark.parametrize("name", PAGES)
def test_a_cursor_of_an_inner_list_goes_on_in_a_page_that_has_more(
    many_lines: None, execute: Door, name: str
) -> None:
    seen: list[Any] = []
    following: dict[str, Any] | None = {"cursor": True}
    while following is not None:
        inner = {"fields": "id", "limit": 1, "order_by": "-product", **following}
        outer = {"fields": "id", "related": {"lines": inner}, "order_by": "id", **PAGES[name]}
        asked = {"fields": "id", "related": {"booking": outer}}
        reply = execute.get(1, asked, model="customer", statements=3)
        assert 200 == reply.status, reply.body
        (booking,) = rows_of(reply.body["booking"])
        seen += [(booking["id"], row["id"]) for row in booking["lines"]["results"]]
        following = booking["lines"]["pagination"].get("next")
        assert len(seen) < 9

    first = 1 + PAGES[name].get("offset", 0)
    assert [(first, 3 * first), (first, 3 * first - 1), (first, 3 * first - 2)] == seen


def test_the_last_inner_row_of_a_page_has_its_list(many_lines: None, execute: Door) -> None:
    inner = {"fields": "id", "limit": 2}
    outer = {"fields": "id", "related": {"lines": inner}, "limit": 4, "shape": "list"}
    asked = {"fields": "id", "related": {"booking": outer}}
    reply = execute.list(asked, model="customer", statements=3)
    page = reply.body["results"]["1"]["booking"]

    assert page["pagination"]["has_more"]
    lists = [[line["id"] for line in row["lines"]] for row in page["results"]]
    assert [[1, 2], [4, 5], [7, 8], [10, 11]] == lists


# --- values ---------------------------------------------------------------------------------------

DECIMALS: dict[str, tuple[str, str, str]] = {
    "own": ("customer", "booking", "price"),
    "of-another-row": ("booking", "lines", "booking.price"),
    "under-an-alias": ("booking", "lines", "p:booking.price"),
    "over-links": ("tag", "bookings", "price"),
}


@pytest.mark.parametrize("key", [None, "one"])
@pytest.mark.parametrize("name", DECIMALS)
def test_decimals_of_combinations_are_those_of_rows(
    execute: Door, name: str, key: str | None
) -> None:
    Booking.objects.filter(pk=1).update(price="25.00")
    Booking.objects.filter(pk=2).update(price="0.10")
    Booking.objects.filter(pk=3).update(price="100.00")
    Booking.objects.get(pk=1).tags.set(Tag.objects.all())
    model, relation, field = DECIMALS[name]

    def lists(**entry: Any) -> list[Any]:
        asked = {"fields": "pk", "related": {relation: {"fields": field, **entry}}}
        if key is None:
            reply = execute.list(asked, model=model, statements=2)
            return [row[relation] for row in reply.body["results"].values()]
        first = next(iter(execute.list({"fields": "pk"}, model=model).body["results"]))
        return [execute.get(first, asked, model=model).body[relation]]

    def texts(found: list[Any]) -> list[list[str]]:
        return [sorted({str(row) for row in rows}) for rows in found]

    plain, combined = lists(), lists(distinct=True)
    assert texts(plain) == texts(combined)
    assert "25.00" in str(combined)


# --- what a cursor tells --------------------------------------------------------------------------


@pytest.mark.parametrize("order", [None, "date", "-date"])
@pytest.mark.parametrize("written", ["entry", "written out"])
def test_a_cursor_does_not_tell_a_key_that_may_not_be_read(
    execute: Door, order: str | None, written: str
) -> None:
    tags = {**EVERYTHING, "fields": ["date"], "order_by": ["date", "-date"]}
    expose: dict[str, Any] = {**OPEN, "tag": {"anon": tags}}
    if written == "written out":
        del expose["tag"]
        paths = ["id", "tags.date"]
        orders = ["tags.date", "-tags.date"]
        expose["booking"] = {"anon": {**EVERYTHING, "fields": paths, "order_by": orders}}
    sort = {} if order is None else {"order_by": order}
    entry = {"fields": "date", "limit": 1, "cursor": True, **sort}

    def cursor(slug: str) -> str:
        Tag.objects.all().delete()
        for one in (slug, f"{slug}z"):
            Booking.objects.get(pk=1).tags.add(Tag.objects.create(slug=one, date="d"))
        reply = execute.get(1, {"fields": "id", "related": {"tags": entry}}, expose=expose)
        assert 200 == reply.status, reply.body
        (row,) = reply.body["tags"]["results"]
        assert {"date": "d"} == row
        found: str = reply.body["tags"]["pagination"]["next"]["cursor"]
        return found

    short, again, long = cursor("a"), cursor("a"), cursor("a" * 45)
    assert len(short) == len(again) == len(long)
    assert short != again


def test_a_cursor_of_readable_keys_is_short_and_the_same(execute: Door) -> None:
    Booking.objects.get(pk=1).tags.set(Tag.objects.all())
    entry = {"fields": "slug", "limit": 1, "cursor": True}
    asked = {"fields": "id", "related": {"tags": entry}}
    found = {execute.get(1, asked).body["tags"]["pagination"]["next"]["cursor"] for _ in range(3)}
    assert 1 == len(found)
    assert len(found.pop()) < 200


# --- lists whose links keep their order -----------------------------------------------------------


@pytest.fixture
def sorted_tags(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The links of tags have a position, as those of django-sortedm2m."""
    with monkeypatch.context() as patched:
        patched.setattr(Booking.tags.through, "_sort_field_name", "id", raising=False)
        describe.cache_clear()
        yield
    describe.cache_clear()


@pytest.mark.parametrize(
    ("orders", "hint"),
    [
        (["*"], "name an order, such as 'order_by': 'slug', or use 'offset'"),
        (["date", "random"], "name an order, such as 'order_by': 'date', or use 'offset'"),
        (["random"], "use 'offset'"),
        ([], "use 'offset'"),
    ],
)
def test_a_cursor_of_a_list_that_its_links_sort_is_refused_with_a_way_out(
    sorted_tags: None, execute: Door, orders: list[str], hint: str
) -> None:
    expose = {**OPEN, "tag": {"anon": {**EVERYTHING, "order_by": orders}}}
    entry = {"fields": "date", "limit": 1, "cursor": True}
    asked: dict[str, Any] = {"fields": "id", "related": {"tags": entry}}
    reply = execute.get(1, asked, expose=expose)

    assert 400 == reply.status
    assert {
        "error": "The links of this list keep its order, which does not support cursors",
        "code": "query.unsupported",
        "path": "related.tags.cursor",
        "hint": hint,
    } == reply.body
    if "'order_by'" in hint:
        entry["order_by"] = hint.split("'")[3]
        assert 200 == execute.get(1, asked, expose=expose).status
    del entry["cursor"]
    entry["offset"] = 1
    entry.pop("order_by", None)
    assert 200 == execute.get(1, asked, expose=expose).status
