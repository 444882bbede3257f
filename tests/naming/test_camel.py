"""``NAMING: "camel"``: names and words in camelCase, in requests and in replies of a version."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import F
from django.test import Client

from django_flex.checks import check_settings
from django_flex.conf import get_settings
from django_flex.programmatic import FlexQuery
from django_flex.query.naming import to_camel, to_snake
from tests.actions import handlers
from tests.testapp.models import Booking, Customer

OPS = ["get", "list", "aggregate", "add", "edit", "delete", "bulk_edit", "upsert"]
GRANT: dict[str, Any] = {
    "ops": OPS,
    "rows": "*",
    "fields": ["*"],
    "write_fields": ["*"],
    "filters": "*",
    "order_by": "*",
    "aggregates": "*",
}
EXPOSE = {
    "booking": {"anon": GRANT, "computed": {"twice_paid": F("seats") * 2}},
    "customer": {"anon": GRANT},
    "line": {"anon": GRANT},
    "user": {"anon": GRANT},
}


@pytest.fixture
def camel(configure: Callable[..., None], bookings: None) -> None:
    configure(EXPOSE, NAMING="camel")


def send(method: str, url: str, body: object = None, **headers: str) -> Any:
    sent = "" if body is None else json.dumps(body)
    return Client().generic(
        method, f"/api/{url}", sent, content_type="application/json", headers=headers
    )


READS: dict[str, tuple[str, Any]] = {
    "column": ("bookings/1?fields=createdAt", {"createdAt": "2025-01-15T09:30:15Z"}),
    "computed": ("bookings/1?fields=twicePaid", {"twicePaid": 4}),
    "relation": ("bookings/1?fields=createdBy", {"createdBy": None}),
    "alias": ("bookings/1?fields=my_own:closedAt.isoYear", {"my_own": 2025}),
    "part": ("bookings/1?fields=closedAt.isoYear", {"closedAt": {"isoYear": 2025}}),
    "JSON": (
        "customers/1?fields=metadata.settings",
        {"metadata": {"settings": {"theme": "dark", "lang": "en"}}},
    ),
}


@pytest.mark.parametrize("name", READS)
@pytest.mark.usefixtures("camel")
def test_names_of_what_is_read(name: str) -> None:
    url, expected = READS[name]
    assert send("GET", url).json() == expected


FILTERS = {
    "createdAt.weekDay=4": ["1"],
    "createdAt.isnull=false&orderBy=-createdAt": ["2", "1", "3"],
    "customer.metadata.hasKey=active": ["1", "2", "3", "6"],
    "twicePaid=8": ["2", "6"],
    "or.0.closedAt.isoYear=2025&filters.or.1.id=4": ["1", "2", "4"],
}


@pytest.mark.parametrize("condition", FILTERS)
@pytest.mark.usefixtures("camel")
def test_filters_and_orders(condition: str, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        reply = send("GET", f"bookings/?fields=id&filters.{condition}").json()
    ids = reply["pagination"].get("ids") or reply["results"]
    assert [str(key) for key in ids] == FILTERS[condition]


QUERIES: dict[str, Any] = {
    "list": {
        "fields": "id, createdAt",
        "filters": {"createdAt.isoWeekDay.gte": 1, "not": {"customer.metadata.some_key": 3}},
        "orderBy": "createdAt.nullsLast, -closedAt",
        "related": {"lines": {"orderBy": "-id", "limit": 1, "shape": "list"}},
        "limit": 1,
    },
    "aggregate": {
        "_action": "aggregate",
        "groupBy": "createdAt.truncMonth",
        "aggregate": "count, id.countDistinct",
        "having": {"id.countDistinct.gte": 1},
        "orderBy": "createdAt.truncMonth",
        "limit": 1,
    },
}


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.usefixtures("camel")
def test_next_can_be_sent_again(name: str) -> None:
    first = send("GET", f"bookings/?q={json.dumps(QUERIES[name])}".replace(" ", "%20")).json()
    following = first["pagination"]["next"]
    assert {**QUERIES[name], "offset": 1} == following
    second = send("GET", f"bookings/?q={json.dumps(following)}".replace(" ", "%20")).json()
    assert second["pagination"]["hasMore"] is True
    assert second["results"] != first["results"]
    assert "_" not in json.dumps([first, second]).replace("some_key", "").replace("_action", "")


@pytest.mark.usefixtures("camel")
def test_streams() -> None:
    lines = send("GET", "bookings/?format=csv&fields=createdAt&orderBy=id").getvalue().splitlines()
    assert lines[:2] == [b"createdAt", b"2025-01-15T09:30:15Z"]
    (page,) = (
        send("GET", "bookings/?format=ndjson&fields=closedAt&related.lines.shape=list&limit=1")
        .getvalue()
        .splitlines()
    )
    read = json.loads(page)
    assert read["closedAt"] == "2025-01-16T00:00:00Z"
    assert read["lines"]["pagination"].keys() == {"offset", "limit", "hasMore"}


@pytest.mark.usefixtures("camel")
def test_writes_and_values() -> None:
    sent = {"name": "New", "metadata": {"some_key": {"inner_key": 1}, "otherKey": 2}}
    made = send("POST", "customers/", {**sent, "_fields": "name, metadata"})
    assert (made.status_code, made.json()) == (201, sent)
    dry = send("PATCH", "bookings/1", {"internalNotes": "x", "_dryRun": True, "_fields": "id"})
    assert dry.json() == {"id": 1}
    assert Booking.objects.get(pk=1).internal_notes == "call back"
    row = {"createdAt": "2024-01-01T00:00:00Z", "customer": 1}
    batch = [
        {"_name": "a", "_model": "booking", "_action": "add", **row},
        {
            "_model": "booking",
            "_action": "list",
            "fields": "createdAt",
            "filters": {"createdAt": {"$ref": "a.createdAt"}},
            "orderBy": "createdAt",
        },
        {"_model": "booking", "_id": 99, "_action": "get"},
    ]
    results = send("POST", "", {"_batch": batch, "_atomic": False}).json()["results"]
    assert [*results[1]["results"].values()] == [{"createdAt": "2024-01-01T00:00:00Z"}]
    assert results[2]["statusCode"] == 404
    changed = {"filters": {"createdAt.year": 2024}, "_set": {"internalNotes": "y"}}
    many = send("POST", "bookings/", {"_action": "bulk_edit", "_maxAffected": 9, **changed})
    assert many.json()["affected"] == 2
    assert Booking.objects.filter(internal_notes="y").count() == 2


ERRORS: dict[str, tuple[str, str, Any, dict[str, Any]]] = {
    "unknown name": (
        "GET",
        "bookings/?fields=createdAtt",
        None,
        {"path": "fields", "hint": "did you mean 'createdAt'?"},
    ),
    "word": ("GET", "bookings/?ordrBy=id", None, {"path": "ordrBy"}),
    "part": ("GET", "bookings/?orderBy=nothing", None, {"path": "orderBy"}),
    "nested": (
        "GET",
        "bookings/?related.lines.orderBy=x",
        None,
        {"path": "related.lines.orderBy"},
    ),
    "twice": (
        "PATCH",
        "bookings/1",
        {"_dryRun": True, "_dry_run": True},
        {"error": "'_dryRun' and '_dryRun' are the same key"},
    ),
    "value": (
        "PATCH",
        "bookings/1",
        {"internalNotes": None},
        {"codes": {"internalNotes": ["null"]}},
    ),
}


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.usefixtures("camel")
def test_errors_name_what_was_sent(name: str) -> None:
    method, url, body, expected = ERRORS[name]
    reply = send(method, url, body)
    assert 400 <= reply.status_code < 500
    assert expected.items() <= reply.json().items()
    assert "order_by" not in reply.content.decode()
    problem = send(method, url, body, accept="application/problem+json").json()
    assert problem.get("path") == reply.json().get("path")


@pytest.mark.usefixtures("camel")
def test_options_and_listing() -> None:
    told = send("OPTIONS", "bookings/").json()
    names = [*told, *told["limits"], *told["fields"], *told["inputs"]["add"], *told["aggregates"]]
    names += [*told["groupBy"], *told["writable"]["edit"], *told["relations"]]
    names += [key for one in told["fields"].values() for key in (*one, *one["operators"])]
    assert [name for name in names if "_" in name] == []
    assert {"createdAt", "createdAt.truncMonth"} <= {*told["groupBy"]}
    assert send("GET", "").json()["models"]["booking"]["url"] == "/api/bookings/"


def test_secrets_and_rights_stay_guarded(camel: None) -> None:
    told = send("OPTIONS", "users/").json()
    assert {"isStaff", "isSuperuser", "password", "userPermissions"}.isdisjoint(told["fields"])
    assert "lastLogin" in told["fields"]
    hidden = send("GET", "users/?fields=isStaff")
    assert hidden.status_code == send("GET", "users/?fields=isStuff").status_code == 403
    assert send("GET", "customers/?fields=apiToken").status_code == 403


def test_inputs_of_actions(configure: Callable[..., None], bookings: None) -> None:
    from django_flex.actions.declare.registry import registry

    with registry.isolated():
        handlers.register()
        grant = {**GRANT, "ops": [*OPS, "move"]}
        configure({**EXPOSE, "booking": {"anon": grant}}, NAMING="camel")
        told = send("GET", "bookings/1/actions/move").json()
        assert "pinCode" in told["input"]["properties"]
        assert "dryRun" in told
        sent = {"customer": 2, "pinCode": "1", "_fields": "internalNotes"}
        assert send("POST", "bookings/1/actions/move", {**sent, "seats": 10}).json()["fields"]
        moved = send("POST", "bookings/1/actions/move", {**sent, "seats": 3})
        assert moved.json()["internalNotes"] == "call back"
        twice = send("POST", "bookings/1/actions/move", {**sent, "pin_code": "2"})
        assert twice.status_code == 400


def test_versions_and_status(configure: Callable[..., None], bookings: None) -> None:
    version = {"path": "/api/v2/", "NAMING": "camel", "ALWAYS_HTTP_200": True}
    configure(EXPOSE, VERSIONS={"v2": version})
    assert send("GET", "bookings/1?fields=created_at").json().keys() == {"created_at"}
    assert send("GET", "bookings/1?fields=createdAt").status_code == 403
    assert send("GET", "v2/bookings/1?fields=createdAt").json().keys() == {
        "statusCode",
        "createdAt",
    }
    reply = FlexQuery(Customer, version="v2").execute({"fields": "apiToken"}, user=None)
    assert reply.status_code == 403


def test_names_that_would_be_equal_stay_and_are_reported(configure: Callable[..., None]) -> None:
    computed = {"createdAt": F("closed_at")}
    configure({"booking": {"anon": GRANT, "computed": computed}}, NAMING="camel")
    (found,) = [one for one in check_settings() if one.id == "django_flex.E030"]
    assert "'createdAt' and 'created_at'" in found.msg
    names = {*get_settings().policy.entries["testapp.booking"].resource.attributes}
    assert {"createdAt", "created_at", "closedAt"} <= names


@pytest.mark.parametrize("name", ["created_at", "_dry_run", "a1_b", "x", "a_b_c"])
def test_names_come_back(name: str) -> None:
    assert to_snake(to_camel(name)) == name


@pytest.mark.parametrize("name", ["_x", "x__y", "line_1", "x_", "Created_at", "unitPrice"])
def test_other_names_stay(name: str) -> None:
    assert to_camel(name) == name
