"""Who is asking: sessions, classes of Django REST framework, and what an anonymous caller gets."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser, User
from django.test import AsyncClient, Client
from rest_framework.authentication import (
    BaseAuthentication,
    BasicAuthentication,
    TokenAuthentication,
)
from rest_framework.exceptions import AuthenticationFailed

from django_flex.contrib.rest_framework import RestFrameworkAuthentication, adapt
from tests.doors.fronts import Door, grant

pytestmark = pytest.mark.usefixtures("bookings")

MEMBERS = grant(role="authenticated", fields=["id"])
SESSION = "django_flex.http.authentication.SessionAuthentication"


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("ann", password="pass")


@pytest.fixture
def members(configure) -> None:
    configure(MEMBERS, REQUIRE_AUTHENTICATION=True)


def basic(name: str, password: str) -> dict[str, str]:
    """Return the header of HTTP basic authentication."""
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"}


class KeyAuthentication(BaseAuthentication):
    """A scheme of the project's own: ``Authorization: Key <username>``."""

    def authenticate(self, request: Any) -> Any:
        scheme, _, name = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Key":
            return None
        found = User.objects.filter(username=name).first()
        if found is None:
            message = "No such key"
            raise AuthenticationFailed(message)
        return found, None

    def authenticate_header(self, request: Any) -> str:
        return 'Key realm="flex"'


class KeyAdapter(RestFrameworkAuthentication):
    classes = (KeyAuthentication,)


@pytest.mark.usefixtures("members")
class TestSession:
    def test_session_names_the_user(self, client, user) -> None:
        client.force_login(user)

        assert 200 == client.get("/api/booking/1").status_code

    def test_reads_by_post_and_query_need_no_token(self, user) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(user)
        content_type = "application/json"

        for method, url in (
            ("POST", "/api/booking/query"),
            ("QUERY", "/api/booking/"),
        ):
            response = client.generic(method, url, "{}", content_type=content_type)
            assert 200 == response.status_code

    def test_a_401_always_has_a_challenge(self, settings, client) -> None:
        settings.DJANGO_FLEX = {**settings.DJANGO_FLEX, "AUTHENTICATION": [SESSION]}
        response = client.get("/api/booking/1")

        assert (401, 'Session realm="api"') == (
            response.status_code,
            response["WWW-Authenticate"],
        )


@pytest.mark.usefixtures("members")
@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        pytest.param("GET", "/api/booking/", "", id="exposed"),
        pytest.param("GET", "/api/customer/", "", id="not-exposed"),
        pytest.param("GET", "/api/nothing/", "", id="no-model"),
        pytest.param("GET", "/api/booking/1/2", "", id="no-url"),
        pytest.param("DELETE", "/api/booking/1", "", id="no-method"),
        pytest.param("OPTIONS", "/api/nothing/", "", id="options"),
        pytest.param("OPTIONS", "/api/", "", id="options-of-all"),
        pytest.param("POST", "/api/", '{"_model": "nothing"}', id="endpoint"),
        pytest.param("POST", "/api/", "{", id="broken-body"),
        pytest.param("GET", "/api/booking/?limit=x", "", id="broken-query"),
    ],
)
def test_anonymous_caller_gets_401_whatever_the_name(
    client, django_assert_num_queries, method, url, body
) -> None:
    with django_assert_num_queries(0):
        response = client.generic(method, url, body, content_type="application/json")

    assert (401, {"error": "Authentication required", "code": "auth.required"}) == (
        response.status_code,
        response.json(),
    )
    assert "realm=" in response["WWW-Authenticate"]


def test_anonymous_caller_gets_401_through_every_door(any_door: Door) -> None:
    reply = any_door.list({}, expose=grant(), REQUIRE_AUTHENTICATION=True)

    assert (401, {"error": "Authentication required", "code": "auth.required"}, 0) == (
        reply.status,
        reply.body,
        reply.statements,
    )


def test_signed_in_caller_passes_every_door(any_door: Door, user) -> None:
    expose = grant(role="authenticated")
    reply = any_door.list({"fields": "id"}, expose=expose, user=user, REQUIRE_AUTHENTICATION=True)

    assert (200, 6) == (reply.status, len(reply.results))


def test_inactive_user_is_refused_through_every_door(any_door: Door, user) -> None:
    user.is_active = False
    user.save()
    expose = grant(role="authenticated")
    reply = any_door.list({}, expose=expose, user=user, REQUIRE_AUTHENTICATION=True)

    assert (401, "auth.required") == (reply.status, reply.body["code"])


