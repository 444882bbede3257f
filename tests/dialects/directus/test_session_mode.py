"""Logins in the mode ``session``: one token, in a cookie, as the SDK of Directus uses it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from django_flex.tokens.logins import revoke_all
from tests.dialects.directus.asking import GRANT
from tests.dialects.directus.test_authentication import USER, code, post
from tests.essays.server import ProjectServer

COOKIE = "directus_session_token"
REFRESH = "directus_refresh_token"
HERE = "http://testserver"


@pytest.fixture
def project(settings: Any, db: None, unused_caches: None) -> ProjectServer:
    """The project, where only who has signed in may read and write posts."""
    made = ProjectServer(settings)
    settings.DJANGO_FLEX = {
        "EXPOSE": {"essay": {"url_name": "posts", "authenticated": GRANT}},
        "AUTHENTICATION": [
            "django_flex.tokens.authentication.TokenAuthentication",
            "django_flex.contrib.directus.sessions.SessionCookieAuthentication",
        ],
    }
    User.objects.create_user("ada", "ada@example.com", USER["password"])
    return made


@pytest.fixture
def client(project: ProjectServer) -> Client:
    """A browser that has logged in; it checks what Django's test client leaves out."""
    opened = Client(enforce_csrf_checks=True)
    assert 200 == post(opened, "login", {**USER, "mode": "session"}).status_code
    return opened


def read(client: Client) -> int:
    return int(client.get("/items/posts?limit=1").status_code)


def write(client: Client, **headers: str) -> Any:
    body = {"title": "Written"}
    return client.post("/items/posts", body, content_type="application/json", headers=headers)


def test_the_token_is_in_a_cookie_that_no_script_reads(project: ProjectServer) -> None:
    client = Client()
    response = post(client, "login", {**USER, "mode": "session"})
    assert ["expires"] == [*response.json()["data"]]
    assert [COOKIE] == [*response.cookies]
    cookie = response.cookies[COOKIE]
    assert cookie["httponly"]
    assert "Lax" == cookie["samesite"]
    assert 0 < cookie["max-age"] <= 24 * 3_600
    assert not cookie["secure"]
    secure = client.post(
        "/auth/login", {**USER, "mode": "session"}, content_type="application/json", secure=True
    )
    assert secure.cookies[COOKIE]["secure"]


@pytest.mark.parametrize(("mode", "name"), [("session", COOKIE), ("cookie", REFRESH)])
def test_a_cookie_is_sent_where_that_of_djangos_sessions_is(
    project: ProjectServer, settings: Any, mode: str, name: str
) -> None:
    settings.SESSION_COOKIE_SECURE = True
    settings.SESSION_COOKIE_DOMAIN = "example.org"
    settings.SESSION_COOKIE_PATH = "/auth"
    settings.SESSION_COOKIE_SAMESITE = "Strict"
    settings.SESSION_COOKIE_HTTPONLY = False
    client = Client()
    for what, sent in (("login", {**USER, "mode": mode}), ("refresh", {"mode": mode})):
        cookie = post(client, what, sent).cookies[name]
        assert cookie["secure"]
        assert cookie["httponly"]  # scripts never need it, whatever the setting says
        assert ("example.org", "/auth") == (cookie["domain"], cookie["path"])
        assert "Strict" == cookie["samesite"]
    gone = post(client, "logout", {"mode": mode}).cookies[name]
    assert (0, "example.org", "/auth") == (gone["max-age"], gone["domain"], gone["path"])
    assert "Strict" == gone["samesite"]


def test_reads_and_writes_of_the_same_site(client: Client) -> None:
    assert 200 == read(client)
    search = client.generic("SEARCH", "/items/posts", "{}", "application/json", HTTP_ORIGIN=HERE)
    assert 200 == search.status_code
    assert 200 == write(client, origin=HERE).status_code
    client.cookies.clear()
    assert 403 == read(client)


