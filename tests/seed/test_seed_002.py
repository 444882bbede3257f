"""What the document that this package implements shows, with the settings it shows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.db.models import Q
from django.http import JsonResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path

from django_flex import FlexQuery, FlexQueryView, flex_query
from tests.doors.fronts import Urls
from tests.testapp.models import Booking, Service, Team

pytestmark = pytest.mark.usefixtures("bookings")


@pytest.fixture
def user(db: None) -> User:
    """A signed-in user whose team has all bookings but the fifth."""
    made = User.objects.create_user("ann")
    team = Team.objects.create(name="Blue")
    team.members.add(made, User.objects.create_user("joe"))
    Booking.objects.exclude(pk=5).update(team=team)
    return made


@pytest.fixture
def signed_in(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def ask(client: Client, method: str, url: str, body: Any = None, statements: int = 1) -> Any:
    """Send a request and count the statements on our tables."""
    raw = "" if body is None else json.dumps(body)
    with CaptureQueriesContext(connection) as captured:
        response = client.generic(method, url, raw, content_type="application/json")
    ran = [query["sql"] for query in captured if "testapp_" in query["sql"]]
    assert statements == len(ran), ran
    return response


class BookingQueryView(FlexQueryView):
    model = Booking
    flex_permissions = {
        "authenticated": {
            "rows": lambda user: Q(team__members=user),
            "fields": ["id", "status", "customer.name", "customer.email"],
            "filters": ["status", "status.in", "customer.name.icontains"],
            "order_by": ["created_at", "-created_at"],
            "ops": ["get", "list"],
        },
    }


@pytest.fixture
def quick_start(settings: Any, signed_in: Client) -> Client:
    settings.DJANGO_FLEX = {"MIDDLEWARE_PATH": "/elsewhere/"}
    settings.ROOT_URLCONF = Urls(
        path("api/bookings/", BookingQueryView.as_view()),
        path("api/bookings/<int:pk>/", BookingQueryView.as_view()),
    )
    return signed_in


QUICK_START: dict[str, Any] = {
    "pagination": {"offset": 0, "limit": 20, "has_more": False, "ids": [1, 3]},
    "results": {
        "1": {
            "id": 1,
            "status": "confirmed",
            "customer": {"name": "Aisha Khan", "email": "aisha@example.com"},
        },
        "3": {
            "id": 3,
            "status": "completed",
            "customer": {"name": "Aisha Khan", "email": "aisha@example.com"},
        },
    },
}


@pytest.mark.parametrize("method", ["GET", "POST", "QUERY"])
def test_quick_start_lists_by_a_body(quick_start: Client, method: str) -> None:
    body = {
        "fields": "id, status, customer.name, customer.email",
        "filters": {
            "status.in": ["confirmed", "completed"],
            "customer.name.icontains": "khan",
        },
        "order_by": "-created_at",
        "limit": 20,
    }
    response = ask(quick_start, method, "/api/bookings/", body)

    assert (200, QUICK_START) == (response.status_code, response.json())


def test_quick_start_lists_by_parameters(quick_start: Client) -> None:
    response = ask(
        quick_start,
        "GET",
        "/api/bookings/?fields=id,status,customer.name,customer.email"
        "&filters.status=confirmed&filters.customer.name.icontains=khan"
        "&order_by=-created_at&limit=20",
    )

    assert [1] == response.json()["pagination"]["ids"]
    assert QUICK_START["results"]["1"] == response.json()["results"]["1"]


@pytest.mark.parametrize(
    ("parameters", "body"),
    [
        ("fields=id,status", {"fields": "id,status"}),
        ("limit=20", {"limit": 20}),
        ("offset=1", {"offset": 1}),
        ("order_by=-created_at", {"order_by": "-created_at"}),
        ("filters.status=pending", {"filters": {"status": "pending"}}),
        (
            "filters.customer.name.icontains=khan",
            {"filters": {"customer.name.icontains": "khan"}},
        ),
    ],
)
def test_parameter_is_equivalent_to_its_key(quick_start: Client, parameters, body) -> None:
    by_url = ask(quick_start, "GET", f"/api/bookings/?{parameters}")
    by_body = ask(quick_start, "GET", "/api/bookings/", body)

    assert (200, by_body.json()) == (by_url.status_code, by_url.json())


def test_parameters_override_the_body(quick_start: Client) -> None:
    body = {"fields": "id, status", "filters": {"status": "confirmed"}, "limit": 20}
    response = ask(quick_start, "GET", "/api/bookings/?fields=id&filters.status=pending", body)

    assert {"2": {"id": 2}, "6": {"id": 6}} == response.json()["results"]
    assert 20 == response.json()["pagination"]["limit"]


def test_quick_start_gets_one_row(quick_start: Client) -> None:
    body = {"fields": "id, status, customer.name"}
    response = ask(quick_start, "GET", "/api/bookings/1/", body)

    assert {
        "id": 1,
        "status": "confirmed",
        "customer": {"name": "Aisha Khan"},
    } == response.json()


def test_quick_start_hides_rows_of_other_teams(quick_start: Client) -> None:
    everything = ask(quick_start, "GET", "/api/bookings/?fields=id").json()["results"]

    assert ["1", "2", "3", "4", "6"] == list(everything)
    assert 404 == ask(quick_start, "GET", "/api/bookings/5/").status_code


def test_get_expands_related_wildcards(settings, signed_in: Client) -> None:
    settings.DJANGO_FLEX = {
        "EXPOSE": {"booking": {"authenticated": {"fields": ["*"], "ops": ["get"]}}}
    }
    body = {"fields": "id, status, customer.*, address.*"}
    response = ask(signed_in, "GET", "/api/bookings/1", body)

    assert {
        "id": 1,
        "status": "confirmed",
        "customer": {
            "id": 1,
            "name": "Aisha Khan",
            "email": "aisha@example.com",
            "vip": True,
            "company": 1,
            "metadata": {
                "settings": {"theme": "dark", "lang": "en"},
                "tags": ["vip", "early"],
                "level": 7,
                "active": True,
            },
        },
        "address": {"id": 1, "street": "Elm 1", "city": "Berlin"},
    } == response.json()


# --- the query language ---------------------------------------------------------------------------

ALICE = {"settings": {"theme": "dark", "lang": "en"}, "tags": ["vip"]}


def _staff_like(model: str, **grant: Any) -> dict[str, Any]:
    return {"EXPOSE": {model: {"authenticated": {"ops": ["get", "list"], **grant}}}}


@pytest.fixture
def alice(settings: Any, signed_in: Client) -> Client:
    from tests.testapp.models import Customer

    Customer.objects.all().delete()
    Customer.objects.create(id=1, name="Alice", metadata={**ALICE, "level": 5})
    Customer.objects.create(id=2, name="Ben", metadata={"level": 4, "tags": []})
    settings.DJANGO_FLEX = _staff_like("customer", fields=["*"], filters="*")
    return signed_in


def test_json_values_nest_as_their_paths_do(alice: Client) -> None:
    url = "/api/customers/?fields=name, metadata.settings.theme, metadata.tags"
    response = ask(alice, "GET", url)

    assert {
        "name": "Alice",
        "metadata": {"settings": {"theme": "dark"}, "tags": ["vip"]},
    } == response.json()["results"]["1"]


def test_json_value_is_selected_whole(alice: Client) -> None:
    response = ask(alice, "GET", "/api/customers/1?fields=name, metadata")

    assert {"name": "Alice", "metadata": {**ALICE, "level": 5}} == response.json()


@pytest.mark.parametrize(
    "filters",
    [
        {"metadata.settings.theme": "dark"},
        {"metadata.level.gte": 5, "metadata.tags.icontains": "vip"},
    ],
)
def test_json_values_are_filtered(alice: Client, filters: dict[str, Any]) -> None:
    response = ask(alice, "GET", "/api/customers/", {"fields": "name", "filters": filters})

    assert {"1": {"name": "Alice"}} == response.json()["results"]


JSON_GRANT = {
    "fields": ["name", "metadata.settings", "metadata.settings.*"],
    "filters": ["metadata.settings.theme", "metadata.level"],
}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"fields": "metadata.settings"}, 200),
        ({"fields": "metadata.settings.theme"}, 200),
        ({"fields": "metadata.settings.*"}, 200),
        ({"fields": "metadata"}, 403),
        ({"fields": "metadata.tags"}, 403),
        ({"fields": "name", "filters": {"metadata.settings.theme": "dark"}}, 200),
        ({"fields": "name", "filters": {"metadata.level": 5}}, 200),
        ({"fields": "name", "filters": {"metadata.level.gte": 5}}, 403),
        ({"fields": "name", "filters": {"metadata.settings.lang": "en"}}, 403),
    ],
)
def test_json_paths_follow_the_same_permission_patterns(settings, alice, query, status) -> None:
    settings.DJANGO_FLEX = _staff_like("customer", **JSON_GRANT)
    response = ask(alice, "POST", "/api/customers/query", query, statements=int(status == 200))

    assert status == response.status_code


def test_whole_json_field_grants_what_is_in_it(settings, alice) -> None:
    settings.DJANGO_FLEX = _staff_like("customer", fields=["name", "metadata"])
    response = ask(alice, "GET", "/api/customers/1?fields=metadata.settings.theme")

    assert {"metadata": {"settings": {"theme": "dark"}}} == response.json()


@pytest.mark.parametrize(
    ("fields", "expected", "joins"),
    [
        ("id, name, company", {"id": 1, "name": "Deep Cleaning", "company": 1}, 0),
        ("id, name, company_id", {"id": 1, "name": "Deep Cleaning", "company_id": 1}, 0),
        (
            "id, name, company.name, company.address",
            {
                "id": 1,
                "name": "Deep Cleaning",
                "company": {"name": "Acme Corp", "address": "1 Main St"},
            },
            1,
        ),
    ],
)
def test_foreign_key_is_its_raw_key_until_expanded(
    settings, signed_in, fields, expected, joins
) -> None:
    Service.everything.create(id=1, name="Deep Cleaning", company_id=1)
    settings.DJANGO_FLEX = _staff_like("service", fields=["*"])
    with CaptureQueriesContext(connection) as captured:
        response = ask(signed_in, "GET", f"/api/services/1?fields={fields}")

    assert expected == response.json()
    (sql,) = [query["sql"] for query in captured if "testapp_service" in query["sql"]]
    assert joins == sql.count(" JOIN ")


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"status": "confirmed"}, ["1"]),
        ({"price.gte": 100, "price.lte": 500}, ["1", "2", "6"]),
        ({"customer.name.icontains": "khan"}, ["1", "2", "3", "6"]),
        ({"status.in": ["pending", "confirmed", "completed"]}, ["1", "2", "3", "6"]),
        ({"or": {"status": "pending", "customer.vip": True}}, ["1", "2", "3", "6"]),
        ({"not": {"status": "cancelled"}}, ["1", "2", "3", "5", "6"]),
        (
            {
                "created_at.gte": "2024-01-01",
                "or": {"status": "confirmed", "and": {"status": "pending", "urgent": True}},
            },
            ["1"],
        ),
    ],
)
def test_filters_select_rows(settings, signed_in, filters, expected) -> None:
    settings.DJANGO_FLEX = _staff_like("booking", fields=["*"], filters="*")
    body = {"fields": "id", "filters": filters}
    response = ask(signed_in, "GET", "/api/bookings/", body)

    assert expected == list(response.json()["results"])


@pytest.mark.parametrize(
    ("fields", "keys"),
    [
        ("id, status, customer.name", {"id", "status", "customer"}),
        ("id, customer.name, customer.email", {"id", "customer"}),
        ("id, status, customer.*, address.*", {"id", "status", "customer", "address"}),
        ("*", {f.name for f in Booking._meta.concrete_fields}),
    ],
)
def test_fields_are_selected(settings, signed_in, fields, keys) -> None:
    settings.DJANGO_FLEX = _staff_like("booking", fields=["*"])
    response = ask(signed_in, "GET", f"/api/bookings/1?fields={fields}")

    assert keys == response.json().keys()


def test_page_says_how_to_ask_for_the_next(settings, signed_in) -> None:
    settings.DJANGO_FLEX = _staff_like("booking", fields=["*"], filters="*", order_by="*")
    body = {
        "fields": "id, price",
        "filters": {"price.gt": 1},
        "limit": 2,
        "order_by": "-price",
    }
    first = ask(signed_in, "GET", "/api/bookings/", body).json()
    second = ask(signed_in, "GET", "/api/bookings/", first["pagination"]["next"]).json()

    assert {
        "offset": 0,
        "limit": 2,
        "has_more": True,
        "next": {
            "fields": "id, price",
            "filters": {"price.gt": 1},
            "order_by": "-price",
            "limit": 2,
            "offset": 2,
        },
        "ids": [2, 6],
    } == first["pagination"]
    assert {"offset": 2, "limit": 2, "has_more": False, "ids": [1, 3]} == second["pagination"]


# --- permissions ----------------------------------------------------------------------------------

EXPLICIT = {
    "booking": {
        "exclude": ["internal_notes", "stripe_payment_id"],
        "owner": {
            "rows": lambda user: Q(created_by=user),
            "fields": ["*"],
            "filters": [
                "status",
                "status.in",
                "status.icontains",
                "created_at.gte",
                "created_at.lte",
            ],
            "order_by": ["created_at", "-created_at"],
            "ops": ["get", "list"],
        },
        "viewer": {},
    }
}


@pytest.fixture
def owner(settings: Any, signed_in: Client, user: User) -> Client:
    settings.DJANGO_FLEX = {"EXPOSE": EXPLICIT}
    user.groups.add(Group.objects.create(name="Owner"))
    Booking.objects.filter(pk__in=[1, 2]).update(created_by=user)
    return signed_in


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"filters": {"status": "pending"}}, 200),
        ({"filters": {"status.in": ["pending"]}}, 200),
        ({"filters": {"status.icontains": "pend"}}, 200),
        ({"filters": {"created_at.gte": "2024-01-01", "created_at.lte": "2026-01-01"}}, 200),
        ({"filters": {"status.startswith": "p"}}, 403),
        ({"filters": {"created_at": "2024-01-01"}}, 403),
        ({"order_by": "created_at"}, 200),
        ({"order_by": "-created_at"}, 200),
        ({"order_by": "status"}, 403),
        ({"fields": "internal_notes"}, 403),
        ({"fields": "stripe_payment_id"}, 403),
    ],
)
def test_each_filter_order_and_field_is_granted_by_itself(owner, query, status) -> None:
    response = ask(owner, "POST", "/api/bookings/query", query, statements=int(status == 200))

    assert status == response.status_code


def test_excluded_fields_are_in_no_wildcard(owner: Client) -> None:
    row = ask(owner, "GET", "/api/bookings/1").json()

    assert set() == {"internal_notes", "stripe_payment_id"} & row.keys()
    assert {"id", "status", "customer"} <= row.keys()


def test_rows_are_those_of_the_owner(owner: Client) -> None:
    assert ["1", "2"] == list(ask(owner, "GET", "/api/bookings/?fields=id").json()["results"])


@pytest.mark.parametrize("group", ["Viewer", "Somebody"])
def test_empty_and_unlisted_roles_have_no_access(settings, signed_in, user, group) -> None:
    settings.DJANGO_FLEX = {"EXPOSE": EXPLICIT}
    user.groups.add(Group.objects.create(name=group))
    response = ask(signed_in, "GET", "/api/bookings/", statements=0)

    assert 403 == response.status_code


@pytest.mark.parametrize("nothing", [{}, [], "", None], ids=repr)
def test_every_kind_of_nothing_denies(settings, signed_in, nothing) -> None:
    settings.DJANGO_FLEX = {"EXPOSE": {"booking": {"authenticated": nothing}}}

    assert 403 == ask(signed_in, "GET", "/api/bookings/", statements=0).status_code


@pytest.mark.parametrize("key", ["rows", "fields", "filters", "order_by", "ops"])
@pytest.mark.parametrize("nothing", [{}, [], "", None], ids=repr)
def test_nothing_under_a_key_denies_that(settings, signed_in, key, nothing) -> None:
    full = {"rows": "*", "fields": ["*"], "filters": "*", "order_by": "*", "ops": ["list"]}
    settings.DJANGO_FLEX = {"EXPOSE": {"booking": {"authenticated": {**full, key: nothing}}}}
    body = {"fields": "id", "filters": {"id.gte": 1}, "order_by": "id"}
    response = ask(signed_in, "POST", "/api/bookings/query", body, statements=0)

    denied = response.status_code == 403
    assert denied or (key == "rows" and response.json()["results"] == {})


@pytest.mark.parametrize(
    "full",
    [
        pytest.param("*", id="shorthand"),
        pytest.param(
            {
                "rows": "*",
                "fields": ["*"],
                "filters": "*",
                "order_by": "*",
                "ops": ["get", "list", "add", "edit", "delete"],
            },
            id="written-out",
        ),
    ],
)
def test_star_is_full_access(settings, client, full) -> None:
    client.force_login(User.objects.create_superuser("root"))
    settings.DJANGO_FLEX = {"EXPOSE": {"booking": {"superuser": full}}}
    body = {
        "fields": "*",
        "filters": {"customer.name.icontains": "khan"},
        "order_by": "-customer.name",
    }
    response = ask(client, "POST", "/api/bookings/query", body)

    assert [2, 6, 1, 3] == response.json()["pagination"]["ids"]


def role_by_name(user: Any, model_name: str) -> Any:
    """The resolver of the document, with names in place of its membership table."""
    if not user.is_authenticated:
        return "anon"
    membership = User.objects.filter(pk=user.pk, is_active=True).first()
    if not membership or membership.username == "ann":
        return "authenticated"
    company_filter = Q(customer__company_id=1)
    if membership.username == "adam":
        return ("admin", company_filter)
    if membership.username == "stan":
        return ("staff", company_filter)
    return ("viewer", company_filter)


RESOLVED = {
    "ROLE_RESOLVER": role_by_name,
    "EXPOSE": {
        "booking": {
            "admin": {"fields": ["*"], "ops": ["get", "list", "add", "edit", "delete"]},
            "staff": {"fields": ["id", "status", "customer.name"], "ops": ["get", "list"]},
        }
    },
}


@pytest.mark.parametrize(
    ("name", "fields", "status"),
    [
        ("adam", "id, price", 200),
        ("stan", "id, customer.name", 200),
        ("stan", "id, price", 403),
        ("vera", "id", 403),
        ("ann", "id", 403),
    ],
)
def test_resolver_gives_role_and_rows(settings, client, user, name, fields, status) -> None:
    settings.DJANGO_FLEX = RESOLVED
    client.force_login(User.objects.get_or_create(username=name)[0])
    url = f"/api/bookings/?fields={fields}"
    response = ask(client, "GET", url, statements=int(status == 200))

    assert status == response.status_code
    assert status == 403 or ["1", "3"] == list(response.json()["results"])


@pytest.mark.parametrize(
    ("grant", "answer", "expected"),
    [
        pytest.param(
            {"rows": lambda user: Q(status="pending")},
            ("admin", Q(customer__company_id=1)),
            ["2", "6"],
            id="rows-of-the-settings-override",
        ),
        pytest.param({}, ("admin", Q(customer__company_id=1)), ["1", "3"], id="else-resolver"),
        pytest.param({}, "admin", ["1", "2", "3", "4", "5", "6"], id="else-all"),
    ],
)
def test_row_filters_have_an_order_of_precedence(
    settings, signed_in, grant, answer, expected
) -> None:
    settings.DJANGO_FLEX = {
        "ROLE_RESOLVER": lambda user, model_name: answer,
        "EXPOSE": {"booking": {"admin": {"fields": ["*"], "ops": ["list"], **grant}}},
    }
    response = ask(signed_in, "GET", "/api/bookings/?fields=id")

    assert expected == list(response.json()["results"])


# --- usage patterns -------------------------------------------------------------------------------


def test_view_requires_auth_and_narrows_actions(settings, client, user) -> None:
    class Narrow(FlexQueryView):
        model = Booking
        require_auth = True
        allowed_actions = ["get"]
        flex_permissions = {"authenticated": {"fields": ["*"], "ops": ["get", "list"]}}

    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "MIDDLEWARE_PATH": "/elsewhere/"}
    settings.ROOT_URLCONF = Urls(
        path("b/", Narrow.as_view()), path("b/<int:pk>/", Narrow.as_view())
    )

    assert 401 == ask(client, "GET", "/b/1/", statements=0).status_code
    client.force_login(user)
    assert 200 == ask(client, "GET", "/b/1/").status_code
    assert 403 == ask(client, "GET", "/b/", statements=0).status_code


def test_decorator_hands_over_the_result(settings, signed_in) -> None:
    @flex_query(
        model=Booking,
        allowed_fields=["id", "status", "customer.name"],
        allowed_filters=["status", "status.in"],
    )
    def booking_list(request, result, query_spec):
        return JsonResponse(result.to_dict())

    settings.DJANGO_FLEX = {"MIDDLEWARE_PATH": "/elsewhere/"}
    settings.ROOT_URLCONF = Urls(path("b/", booking_list))
    url = "/b/?fields=id,customer.name&filters.status.in="
    found = ask(signed_in, "GET", f"{url}confirmed,completed")
    denied = ask(signed_in, "GET", "/b/?fields=price", statements=0)

    assert {
        "1": {"id": 1, "customer": {"name": "Aisha Khan"}},
        "3": {"id": 3, "customer": {"name": "Aisha Khan"}},
    } == found.json()["results"]
    assert 403 == denied.status_code


def test_query_is_run_from_code(settings, user, django_assert_num_queries) -> None:
    settings.DJANGO_FLEX = _staff_like(
        "booking", fields=["id", "customer.name"], filters=["status"]
    )
    spec = {"fields": "id, customer.name", "filters": {"status": "confirmed"}, "limit": 20}
    with django_assert_num_queries(1):
        result = FlexQuery(Booking).execute(spec, user=user)

    assert {
        "pagination": {"offset": 0, "limit": 20, "has_more": False},
        "results": {"1": {"id": 1, "customer": {"name": "Aisha Khan"}}},
    } == result.to_dict()


def test_single_endpoint_takes_model_and_action_in_the_body(settings, signed_in) -> None:
    settings.DJANGO_FLEX = {
        "MIDDLEWARE_PATH": "/api/",
        **_staff_like("booking", fields=["id", "status"]),
    }
    body = {"_model": "booking", "_action": "list", "fields": "id, status", "limit": 20}
    response = ask(signed_in, "POST", "/api/", body)

    assert {"id": 1, "status": "confirmed"} == response.json()["results"]["1"]
    assert 6 == len(response.json()["results"])


@pytest.mark.parametrize("url", ["/api/bookings/1", "/api/bookings/1/", "/api/booking/1"])
def test_rest_url_gets_one_row(settings, signed_in, url) -> None:
    settings.DJANGO_FLEX = _staff_like("booking", fields=["id", "status"])

    assert {"id": 1, "status": "confirmed"} == ask(signed_in, "GET", url).json()


def test_rest_url_takes_a_body_with_get(settings, signed_in) -> None:
    settings.DJANGO_FLEX = _staff_like("booking", fields=["*"], filters=["status"])
    body = {
        "fields": "id, status, customer.name",
        "filters": {"status": "confirmed"},
        "limit": 20,
    }
    response = ask(signed_in, "GET", "/api/bookings/", body)

    assert {
        "1": {"id": 1, "status": "confirmed", "customer": {"name": "Aisha Khan"}}
    } == response.json()["results"]


# --- replies and settings -------------------------------------------------------------------------


def test_errors_have_their_status(settings, signed_in) -> None:
    settings.DJANGO_FLEX = _staff_like("booking", fields=["id", "status"])
    missing = ask(signed_in, "GET", "/api/bookings/999")
    denied = ask(signed_in, "GET", "/api/bookings/?fields=secret_field", statements=0)

    assert (404, "Object not found") == (missing.status_code, missing.json()["error"])
    assert (403, "Access denied: field 'secret_field' not accessible") == (
        denied.status_code,
        denied.json()["error"],
    )


def test_always_http_200_puts_the_status_into_the_payload(settings, signed_in) -> None:
    settings.DJANGO_FLEX = {
        "ALWAYS_HTTP_200": True,
        **_staff_like("booking", fields=["id", "status"]),
    }
    missing = ask(signed_in, "GET", "/api/bookings/999")
    found = ask(signed_in, "GET", "/api/bookings/1")

    assert (200, 404, "Object not found") == (
        missing.status_code,
        missing.json()["status_code"],
        missing.json()["error"],
    )
    assert (200, {"status_code": 200, "id": 1, "status": "confirmed"}) == (
        found.status_code,
        found.json(),
    )


def test_authentication_is_required_by_default(settings, client) -> None:
    settings.DJANGO_FLEX = {"EXPOSE": {"booking": {"anon": "*"}}}

    assert (401, "Authentication required") == (
        (response := ask(client, "GET", "/api/bookings/", statements=0)).status_code,
        response.json()["error"],
    )


def test_depth_of_relations_is_two_by_default(settings, signed_in) -> None:
    settings.DJANGO_FLEX = _staff_like("line", fields=["*", "booking.customer.company.name"])
    two = ask(signed_in, "GET", "/api/lines/1?fields=booking.customer.name")
    three = ask(signed_in, "GET", "/api/lines/1?fields=booking.customer.company.name", statements=0)

    assert {"booking": {"customer": {"name": "Aisha Khan"}}} == two.json()
    assert 400 == three.status_code


def test_queries_are_audited_when_asked(settings, signed_in, caplog) -> None:
    settings.DJANGO_FLEX = {"AUDIT_QUERIES": True, **_staff_like("booking", fields=["*"])}
    with caplog.at_level("INFO", logger="django_flex.audit"):
        ask(signed_in, "GET", "/api/bookings/?fields=id")

    (line,) = caplog.messages
    assert "action=list fields=id" in line


VERSIONED = {
    "REQUIRE_AUTHENTICATION": False,
    "MIDDLEWARE_PATH": "/api/",
    "EXPOSE": {"booking": {"anon": {"fields": ["id"], "ops": ["list"]}}},
    "MAX_LIMIT": 5,
    "VERSIONS": {
        "v1": {
            "path": "/api/v1/",
            "EXPOSE": {"booking": {"anon": {"fields": ["id", "status"], "ops": ["list"]}}},
            "MAX_LIMIT": 3,
        },
        "v2": {
            "path": "/api/v2/",
            "EXPOSE": {"customer": {"anon": {"fields": ["id", "name"], "ops": ["list"]}}},
            "MAX_LIMIT": 2,
        },
    },
}


@pytest.mark.parametrize(
    ("url", "keys", "limit"),
    [
        ("/api/bookings/", {"id"}, 5),
        ("/api/v1/bookings/", {"id", "status"}, 3),
        ("/api/v2/customers/", {"id", "name"}, 2),
    ],
)
def test_versions_have_settings_of_their_own(settings, client, url, keys, limit) -> None:
    settings.DJANGO_FLEX = VERSIONED
    reply = ask(client, "GET", f"{url}?limit=100").json()

    assert limit == reply["pagination"]["limit"] == len(reply["results"])
    assert keys == reply["results"]["1"].keys()


@pytest.mark.parametrize("url", ["/api/v2/bookings/", "/api/customers/", "/api/v1/customers/"])
def test_version_does_not_inherit_the_models_of_another(settings, client, url) -> None:
    settings.DJANGO_FLEX = VERSIONED

    assert 404 == ask(client, "GET", url, statements=0).status_code
