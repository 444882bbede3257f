"""Lists and aggregates as a way to what is hidden, excluded or guarded: attacks by hand."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User

from tests.security.conftest import Ask, granted
from tests.testapp.models import Booking, Company, Customer, Line

pytestmark = pytest.mark.usefixtures("secrets")

OPERATIONS = ["get", "list", "aggregate"]


def opened(**parts: Any) -> dict[str, Any]:
    """Return an entry that also lets everything be aggregated."""
    return granted(**{"ops": OPERATIONS, "aggregates": ["*"], **parts})


def rows(reply: Any, name: str) -> dict[int, Any]:
    return {int(key): row[name] for key, row in reply.body["results"].items()}


# --- Hidden rows on the way to a list, and in it --------------------------------------------------

VIPS = {"booking": opened(), "customer": opened(rows={"vip": True}), "line": opened()}


def test_list_behind_a_hidden_row_is_empty(ask: Ask) -> None:
    """The second and the third booking have one hidden customer, which nobody is to learn."""
    Booking.objects.filter(pk=3).update(customer=2)
    related = {"same": {"from": "customer.booking", "fields": "id"}}
    reply = ask({"fields": "id", "related": related}, VIPS)
    assert rows(reply, "same") == {1: [{"id": 1}], 2: [], 3: []}


def test_page_of_a_list_behind_a_hidden_row_is_that_of_an_empty_one(ask: Ask) -> None:
    related = {"same": {"from": "customer.booking", "limit": 1, "shape": "list"}}
    Booking.objects.filter(pk=3).update(customer=2)
    found = rows(ask({"fields": "id", "related": related}, VIPS), "same")
    assert found[2] == {
        "pagination": {"offset": 0, "limit": 1, "has_more": False},
        "results": [],
    }


def test_list_behind_a_hidden_row_is_not_read(ask: Ask) -> None:
    expose = {"booking": opened(rows={"customer": 2}), "customer": opened(rows={"vip": True})}
    related = {"same": {"from": "customer.booking", "fields": "id"}}
    reply = ask({"fields": "id", "related": related}, expose)
    assert rows(reply, "same") == {2: []}
    assert len(reply.statements) == 1


def test_two_relations_on_the_way_each_have_to_be_seen(ask: Ask) -> None:
    """The company of a hidden customer is a column of that customer."""
    Customer.objects.filter(pk__in=[1, 2]).update(company=1)
    expose = {**VIPS, "company": opened()}
    related = {"x": {"from": "company.customers", "fields": "id"}}
    fields = {"fields": "id, customer.name", "related": {"customer.company.customers": {}}}
    assert rows(ask(fields, expose, MAX_RELATION_DEPTH=3), "customer")[2] is None
    reply = ask({"fields": "name", "related": related}, expose, model="customer")
    assert rows(reply, "x") == {1: [{"id": 1}]}


def test_aggregates_behind_a_hidden_row_are_null(ask: Ask) -> None:
    fields = "id, n:customer.booking.count, m:customer.booking.id.max"
    reply = ask({"fields": fields}, VIPS)
    assert rows(reply, "n") == {1: 1, 2: None, 3: None}
    assert rows(reply, "m") == {1: 1, 2: None, 3: None}


@pytest.mark.parametrize(
    "filters",
    [
        {"customer.booking.count.gte": 1},
        {"not": {"customer.booking.count": 0}, "customer.booking.count.isnull": False},
        {"customer.booking.id.max.gt": 0},
    ],
)
def test_aggregates_behind_a_hidden_row_match_nothing(ask: Ask, filters: dict[str, Any]) -> None:
    assert ask({"fields": "id", "filters": filters, "order_by": "id"}, VIPS).ids == [1]


def test_hidden_related_rows_count_nowhere(ask: Ask) -> None:
    expose = {"booking": opened(), "line": opened(rows={"quantity.lte": 1})}
    query = {"fields": "id, n:lines.count, top:lines.quantity.max", "order_by": "-lines.count"}
    reply = ask(query, expose)
    assert rows(reply, "n") == {1: 1, 2: 0, 3: 0}
    assert rows(reply, "top") == {1: 1, 2: None, 3: None}
    total = {"aggregate": "lines.count, lines.quantity.max"}
    assert ask(total, expose, pk="aggregate").body["results"] == {
        "lines": {"count": 1, "quantity": {"max": 1}}
    }


def test_inner_filters_and_orders_see_only_visible_rows(ask: Ask) -> None:
    expose = {"company": opened(), "customer": opened(rows={"vip": True}), "booking": opened()}
    Customer.objects.update(company=1)
    related = {"customers": {"fields": "name", "order_by": "-booking.count", "offset": 0}}
    reply = ask({"fields": "id", "related": related}, expose, model="company")
    assert rows(reply, "customers") == {1: [{"name": "Aisha"}], 2: []}
    related["customers"] |= {"offset": 1}
    reply = ask({"fields": "id", "related": related}, expose, model="company")
    assert rows(reply, "customers") == {1: [], 2: []}


def test_role_without_rows_there_sees_empty_lists_and_counts_nothing(ask: Ask) -> None:
    expose = {"booking": opened(fields=["id", "lines.product"]), "line": {"anon": {}}}
    assert rows(ask({"fields": "lines.product"}, expose), "lines") == {1: [], 2: [], 3: []}
    counted = {**expose, "booking": opened(fields=["id"], aggregates=["lines.count"])}
    assert rows(ask({"fields": "n:lines.count"}, counted), "n") == {1: 0, 2: 0, 3: 0}


# --- Ways that no grant opens ---------------------------------------------------------------------

LISTED = {"booking": opened(fields=["id", "status"]), "customer": opened(), "line": opened()}


@pytest.mark.parametrize(
    "query",
    [
        {"fields": "id, created_by.bookings.id"},
        {"fields": "created_by.bookings"},
        {"fields": "n:created_by.bookings.count"},
        {"related": {"x": {"from": "created_by.bookings", "fields": "id"}}},
        {"related": {"created_by.bookings": {"fields": "id"}}},
        {"filters": {"created_by.bookings.some": {"id": 2}}},
        {"filters": {"created_by.bookings.count": 1}},
        {"order_by": "created_by.bookings.count"},
        {"fields": "id, customer.booking.id"},
        {"related": {"x": {"from": "team.booking"}}},
        {"fields": "id, tags.bookings.id"},
        {"fields": "tags.bookings"},
        {"fields": "tags.bookings.*"},
        {"related": {"tags": {"related": {"bookings": {}}}}},
        {"related": {"tags": {"fields": "bookings.status"}}},
        {"related": {"tags": {"related": {"x": {"from": "bookings", "fields": "id"}}}}},
        {"fields": "tags.bookings.count"},
        {"filters": {"tags.bookings.id": 1}},
        {"filters": {"tags.some": {"bookings.some": {"id": 1}}}},
    ],
)
def test_rows_are_not_grouped_by_a_key_that_may_not_be_read(ask: Ask, query: Any) -> None:
    """Bookings may be listed; which of them have one creator may not be known."""
    reply = ask(query, LISTED)
    assert reply.status == 403, reply.content
    assert reply.statements == []


@pytest.mark.parametrize("clause", ["fields", "wildcard", "count", "key", "related", "exclusion"])
@pytest.mark.parametrize("name", ["booking", "booking_set"])
def test_denial_repeats_the_name_that_was_asked_and_hints_at_nothing_near(
    ask: Ask, clause: str, name: str
) -> None:
    """The query name and the accessor are two names of one relation, which is not to be known."""
    texts = {"fields": "{}.id", "wildcard": "{}.*", "count": "{}.count", "key": "{}"}
    expose = {"customer": opened(fields=["id", "name"], aggregates=["count"])}
    replies = []
    for asked in (name, f"x{name[1:]}"):
        query: dict[str, Any] = {"fields": texts.get(clause, "{}").format(asked)}
        if clause == "related":
            query = {"related": {asked: {"fields": "id"}}}
        elif clause == "exclusion":
            query = {"fields": f"*, -{asked}.id"}
        reply = ask(query, expose, model="customer")
        assert reply.status == 403, reply.content
        replies.append(reply.content.replace(asked.encode(), b"?"))
    assert replies[0] == replies[1]


LEFT_OUT = {
    "by-the-role": {"booking": opened(exclude=["lines"]), "line": opened()},
    "by-the-entry": {"booking": {**opened(), "exclude": ["lines"]}, "line": opened()},
    "star": {"booking": opened(exclude=["lines.*"]), "line": opened()},
}


@pytest.mark.parametrize("case", LEFT_OUT)
@pytest.mark.parametrize(
    "query",
    [
        {"fields": "lines"},
        {"fields": "lines.product"},
        {"fields": "lines.*"},
        {"related": {"lines": {}}},
        {"related": {"x": {"from": "lines", "fields": "id"}}},
        {"fields": "lines.count"},
        {"fields": "lines.quantity.max"},
        {"filters": {"lines.some": {"quantity": 1}}},
        {"filters": {"lines.count.gte": 1}},
        {"order_by": "-lines.quantity.max"},
        {"aggregate": "lines.count"},
    ],
)
def test_excluded_relation_is_no_list_and_has_no_aggregates(
    ask: Ask, case: str, query: Any
) -> None:
    reply = ask(query, LEFT_OUT[case])
    assert reply.status == 403, reply.content
    assert reply.statements == []


@pytest.mark.parametrize("path", ["customer.booking.id", "customer.booking"])
def test_exclusion_of_the_first_step_closes_the_way(ask: Ask, path: str) -> None:
    expose = {"booking": opened(exclude=["customer"]), "customer": opened()}
    assert ask({"fields": path}, expose).status == 403
    expose = {"booking": opened(), "customer": opened(exclude=["booking"])}
    assert ask({"fields": path}, expose).status == 403


GUARDED = {"user": opened(), "group": opened(), "booking": opened()}


@pytest.mark.parametrize(
    ("model", "query"),
    [
        ("user", {"fields": "groups"}),
        ("user", {"fields": "groups.name"}),
        ("user", {"fields": "groups.count"}),
        ("user", {"related": {"groups": {}}}),
        ("user", {"related": {"x": {"from": "groups"}}}),
        ("user", {"filters": {"groups.some": {"name": "admins"}}}),
        ("user", {"filters": {"groups.count": 1}}),
        ("user", {"order_by": "groups.count"}),
        ("group", {"fields": "user.password"}),
        ("group", {"fields": "user.password.max"}),
        ("group", {"fields": "user.is_superuser.count_distinct"}),
        ("group", {"related": {"user": {"fields": "password"}}}),
        ("group", {"related": {"user": {"filters": {"password.startswith": "p"}}}}),
        ("group", {"related": {"user": {"order_by": "password"}}}),
        ("group", {"related": {"user": {"filters": {"groups.count": 1}}}}),
        ("group", {"related": {"user": {"related": {"groups": {}}}}}),
        ("group", {"filters": {"user.password.max.startswith": "p"}}),
        ("group", {"order_by": "user.password.min"}),
        ("booking", {"distinct": "created_by.password"}),
        ("booking", {"aggregate": "created_by.password.min"}),
        ("booking", {"fields": "id", "cursor": True, "order_by": "created_by.password"}),
    ],
)
def test_guarded_fields_are_in_no_list_and_no_aggregate(ask: Ask, model: str, query: Any) -> None:
    User.objects.get(pk=1).groups.add(Group.objects.create(name="admins"))
    reply = ask(query, GUARDED, model=model)
    assert reply.status == 403, reply.content
    assert reply.statements == []


@pytest.mark.parametrize("clause", ["group_by", "aggregate", "having", "order_by"])
def test_guarded_fields_are_in_no_groups(ask: Ask, clause: str) -> None:
    path = "customer.api_token" if clause == "group_by" else "customer.api_token.min"
    query = {"group_by": "status", clause: {path: "s3cret-1"} if clause == "having" else path}
    reply = ask(query, {"booking": opened(), "customer": opened()}, pk="aggregate")
    assert reply.status == 403, reply.content
    assert reply.statements == []


def test_wildcards_in_lists_leave_out_what_is_guarded_or_excluded(ask: Ask) -> None:
    User.objects.get(pk=1).groups.add(Group.objects.create(name="admins"))
    reply = ask({"fields": "user.*", "related": {"x": {"from": "user"}}}, GUARDED, model="group")
    (row,) = reply.body["results"].values()
    for found in (*row["user"], *row["x"]):
        assert "username" in found
        assert {"password", "is_staff", "is_superuser", "groups"}.isdisjoint(found)
    expose = {"company": opened(), "customer": {**opened(exclude=["email"]), "exclude": ["vip"]}}
    row = ask({"related": {"customers": {}}}, expose, model="company", pk=1).body
    assert set(row["customers"][0]) == {"id", "name", "company", "metadata"}


# --- Small groups ---------------------------------------------------------------------------------


def test_small_groups_are_shown_by_no_clause(ask: Ask) -> None:
    expose = {"booking": opened(min_group=2), "line": opened(min_group=2)}
    Line.objects.filter(pk=3).update(quantity=99)
    for query in (
        {"group_by": "status"},
        {"group_by": "status", "having": {"count": 1}},
        {"group_by": "status", "having": {"not": {"count.gte": 2}}},
        {"group_by": "id", "order_by": "-price.max"},
    ):
        assert ask(query, expose, pk="aggregate").body["results"] == []
    reply = ask({"fields": "id, top:lines.quantity.max", "order_by": "-lines.quantity.max"}, expose)
    assert rows(reply, "top") == {1: 2, 2: None, 3: None}
    assert ask({"fields": "id", "filters": {"lines.quantity.max": 99}}, expose).ids == []
    one = {"aggregate": "price.max", "filters": {"id": 1}}
    assert ask(one, expose, pk="aggregate").body["results"] == {"price": {"max": None}}
    beside = ask({"fields": "id", "aggregate": "price.max", "filters": {"id": 1}}, expose)
    assert beside.body["aggregates"] == {"price": {"max": None}}


# --- Names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["__class__", "a b", 'x"', "x;--", "flex_key", "é", "x" * 65, "results", "\x00", "*"]
)
def test_names_of_lists_and_aggregates_are_never_sql(ask: Ask, name: str) -> None:
    company = {"company": opened(), "customer": opened()}
    related = {name: {"from": "customers", "fields": "id"}}
    reply = ask({"fields": "id", "related": related}, company, model="company")
    assert reply.status in {200, 400}, reply.content
    assert all(f'"{name}"' not in sql for sql in reply.statements if name != "flex_key")
    counted = ask({"fields": f"id, {name}:customers.count"}, company, model="company")
    assert counted.status in {200, 400}, counted.content
    grouped = ask({"group_by": f"{name}:name"}, company, model="company", pk="aggregate")
    assert grouped.status in {200, 400}, grouped.content
    assert Company.objects.count() == 2
