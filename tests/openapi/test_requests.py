"""Every operation of a document answers as the document says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.openapi.reading import Document, operations, resolved, schema_of
from tests.testapp.models import Booking

pytestmark = pytest.mark.django_db
#: What is sent, where `{}` is not enough.
BODIES: dict[str, dict[str, Any]] = {
    "aggregateBooking": {"aggregate": "count"},
    "aggregateCustomer": {"aggregate": "count"},
    "queryAggregateBooking": {"aggregate": "count"},
    "queryAggregateCustomer": {"aggregate": "count"},
    "addBooking": {"status": "x"},
    "addCustomer": {"name": "x", "email": "x@example.com"},
    "upsertBooking": {"status": "x"},
    "upsertCustomer": {"name": "x", "email": "x@example.com"},
    "changeBooking": {"_action": "edit", "_items": [{"id": 1, "status": "x"}]},
    "request": {"_model": "booking"},
    "queryRequest": {"_model": "booking"},
}
#: The same in URLs.
URLS = dict.fromkeys(("getAggregateBooking", "getAggregateCustomer"), "?aggregate=count")
#: What is refused: nothing is unique that may be written, and other rows depend on those rows.
REFUSED = dict.fromkeys(("upsertBooking", "upsertCustomer"), 400)
REFUSED["deleteBooking"] = 409


@pytest.mark.parametrize("role", ["superuser", "staff", "authenticated", "anon"])
def test_every_operation_answers_as_it_says(
    role: str, document: Callable[..., Document], bookings: None, django_user_model: Any
) -> None:
    found, client = document(role, "3.2"), Client()
    if role != "anon":
        superuser, staff = role == "superuser", role in {"superuser", "staff"}
        user = django_user_model.objects.create(
            username=role, is_superuser=superuser, is_staff=staff
        )
        client.force_login(user)
    keys = {"bookings": Booking.objects.order_by("pk")[0].pk}
    keys["customers"] = Booking.objects.get(pk=keys["bookings"]).customer_id
    asked = 0

    for path, method, operation in operations(found):
        with transaction.atomic():
            answered(path, method, operation, client=client, document=found, keys=keys)
            transaction.set_rollback(True)
        asked += 1

    assert asked == len({operation["operationId"] for _, _, operation in operations(found)})


def answered(
    path: str,
    method: str,
    operation: dict[str, Any],
    *,
    client: Client,
    document: Document,
    keys: dict[str, Any],
) -> None:
    """Send the request of an operation, and compare the reply with what is said of it."""
    name = operation["operationId"]
    url = path.replace("{key}", str(keys.get(path.split("/")[2]))) + URLS.get(name, "")
    if name.startswith("upsert"):
        url += "?match=status" if "Booking" in name else "?match=name"
    sent = dict(BODIES.get(name, {}))
    if name in {"addBooking", "upsertBooking"}:
        required = document["components"]["schemas"]["BookingAdd"].get("required", [])
        sent |= {one: keys["customers"] for one in required if one == "customer"}
    body: dict[str, Any] = {}
    if "requestBody" in operation:
        body = {"data": json.dumps(sent), "content_type": "application/json"}
        said = operation["requestBody"]["content"]["application/json"]["schema"]
        assert schema_of(document, said).is_valid(sent), name

    response = client.generic(method.upper(), url, **body)

    may_list = "/api/bookings/query" in document["paths"]
    refused = REFUSED if may_list else {**REFUSED, "request": 403, "queryRequest": 403}
    assert response.status_code == refused.get(name, response.status_code)
    assert name in refused or response.status_code < 400, (name, response.content)
    said = resolved(document, operation["responses"][str(response.status_code)])
    media = response.headers["Content-Type"]
    schema = schema_of(document, said["content"][media]["schema"])
    errors = [error.message for error in schema.iter_errors(response.json())]
    assert errors == [], (name, response.content)
    for header in said.get("headers", {}):
        assert header in response.headers or header in {"Link", "Retry-After", "ETag"}, name


@pytest.mark.parametrize("role", ["superuser", "anon"])
def test_rows_without_fields_are_as_the_schema_of_rows_says(
    role: str, document: Callable[..., Document], bookings: None, django_user_model: Any
) -> None:
    found, client = document(role), Client()
    if role == "superuser":
        client.force_login(django_user_model.objects.create(username="x", is_superuser=True))
    rows = client.get("/api/bookings/").json()["results"]
    schema = dict(found["components"]["schemas"]["Booking"], additionalProperties=False)

    assert rows
    for row in rows.values():
        assert [error.message for error in schema_of(found, schema).iter_errors(row)] == []


@pytest.mark.parametrize("version", ["3.1", "3.2"])
@pytest.mark.parametrize(
    "query", [{}, {"format": "json"}, {"shape": "list"}, {"explain": True}, {"fields": "id"}]
)
def test_a_list_in_each_form_is_as_the_document_says(
    version: str,
    query: dict[str, Any],
    document: Callable[..., Document],
    bookings: None,
    django_user_model: Any,
) -> None:
    found, client = document("superuser", version), Client()
    client.force_login(django_user_model.objects.create(username="x", is_superuser=True))
    operation = found["paths"]["/api/bookings/query"]["post"]
    said = resolved(found, operation["responses"]["200"])["content"]["application/json"]["schema"]

    response = client.post("/api/bookings/query", json.dumps(query), "application/json")

    assert response.status_code == 200, response.content
    reply = json.loads(response.getvalue())
    assert [error.message for error in schema_of(found, said).iter_errors(reply)] == []
