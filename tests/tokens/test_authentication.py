"""Tokens at the doors: who they are for, what they cost, and that CSRF is for cookies only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import AsyncClient, Client
from django.urls import include, path
from rest_framework.authentication import SessionAuthentication as RestSession
from rest_framework.viewsets import ViewSet

from django_flex.conf import get_settings
from django_flex.contrib.rest_framework import FlexViewSetMixin
from django_flex.http.authentication import SessionAuthentication
from django_flex.tokens import static
from django_flex.tokens.authentication import TokenAuthentication
from django_flex.tokens.logins import log_out, start
from django_flex.views import FlexQueryView
from tests.doors.fronts import Urls
from tests.testapp.models import Company
from tests.tokens.conftest import NEW, bearer, page, post

TOKEN_MIDDLEWARE = "django_flex.tokens.middleware.TokenMiddleware"


class Companies(FlexQueryView):
    model = Company
    flex_permissions = {"authenticated": "*"}
    allowed_actions = ("get", "list", "add")


class Viewset(FlexViewSetMixin, ViewSet):  # type: ignore[misc]  # looser signatures than the stubs'
    flex_model = Company
    authentication_classes = [RestSession]


@pytest.fixture
def token(ana: User, tokens) -> Callable[[str], str]:
    """A token of ana's, by its kind."""

    def made(kind: str) -> str:
        if kind == "static":
            return static.create(ana, "test").token
        issued = start(ana, settings=tokens)
        return issued.access if kind == "access" else issued.refresh

    return made


DOORS = {"middleware": "/api/company/", "urls": "/data/company/", "view": "/own/"}


@pytest.fixture(params=list(DOORS.values()), ids=list(DOORS))
def url(request: pytest.FixtureRequest, site: Client, settings) -> str:
    settings.ROOT_URLCONF = Urls(
        path("data/", include("django_flex.urls")),
        path("own/", Companies.as_view()),
        path("page/", page),
    )
    chosen: str = request.param
    return chosen


@pytest.mark.parametrize("kind", ["access", "static"])
class TestEveryDoor:
    def test_a_token_reads_by_one_statement_more(
        self, site: Client, url: str, token, kind: str, django_assert_num_queries
    ) -> None:
        made = token(kind)
        site.get(url, headers=bearer(made))

        with django_assert_num_queries(2):
            assert 200 == site.get(url, headers=bearer(made)).status_code

    def test_a_token_writes_without_a_csrf_token(
        self, site: Client, url: str, token, kind: str
    ) -> None:
        assert 201 == post(site, url, NEW, **bearer(token(kind))).status_code

    def test_a_token_beside_a_session_decides(
        self, site: Client, url: str, token, kind: str
    ) -> None:
        site.force_login(User.objects.create_user("bob"))
        made = token(kind)

        assert 201 == post(site, url, NEW, **bearer(made)).status_code
        assert 403 == post(site, url, NEW).status_code
        assert 401 == site.get(url, headers=bearer(made + "x")).status_code


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("Bearer flexs_wrong", "auth.failed"),
        ("bearer flexa_x.y", "auth.failed"),
        ("Bearer", "auth.failed"),
        ("Bearer ", "auth.failed"),
        ("Bearer eyJhbGciOi.e30.x", "auth.failed"),
        ("Bearer flexs_a, Bearer flexs_b", "auth.failed"),
        ("Token flexs_wrong", "auth.required"),
        ("", "auth.required"),
    ],
)
@pytest.mark.parametrize("open_to_all", [False, True])
def test_a_wrong_token_is_no_anonymous_caller(
    site: Client, settings, header: str, code: str, open_to_all: bool
) -> None:
    if open_to_all:
        settings.DJANGO_FLEX = {
            "REQUIRE_AUTHENTICATION": False,
            "EXPOSE": {"company": {"anon": "*"}},
        }
    response = site.get("/api/company/", headers={"Authorization": header})

    if open_to_all and code == "auth.required":
        assert 200 == response.status_code
        return
    assert (401, code) == (response.status_code, response.json()["code"])
    refused = code == "auth.failed"
    assert refused == ('Bearer realm="api", error="invalid_token"' in response["WWW-Authenticate"])


def test_a_refresh_token_reads_nothing(site: Client, token) -> None:
    assert 401 == site.get("/api/company/", headers=bearer(token("refresh"))).status_code


