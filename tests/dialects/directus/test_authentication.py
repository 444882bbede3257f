"""Logins as clients of Directus do them, with the tokens of ``django_flex.tokens``."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from django_flex.client import Password
from django_flex.client.exceptions import InvalidCredentials
from django_flex.conf import get_settings
from django_flex.throttling import throttle_login
from django_flex.tokens.users import counted_name
from tests.client import conftest
from tests.client.shells import SHELLS, Shell, directus
from tests.dialects.directus.asking import GRANT
from tests.essays.server import ProjectServer

open_connections = conftest.open_connections  # the fixture

AUTHENTICATION = ["django_flex.tokens.authentication.TokenAuthentication"]
USER = {"email": "Ada@example.com", "password": "a password of ada's"}


@pytest.fixture
def project(settings: Any, db: None, unused_caches: None) -> ProjectServer:
    """The project, where only who has signed in may read posts, and their own row."""
    made = ProjectServer(settings)
    settings.DJANGO_FLEX = {
        "EXPOSE": {
            "essay": {"url_name": "posts", "authenticated": GRANT},
            "user": {"authenticated": {**GRANT, "fields": ["id", "email"], "rows": {"id": {"$user": "id"}}}},
        },
        "AUTHENTICATION": AUTHENTICATION,
        "LOGIN_RATE_LIMIT": "5/h",
    }  # fmt: skip
    User.objects.create_user("ada", "ada@example.com", USER["password"])
    return made


def post(client: Client, path: str, body: Any = None) -> Any:
    return client.post(f"/auth/{path}", body, content_type="application/json")


def read(client: Client, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return int(client.get("/items/posts?limit=1", headers=headers).status_code)


def code(response: Any) -> tuple[int, str]:
    (error,) = response.json()["errors"]
    return response.status_code, error["extensions"]["code"]


def test_a_login_gives_tokens_that_are_exchanged_once(project: ProjectServer) -> None:
    client = Client()
    response = post(client, "login", USER)
    tokens = response.json()["data"]
    assert {"expires", "access_token", "refresh_token"} == tokens.keys()
    assert 0 < tokens["expires"] <= 24 * 3_600_000
    assert "no-store" == response["Cache-Control"]
    assert 200 == read(client, tokens["access_token"])
    renewed = post(client, "refresh", {"refresh_token": tokens["refresh_token"], "mode": "json"})
    following = renewed.json()["data"]
    assert 200 == read(client, following["access_token"])
    used = post(client, "refresh", {"refresh_token": following["refresh_token"]})
    assert 200 == used.status_code
    # Whoever sends a token again has found it, so the login ends.
    again = post(client, "refresh", {"refresh_token": tokens["refresh_token"]})
    assert (401, "INVALID_CREDENTIALS") == code(again)
    assert 401 == read(client, used.json()["data"]["access_token"])


def test_after_a_logout_no_token_is_valid(project: ProjectServer) -> None:
    client = Client()
    tokens = post(client, "login", USER).json()["data"]
    response = post(client, "logout", {"refresh_token": tokens["refresh_token"], "mode": "json"})
    assert (204, b"") == (response.status_code, response.content)
    assert "Content-Type" not in response
    assert 401 == read(client, tokens["access_token"])


@pytest.mark.parametrize("given", ["token", "x"])
def test_a_logout_ends_the_login_of_the_cookie_too(project: ProjectServer, given: str) -> None:
    client, other = Client(), Client()
    kept = post(client, "login", {**USER, "mode": "cookie"})
    access = kept.json()["data"]["access_token"]
    cookie = kept.cookies["directus_refresh_token"].value
    tokens = post(other, "login", USER).json()["data"]
    sent = {"refresh_token": tokens["refresh_token"] if given == "token" else given}

    assert post(client, "logout", sent).status_code == (204 if given == "token" else 401)
    assert 401 == read(other, access)
    other.cookies["directus_refresh_token"] = cookie
    assert (401, "INVALID_CREDENTIALS") == code(post(other, "refresh", {"mode": "cookie"}))
    assert (given == "x") == (200 == read(other, tokens["access_token"]))


def test_a_logout_with_a_cookie_of_another_key_is_one(project: ProjectServer) -> None:
    client = Client()
    tokens = post(client, "login", USER).json()["data"]
    client.cookies["directus_refresh_token"] = "flexr_of-another-key"
    assert 204 == post(client, "logout", {"refresh_token": tokens["refresh_token"]}).status_code


def test_a_refresh_token_in_a_cookie(project: ProjectServer) -> None:
    client = Client()
    response = post(client, "login", {**USER, "mode": "cookie"})
    assert {"expires", "access_token"} == response.json()["data"].keys()
    cookie = response.cookies["directus_refresh_token"]
    assert cookie["httponly"]
    assert "Lax" == cookie["samesite"]
    assert 200 == post(client, "refresh", {"mode": "cookie"}).status_code
    plain = client.post("/auth/refresh", "", content_type="text/plain")
    assert (415, "UNSUPPORTED_MEDIA_TYPE") == code(plain)
    assert 204 == post(client, "logout", {"mode": "cookie"}).status_code
    assert (400, "INVALID_PAYLOAD") == code(post(client, "refresh", {"mode": "cookie"}))


def test_a_refresh_token_in_a_cookie_is_never_given_to_a_script(project: ProjectServer) -> None:
    client = Client()
    first = post(client, "login", {**USER, "mode": "cookie"}).cookies["directus_refresh_token"]
    asked = post(client, "refresh", {"mode": "json"})
    assert (400, "INVALID_PAYLOAD") == code(asked)
    # As with Directus, the mode without one is where the token is.
    renewed = post(client, "refresh", {})
    assert {"expires", "access_token"} == renewed.json()["data"].keys()
    assert first.value != renewed.cookies["directus_refresh_token"].value


def test_an_expired_token_is_told_from_a_wrong_one(
    project: ProjectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    token = post(client, "login", USER).json()["data"]["access_token"]
    later = timezone.now() + timedelta(hours=25)
    monkeypatch.setattr(timezone, "now", lambda: later)
    headers = {"Authorization": f"Bearer {token}"}
    assert (401, "TOKEN_EXPIRED") == code(client.get("/items/posts", headers=headers))
    headers = {"Authorization": f"Bearer {token[:-1]}"}
    assert (401, "INVALID_CREDENTIALS") == code(client.get("/items/posts", headers=headers))
    assert (403, "FORBIDDEN") == code(client.get("/items/posts"))


REFUSED: dict[str, tuple[str, Any, tuple[int, str]]] = {
    "wrong-password": ("login", {**USER, "password": "x"}, (401, "INVALID_CREDENTIALS")),
    "unknown": ("login", {"email": "eve@example.com", "password": "x"}, (401, "INVALID_CREDENTIALS")),
    "no-password": ("login", {"email": "ada@example.com"}, (400, "INVALID_PAYLOAD")),
    "no-text": ("login", {**USER, "password": 5}, (400, "INVALID_PAYLOAD")),
    "no-mode": ("login", {**USER, "mode": "x"}, (400, "INVALID_PAYLOAD")),
    "otp": ("login", {**USER, "otp": "1"}, (400, "INVALID_PAYLOAD")),
    "list": ("login", [], (400, "INVALID_PAYLOAD")),
    "no-token": ("refresh", {}, (400, "INVALID_PAYLOAD")),
    "wrong-token": ("refresh", {"refresh_token": "x"}, (401, "INVALID_CREDENTIALS")),
    "logout-without": ("logout", {}, (400, "INVALID_PAYLOAD")),
    "elsewhere": ("password/request", {}, (404, "ROUTE_NOT_FOUND")),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_with_a_login(name: str, project: ProjectServer) -> None:
    path, body, expected = REFUSED[name]
    response = Client().post(f"/auth/{path}", json.dumps(body), content_type="application/json")
    assert expected == code(response)
    assert USER["password"] not in response.content.decode()


def test_attempts_are_counted(project: ProjectServer) -> None:
    client = Client()
    wrong = {**USER, "password": "x"}
    found = [code(post(client, "login", wrong)) for _ in range(6)]
    assert [(401, "INVALID_CREDENTIALS")] * 5 + [(429, "REQUESTS_EXCEEDED")] == found
    assert 405 == client.get("/auth/login").status_code


def test_an_address_that_has_tried_too_often_asks_for_no_user(
    project: ProjectServer, django_assert_num_queries: Any
) -> None:
    for n in range(5):
        post(Client(), "login", {**USER, "email": f"x{n}@example.com"})
    with django_assert_num_queries(0):
        assert 429 == post(Client(), "login", USER).status_code


def test_attempts_are_counted_with_those_of_the_other_login(
    project: ProjectServer, settings: Any
) -> None:
    settings.DJANGO_FLEX = {**settings.DJANGO_FLEX, "LOGIN_RATE_LIMIT": "2/h"}
    for address, name in (("10.0.0.1", "ada"), ("10.0.0.2", "ADA@example.com")):
        throttle_login(
            get_settings().rate_limits,
            get_settings().tokens.login_rate,
            find_name=partial(counted_name, name),
            meta={"REMOTE_ADDR": address},
        )

    assert 429 == post(Client(), "login", USER).status_code


@pytest.mark.parametrize("header", ["Bearer ", "Bearer", "bearer"])
def test_an_empty_token_is_none(project: ProjectServer, settings: Any, header: str) -> None:
    settings.DJANGO_FLEX = {
        "EXPOSE": {"essay": {"url_name": "posts", "anon": GRANT}},
        "AUTHENTICATION": AUTHENTICATION,
        "REQUIRE_AUTHENTICATION": False,
    }
    found = Client().get("/items/posts?limit=1", headers={"Authorization": header})

    assert 200 == found.status_code
    assert 401 == read(Client(), "x")


@pytest.mark.parametrize("shell", [pytest.param(one, id=one.name) for one in SHELLS])
def test_the_client_logs_in_refreshes_and_logs_out(shell: Shell, project: ProjectServer) -> None:
    client = directus(shell, project, auth=Password(USER["email"], USER["password"]))
    posts = client.collection("posts").fields("id")
    assert 6 == len(shell.run(posts.list()))
    assert "ada@example.com" == shell.run(client.me("email"))["email"]
    shell.run(client.logout())
    wrong = directus(shell, project, auth=Password(USER["email"], "wrong"))
    with pytest.raises(InvalidCredentials):
        shell.run(wrong.collection("posts").list())
