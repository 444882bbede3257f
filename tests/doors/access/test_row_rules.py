"""Rows: what a rule hides changes no reply, on the model itself and over every relation."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import F, Q

from tests.doors.fronts import EVERYTHING, Door, grant
from tests.testapp.models import Booking, Customer, Team

pytestmark = pytest.mark.usefixtures("bookings")


@pytest.fixture
def ann(db: None) -> User:
    """A user with two teams that share the third booking's customer, and bookings 1 to 3."""
    user = User.objects.create_user("ann")
    for name in ("Red", "Blue"):
        Team.objects.create(name=name).members.add(user, User.objects.create_user(f"{name}-other"))
    Booking.objects.filter(pk__in=[1, 2, 3]).update(team=Team.objects.get(name="Red"))
    Booking.objects.filter(pk=2).update(created_by=user)
    return user


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param("*", [1, 2, 3, 4, 5, 6], id="all"),
        pytest.param(lambda user: Q(created_by=user.pk), [2], id="callable"),
        pytest.param(lambda user, request: Q(created_by=user.pk), [2], id="callable-of-two"),
        pytest.param(Q(status="pending"), [2, 6], id="q"),
        pytest.param(~Q(status="pending"), [1, 3, 4, 5], id="negated-q"),
        pytest.param(Q(lines__quantity__gte=2), [1, 3], id="q-over-to-many"),
        pytest.param(Q(lines__product="mop") | Q(tags="red"), [1, 2], id="q-over-two-to-many"),
        pytest.param(Q(created_at__lt=F("closed_at")), [1], id="q-of-two-columns"),
        pytest.param(lambda user: Q(team__members=user.pk), [1, 2, 3], id="callable-over-m2m"),
        pytest.param({"status": "pending"}, [2, 6], id="data"),
        pytest.param({"team.members": {"$user": "id"}}, [1, 2, 3], id="data-of-the-contract"),
        pytest.param({"lines.quantity.gte": 2}, [1, 3], id="data-over-to-many"),
        pytest.param({"created_by.username": {"$user": "username"}}, [2], id="data-of-the-user"),
        pytest.param({"or": [{"id": 1}, {"not": {"urgent": True}}]}, [1, 2, 3, 5], id="data-or"),
        pytest.param({"day.lt": {"$now": ""}}, [1, 2, 3], id="data-of-now"),
        pytest.param({}, [], id="empty-object"),
        pytest.param([], [], id="empty-list"),
        pytest.param("", [], id="empty-text"),
        pytest.param(None, [], id="none"),
    ],
)
def test_rule_decides_which_rows_are_seen(door: Door, ann: User, rows, expected) -> None:
    query = {"fields": "id", "limit": 6}
    reply = door.list(query, expose=grant(role="authenticated", rows=rows), user=ann)

    assert (200, expected, False) == (
        reply.status,
        reply.ids,
        reply.body["pagination"]["has_more"],
    )


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(lambda user: None, id="gives-none"),
        pytest.param(lambda user: {}, id="gives-no-q"),
        pytest.param(lambda user: Q(), id="gives-an-empty-q"),
        pytest.param(lambda user: True, id="gives-true"),
        pytest.param(lambda user: user.nothing, id="raises"),
        pytest.param(lambda user: Q(nothing=1), id="names-nothing"),
        pytest.param(lambda user: Q(id="x"), id="has-a-misfit"),
    ],
)
def test_rule_that_gives_no_condition_denies(door: Door, rows: Any) -> None:
    reply = door.list({"fields": "id"}, expose=grant(rows=rows))

    assert 401 == reply.status


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(lambda user: Q(pk=1), id="q"),
        pytest.param({"id": 1}, id="data"),
    ],
)
def test_rule_and_filter_hold_together(door: Door, rows: Any) -> None:
    query = {"fields": "id", "filters": {"or": [{"id": 2}, {"id.gte": 1}]}}

    assert [1] == door.list(query, expose=grant(rows=rows)).ids


def test_rule_over_to_many_never_shortens_a_page(door: Door) -> None:
    expose = grant(rows=Q(lines__quantity__gte=1))
    reply = door.list({"fields": "id", "limit": 3}, expose=expose)

    assert ([1, 2, 3], False) == (reply.ids, reply.body["pagination"]["has_more"])


def test_queryset_of_the_entry_is_where_reads_start(role_door: Door) -> None:
    expose = {
        "booking": {
            "queryset": lambda user, request: Booking.objects.filter(urgent=True),
            "anon": {**EVERYTHING, "rows": Q(seats__gte=2)},
        }
    }

    assert [1, 6] == role_door.list({"fields": "id"}, expose=expose).ids


