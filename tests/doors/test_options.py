"""OPTIONS: the model as the caller sees it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.doors.fronts import SERVED_DOORS, HttpDoor, SignedIn, grant

pytestmark = pytest.mark.usefixtures("bookings")

NARROW = grant(
    fields=["id", "status", "customer", "customer.name"],
    filters=["status", "status.in", "customer.name.*"],
    order_by=["-id"],
    ops=["list"],
)


@pytest.fixture(params=["middleware", "async-middleware", "view", "viewset", "urls"])
def narrow(request, settings: Any, db: None) -> HttpDoor:
    """A kind of URL under a narrow grant."""
    door = SERVED_DOORS[request.param](settings)
    door.open("booking", NARROW, {})
    SignedIn.user = None
    return door


def test_description_holds_what_the_caller_may_use(narrow, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        response = narrow.request("OPTIONS", narrow.path)

    assert 200 == response.status_code
    assert {
        "model": "booking",
        "role": "anon",
        "operations": ["list"],
        "fields": {
            "customer": {
                "type": "integer",
                "null": False,
                "relation": None,
                "operators": [],
            },
            "customer.name": {
                "type": "text",
                "null": False,
                "operators": [
                    "exact",
                    "iexact",
                    "ne",
                    "lt",
                    "lte",
                    "gt",
                    "gte",
                    "in",
                    "nin",
                    "range",
                    "isnull",
                    "contains",
                    "icontains",
                    "startswith",
                    "istartswith",
                    "endswith",
                    "iendswith",
                    "len",
                ],
            },
            "id": {"type": "integer", "null": False, "operators": []},
            "status": {"type": "text", "null": False, "operators": ["exact", "in"]},
        },
        "filters": ["customer.name.*", "status", "status.in"],
        "order_by": ["-id"],
        "limits": {"default": 50, "max": 200},
    } == response.json()


def test_options_says_which_methods_are_served(narrow: HttpDoor) -> None:
    response = narrow.request("OPTIONS", narrow.path)

    assert {"GET", "HEAD", "OPTIONS", "QUERY"} <= set(response["Allow"].split(", "))
    assert "application/json" == response["Accept-Query"]


def test_role_without_grant_learns_nothing(narrow: HttpDoor) -> None:
    narrow.open("booking", {"booking": {"staff": "*"}}, {})
    response = narrow.request("OPTIONS", narrow.path)

    assert (403, "operation.denied") == (response.status_code, response.json()["code"])
    assert response.json().keys() <= {"error", "code"}


def test_options_of_the_endpoint_lists_the_models_of_the_caller(configure, client) -> None:
    configure({**NARROW, "customer": {"staff": "*"}, "company": {"anon": {}}})

    assert {"models": {"booking": {"operations": ["list"]}}} == client.options("/api/").json()


def test_options_of_a_model_without_entry_is_a_404(configure, client) -> None:
    configure(NARROW)

    assert 404 == client.options("/api/customer/").status_code


def test_options_needs_an_identity_where_reads_do(configure, client) -> None:
    configure(NARROW, REQUIRE_AUTHENTICATION=True)

    assert 401 == client.options("/api/booking/").status_code


def test_description_follows_the_role(configure, client) -> None:
    entry = {"booking": {**NARROW["booking"], "authenticated": "*"}}
    configure(entry)
    client.force_login(User.objects.create_user("ann"))
    body = client.options("/api/booking/").json()

    assert ("authenticated", True) == (body["role"], "price" in body["fields"])
    assert ["*"] == body["order_by"]


def test_description_names_no_guarded_field(configure, client) -> None:
    configure({"customer": {"anon": "*"}})

    assert "api_token" not in client.options("/api/customer/").content.decode()
