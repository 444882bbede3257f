"""To-one objects under another name: the same object as without it, wherever fields are named."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.db.models import Q

from django_flex import FlexQuery
from tests.doors.fronts import OPEN, Door, Execute, grant
from tests.testapp.models import Booking, Customer

pytestmark = pytest.mark.usefixtures("bookings")

AISHA = {"name": "Aisha Khan", "email": "aisha@example.com"}
WRITING = grant(ops=["get", "list", "add", "edit"])


@pytest.fixture
def execute(settings: Any, db: None) -> Door:
    """The door without HTTP."""
    return Execute(settings)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param("buyer:customer.name, buyer:customer.email", {"buyer": AISHA}, id="two"),
        pytest.param(
            "id, buyer:customer.email, status, buyer:customer.name",
            {"id": 1, "buyer": AISHA, "status": "confirmed"},
            id="apart",
        ),
        pytest.param(
            "a:customer.name, a:customer.vip, b:customer.email, b:customer.id, customer.id",
            {
                "a": {"name": "Aisha Khan", "vip": True},
                "b": {"email": "aisha@example.com", "id": 1},
                "customer": {"id": 1},
            },
            id="side-by-side",
        ),
        pytest.param(
            "buyer:customer, buyer:customer.name",
            {"buyer": {"id": 1, "name": "Aisha Khan"}},
            id="with-its-key",
        ),
        pytest.param(
            "buyer:customer_id.name, buyer:customer.email", {"buyer": AISHA}, id="both-spellings"
        ),
        pytest.param(
            "buyer:customer.name, buyer:customer.company.name",
            {"buyer": {"name": "Aisha Khan", "company": {"name": "Acme Corp"}}},
            id="object-inside",
        ),
        pytest.param(
            "buyer:customer.name, buyer:customer.company",
            {"buyer": {"name": "Aisha Khan", "company": 1}},
            id="key-inside",
        ),
        pytest.param(
            "firm:customer.company.name, firm:customer.company.tax_id",
            {"firm": {"name": "Acme Corp", "tax_id": "T-1"}},
            id="deepest-in-common",
        ),
        pytest.param(
            "buyer:customer.metadata.level, buyer:customer.metadata.settings.lang",
            {"buyer": {"metadata": {"level": 7, "settings": {"lang": "en"}}}},
            id="json",
        ),
        pytest.param(
            "at:address.*", {"at": {"id": 1, "street": "Elm 1", "city": "Berlin"}}, id="wildcard"
        ),
        pytest.param(
            "at:address.*, -address.street", {"at": {"id": 1, "city": "Berlin"}}, id="left-out"
        ),
        pytest.param(
            "bill:invoice.number, bill:invoice.id",
            {"bill": {"number": "A-1", "id": 1}},
            id="reverse-one-to-one",
        ),
        pytest.param(
            "bill:invoice, bill:invoice.number",
            {"bill": {"id": 1, "number": "A-1"}},
            id="reverse-one-to-one-with-its-key",
        ),
        pytest.param(
            "customer:address.city, customer:address.id",
            {"customer": {"city": "Berlin", "id": 1}},
            id="name-of-another-relation",
        ),
        pytest.param("buyer:customer.name", {"buyer": "Aisha Khan"}, id="one-is-a-value"),
    ],
)
def test_object_has_the_name_that_was_asked_for(
    query_door: Door, fields: str, expected: dict[str, Any]
) -> None:
    reply = query_door.list({"fields": fields, "filters": {"id": 1}})

    assert (200, expected) == (reply.status, reply.first)
    assert list(expected) == list(reply.first)


@pytest.mark.parametrize(
    ("fields", "plain"),
    [
        ("x:customer.name, x:customer.company.name", "customer.name, customer.company.name"),
        ("x:customer.*, -customer.metadata", "customer.*, -customer.metadata"),
        ("x:address.*", "address.*"),
        ("x:invoice, x:invoice.number", "invoice, invoice.number"),
    ],
)
def test_renamed_object_is_as_without_a_name(any_door: Door, fields: str, plain: str) -> None:
    found, expected = any_door.list({"fields": fields}), any_door.list({"fields": plain})

    assert 200 == found.status
    assert [{"x": value} for row in expected.results for value in row.values()] == found.results


def test_missing_row_is_null(query_door: Door) -> None:
    fields = "at:address.city, at:address.id, firm:customer.company.*, bill:invoice.*"

    row = query_door.list({"fields": fields, "filters": {"id": 4}}).first

    assert {"at": None, "firm": None, "bill": None} == row


@pytest.mark.parametrize("distinct", [False, True])
def test_hidden_row_is_null(execute: Door, distinct: bool) -> None:
    expose = {**grant(), "customer": {"anon": {"fields": "*", "rows": Q(vip=True), "ops": "list"}}}
    fields = "status, a:customer.name, a:customer.id, b:customer, b:customer.email"
    query = {"fields": fields, "filters": {"status": "pending"}, "order_by": "status"}

    reply = execute.list({**query, "distinct": distinct}, expose=expose)

    found = reply.body["results"] if distinct else reply.results
    assert {"status": "pending", "a": None, "b": None} in found
    assert all(row["a"] is None and row["b"] is None for row in found)


def test_list_below_has_arguments_under_the_name(query_door: Door) -> None:
    query = {
        "fields": "buyer:customer.name, buyer:customer.booking.id, customer.booking.id",
        "related": {"buyer.booking": {"order_by": "-id", "limit": 1}},
        "filters": {"id": 1},
    }

    row = query_door.list(query, statements=3).first

    assert {"name": "Aisha Khan", "booking": [{"id": 3}]} == row["buyer"]
    assert {"booking": [{"id": 1}, {"id": 3}]} == row["customer"]


@pytest.mark.parametrize("distinct", [False, True])
@pytest.mark.parametrize("fields", ["name, b:customer.company.id", "*"])
def test_object_behind_a_hidden_row_is_null(execute: Door, fields: str, distinct: bool) -> None:
    customers = {"fields": "*", "rows": Q(vip=True), "ops": "list"}
    expose = {**OPEN, **grant(), "customer": {"anon": customers}}
    query = {"fields": f"b:customer.company.{fields}", "filters": {"id.in": [1, 2, 4]}}
    Customer.objects.filter(booking=4).update(vip=True)  # who has no company

    found = execute.list({**query, "shape": "list", "distinct": distinct}, expose=expose).body

    objects = [row["b"] for row in found["results"]]
    assert (1 if distinct else 2) == objects.count(None)
    assert ["Acme Corp"] == [one["name"] for one in objects if one is not None]


def test_count_below_is_of_the_renamed_object(execute: Door) -> None:
    query = {"fields": "b:customer.name, b:customer.booking.count", "filters": {"id": 1}}
    expose = {**OPEN, **grant(ops=["list", "aggregate"], aggregates=["*"])}

    row = execute.list(query, expose=expose).first

    assert {"b": {"name": "Aisha Khan", "booking": {"count": 2}}} == row


def test_rows_of_a_list_have_renamed_objects(query_door: Door) -> None:
    query = {
        "fields": "id",
        "related": {"lines": {"fields": "of:booking.id, of:booking.status", "limit": 1}},
        "filters": {"id": 1},
    }

    assert [{"of": {"id": 1, "status": "confirmed"}}] == query_door.list(query, statements=2).first[
        "lines"
    ]


def test_get_and_writes_return_renamed_objects(door: Door) -> None:
    fields = "buyer:customer.name, buyer:customer.email"

    got = door.get(1, {"fields": fields})
    added = door.write("add", None, {"customer": 1, "_fields": fields}, expose=WRITING)
    edited = door.write("edit", 2, {"customer": 1, "_fields": fields}, expose=WRITING)

    assert [{"buyer": AISHA}] * 3 == [got.body, added.body, edited.body]


def test_csv_has_a_column_for_each_path_under_the_name(configure: Any) -> None:
    configure(OPEN)
    fields = "id, buyer:customer.name, buyer:customer.company.name, at:address.*"

    found = FlexQuery(Booking).stream({"fields": fields, "format": "csv", "limit": 1})

    rows = list(csv.reader(io.StringIO(b"".join(found).decode(), newline="")))
    assert [
        ["id", "buyer.name", "buyer.company.name", "at.id", "at.street", "at.city"],
        ["1", "Aisha Khan", "Acme Corp", "1", "Elm 1", "Berlin"],
    ] == rows


def test_combinations_are_sorted_by_what_is_renamed(execute: Door) -> None:
    query = {"fields": "b:customer.vip, b:customer.company", "distinct": True}

    reply = execute.list({**query, "order_by": "-customer.company.nulls_last"})

    assert [
        {"b": {"vip": False, "company": 2}},
        {"b": {"vip": True, "company": 1}},
        {"b": {"vip": False, "company": None}},
    ] == reply.body["results"]


def test_pages_by_cursor_keep_the_names(query_door: Door) -> None:
    query = {"fields": "b:customer.name, b:customer.id", "order_by": "customer.name", "limit": 4}

    first = query_door.list({**query, "cursor": True})
    second = query_door.list(first.body["pagination"]["next"])

    names = [row["b"]["name"] for reply in (first, second) for row in reply.results]
    assert 6 == len(names)
    assert sorted(names) == names


TWICE = "b:customer.name, b:customer.email, c:customer.name, c:customer.email"


def test_each_output_counts_in_the_caps(execute: Door) -> None:
    assert 200 == execute.list({"fields": TWICE}, MAX_FIELDS=4).status
    assert "query.limit" == execute.list({"fields": TWICE}, MAX_FIELDS=3).body["code"]


def test_each_output_counts_in_the_cost(configure: Any) -> None:
    configure(OPEN)
    lists = "customer.name, customer.email", "b:customer.name, b:customer.email", TWICE

    costs = [
        int(FlexQuery(Booking).execute({"fields": fields}).headers["Flex-Cost"]) for fields in lists
    ]

    assert costs[0] == costs[1] < costs[2]


@pytest.mark.parametrize(
    ("fields", "related"),
    [
        pytest.param("x:customer.name, x:address.city", {}, id="two-relations"),
        pytest.param("x:customer.name, x:status", {}, id="object-and-value"),
        pytest.param("x:status, x:customer.*", {}, id="value-and-wildcard"),
        pytest.param("x:customer.name, x:customer.name", {}, id="one-value-twice"),
        pytest.param("x:customer, x:customer_id", {}, id="one-key-twice"),
        pytest.param("status:customer.name, status:customer.id, status", {}, id="field-after"),
        pytest.param("status, status:customer.name, status:customer.id", {}, id="field-before"),
        pytest.param("*, status:customer.*", {}, id="wildcard-of-the-row"),
        pytest.param("address:customer.*, address.city", {}, id="relation-after"),
        pytest.param("address.city, address:customer.*", {}, id="relation-before"),
        pytest.param("address:customer.*, address", {}, id="key-after"),
        pytest.param("lines:customer.*, lines.id", {}, id="list"),
        pytest.param("x:customer.*", {"x": {"from": "lines"}}, id="renamed-list"),
    ],
)
def test_two_outputs_of_one_name_are_refused(
    query_door: Door, fields: str, related: dict[str, Any]
) -> None:
    query = {"fields": fields, **({"related": related} if related else {})}
    body = query_door.list(query).body

    name = "address" if "address:" in fields else fields.rpartition(":")[0].split()[-1]
    name = name.partition(":")[0]
    assert ("query.invalid", f"Two outputs have the name '{name}'") == (body["code"], body["error"])


@pytest.mark.parametrize(
    ("fields", "code", "hint"),
    [
        ("x:lines.*", "query.invalid", '"related": {"x": {"from": "lines"}}'),
        ("x:customer.metadata.*, id", "query.invalid", None),
        ("x:*", "query.invalid", "alias:path"),
        ("-x:customer.name, *", "query.invalid", "alias:path"),
        ("x:customer.*, -address.city", "query.invalid", "address.*"),
        ("x:customer.nothing, x:customer.name", "field.denied", None),
        ("x:nothing.*", "field.denied", None),
        ("x:nothing.a, x:nothing.b", "field.denied", None),
    ],
)
def test_what_cannot_be_renamed_says_so(
    query_door: Door, fields: str, code: str, hint: str | None
) -> None:
    body = query_door.list({"fields": fields}).body

    assert (code, "fields") == (body["code"], body["path"])
    assert hint is None or hint in body["hint"]


@pytest.mark.parametrize(
    "fields", ["*, -lines", "-lines", "lines.product, -lines", "customer.*, -lines"]
)
def test_a_list_is_in_no_wildcard(query_door: Door, fields: str) -> None:
    body = query_door.list({"fields": fields}).body

    assert ("query.invalid", "fields", "leave it out") == (
        *(body["code"], body["path"]),
        body["hint"],
    )
    assert "'-lines' is a list, which no wildcard covers" == body["error"]


def test_whole_json_value_needs_no_wildcard(execute: Door) -> None:
    body = execute.list({"fields": "m:metadata.*"}, model="customer").body

    assert ("query.invalid", "'m:metadata'") == (body["code"], body["hint"])


@pytest.mark.parametrize(
    "fields",
    [
        "x:customer.name, x:customer.email",
        "x:customer.name, x:customer.nothing",
        "x:customer.company.*, x:customer.name",
        "x:team.*",
        "x:nothing.*",
        "x:customer.name, address:customer.name, address.city",
    ],
)
def test_what_is_not_granted_is_denied_before_anything_else(role_door: Door, fields: str) -> None:
    expose = grant(fields=["id", "customer.name"])
    reply = role_door.list({"fields": fields}, expose=expose)

    assert (403, "field.denied") == (reply.status, reply.body["code"])


def test_wildcard_under_a_name_is_the_permitted_part(role_door: Door) -> None:
    expose = grant(fields=["id", "customer.name"], filters=["id"])
    reply = role_door.list({"fields": "b:customer.*", "filters": {"id": 1}}, expose=expose)

    assert {"b": {"name": "Aisha Khan"}} == reply.first