@pytest.mark.parametrize(
    "queryset",
    [
        pytest.param(lambda user, request: user.nothing, id="raises"),
        pytest.param(lambda user, request: None, id="gives-none"),
        pytest.param(lambda user, request: Customer.objects.all(), id="of-another-model"),
        pytest.param([], id="no-callable"),
    ],
)
def test_queryset_that_fails_denies(role_door: Door, queryset: Any) -> None:
    expose = {"booking": {"queryset": queryset, "anon": "*"}}

    assert 401 == role_door.list({"fields": "id"}, expose=expose).status


# --- related rows ---------------------------------------------------------------------------------

#: Of the customers, only Omar (2) is seen. Bookings 2 and 6 are his.
OMAR_ONLY: dict[str, Any] = {
    "booking": {"anon": "*"},
    "customer": {"anon": {**EVERYTHING, "rows": Q(name="Omar Khan")}},
    "company": {"anon": "*"},
    "line": {"anon": {**EVERYTHING, "rows": {"quantity.lt": 5}}},
    "invoice": {"anon": {**EVERYTHING, "rows": Q(number="A-2")}},
}


@pytest.mark.parametrize(
    ("fields", "hidden", "seen"),
    [
        pytest.param(
            "customer.name", {"customer": None}, {"customer": {"name": "Omar Khan"}}, id="nested"
        ),
        pytest.param("customer.id", {"customer": None}, {"customer": {"id": 2}}, id="key"),
        pytest.param("customer", {"customer": 1}, {"customer": 2}, id="raw-key-is-the-rows-own"),
        pytest.param(
            "customer, customer.name",
            {"customer": None},
            {"customer": {"id": 2, "name": "Omar Khan"}},
            id="both",
        ),
        pytest.param("n:customer.name", {"n": None}, {"n": "Omar Khan"}, id="alias"),
        pytest.param(
            "customer.company.name",
            {"customer": None},
            {"customer": {"company": {"name": "Globex"}}},
            id="behind",
        ),
        pytest.param("n:customer.company.name", {"n": None}, {"n": "Globex"}, id="alias-behind"),
        pytest.param(
            "customer.metadata.level",
            {"customer": None},
            {"customer": {"metadata": {"level": 3}}},
            id="json",
        ),
        pytest.param("l:customer.metadata.level", None, {"l": 3}, id="json-alias"),
        pytest.param(
            "invoice.number", {"invoice": None}, {"invoice": {"number": "A-2"}}, id="reverse"
        ),
        pytest.param("invoice", {"invoice": None}, {"invoice": 2}, id="reverse-key"),
    ],
)
def test_related_row_that_is_hidden_is_null(role_door: Door, fields, hidden, seen) -> None:
    query = {"fields": fields, "filters": {"id.in": [1, 2]}}
    first, second = role_door.list(query, expose=OMAR_ONLY).results

    assert seen == second
    assert (hidden or first) == first
    assert hidden or first in ({}, {"l": None})


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        pytest.param({"customer.name.icontains": "khan"}, [2, 6], id="text"),
        pytest.param({"customer.name": "Aisha Khan"}, [], id="hidden-value"),
        pytest.param({"not": {"customer.name": "Aisha Khan"}}, [1, 2, 3, 4, 5, 6], id="not"),
        pytest.param({"customer.name.ne": "Aisha Khan"}, [1, 2, 3, 4, 5, 6], id="ne"),
        pytest.param({"customer.name": None}, [1, 3, 4, 5], id="null"),
        pytest.param({"customer.name.isnull": False}, [2, 6], id="isnull"),
        pytest.param({"customer.company.name": "Acme Corp"}, [], id="behind"),
        pytest.param({"customer.company.isnull": True}, [1, 3, 4, 5], id="null-behind"),
        pytest.param({"customer.metadata.level.gte": 1}, [2, 6], id="json"),
        pytest.param({"customer.metadata.level": None}, [1, 3, 4, 5], id="json-null"),
        pytest.param({"customer": 1}, [1, 3], id="raw-key-is-the-rows-own"),
        pytest.param({"customer.id": 1}, [], id="key-over-there"),
        pytest.param({"lines.quantity.gte": 5}, [], id="to-many"),
        pytest.param({"lines.product": "mop"}, [2], id="to-many-hidden-row"),
        pytest.param({"lines.isnull": True}, [3, 4, 5, 6], id="to-many-none-left"),
        pytest.param({"lines.every": {"product": "sweep"}}, [1, 3, 4, 5, 6], id="every"),
        pytest.param({"lines.none": {"quantity.gte": 5}}, [1, 2, 3, 4, 5, 6], id="none"),
        pytest.param({"invoice.number": "A-1"}, [], id="reverse-one-to-one"),
        pytest.param({"invoice.isnull": True}, [1, 3, 4, 5, 6], id="reverse-one-to-one-null"),
        pytest.param({"customer.booking.urgent": True}, [2, 6], id="through-a-hidden-row"),
        pytest.param({"status": {"$field": "customer.name"}}, [], id="other-column"),
    ],
)
def test_filter_does_not_see_hidden_rows(role_door: Door, filters, expected) -> None:
    reply = role_door.list({"fields": "id", "filters": filters}, expose=OMAR_ONLY)

    assert (200, expected) == (reply.status, reply.ids)


