"""Lists of related objects inside a row: selected, filtered, sorted, limited, under the rules."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Q
from django.db.models.functions import Length

from django_flex import FlexQuery
from tests.doors.fronts import EVERYTHING, OPEN, grant

pytestmark = pytest.mark.usefixtures("bookings")

#: Conditions on tags that some database may fail in, so that all of them are asked in an order.
MAY_FAIL: dict[str, dict[str, Any]] = {
    "part-of-a-date": {"bookings.created_at.year.gt": 2000},
    "sum": {"bookings.seats.sum.gt": -1},
    "computed": {"ratio.gt": 0},
}
TAGS = {"computed": {"ratio": Length("slug") / 1}, "anon": {**EVERYTHING, "aggregates": "*"}}

LINES = {
    1: [{"product": "sweep", "quantity": 2}, {"product": "mop", "quantity": 5}],
    2: [{"product": "mop", "quantity": 1}],
    3: [{"product": "sweep", "quantity": 5}, {"product": "sweep", "quantity": 7}],
}


def lists(reply: Any, name: str) -> dict[int, Any]:
    """Return the lists that are not empty, by the key of the row that they stand in."""
    return {int(key): row[name] for key, row in reply.body["results"].items() if row[name]}


def test_fields_of_a_reverse_foreign_key_are_a_list_of_objects(door) -> None:
    reply = door.list({"fields": "id,lines.product,lines.quantity"}, statements=2)
    assert LINES == lists(reply, "lines")
    assert [] == reply.body["results"]["4"]["lines"]


def test_fields_of_a_many_to_many_relation_are_a_list_of_objects(door) -> None:
    reply = door.list({"fields": "tags.slug,tags.date"}, statements=2)
    both = [{"slug": "blue", "date": "later"}, {"slug": "red", "date": "today"}]
    assert {1: both, 2: both[1:]} == lists(reply, "tags")


def test_a_bare_relation_is_a_list_of_keys(door) -> None:
    reply = door.list({"fields": "tags,lines"}, statements=3)
    assert {1: ["blue", "red"], 2: ["red"]} == lists(reply, "tags")
    assert {1: [1, 2], 2: [3], 3: [4, 5]} == lists(reply, "lines")


def test_a_bare_relation_beside_its_fields_adds_the_key(door) -> None:
    reply = door.list({"fields": "lines,lines.product", "filters": {"id": 2}}, statements=2)
    assert [{"id": 3, "product": "mop"}] == reply.first["lines"]


def test_a_wildcard_is_every_column_of_the_related_rows(door) -> None:
    reply = door.get(2, {"fields": "lines.*"})
    assert [{"id": 3, "booking": 2, "product": "mop", "quantity": 1, "note": None}] == reply.body[
        "lines"
    ]


def test_the_key_of_the_outer_row_can_be_a_column_of_the_list(door) -> None:
    fields = "lines.booking,lines.booking.id,lines.booking.price,lines.product"
    reply = door.list({"fields": fields}, statements=2)
    assert [{"booking": {"id": 2, "price": "250.50"}, "product": "mop"}] == lists(reply, "lines")[2]
    plain = door.list({"fields": "lines.booking,lines.quantity"}, statements=2)
    assert [{"booking": 2, "quantity": 1}] == lists(plain, "lines")[2]


def test_an_exclusion_leaves_out_of_the_wildcard_of_the_list(door) -> None:
    reply = door.get(2, {"fields": "lines.*,-lines.booking,-lines.note"})
    assert [{"id": 3, "product": "mop", "quantity": 1}] == reply.body["lines"]


ARGUMENTS: dict[str, tuple[dict[str, Any], dict[int, list[int]]]] = {
    "filters": ({"filters": {"quantity.gte": 5}}, {1: [2], 3: [4, 5]}),
    "order": ({"order_by": "-quantity"}, {1: [2, 1], 2: [3], 3: [5, 4]}),
    "limit-is-of-each-row": ({"order_by": "-quantity", "limit": 1}, {1: [2], 2: [3], 3: [5]}),
    "offset-is-of-each-row": ({"offset": 1}, {1: [2], 3: [5]}),
    "filter-and-limit": ({"filters": {"product": "sweep"}, "limit": 1}, {1: [1], 3: [4]}),
}


@pytest.mark.parametrize("case", ARGUMENTS)
def test_a_list_has_arguments_of_its_own(query_door, case) -> None:
    asked, expected = ARGUMENTS[case]
    related = {"lines": {"fields": "id", **asked}}
    reply = query_door.list({"fields": "id", "related": related}, statements=2)
    found = {key: [row["id"] for row in rows] for key, rows in lists(reply, "lines").items()}
    assert expected == found


def test_arguments_hold_for_one_row_too(door) -> None:
    related = {"lines": {"fields": "id", "order_by": "-id", "limit": 1, "offset": 1}}
    assert {"id": 1, "lines": [{"id": 1}]} == door.get(1, {"fields": "id", "related": related}).body


def test_naming_a_relation_there_selects_it(door) -> None:
    reply = door.get(2, {"fields": "id", "related": {"tags": {}}})
    assert {"id": 2, "tags": [{"slug": "red", "date": "today"}]} == reply.body


def test_fields_there_join_those_outside(door) -> None:
    related = {"lines": {"fields": "quantity"}}
    reply = door.get(2, {"fields": "lines.product", "related": related})
    assert {"lines": [{"product": "mop", "quantity": 1}]} == reply.body


def test_one_relation_can_come_twice_under_names_of_its_own(door) -> None:
    related = {
        "few": {"from": "lines", "fields": "id", "filters": {"quantity.lt": 3}},
        "many": {"from": "lines", "fields": "id", "filters": {"quantity.gte": 3}},
    }
    reply = door.get(1, {"fields": "id", "related": related})
    assert {"id": 1, "few": [{"id": 1}], "many": [{"id": 2}]} == reply.body


def test_shape_list_brings_the_pagination_of_each_list(door) -> None:
    related = {"lines": {"fields": "id", "limit": 1, "shape": "list"}}
    reply = door.list(
        {"fields": "id", "related": related, "filters": {"id.in": [1, 2]}}, statements=2
    )
    found = {k: (v["results"], v["pagination"]) for k, v in lists(reply, "lines").items()}
    assert {
        1: ([{"id": 1}], {"offset": 0, "limit": 1, "has_more": True}),
        2: ([{"id": 3}], {"offset": 0, "limit": 1, "has_more": False}),
    } == found


def test_lists_behind_a_to_one_relation_nest_as_the_path_does(door) -> None:
    reply = door.list(
        {"fields": "id,customer.name,customer.booking.status", "filters": {"id": 2}}, statements=2
    )
    assert {
        "id": 2,
        "customer": {
            "name": "Omar Khan",
            "booking": [{"status": "pending"}, {"status": "pending"}],
        },
    } == reply.first


def test_to_one_relations_nest_inside_a_list(door) -> None:
    fields = "name,booking.status,booking.address.city"
    reply = door.get(1, {"fields": fields}, model="customer")
    assert {
        "name": "Aisha Khan",
        "booking": [
            {"status": "confirmed", "address": {"city": "Berlin"}},
            {"status": "completed", "address": None},
        ],
    } == reply.body


def test_lists_nest_in_lists_by_one_statement_each(door) -> None:
    fields = "name,booking.id,booking.lines.product,booking.tags"
    reply = door.list({"fields": fields, "filters": {"vip": True}}, model="customer", statements=4)
    assert {
        "name": "Aisha Khan",
        "booking": [
            {"id": 1, "lines": [{"product": "sweep"}, {"product": "mop"}], "tags": ["blue", "red"]},
            {"id": 3, "lines": [{"product": "sweep"}, {"product": "sweep"}], "tags": []},
        ],
    } == reply.first


def test_arguments_nest_with_the_lists(door) -> None:
    lines = {"fields": "product", "order_by": "-quantity", "limit": 1}
    related = {"booking": {"fields": "id", "related": {"lines": lines}}}
    reply = door.get(1, {"fields": "id", "related": related}, model="customer")
    assert [
        {"id": 1, "lines": [{"product": "mop"}]},
        {"id": 3, "lines": [{"product": "sweep"}]},
    ] == reply.body["booking"]


def test_a_reverse_accessor_name_is_the_name_in_the_reply(door) -> None:
    reply = door.get(2, {"fields": "booking_set.id"}, model="customer")
    assert {"booking_set": [{"id": 2}, {"id": 6}]} == reply.body


def test_the_next_page_asks_for_the_same_lists(door) -> None:
    related = {"lines": {"fields": "id", "filters": {"or": [{"quantity": 2}, {"note": None}]}}}
    first = door.list({"fields": "id", "related": related, "limit": 2}, statements=2)
    following = door.list(first.body["pagination"]["next"], statements=2)
    assert {1: [{"id": 1}], 2: [{"id": 3}]} == lists(first, "lines")
    assert {} == lists(following, "lines")
    assert [3, 4] == [int(key) for key in following.body["results"]]


# --- what may be asked ----------------------------------------------------------------------------


def outcome(reply: Any) -> tuple[int, Any]:
    return reply.status, reply.body.get("error")


DENIED = {
    "a-field-that-is-not-written-out": ("lines.note", "lines.note"),
    "a-field-that-does-not-exist": ("lines.nope", "lines.nope"),
    "a-relation-that-is-not-written-out": ("tags.slug", "tags.slug"),
    "a-relation-that-does-not-exist": ("nope.slug", "nope.slug"),
}


@pytest.mark.parametrize("case", DENIED)
def test_what_no_grant_covers_looks_unknown(door, case) -> None:
    asked, named = DENIED[case]
    written = grant(fields=["id", "lines.product", "lines.quantity"])
    reply = door.list({"fields": asked}, expose=written)
    assert (403, f"Access denied: field '{named}' not accessible") == outcome(reply)


def test_a_path_written_out_on_the_outer_model_is_enough(door) -> None:
    written = grant(fields=["id", "lines.product"], filters=["lines.quantity.gte"])
    asked = {"lines": {"fields": "product", "filters": {"quantity.gte": 5}}}
    reply = door.get(1, {"fields": "id", "related": asked}, expose=written)
    assert {"id": 1, "lines": [{"product": "mop"}]} == reply.body


def test_a_filter_inside_that_is_not_granted_is_denied(door) -> None:
    written = grant(fields=["id", "lines.product"], filters=["status"])
    asked = {"lines": {"filters": {"quantity": 5}}}
    reply = door.get(1, {"fields": "id", "related": asked}, expose=written)
    assert (403, "Filter denied: 'quantity' not allowed") == outcome(reply)


def test_an_order_inside_that_is_not_granted_is_denied(door) -> None:
    written = grant(fields=["id", "lines.product"], order_by=["id"])
    asked = {"lines": {"order_by": "quantity"}}
    reply = door.get(1, {"fields": "id", "related": asked}, expose=written)
    assert (403, "Order denied: 'quantity' not allowed") == outcome(reply)


def test_the_wildcard_in_a_list_gives_what_is_written_out(door) -> None:
    written = grant(fields=["id", "lines.product"])
    reply = door.get(2, {"fields": "lines.*"}, expose=written)
    assert {"lines": [{"product": "mop"}]} == reply.body


# --- which rows -----------------------------------------------------------------------------------


@pytest.fixture
def as_anon(configure: Any) -> Any:
    """Ask for bookings under an EXPOSE."""

    def ask(spec: dict[str, Any], **expose: Any) -> Any:
        configure({**OPEN, **expose})
        return FlexQuery("booking").execute(spec).to_dict()

    return ask


def test_rows_of_the_related_entry_hold_inside(as_anon) -> None:
    rule = {"anon": {"rows": {"quantity.gte": 5}, "fields": ["*"], "ops": ["list"]}}
    reply = as_anon({"_id": 1, "fields": "lines.id"}, line=rule)
    assert {"lines": [{"id": 2}]} == reply


@pytest.mark.parametrize("rows", [lambda user: Q(slug="red"), {"slug": "red"}, Q(slug="red")])
def test_rows_of_a_many_to_many_relation_hold_inside(as_anon, rows) -> None:
    rule = {"anon": {"rows": rows, "fields": ["*"], "ops": ["list"]}}
    assert {"tags": ["red"]} == as_anon({"_id": 1, "fields": "tags"}, tag=rule)


@pytest.mark.parametrize("condition", MAY_FAIL)
@pytest.mark.parametrize("key", [1, None], ids=["one-row", "all-rows"])
@pytest.mark.parametrize("links", [{}, {"rows": {"tag.slug.ne": "blue"}}], ids=["every", "some"])
def test_a_filter_that_may_fail_repeats_no_row_of_a_many_to_many_relation(
    as_anon, condition, key, links
) -> None:
    related = {"tags": {"filters": MAY_FAIL[condition]}}
    asked = {"fields": "id,tags.slug", "related": related, **({"_id": key} if key else {})}
    reply = as_anon(asked, tag=TAGS, booking_tags={"anon": {**EVERYTHING, **links}})
    assert "code" not in reply, reply
    found = [tag["slug"] for tag in (reply if key else reply["results"]["1"])["tags"]]
    assert (["red"] if links else ["blue", "red"]) == found


def test_an_empty_grant_on_the_related_model_shows_no_row(as_anon) -> None:
    reply = as_anon(
        {"_id": 1, "fields": "lines.id"},
        line={"anon": {}},
        booking={"anon": {"fields": ["lines.id"], "ops": ["get"]}},
    )
    assert {"lines": []} == reply


def test_lists_behind_a_hidden_row_are_not_shown(as_anon) -> None:
    rule = {"anon": {"rows": {"id": 2}, "fields": ["*"], "ops": ["list"]}}
    reply = as_anon({"_id": 1, "fields": "customer.name,customer.booking.id"}, customer=rule)
    assert {"customer": None} == reply


def test_the_grant_of_the_related_entry_opens_the_list_without_naming_it_here(as_anon) -> None:
    reply = as_anon(
        {"_id": 2, "fields": "id,lines.product"},
        booking={"anon": {"fields": ["id"], "ops": ["get"]}},
        line={"anon": {"fields": ["product"], "ops": ["list"]}},
    )
    assert {"id": 2, "lines": [{"product": "mop"}]} == reply


def test_a_related_entry_that_lists_nothing_opens_no_list(as_anon) -> None:
    reply = as_anon(
        {"_id": 2, "fields": "id,lines.product"},
        booking={"anon": {"fields": ["id"], "ops": ["get"]}},
        line={"anon": {"fields": ["product"], "ops": ["get"]}},
    )
    assert "field.denied" == reply["code"]


# --- mistakes -------------------------------------------------------------------------------------

MISTAKES: dict[str, tuple[int, dict[str, Any], str]] = {
    "no-object": (400, {"related": ["lines"]}, "related"),
    "entry-no-object": (400, {"related": {"lines": 3}}, "related.lines"),
    "unknown-key": (400, {"related": {"lines": {"limits": 3}}}, "related.lines.limits"),
    "limit": (400, {"related": {"lines": {"limit": 0}}}, "related.lines.limit"),
    "shape": (400, {"related": {"lines": {"shape": "map"}}}, "related.lines.shape"),
    "too-many": (400, {"related": {f"r{n}": {"from": "lines"} for n in range(21)}}, "related"),
    "unknown-relation": (403, {"related": {"nope": {}}}, "related.nope"),
    "to-one-relation": (400, {"related": {"customer": {}}}, "related.customer"),
    "column": (403, {"related": {"status": {}}}, "related.status"),
    "alias-of-a-list": (400, {"fields": "x:lines.product"}, "fields"),
    "name-taken": (
        400,
        {"fields": "id,status", "related": {"status": {"from": "lines"}}},
        "fields",
    ),
    "too-deep": (400, {"fields": "customer.booking.lines.id"}, "fields"),
    "filter-value": (
        400,
        {"related": {"lines": {"filters": {"quantity": "x"}}}},
        "related.lines.filters.quantity",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_named_with_its_place(query_door, case) -> None:
    status, query, path = MISTAKES[case]
    reply = query_door.list(query)
    assert (status, path) == (reply.status, reply.body.get("path"))