def test_an_expired_token_has_a_code_of_its_own(site: Client, token, clock) -> None:
    made = token("access")
    clock.move(minutes=15)

    response = site.get("/api/company/", headers=bearer(made))
    assert (401, "auth.expired") == (response.status_code, response.json()["code"])


def test_a_forged_token_costs_no_statement(site: Client, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert 401 == site.get("/api/company/", headers=bearer("flexa_e30.x")).status_code


def test_a_token_of_another_kind_is_left_to_others(site: Client, settings, ana: User) -> None:
    class Other:
        def authenticate(self, request: Any) -> Any:
            return ana if request.headers.get("Authorization") == "Bearer other" else None

        def authenticate_header(self, request: Any) -> None:
            return None

    settings.DJANGO_FLEX = {
        **settings.DJANGO_FLEX,
        "AUTHENTICATION": [TokenAuthentication, SessionAuthentication, Other],
    }

    assert 200 == site.get("/api/company/", headers=bearer("other")).status_code
    assert 401 == site.get("/api/company/", headers=bearer("others")).status_code


def test_without_the_app_there_are_no_tokens(settings) -> None:
    settings.INSTALLED_APPS = [one for one in settings.INSTALLED_APPS if "tokens" not in one]

    assert TokenAuthentication not in get_settings().authentication


class TestMiddleware:
    @pytest.fixture(autouse=True)
    def middleware(self, settings) -> None:
        settings.MIDDLEWARE = [TOKEN_MIDDLEWARE, *settings.MIDDLEWARE]

    @pytest.mark.parametrize("kind", ["access", "static"])
    def test_signs_in_for_views_of_the_project(
        self, site: Client, token, kind: str, django_assert_num_queries
    ) -> None:
        made = token(kind)
        with django_assert_num_queries(1):
            response = site.post("/page/", headers=bearer(made))

        assert b"POST by ana" == response.content
        assert {} == dict(response.cookies)
        assert "Authorization" in response["Vary"]

    def test_leaves_sessions_their_csrf_token(self, site: Client, ana: User) -> None:
        site.force_login(ana)

        assert b"GET by ana" == site.get("/page/").content
        assert 403 == site.post("/page/").status_code
        assert 403 == site.post("/page/", headers=bearer("other")).status_code

    def test_a_wrong_token_is_401(self, site: Client, ana: User, token) -> None:
        made = token("access")
        log_out(made)
        site.force_login(ana)
        response = site.get("/page/", headers=bearer(made))

        assert (401, "auth.failed") == (response.status_code, response.json()["code"])

    def test_tokens_of_others_are_left_alone(self, site: Client) -> None:
        assert b"GET by AnonymousUser" == site.get("/page/", headers=bearer("other")).content

    def test_a_door_asks_by_itself_and_once(
        self, site: Client, url: str, token, django_assert_num_queries
    ) -> None:
        made = token("access")
        site.get(url, headers=bearer(made))

        with django_assert_num_queries(2):
            assert 200 == site.get(url, headers=bearer(made)).status_code

    def test_an_old_token_is_no_obstacle_to_the_next_one(self, site: Client, login, clock) -> None:
        issued = login()
        clock.move(hours=1)
        body = {"refresh_token": issued.refresh}

        assert 200 == post(site, "/auth/refresh", body, **bearer(issued.access)).status_code
        assert 200 == post(site, "/auth/logout", **bearer(issued.access)).status_code

    def test_signs_in_for_viewsets(self, site: Client, token, settings) -> None:
        settings.ROOT_URLCONF = Urls(
            path("own/", Viewset.as_view({"get": "list", "post": "create"}))
        )
        made = token("access")

        assert 200 == site.get("/own/", headers=bearer(made)).status_code
        assert 201 == post(site, "/own/", NEW, **bearer(made)).status_code
        assert 401 == site.get("/own/", headers=bearer(made + "x")).status_code

    def test_works_under_asgi(self, site: Client, token, settings) -> None:
        async def view(request: Any) -> Any:
            return page_of(await request.auser())

        def page_of(user: Any) -> Any:
            from django.http import HttpResponse

            return HttpResponse(f"by {user}")

        settings.ROOT_URLCONF = Urls(path("page/", view))
        made = token("access")
        response = async_to_sync(AsyncClient().get)("/page/", headers=bearer(made))

        assert b"by ana" == response.content