@pytest.mark.parametrize(
    ("order_by", "expected"),
    [
        pytest.param("customer.name.nulls_last", [2, 6, 1, 3, 4, 5], id="name"),
        pytest.param("-customer.name.nulls_last", [2, 6, 1, 3, 4, 5], id="descending"),
        pytest.param("-customer.company.name.nulls_last", [2, 6, 1, 3, 4, 5], id="behind"),
        pytest.param("customer.metadata.level.nulls_first", [1, 3, 4, 5, 2, 6], id="json"),
        pytest.param("-customer", [5, 4, 2, 6, 1, 3], id="raw-key-is-the-rows-own"),
        pytest.param("-invoice.number.nulls_last", [2, 1, 3, 4, 5, 6], id="reverse"),
    ],
)
def test_order_does_not_tell_hidden_rows_apart(role_door: Door, order_by, expected) -> None:
    reply = role_door.list({"fields": "id", "order_by": order_by}, expose=OMAR_ONLY)

    assert (200, expected) == (reply.status, reply.ids)


QUERIES = [
    {"fields": "id, customer.name, invoice.number"},
    {"fields": "id", "filters": {"customer.name.startswith": "Z"}},
    {"fields": "id", "filters": {"not": {"customer.company.name": "Globex"}}},
    {"fields": "id", "filters": {"lines.some": {"note.isnull": False}}},
    {"fields": "id", "filters": {"lines.every": {"quantity.lt": 3}}},
    {"fields": "id", "order_by": "customer.name, -invoice.number"},
    {"fields": "id", "order_by": "-customer.metadata.level", "limit": 2},
]


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_what_is_hidden_changes_no_reply(role_door: Door, query: dict[str, Any]) -> None:
    before = role_door.list(query, expose=OMAR_ONLY).body
    Customer.objects.exclude(name="Omar Khan").update(
        name="Zed", company_id=2, metadata={"level": 99}
    )
    for line in Booking.objects.get(pk=1).lines.filter(quantity__gte=5):
        line.quantity, line.product, line.note = 50, "changed", None
        line.save()

    assert before == role_door.list(query, expose=OMAR_ONLY).body


def test_empty_grant_on_the_related_model_hides_all_its_rows(role_door: Door) -> None:
    expose = {
        "booking": {"anon": {**EVERYTHING, "fields": ["*", "customer.name"]}},
        "customer": {"anon": {}},
    }
    reply = role_door.list({"fields": "customer.name", "limit": 1}, expose=expose)

    assert {"customer": None} == reply.first


def test_path_written_out_stands_alone_where_the_role_is_not_listed(role_door: Door) -> None:
    expose = {
        "booking": {"anon": {**EVERYTHING, "fields": ["customer.name"]}},
        "customer": {"staff": {**EVERYTHING, "rows": Q(pk=2)}},
    }
    reply = role_door.list({"fields": "customer.name", "limit": 1}, expose=expose)

    assert {"customer": {"name": "Aisha Khan"}} == reply.first


def test_resolvers_rows_hold_on_related_models(role_door: Door) -> None:
    rows = {"booking": Q(pk__in=[1, 2]), "customer": Q(name="Omar Khan")}
    given = {key: value for key, value in EVERYTHING.items() if key != "rows"}
    reply = role_door.list(
        {"fields": "customer.name"},
        expose={"booking": {"agent": given}, "customer": {"agent": given}},
        ROLE_RESOLVER=lambda user, model_name: ("agent", rows[model_name]),
    )

    assert [{"customer": None}, {"customer": {"name": "Omar Khan"}}] == reply.results
