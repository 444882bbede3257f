"""Which fields come back, how they nest, and what their values look like."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.files.base import ContentFile

from tests.doors.fronts import OPEN, Door, grant
from tests.testapp.models import Booking, Customer, Node, Restaurant, Service

pytestmark = pytest.mark.usefixtures("bookings")

AISHA_KEYS = {"id", "name", "email", "vip", "company", "metadata"}
BOOKING_COLUMNS = {field.name for field in Booking._meta.concrete_fields}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param("id, status", {"id": 1, "status": "confirmed"}, id="named"),
        pytest.param(["id", "status"], {"id": 1, "status": "confirmed"}, id="list"),
        pytest.param("status", {"status": "confirmed"}, id="without-id"),
        pytest.param("status,id", {"status": "confirmed", "id": 1}, id="order-is-kept"),
        pytest.param("pk", {"pk": 1}, id="pk"),
        pytest.param("id, id", {"id": 1}, id="twice"),
        pytest.param("customer", {"customer": 1}, id="raw-key"),
        pytest.param("customer_id", {"customer_id": 1}, id="raw-key-by-its-column"),
        pytest.param("customer.name", {"customer": {"name": "Aisha Khan"}}, id="nested"),
        pytest.param("customer.id", {"customer": {"id": 1}}, id="nested-key"),
        pytest.param(
            "customer, customer.name", {"customer": {"id": 1, "name": "Aisha Khan"}}, id="both"
        ),
        pytest.param(
            "customer.name, customer", {"customer": {"id": 1, "name": "Aisha Khan"}}, id="both-back"
        ),
        pytest.param(
            "customer.company.name",
            {"customer": {"company": {"name": "Acme Corp"}}},
            id="two-hops",
        ),
        pytest.param(
            "customer.company, customer.name",
            {"customer": {"company": 1, "name": "Aisha Khan"}},
            id="raw-key-of-a-related-row",
        ),
        pytest.param(
            "address.*", {"address": {"id": 1, "street": "Elm 1", "city": "Berlin"}}, id="rel-star"
        ),
        pytest.param("invoice.number", {"invoice": {"number": "A-1"}}, id="reverse-one-to-one"),
        pytest.param("invoice", {"invoice": 1}, id="reverse-one-to-one-key"),
        pytest.param(
            "customer.metadata.settings.theme, customer.metadata.tags",
            {"customer": {"metadata": {"settings": {"theme": "dark"}, "tags": ["vip", "early"]}}},
            id="json-over-a-relation",
        ),
        pytest.param(
            "customer.metadata.tags.0",
            {"customer": {"metadata": {"tags": {"0": "vip"}}}},
            id="index",
        ),
        pytest.param("who:customer.name", {"who": "Aisha Khan"}, id="alias"),
        pytest.param(
            "theme:customer.metadata.settings.theme", {"theme": "dark"}, id="alias-of-json"
        ),
        pytest.param("state:status, id", {"state": "confirmed", "id": 1}, id="alias-of-a-column"),
        pytest.param(
            "address.*, -address.street", {"address": {"id": 1, "city": "Berlin"}}, id="left-out"
        ),
        pytest.param(
            "customer.metadata, customer.metadata.level",
            {
                "customer": {
                    "metadata": {
                        "settings": {"theme": "dark", "lang": "en"},
                        "tags": ["vip", "early"],
                        "level": 7,
                        "active": True,
                    }
                }
            },
            id="json-whole-covers-its-parts",
        ),
    ],
)
def test_row_holds_what_was_asked_for(
    query_door: Door, fields: Any, expected: dict[str, Any]
) -> None:
    reply = query_door.list({"fields": fields, "filters": {"id": 1}})

    assert (200, expected) == (reply.status, reply.first)
    assert list(expected) == list(reply.first)


def test_star_is_every_column_and_no_relation(door: Door) -> None:
    row = door.list({"filters": {"id": 1}}).first

    assert BOOKING_COLUMNS == row.keys()
    assert 1 == row["customer"]


def test_star_leaves_out_what_is_said(door: Door) -> None:
    row = door.list({"fields": "*, -price, -digest", "filters": {"id": 1}}).first

    assert BOOKING_COLUMNS - {"price", "digest"} == row.keys()


def test_related_star_leaves_guarded_fields_out(door: Door) -> None:
    row = door.list({"fields": "customer.*", "filters": {"id": 1}}).first

    assert AISHA_KEYS == row["customer"].keys()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param("address.city", {"address": None}, id="object"),
        pytest.param("address", {"address": None}, id="key"),
        pytest.param("address, address.city", {"address": None}, id="both"),
        pytest.param("customer.company.name", {"customer": {"company": None}}, id="two-hops"),
        pytest.param("city:address.city", {"city": None}, id="alias"),
        pytest.param("invoice.number", {"invoice": None}, id="reverse-one-to-one"),
        pytest.param(
            "customer.metadata.settings.theme",
            {"customer": {"metadata": {}}},
            id="absent-json-key",
        ),
        pytest.param("customer.metadata.nothing", {"customer": {"metadata": {}}}, id="absent-json"),
        pytest.param("x:customer.metadata.nothing, id", {"id": 4}, id="absent-json-alias"),
        pytest.param(
            "customer.metadata.level", {"customer": {"metadata": {"level": None}}}, id="json-null"
        ),
    ],
)
def test_what_is_missing_is_null_or_left_out(query_door: Door, fields: str, expected: Any) -> None:
    assert expected == query_door.list({"fields": fields, "filters": {"id": 4}}).first


def test_values_have_their_json_form(door: Door) -> None:
    stored = Booking.objects.get(pk=1)
    stored.digest = b"\x00\xff"
    stored.document.save("contract.txt", ContentFile(b"12345"))
    fields = "id, urgent, price, rating, seats, day, starts, lasts, created_at, reference, digest, document"

    assert {
        "id": 1,
        "urgent": True,
        "price": "100.00",
        "rating": 4.5,
        "seats": 2,
        "day": "2025-01-15",
        "starts": "09:30:15",
        "lasts": "PT5400S",
        "created_at": "2025-01-15T09:30:15Z",
        "reference": "00000000-0000-0000-0000-000000000001",
        "digest": "AP8=",
        "document": {"url": stored.document.url, "name": stored.document.name},
    } == door.list({"fields": fields, "filters": {"id": 1}}).first


def test_values_that_are_null_stay_null(door: Door) -> None:
    fields = "price, rating, seats, day, starts, lasts, created_at, digest, document, created_by"
    row = door.list({"fields": fields, "filters": {"id": 4}}).first

    assert dict.fromkeys(fields.split(", ")) | {"rating": 5.0, "seats": 1} == row


def test_datetime_is_the_instant_that_was_stored(door: Door) -> None:
    Booking.objects.filter(pk=1).update(created_at=datetime(2025, 7, 1, 12, tzinfo=UTC))
    text = door.list({"fields": "created_at", "filters": {"id": 1}}).first["created_at"]

    assert datetime(2025, 7, 1, 12, tzinfo=UTC) == datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param("", "query.value", id="empty"),
        pytest.param("id,,status", "query.value", id="empty-part"),
        pytest.param([], "query.value", id="empty-list"),
        pytest.param([1], "query.value", id="number-in-a-list"),
        pytest.param(5, "query.value", id="number"),
        pytest.param({"id": 1}, "query.value", id="object"),
        pytest.param("id.", "query.invalid", id="trailing-dot"),
        pytest.param("*.id", "query.invalid", id="star-in-front"),
        pytest.param("customer__name", "field.denied", id="django-lookup"),
        pytest.param("a b", "query.invalid", id="space"),
        pytest.param("-price", "query.invalid", id="left-out-of-nothing"),
        pytest.param("a!:status", "query.invalid", id="odd-alias"),
        pytest.param("a:*", "query.invalid", id="alias-of-a-wildcard"),
        pytest.param("x:status, x:price", "query.invalid", id="alias-twice"),
        pytest.param("status, status:price", "query.invalid", id="alias-like-a-field"),
        pytest.param("nothing", "field.denied", id="unknown"),
        pytest.param("nothing.*", "field.denied", id="unknown-star"),
        pytest.param("status.length", "field.denied", id="attribute-of-a-value"),
        pytest.param("save", "field.denied", id="method"),
        pytest.param("_state", "field.denied", id="private"),
        pytest.param("customer.nothing", "field.denied", id="unknown-over-a-relation"),
        pytest.param("customer.api_token", "field.denied", id="guarded"),
    ],
)
def test_term_that_makes_no_sense_is_refused(query_door: Door, fields: Any, code: str) -> None:
    reply = query_door.list({"fields": fields})

    assert (code, "fields") == (reply.body["code"], reply.body["path"])


def test_number_of_hops_is_capped(door: Door) -> None:
    three = {"fields": "booking.customer.company.name"}

    assert "query.limit" == door.list(three, model="line").body["code"]
    assert 200 == door.list(three, model="line", MAX_RELATION_DEPTH=3).status


def test_number_of_fields_is_capped(door: Door) -> None:
    query = {"fields": "id, status, price"}

    assert 200 == door.list(query, MAX_FIELDS=3).status
    assert "query.limit" == door.list(query, MAX_FIELDS=2).body["code"]
    assert "query.limit" == door.list({"fields": "*"}, MAX_FIELDS=5).body["code"]


PARTIAL = grant(fields=["id", "customer.name", "address.*"])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param("*", {"id": 1}, id="star-is-the-permitted-part"),
        pytest.param("customer.*", {"customer": {"name": "Aisha Khan"}}, id="related-star-too"),
        pytest.param("customer.name", {"customer": {"name": "Aisha Khan"}}, id="written-out"),
        pytest.param("customer_id.name", {"customer_id": {"name": "Aisha Khan"}}, id="other-name"),
        pytest.param("address.city", {"address": {"city": "Berlin"}}, id="under-a-wildcard"),
    ],
)
def test_grant_decides_what_is_read(door: Door, fields: str, expected: dict[str, Any]) -> None:
    reply = door.list({"fields": fields, "filters": {"id": 1}}, expose=_with_id_filter(PARTIAL))

    assert expected == reply.first


def _with_id_filter(expose: dict[str, Any]) -> dict[str, Any]:
    ((model, roles),) = expose.items()
    return {model: {role: {**given, "filters": ["id"]} for role, given in roles.items()}}


@pytest.mark.parametrize(
    "fields",
    ["status", "customer", "customer.email", "customer.company.name", "team.*", "invoice.*"],
)
def test_field_that_is_not_granted_is_a_403(door: Door, fields: str) -> None:
    reply = door.list({"fields": fields}, expose=PARTIAL)

    assert (403, f"Access denied: field '{fields}' not accessible") == (
        reply.status,
        reply.body["error"],
    )


def test_star_reaches_a_model_without_entry_but_not_what_is_guarded(door: Door) -> None:
    expose = {"booking": {"anon": "*"}}
    row = door.list({"fields": "customer.*", "filters": {"id": 1}}, expose=expose).first

    assert AISHA_KEYS == row["customer"].keys()


def test_star_follows_the_entry_of_the_related_model(door: Door) -> None:
    expose = {"booking": {"anon": "*"}, "customer": {"anon": {"fields": ["name"], "ops": ["get"]}}}
    query = {"filters": {"id": 1}}
    row = door.list({"fields": "customer.*", **query}, expose=expose).first

    assert {"customer": {"name": "Aisha Khan"}} == row
    assert 403 == door.list({"fields": "customer.email", **query}, expose=expose).status


def test_guarded_field_needs_the_path_written_out(door: Door) -> None:
    written = grant("customer", fields=["*", "api_token"])
    query = {"fields": "api_token", "filters": {"id": 1}}

    assert "field.denied" == door.list(query, model="customer").body["code"]
    assert {"api_token": "s3cret"} == door.list(query, model="customer", expose=written).first


@pytest.mark.parametrize("place", ["model", "role"])
def test_exclude_takes_fields_out_of_every_wildcard(role_door: Door, place: str) -> None:
    excluded = {"exclude": ["internal_notes"]}
    given = {"fields": ["*"], "filters": "*", "order_by": "*", "ops": ["list"]}
    entry = {
        "model": {**excluded, "anon": given},
        "role": {"anon": {**given, **excluded}},
    }[place]
    expose = {"booking": entry}

    assert "internal_notes" not in role_door.list({"limit": 1}, expose=expose).first
    for query in (
        {"fields": "internal_notes"},
        {"fields": "id", "filters": {"internal_notes": "call back"}},
        {"fields": "id", "order_by": "internal_notes"},
    ):
        assert 403 == role_door.list(query, expose=expose).status


@pytest.mark.parametrize(
    ("make", "model", "fields", "expected"),
    [
        pytest.param(
            lambda: Restaurant.objects.create(id=7, name="Da Mario", stars=2),
            "restaurant",
            "id, name, stars",
            {"id": 7, "name": "Da Mario", "stars": 2},
            id="multi-table-inheritance",
        ),
        pytest.param(
            lambda: Restaurant.objects.create(id=7, name="Da Mario", stars=2),
            "place",
            "name, restaurant.stars",
            {"name": "Da Mario", "restaurant": {"stars": 2}},
            id="child-of-inheritance",
        ),
        pytest.param(
            lambda: Node.objects.create(
                id="00000000-0000-0000-0000-000000000002",
                title="leaf",
                parent=Node.objects.create(id="00000000-0000-0000-0000-000000000001", title="root"),
            ),
            "node",
            "title, parent, up:parent.title",
            {
                "title": "leaf",
                "parent": "00000000-0000-0000-0000-000000000001",
                "up": "root",
            },
            id="self-relation-and-uuid",
        ),
        pytest.param(
            lambda: Service.everything.create(id=5, name="Wash", company_id=1),
            "service",
            "name, company.name",
            {"name": "Wash", "company": {"name": "Acme Corp"}},
            id="default-manager-of-another-name",
        ),
    ],
)
def test_odd_models_are_read(query_door: Door, make, model, fields, expected) -> None:
    make()
    reply = query_door.list({"fields": fields, "order_by": "-id", "limit": 1}, model=model)

    assert expected in [*reply.results]


def test_default_manager_hides_rows_everywhere(door: Door) -> None:
    from tests.testapp.models import Offer

    gone = Service.everything.create(id=5, name="Gone", company_id=1, deleted=True)
    Offer.objects.create(id=1, service=gone, title="Cheap")
    nested = door.list({"fields": "title, service.name, service"}, model="offer").first
    found = door.list({"fields": "id", "filters": {"service.name": "Gone"}}, model="offer")

    assert [] == door.list({"fields": "name"}, model="service").results
    assert {"title": "Cheap", "service": None} == nested
    assert [] == found.results


def test_proxy_is_exposed_by_its_own_name(role_door: Door) -> None:
    expose = {"vipcustomer": OPEN["customer"]}
    reply = role_door.list({"fields": "name"}, model="vipcustomer", expose=expose)

    assert Customer.objects.count() == len(reply.results)


@pytest.mark.sql
def test_join_is_made_only_for_what_is_asked(door: Door, django_assert_num_queries) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        door.list({"fields": "id, customer, address"})

    assert [0] == [query["sql"].count("JOIN") for query in captured]
