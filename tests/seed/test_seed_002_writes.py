"""What the document that this package implements shows of writes, rate limits and versions."""

from __future__ import annotations

import json
import random
import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Q
from django.test import Client

from django_flex import FlexQuery
from tests.testapp.models import Booking, Service

pytestmark = pytest.mark.usefixtures("bookings")

FULL = ["get", "list", "add", "edit", "delete"]


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("ann")


@pytest.fixture
def signed_in(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count in a window of time that nobody else counts in; Redis is shared with other tests."""
    moment = time.time() + random.randrange(10**9)
    monkeypatch.setattr("time.time", lambda: moment)


def send(client: Client, method: str, url: str, body: Any = None) -> Any:
    raw = "" if body is None else json.dumps(body)
    return client.generic(method, url, raw, content_type="application/json")


def expose(**models: Any) -> dict[str, Any]:
    """Return the document's settings with some models for whoever is signed in."""
    granted: dict[str, Any] = {
        "rows": "*",
        "fields": ["*"],
        "filters": "*",
        "order_by": "*",
        "ops": FULL,
    }
    # Lines and invoices, which go with a booking, have no entry in the document.
    granted["delete"] = {"cascade": "*"}
    return {
        "MIDDLEWARE_PATH": "/api/",
        "EXPOSE": {name: {"authenticated": granted, **extra} for name, extra in models.items()},
    }


# --- foreign keys ---------------------------------------------------------------------------------


def test_a_foreign_key_is_written_and_read_as_an_integer(settings: Any, signed_in: Client) -> None:
    settings.DJANGO_FLEX = expose(service={}, company={})
    body = {"_model": "service", "_action": "add", "company": 1, "name": "Deep Cleaning"}
    made = send(signed_in, "POST", "/api/", body)
    assert 201 == made.status_code
    url = made.headers["Location"]
    raw = send(signed_in, "GET", f"{url}?fields=id,name,company").json()
    assert {"id": made.json()["id"], "name": "Deep Cleaning", "company": 1} == raw
    expanded = send(signed_in, "GET", f"{url}?fields=id,name,company.name,company.address").json()
    assert {"name": "Acme Corp", "address": "1 Main St"} == expanded["company"]


@pytest.mark.parametrize("name", ["customer", "customer_id"])
def test_a_foreign_key_and_its_column_are_the_same_thing(
    settings: Any, signed_in: Client, name: str
) -> None:
    settings.DJANGO_FLEX = expose(booking={}, customer={})
    made = send(signed_in, "POST", "/api/bookings/", {name: 2, "status": "pending"})
    assert (201, 2) == (made.status_code, made.json()["customer"])
    edited = send(signed_in, "PUT", made.headers["Location"], {name: 3})
    assert (200, 3) == (edited.status_code, edited.json()["customer"])


# --- the RESTful URLs -----------------------------------------------------------------------------


def test_post_creates(settings: Any, signed_in: Client) -> None:
    settings.DJANGO_FLEX = expose(booking={}, customer={})
    response = send(signed_in, "POST", "/api/bookings/", {"customer_id": 1, "status": "pending"})
    stored = Booking.objects.get(pk=response.json()["id"])
    assert (201, 1, "pending") == (response.status_code, stored.customer_id, stored.status)
    assert f"/api/bookings/{stored.pk}" == response.headers["Location"]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_put_and_patch_update(settings: Any, signed_in: Client, method: str) -> None:
    settings.DJANGO_FLEX = expose(booking={})
    response = send(signed_in, method, "/api/bookings/2", {"status": "confirmed"})
    assert (200, "confirmed") == (response.status_code, response.json()["status"])
    stored = Booking.objects.get(pk=2)
    assert ("confirmed", 4) == (stored.status, stored.seats)


def test_delete_deletes(settings: Any, signed_in: Client) -> None:
    settings.DJANGO_FLEX = expose(booking={})
    response = send(signed_in, "DELETE", "/api/bookings/1")
    assert (200, {"id": 1, "deleted": True}) == (response.status_code, response.json())
    assert not Booking.objects.filter(pk=1).exists()


BY_BODY = {
    "create": ({"_action": "create", "customer": 1}, 201),
    "add": ({"_action": "add", "customer": 1}, 201),
    "update": ({"_action": "update", "id": 1, "status": "x"}, 200),
    "edit": ({"_action": "edit", "_id": 1, "status": "x"}, 200),
    "delete": ({"_action": "delete", "id": 1}, 200),
}


@pytest.mark.parametrize("case", BY_BODY)
def test_the_single_endpoint_takes_every_action(
    settings: Any, signed_in: Client, case: str
) -> None:
    settings.DJANGO_FLEX = expose(booking={}, customer={})
    body, status = BY_BODY[case]
    response = send(signed_in, "POST", "/api/", {"_model": "booking", **body})
    assert status == response.status_code, response.json()


def test_a_query_is_written_from_code(settings: Any, user: User) -> None:
    settings.DJANGO_FLEX = expose(booking={}, customer={})
    result = FlexQuery(Booking).execute({"_action": "add", "customer": 1}, user=user)
    assert (True, 201) == (result.ok, result.status_code)
    assert FlexQuery(Booking).execute({"_action": "add", "customer": 1}).status_code == 401


# --- who may --------------------------------------------------------------------------------------


def test_an_operation_that_is_not_listed_is_denied(settings: Any, signed_in: Client) -> None:
    settings.DJANGO_FLEX = {
        "EXPOSE": {"booking": {"authenticated": {"fields": ["*"], "ops": ["get", "list"]}}}
    }
    response = send(signed_in, "POST", "/api/bookings/", {"customer_id": 1})
    text = "Access denied: operation 'add' not allowed on 'booking'"
    assert (403, text) == (response.status_code, response.json()["error"])


def test_star_is_full_access(settings: Any, client: Client) -> None:
    settings.DJANGO_FLEX = {
        "EXPOSE": {"booking": {"superuser": "*"}, "customer": {"superuser": "*"}}
    }
    client.force_login(User.objects.create_superuser("root"))
    made = send(client, "POST", "/api/bookings/", {"customer": 1, "internal_notes": "vip"})
    assert (201, "vip") == (made.status_code, made.json()["internal_notes"])
    assert 200 == send(client, "PATCH", made.headers["Location"], {"status": "x"}).status_code
    assert 200 == send(client, "DELETE", made.headers["Location"]).status_code


def resolver(user: Any, model_name: str) -> Any:
    """Give the document's role with the rows of one company."""
    if not user.is_authenticated:
        return "anon"
    return ("admin", Q(company_id=1)) if model_name == "service" else "admin"


def test_rows_of_the_resolver_hold_for_writes(settings: Any, signed_in: Client) -> None:
    settings.DJANGO_FLEX = {
        "ROLE_RESOLVER": resolver,
        "EXPOSE": {"service": {"admin": {"fields": ["*"], "ops": FULL}}},
    }
    own = Service.everything.create(name="own", company_id=1)
    other = Service.everything.create(name="other", company_id=2)
    answers = [
        send(signed_in, "PATCH", f"/api/services/{own.pk}", {"name": "new"}).status_code,
        send(signed_in, "PATCH", f"/api/services/{other.pk}", {"name": "new"}).status_code,
        send(signed_in, "DELETE", f"/api/services/{other.pk}").status_code,
        send(signed_in, "POST", "/api/services/", {"name": "x", "company": 1}).status_code,
        send(signed_in, "POST", "/api/services/", {"name": "x", "company": 2}).status_code,
        send(signed_in, "PATCH", f"/api/services/{own.pk}", {"company": 2}).status_code,
    ]
    assert [200, 404, 404, 201, 403, 403] == answers
    other.refresh_from_db()
    own.refresh_from_db()
    assert ("other", 1) == (other.name, own.company_id)


# --- response modes -------------------------------------------------------------------------------


def test_always_http_200_holds_for_writes(settings: Any, signed_in: Client) -> None:
    settings.DJANGO_FLEX = {**expose(booking={}, customer={}), "ALWAYS_HTTP_200": True}
    made = send(signed_in, "POST", "/api/bookings/", {"customer": 1})
    missing = send(signed_in, "PUT", "/api/bookings/99", {"status": "x"})
    gone = send(signed_in, "DELETE", "/api/bookings/1")
    assert [200, 200, 200] == [made.status_code, missing.status_code, gone.status_code]
    assert 201 == made.json()["status_code"]
    assert (404, "Object not found") == (missing.json()["status_code"], missing.json()["error"])
    assert {"status_code": 200, "id": 1, "deleted": True} == gone.json()


# --- rate limits ----------------------------------------------------------------------------------

BY_ROLE = {
    "REQUIRE_AUTHENTICATION": False,
    "EXPOSE": {
        "booking": {
            "rate_limit": 60,
            "anon": {"fields": ["id", "status"], "ops": ["list"], "rate_limit": 5},
            "authenticated": {"fields": ["*"], "ops": ["get", "list"], "rate_limit": 50},
            "staff": {"fields": ["*"], "ops": ["get", "list"], "rate_limit": 200},
        },
    },
}


def passes(client: Client, url: str, sends: int) -> int:
    """Return how many of so many requests are answered."""
    codes = [send(client, "GET", url).status_code for _ in range(sends)]
    assert set(codes) <= {200, 429}
    return codes.count(200)


@pytest.mark.parametrize(("who", "limit"), [("anon", 5), ("authenticated", 50), ("staff", 200)])
def test_each_role_has_its_rate(
    settings: Any, client: Client, user: User, counted: None, who: str, limit: int
) -> None:
    settings.DJANGO_FLEX = BY_ROLE
    if who != "anon":
        user.is_staff = who == "staff"
        user.save()
        client.force_login(user)
    assert limit == passes(client, "/api/bookings/?fields=id&limit=1", limit + 2)


def test_a_request_too_many_is_told_when_to_come_back(
    settings: Any, client: Client, counted: None
) -> None:
    settings.DJANGO_FLEX = BY_ROLE
    for _ in range(5):
        send(client, "GET", "/api/bookings/?fields=id")
    response = send(client, "GET", "/api/bookings/?fields=id")
    body = response.json()
    assert (429, "Rate limit exceeded") == (response.status_code, body["error"])
    assert 1 <= body["retry_after"] <= 61
    assert str(body["retry_after"]) == response.headers["Retry-After"]


def test_operations_have_rates_of_their_own(
    settings: Any, signed_in: Client, counted: None
) -> None:
    entry = {
        "rate_limit": {"default": 6, "list": 3, "get": 12},
        "authenticated": {"fields": ["*"], "ops": FULL},
    }
    settings.DJANGO_FLEX = {"EXPOSE": {"booking": entry}}
    assert 3 == passes(signed_in, "/api/bookings/?fields=id", 5)
    assert 12 == passes(signed_in, "/api/bookings/1?fields=id", 14)
    edits = [
        send(signed_in, "PATCH", "/api/bookings/1", {"seats": n}).status_code for n in range(8)
    ]
    assert [200] * 6 + [429] * 2 == edits


# --- versions -------------------------------------------------------------------------------------


def test_versions_grant_and_limit_writes_apart(
    settings: Any, signed_in: Client, counted: None
) -> None:
    reads = {"fields": ["id", "status"], "ops": ["get", "list"]}
    writes = {"fields": ["id", "status"], "ops": ["get", "list", "edit"], "rate_limit": 2}
    settings.DJANGO_FLEX = {
        "MIDDLEWARE_PATH": "/api/",
        "EXPOSE": {"booking": {"authenticated": {**reads, "ops": ["edit"]}}},
        "VERSIONS": {
            "v1": {"path": "/api/v1/", "EXPOSE": {"booking": {"authenticated": reads}}},
            "v2": {"path": "/api/v2/", "EXPOSE": {"booking": {"authenticated": writes}}},
        },
    }
    sent = {"status": "new"}
    replies = [
        send(signed_in, "PUT", f"/api/{version}bookings/1", sent)
        for version in ("", "v1/", "v2/", "v2/", "v2/", "")
    ]
    assert [200, 403, 200, 200, 429, 200] == [reply.status_code for reply in replies]
    assert {"id": 1} == replies[0].json()
    assert {"id": 1, "status": "new"} == replies[2].json()
