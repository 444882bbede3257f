"""What somebody who is not signed in is told: the same by every door, and how to sign in."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import include, path
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import ViewSet

from django_flex.contrib.rest_framework import FlexViewSetMixin
from tests.doors.fronts import FLEX_MIDDLEWARE, MIDDLEWARE, Door, HttpDoor, Urls, grant
from tests.testapp.models import Booking

pytestmark = pytest.mark.usefixtures("bookings")

REQUIRED = (401, {"error": "Authentication required", "code": "auth.required"})
SESSION = "django_flex.http.authentication.SessionAuthentication"
LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"

#: What an anonymous caller has no grant for.
REFUSED: dict[str, Any] = {
    "role": {"booking": {"authenticated": "*"}},
    "empty": {"booking": {"anon": {}}},
    "operation": grant(ops=["get"]),
    "rule": grant(rows=lambda _user: None),
}


@pytest.mark.parametrize("expose", REFUSED.values(), ids=REFUSED)
def test_a_refused_operation_is_a_401_through_every_door(role_door: Door, expose: Any) -> None:
    reply = role_door.list({"fields": "id"}, expose=expose)

    assert (*REQUIRED, 0) == (reply.status, reply.body, reply.statements)
    # From Python there is no header to say it in.
    challenged = "WWW-Authenticate" in reply.headers
    assert isinstance(role_door, HttpDoor) == challenged


def test_somebody_who_is_signed_in_gets_a_403(role_door: Door, db: None) -> None:
    user = User.objects.create_user("ann")
    reply = role_door.list({"fields": "id"}, expose=grant(role="staff"), user=user, statements=2)

    assert (403, "operation.denied") == (reply.status, reply.body["code"])
    assert "WWW-Authenticate" not in reply.headers


PATHS: dict[str, Any] = {
    "field": ({"fields": "NAME"}, "field.denied"),
    "filter": ({"fields": "id", "filters": {"NAME": 1}}, "filter.denied"),
    "order": ({"fields": "id", "order_by": "NAME"}, "order.denied"),
}


def _with(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {name if key == "NAME" else key: _with(part, name) for key, part in value.items()}
    return name if value == "NAME" else value


@pytest.mark.parametrize(("query", "code"), PATHS.values(), ids=PATHS)
def test_a_path_is_a_403_whether_or_not_it_exists(door: Door, query: Any, code: str) -> None:
    narrow = grant(fields=["id"], filters=["id"], order_by=["id"])
    replies = [door.list(_with(query, name), expose=narrow) for name in ("seats", "teats")]

    assert [(403, code)] * 2 == [(reply.status, reply.body["code"]) for reply in replies]
    assert str(replies[0].body) == str(replies[1].body).replace("teats", "seats")


def test_a_model_without_an_entry_is_a_404(configure: Any, client: Client) -> None:
    configure(grant(role="staff"))
    replies = [client.get(f"/api/{name}/") for name in ("customer", "nothing")]

    assert [404, 404] == [reply.status_code for reply in replies]
    assert replies[0].content == replies[1].content
    assert "WWW-Authenticate" not in replies[0].headers


WRITES: dict[str, tuple[str, str, Any]] = {
    "add": ("POST", "/api/booking/", {"seats": 1}),
    "edit": ("PATCH", "/api/booking/1", {"seats": 1}),
    "edit-of-a-missing-row": ("PATCH", "/api/booking/99", {"nothing": 1}),
    "delete": ("DELETE", "/api/booking/1", None),
    "upsert": ("PUT", "/api/booking/?match=id", {"id": 1}),
    "bulk": ("POST", "/api/", {"_model": "booking", "_action": "bulk_delete", "filters": {}}),
    "batch": ("POST", "/api/", {"_batch": [{"_model": "booking", "_action": "delete", "_id": 1}]}),
    "aggregate": ("GET", "/api/booking/aggregate?aggregate=count", None),
    "options": ("OPTIONS", "/api/booking/", None),
    "head": ("HEAD", "/api/booking/1", None),
}


@pytest.mark.parametrize(("method", "url", "body"), WRITES.values(), ids=WRITES)
def test_every_operation_is_refused_alike(
    configure: Any, client: Client, method: str, url: str, body: Any
) -> None:
    configure(grant(role="staff"))
    sent: Any = "" if body is None else body
    options = {"content_type": "application/json"}
    ask = getattr(client, method.lower())
    response = ask(url, sent, **options) if sent else ask(url)

    assert (401, True) == (response.status_code, "realm=" in response["WWW-Authenticate"])
    assert method == "HEAD" or "auth.required" == response.json()["code"]
    assert 6 == Booking.objects.count()


def test_each_operation_of_a_batch_is_refused_for_itself(configure: Any, client: Client) -> None:
    configure({**grant(), "customer": {"staff": "*"}})
    batch = [{"_model": "customer"}, {"_model": "booking", "_id": 1, "fields": "id"}]
    body = {"_batch": batch, "_atomic": False}
    response = client.post("/api/", body, content_type="application/json")
    first, second = response.json()["results"]

    assert (200, 401, "auth.required", {"id": 1}) == (
        response.status_code,
        first["status_code"],
        first["code"],
        second,
    )


def test_the_challenge_is_there_in_every_form_of_reply(configure: Any, client: Client) -> None:
    configure(grant(role="staff"), AUTHENTICATION=[SESSION])
    problem = client.get("/api/booking/", headers={"Accept": "application/problem+json"})
    configure(grant(role="staff"), AUTHENTICATION=[SESSION], ALWAYS_HTTP_200=True)
    always = client.get("/api/booking/")

    assert ['Session realm="api"'] * 2 == [problem["WWW-Authenticate"], always["WWW-Authenticate"]]
    assert (401, "auth.required", "application/problem+json") == (
        problem.json()["status"],
        problem.json()["code"],
        problem["Content-Type"],
    )
    assert (200, 401) == (always.status_code, always.json()["status_code"])


@pytest.mark.parametrize(
    ("authentication", "expected"),
    [
        ([TokenAuthentication, SessionAuthentication], "Token"),
        ([SessionAuthentication], 'Session realm="api"'),
        ([], 'Session realm="api"'),
    ],
)
def test_a_viewset_challenges_by_its_own_authenticators(
    configure: Any, settings: Any, client: Client, authentication: Any, expected: str
) -> None:
    configure(grant(role="staff"))
    options = {"flex_model": Booking, "authentication_classes": authentication}
    viewset = type("TheViewSet", (FlexViewSetMixin, ViewSet), options)
    router = SimpleRouter()
    router.register("own", viewset, basename="own")
    settings.ROOT_URLCONF = Urls(path("", include(router.urls)))
    response = client.get("/own/")

    assert (401, expected) == (response.status_code, response["WWW-Authenticate"])


def test_no_door_redirects_under_the_login_middleware(
    any_door: Door, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = type(any_door)
    original = kind.open

    def open_under_it(door: Door, *args: Any) -> None:
        original(door, *args)
        flex = [name for name in settings.MIDDLEWARE if name == FLEX_MIDDLEWARE]
        others = [name for name in settings.MIDDLEWARE if name != FLEX_MIDDLEWARE]
        settings.MIDDLEWARE = [*others, LOGIN_REQUIRED, *flex]

    monkeypatch.setattr(kind, "open", open_under_it)
    asked, required = {"fields": "id", "limit": 1}, {"REQUIRE_AUTHENTICATION": True}
    ann = User(pk=1, username="ann")
    replies = [
        any_door.list(asked, expose=grant()),
        any_door.list(asked, expose=grant(), **required),
        any_door.list(asked, expose=grant(), user=ann, **required),
    ]

    assert [200, 401, 200] == [reply.status for reply in replies]


def test_views_of_the_project_stay_behind_the_login_middleware(
    configure: Any, settings: Any, client: Client
) -> None:
    configure(grant())
    settings.MIDDLEWARE = [*MIDDLEWARE, LOGIN_REQUIRED, FLEX_MIDDLEWARE]

    assert [302, 200] == [client.get(url).status_code for url in ("/apidocs/", "/api/booking/")]