FOREIGN = {
    "another-site": {"origin": "https://evil.example"},
    "another-scheme": {"origin": "https://testserver"},
    "another-port": {"origin": "http://testserver:81"},
    "opaque": {"origin": "null"},
    "unknown": {},
}


@pytest.mark.parametrize("name", FOREIGN)
def test_writes_of_other_sites_are_refused(client: Client, name: str) -> None:
    headers = FOREIGN[name]
    assert (403, "INVALID_TOKEN") == code(write(client, **headers))
    search = client.generic("SEARCH", "/items/posts", "{}", "application/json", headers=headers)
    assert (403, "INVALID_TOKEN") == code(search)
    form = client.post("/items/posts", {"title": "x"}, headers=headers)
    assert form.status_code in {403, 415}
    assert not client.get("/items/posts?filter[title]=Written", headers=headers).json()["data"]


def test_another_trusted_site_may_write(client: Client, settings: Any) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://pages.example"]
    assert 200 == write(client, origin="https://pages.example").status_code


def test_a_token_of_the_session_is_exchanged_for_the_next(client: Client) -> None:
    first = client.cookies[COOKIE].value
    renewed = post(client, "refresh", {"mode": "session"})
    assert ["expires"] == [*renewed.json()["data"]]
    assert first != renewed.cookies[COOKIE].value
    assert 200 == read(client)
    assert 200 == post(client, "refresh", {}).status_code
    assert 200 == read(client)
    client.cookies[COOKIE] = first
    assert (401, "INVALID_CREDENTIALS") == code(post(client, "refresh", {"mode": "session"}))
    plain = client.post("/auth/refresh", "", content_type="text/plain")
    assert (415, "UNSUPPORTED_MEDIA_TYPE") == code(plain)


def test_after_a_logout_the_session_is_over(client: Client) -> None:
    kept = client.cookies[COOKIE].value
    response = post(client, "logout", {"mode": "session"})
    assert 204 == response.status_code
    assert "" == response.cookies[COOKIE].value
    client.cookies[COOKIE] = kept
    assert 401 == read(client)
    assert (400, "INVALID_PAYLOAD") == code(post(Client(), "logout", {"mode": "session"}))


def test_a_session_ends_with_the_users_logins(client: Client) -> None:
    revoke_all(User.objects.get())
    assert (401, "INVALID_CREDENTIALS") == code(client.get("/items/posts"))


@pytest.mark.parametrize("mode", ["json", "cookie"])
def test_tokens_of_other_modes_are_no_session(project: ProjectServer, mode: str) -> None:
    client = Client()
    response = post(client, "login", {**USER, "mode": mode})
    data = response.json()["data"]
    refresh = data.get("refresh_token") or response.cookies["directus_refresh_token"].value
    for token in (data["access_token"], refresh):
        client.cookies[COOKIE] = token
        assert 401 == read(client)
    client.cookies[COOKIE] = "no token of ours"
    assert 403 == read(client)


def test_a_session_is_no_bearer_token_and_no_other_cookie(client: Client) -> None:
    token = client.cookies[COOKIE].value
    client.cookies.clear()
    response = client.get("/items/posts", headers={"Authorization": f"Bearer {token}"})
    assert (401, "INVALID_CREDENTIALS") == code(response)
    refused = post(client, "refresh", {"refresh_token": token, "mode": "json"})
    assert (401, "INVALID_CREDENTIALS") == code(refused)


def test_without_its_authenticator_there_is_no_such_mode(
    project: ProjectServer, client: Client, settings: Any
) -> None:
    settings.DJANGO_FLEX = {
        **settings.DJANGO_FLEX,
        "AUTHENTICATION": ["django_flex.tokens.authentication.TokenAuthentication"],
    }
    response = post(Client(), "login", {**USER, "mode": "session"})
    assert (400, "INVALID_PAYLOAD") == code(response)
    assert 403 == read(client)