@pytest.mark.usefixtures("members")
class TestRestFramework:
    """The classes that REST framework is configured with are tried after the session."""

    def test_basic_credentials_name_the_user(self, client, user) -> None:
        response = client.get("/api/booking/1", headers=basic("ann", "pass"))

        assert (200, {"id": 1}) == (response.status_code, response.json())

    def test_wrong_credentials_are_a_401_with_a_challenge(self, client, user) -> None:
        response = client.get("/api/booking/1", headers=basic("ann", "wrong"))

        assert (401, "auth.failed", 'Bearer realm="api", Basic realm="api"') == (
            response.status_code,
            response.json()["code"],
            response["WWW-Authenticate"],
        )
        assert "wrong" not in response.json()["error"]

    def test_wrong_credentials_are_refused_even_where_nobody_is_needed(
        self, configure, client, user
    ) -> None:
        configure(grant())

        assert 401 == client.get("/api/booking/1", headers=basic("ann", "wrong")).status_code

    def test_inactive_user_is_refused(self, client, user) -> None:
        user.is_active = False
        user.save()
        response = client.get("/api/booking/1", headers=basic("ann", "pass"))

        assert 401 == response.status_code

    def test_session_comes_first(self, client, user) -> None:
        client.force_login(user)

        assert 200 == client.get("/api/booking/1", headers=basic("ann", "wrong")).status_code

    def test_malformed_header_is_a_401(self, client) -> None:
        response = client.get("/api/booking/1", headers={"Authorization": "Basic ???"})

        assert (401, "auth.failed") == (response.status_code, response.json()["code"])


@pytest.mark.parametrize(
    "authenticators",
    [
        pytest.param([adapt(KeyAuthentication)], id="adapted"),
        pytest.param([KeyAdapter], id="subclass"),
        pytest.param([SESSION, f"{__name__}.KeyAdapter"], id="dotted-path"),
    ],
)
def test_authentication_lists_what_is_tried(configure, client, user, authenticators) -> None:
    configure(MEMBERS, REQUIRE_AUTHENTICATION=True, AUTHENTICATION=authenticators)
    good = client.get("/api/booking/1", headers={"Authorization": "Key ann"})
    bad = client.get("/api/booking/1", headers={"Authorization": "Key joe"})
    none = client.get("/api/booking/1")

    assert (200, 401, 401) == (good.status_code, bad.status_code, none.status_code)
    assert ("No such key", "auth.failed") == (bad.json()["error"], bad.json()["code"])
    assert 'Key realm="flex"' == bad["WWW-Authenticate"] == none["WWW-Authenticate"]


def test_challenges_of_all_schemes_are_given(configure, client) -> None:
    both = [adapt(BasicAuthentication), KeyAdapter]
    configure(MEMBERS, REQUIRE_AUTHENTICATION=True, AUTHENTICATION=both)
    response = client.get("/api/booking/1")

    assert 'Basic realm="api", Key realm="flex"' == response["WWW-Authenticate"]


def test_token_class_of_rest_framework_has_its_challenge(configure, client) -> None:
    configure(MEMBERS, REQUIRE_AUTHENTICATION=True, AUTHENTICATION=[adapt(TokenAuthentication)])

    assert "Token" == client.get("/api/booking/1")["WWW-Authenticate"]


def test_empty_list_lets_nobody_in(configure, client, user) -> None:
    configure(MEMBERS, REQUIRE_AUTHENTICATION=True, AUTHENTICATION=[])
    client.force_login(user)

    assert 401 == client.get("/api/booking/1").status_code


def test_project_without_user_on_the_request_is_anonymous(settings, configure, client) -> None:
    settings.MIDDLEWARE = ["django_flex.middleware.FlexQueryMiddleware"]
    configure(grant(), AUTHENTICATION=[SESSION])

    assert 200 == client.get("/api/booking/1").status_code


def test_anonymous_user_object_is_nobody(door: Door) -> None:
    reply = door.list({}, expose=grant(), user=AnonymousUser(), REQUIRE_AUTHENTICATION=True)

    assert 401 == reply.status


def test_asynchronous_stack_reads_the_session(members, user) -> None:
    async def ask() -> Any:
        client = AsyncClient()
        await client.aforce_login(user)
        return await client.get("/api/booking/1")

    assert {"id": 1} == async_to_sync(ask)().json()
