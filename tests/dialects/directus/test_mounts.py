"""Where the API is mounted: by a setting, or by URL patterns at any prefix."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.http import HttpResponse
from django.urls import include, path

from tests.dialects.directus.asking import GRANT, Server
from tests.testapp.models import Partner

EXPOSE = {"tag": {"anon": GRANT}}


@pytest.mark.parametrize("prefix", ["", "cms/"])
def test_url_patterns_at_any_prefix(prefix: str, bookings: None, settings: Any) -> None:
    settings.MIDDLEWARE = []
    urls: Any = ModuleType("urls")
    urls.urlpatterns = [
        path(prefix, include("django_flex.contrib.directus.urls")),
        path("admin", lambda _request: HttpResponse("other")),
    ]
    settings.ROOT_URLCONF = urls
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": EXPOSE}
    server = Server(f"/{prefix}")
    assert {"slug": "red", "date": "today"} == server.get("items/tag/red").data
    assert 204 == server.send("DELETE", "items/tag/green").status
    assert b"pong" == server.get("server/ping").content
    assert b"other" == Server("/").get("admin").content
    assert not any("makes the models" in one.msg for one in run_checks())


def test_a_version_has_its_own_wire_form(bookings: None, settings: Any) -> None:
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": EXPOSE,
        "VERSIONS": {"cms": {"path": "/cms/", "DIALECT": "directus"}},
    }
    assert 3 == len(Server("/cms/").get("items/tag").data)
    assert {"red", "blue", "green"} == Server().get("tag/").body["results"].keys()


def test_an_unknown_wire_form_is_a_mistake_in_the_settings(settings: Any) -> None:
    settings.DJANGO_FLEX = {"EXPOSE": EXPOSE, "DIALECT": "graphql"}
    assert any("'flex' or 'directus'" in str(one) for one in run_checks())


def test_what_the_server_tells_of_itself(server: Server) -> None:
    assert (b"pong", "text/plain; charset=utf-8") == (
        server.get("server/ping").content,
        server.get("server/ping").headers["Content-Type"],
    )
    assert "project" in server.get("server/info").data
    assert "application/health+json" == server.get("server/health").headers["Content-Type"]


def test_callers_see_their_own_row(server: Server, expose: Any) -> None:
    user = User.objects.create_user("ada", "ada@example.com", "x")
    User.objects.create_user("eve")
    server.client.force_login(user)
    assert {"id": user.pk} == server.get("users/me").data
    rule = {"id": {"$user": "id"}}
    grant = {**GRANT, "fields": ["id", "email", "first_name"], "rows": rule}
    expose({"user": {"authenticated": grant}})
    assert {"email": "ada@example.com"} == server.get("users/me", fields="email").data
    assert 403 == server.get("users/me", fields="password").status
    changed = server.client.patch(
        "/api/users/me", {"first_name": "Ada"}, content_type="application/json"
    )
    assert "Ada" == changed.json()["data"]["first_name"]
    assert 405 == server.send("DELETE", "users/me").status


class ByName:
    """Finds partners, whose keys are those of users, too, and callers without a key."""

    def authenticate(self, request: Any) -> Any:
        name = request.META.get("HTTP_X_PARTNER")
        found = Partner.objects.filter(name=name).first()
        return found if found or not name else SimpleNamespace(is_authenticated=True)

    def authenticate_header(self, request: Any) -> None:
        return None


@pytest.mark.parametrize("name", ["of-a-partner", "of-a-machine"])
def test_the_row_of_a_user_is_not_that_of_another_caller(
    server: Server, expose: Any, name: str
) -> None:
    user = User.objects.create_user("ada", pk=70)
    Partner.objects.create(name="of-a-partner", pk=70)
    grant = {**GRANT, "fields": ["id", "username"], "write_fields": ["first_name"]}
    here = [f"{__name__}.ByName"]
    expose({"user": {"authenticated": grant}}, AUTHENTICATION=here)
    server.client.defaults["HTTP_X_PARTNER"] = name
    sent = {"first_name": "Eve"}
    changed = server.client.patch("/api/users/me", sent, content_type="application/json")

    assert {"id": 70 if name == "of-a-partner" else None} == server.get("users/me").data
    assert 405 == changed.status_code
    user.refresh_from_db()
    assert "" == user.first_name


def test_options_of_a_collection_have_no_body(server: Server) -> None:
    found = server.send("OPTIONS", "items/tag")
    assert (204, b"") == (found.status, found.content)
    assert "SEARCH" in found.headers["Allow"]
    assert "Content-Type" not in found.headers
