"""Logging in, refreshing and logging out over HTTP."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.core.cache import caches
from django.db import InterfaceError, OperationalError, connection
from django.test import AsyncClient, Client

from django_flex.tokens.models import Login
from tests.tokens.conftest import NEW, PASSWORD, bearer, post

ANA = {"username": "ana", "password": PASSWORD}


def members(client: Client, token: str) -> int:
    return client.get("/api/company/", headers=bearer(token)).status_code


def test_a_client_logs_in_reads_refreshes_and_logs_out(site: Client) -> None:
    first = post(site, "/auth/login", ANA).json()
    assert 200 == members(site, first["access_token"])
    second = post(site, "/auth/refresh", {"refresh_token": first["refresh_token"]}).json()
    assert 200 == members(site, second["access_token"])
    ended = post(site, "/auth/logout", {"refresh_token": second["refresh_token"]})

    assert {"logged_out": True} == ended.json()
    assert [401, 401] == [members(site, one["access_token"]) for one in (first, second)]
    assert (
        401 == post(site, "/auth/refresh", {"refresh_token": second["refresh_token"]}).status_code
    )


def test_a_login_is_as_in_oauth_and_nobody_keeps_it(site: Client) -> None:
    response = post(site, "/auth/login", ANA)
    body = response.json()

    assert {"access_token", "token_type", "expires_in", "refresh_token", "refresh_expires_in"} == {
        *body
    }
    assert ("Bearer", 900, 604_800) == (
        body["token_type"],
        body["expires_in"],
        body["refresh_expires_in"],
    )
    assert ("no-store", False) == (response["Cache-Control"], "ETag" in response)
    assert not response.cookies


@pytest.mark.parametrize("slash", ["", "/"])
def test_urls_take_a_slash_or_none(site: Client, slash: str) -> None:
    assert 200 == post(site, f"/auth/login{slash}", ANA).status_code


@pytest.mark.parametrize("mode", [{}, {"mode": "json"}, {"mode": "session"}], ids=str)
def test_whatever_is_wrong_the_reply_is_the_same(site: Client, mode: dict[str, str]) -> None:
    User.objects.create_user("out", password=PASSWORD, is_active=False)
    replies = {
        (response.status_code, response.content, response["WWW-Authenticate"])
        for name, password in [("ana", "wrong"), ("nobody", PASSWORD), ("out", PASSWORD), ("", "")]
        for response in [
            post(site, "/auth/login", {"username": name, "password": password, **mode})
        ]
    }

    [(status, content, challenge)] = replies
    assert (401, 'Bearer realm="api"') == (status, challenge)
    assert b'"auth.failed"' in content
    assert not Login.objects.exists()


class TestSession:
    def test_is_one_of_django_with_its_csrf_token(self, site: Client) -> None:
        token = post(site, "/auth/login", {**ANA, "mode": "session"}).json()["csrf_token"]

        assert 200 == site.get("/api/company/").status_code
        assert 403 == post(site, "/api/company/", NEW).status_code
        assert 201 == post(site, "/api/company/", NEW, X_CSRFToken=token).status_code

    def test_ends_with_a_csrf_token_only(self, site: Client) -> None:
        token = post(site, "/auth/login", {**ANA, "mode": "session"}).json()["csrf_token"]

        assert 403 == post(site, "/auth/logout").status_code
        assert 200 == site.get("/api/company/").status_code
        assert 200 == post(site, "/auth/logout", X_CSRFToken=token).status_code
        assert 401 == site.get("/api/company/").status_code

    def test_needs_sessions(self, site: Client, settings) -> None:
        settings.MIDDLEWARE = []

        response = post(site, "/auth/login", {**ANA, "mode": "session"})
        assert "SessionMiddleware" in response.json()["hint"]
        assert 200 == post(site, "/auth/login", ANA).status_code

    def test_no_form_of_another_site_logs_in(self, site: Client) -> None:
        body = f'{{"username": "ana", "password": "{PASSWORD}", "mode": "session"}}'

        for media_type in ("text/plain", "application/x-www-form-urlencoded", ""):
            response = site.post("/auth/login", body, content_type=media_type)
            assert (415, {}) == (response.status_code, dict(response.cookies))


class TestLogout:
    def test_takes_the_token_in_the_header(self, site: Client) -> None:
        token = post(site, "/auth/login", ANA).json()["access_token"]

        assert 200 == post(site, "/auth/logout", **bearer(token)).status_code
        assert 401 == members(site, token)

    @pytest.mark.parametrize("token", ["", "x", "flexs_abc", "flexa_a.b"])
    def test_refuses_what_is_no_login(self, site: Client, token: str) -> None:
        assert 401 == post(site, "/auth/logout", **bearer(token)).status_code
        assert 401 == post(site, "/auth/logout", {"refresh_token": token}).status_code

    @pytest.mark.parametrize("where", ["body", "header"])
    def test_with_a_token_ends_the_session_of_the_browser_too(
        self, site: Client, where: str
    ) -> None:
        post(site, "/auth/login", {**ANA, "mode": "session"})
        tokens = post(Client(), "/auth/login", ANA).json()
        body = {"refresh_token": tokens["refresh_token"]} if where == "body" else None
        headers = bearer(tokens["access_token"]) if where == "header" else {}

        assert 401 == post(site, "/auth/logout", {"refresh_token": "x"}).status_code
        assert 200 == site.get("/api/company/").status_code
        assert 200 == post(site, "/auth/logout", body, **headers).status_code
        assert 401 == site.get("/api/company/").status_code
        assert 401 == members(Client(), tokens["access_token"])

    def test_needs_somebody(self, site: Client) -> None:
        assert "auth.required" == post(site, "/auth/logout").json()["code"]


@pytest.mark.parametrize(
    ("url", "body", "status", "place"),
    [
        ("login", [], 400, "body"),
        ("login", {}, 400, "username"),
        ("login", {"username": "ana"}, 400, "password"),
        ("login", {"username": None, "password": "x"}, 400, "username"),
        ("login", {"username": {"a": 1}, "password": "x"}, 400, "username"),
        ("login", {**ANA, "mode": "cookie"}, 400, "mode"),
        ("login", {**ANA, "remember": "yes"}, 400, None),
        ("refresh", {}, 400, "refresh_token"),
        ("refresh", {"refresh_token": 5}, 400, "refresh_token"),
        ("logout", {"token": "x"}, 400, None),
        ("login?username=ana", ANA, 400, None),
        ("login", "x" * 2_000_000, 413, None),
    ],
)
def test_mistakes_are_named(site: Client, url: str, body: Any, status: int, place: Any) -> None:
    response = post(site, f"/auth/{url}", body)

    assert (status, place) == (response.status_code, response.json().get("path"))
    assert PASSWORD not in response.content.decode()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "QUERY"])
def test_only_post_is_allowed(site: Client, method: str) -> None:
    response = site.generic(method, "/auth/login", b"{}", content_type="application/json")

    assert (405, "POST") == (response.status_code, response["Allow"])


class TestThrottling:
    def test_a_name_is_tried_ten_times_a_minute_from_everywhere(self, site: Client) -> None:
        wrong = {"username": "ana", "password": "wrong"}
        variants = ["ana", "ANA", " ana ", "aná"]
        found = [
            post_from(site, f"10.0.0.{n}", {**wrong, "username": variants[n % 4]}).status_code
            for n in range(12)
        ]

        assert [401] * 10 + [429] * 2 == found
        assert 429 == post_from(site, "10.1.0.1", ANA).status_code
        assert 401 == post_from(site, "10.1.0.1", {**ANA, "username": "ana2"}).status_code

    # What collations of MySQL and MariaDB take for "ana", and upper case in PostgreSQL for "i".
    @pytest.mark.parametrize(
        ("name", "variant"),
        [
            ("ana", "a\u00adna"),
            ("ana", "an\u200ba"),
            ("ana", "\u0001ana"),
            ("ana", "ana\ufe0f"),
            ("ana", "a\u06dena"),
            ("olaf", "o\u0140af"),
            ("olaf", "\u00f8laf"),
            ("olaf", "o\u0142af"),
            ("david", "\u0111av\u0131d"),
            ("weiss", "wei\u00df"),
            ("weis", "wei\u00df"),
            ("ana1", "ana\u0661"),
            ("aether", "\u00e6ther"),
        ],
    )
    def test_a_name_in_another_spelling_of_a_database_is_counted(
        self, site: Client, name: str, variant: str
    ) -> None:
        tried = [
            post_from(site, f"10.0.0.{n}", {"username": one, "password": "x"}).status_code
            for n, one in enumerate([variant] * 10 + [name])
        ]
        assert [401] * 10 + [429] == tried

    @pytest.mark.parametrize("other", ["ann", "anal", "an.a", "\u043c\u0430\u0440\u0438\u044f"])
    def test_other_names_are_not(self, site: Client, other: str) -> None:
        tried = [
            post_from(site, f"10.0.0.{n}", {"username": one, "password": "x"}).status_code
            for n, one in enumerate([other] * 10 + ["ana"])
        ]
        assert [401] * 11 == tried

    def test_an_address_tries_ten_names_a_minute(self, site: Client) -> None:
        found = [
            post_from(site, "10.0.0.9", {"username": f"u{n}", "password": "x"}) for n in range(12)
        ]

        assert [401] * 10 + [429] * 2 == [one.status_code for one in found]
        assert 1 <= int(found[-1]["Retry-After"]) <= 61

    def test_a_name_and_its_e_mail_are_counted_together(self, site: Client) -> None:
        sent = ["ana@example.com", "ANA@example.com", "ana", "Ana"]
        tried = [
            post_from(site, f"10.0.0.{n}", {"username": sent[n % 4], "password": "x"})
            for n in range(11)
        ]

        assert [401] * 10 + [429] == [one.status_code for one in tried]

    def test_unknown_and_known_names_are_counted_alike(self, site: Client) -> None:
        def first_refusal(name: str) -> int:
            body = {"username": name, "password": "wrong"}
            tried = (post_from(site, f"10.{len(name)}.0.{n}", body) for n in range(20))
            return next(n for n, one in enumerate(tried) if one.status_code == 429)

        assert first_refusal("ana") == first_refusal("nobody")

    def test_the_setting_decides(self, site: Client, settings) -> None:
        settings.DJANGO_FLEX = {"LOGIN_RATE_LIMIT": "2/h"}
        assert [200, 200, 429] == [post(site, "/auth/login", ANA).status_code for _ in range(3)]
        settings.DJANGO_FLEX = {"LOGIN_RATE_LIMIT": None}
        assert 200 == post(site, "/auth/login", ANA).status_code
        settings.DJANGO_FLEX = {"LOGIN_RATE_LIMIT": "nonsense"}
        assert 429 == post(site, "/auth/login", ANA).status_code

    @pytest.mark.parametrize("fail", ["closed", "open"])
    def test_without_the_cache_nobody_logs_in_and_tokens_stay_valid(
        self, site: Client, settings, monkeypatch, hashes, fail: str
    ) -> None:
        token = post(site, "/auth/login", ANA).json()["access_token"]
        settings.DJANGO_FLEX = {**settings.DJANGO_FLEX, "RATE_LIMIT_FAIL": fail}

        def fails(*_args: Any, **_kwargs: Any) -> None:
            raise ConnectionError("10.9.8.7")

        for name in ("add", "incr", "get", "set"):
            monkeypatch.setattr(type(caches["default"]), name, fails)
        hashes.count = 0
        response = post(site, "/auth/login", ANA)

        assert (503, 0) == (response.status_code, hashes.count)
        assert b"10.9.8.7" not in response.content
        assert 200 == members(site, token)


def post_from(client: Client, address: str, body: Any) -> Any:
    return client.post("/auth/login", body, content_type="application/json", REMOTE_ADDR=address)


class TestFailures:
    @pytest.mark.parametrize("error", [OperationalError, InterfaceError])
    def test_without_the_database_the_reply_is_503(
        self, site: Client, error: type[Exception]
    ) -> None:
        def fails(*_args: Any) -> None:
            raise error("10.9.8.7")

        with connection.execute_wrapper(fails):
            response = post(site, "/auth/login", ANA)
        assert (503, "1") == (response.status_code, response["Retry-After"])
        assert b"10.9.8.7" not in response.content

    def test_a_failure_tells_no_secret_to_the_client_or_the_log(
        self, site: Client, monkeypatch, caplog
    ) -> None:
        def fails(*_args: Any, **_kwargs: Any) -> None:
            raise RuntimeError("broken")

        monkeypatch.setattr("django_flex.tokens.users.authenticate", fails)
        site.raise_request_exception = False
        response = post(site, "/auth/login", ANA)

        assert 500 == response.status_code
        assert PASSWORD not in response.content.decode() + caplog.text

    def test_logs_have_no_token_and_no_password(self, site: Client, caplog) -> None:
        with caplog.at_level(logging.DEBUG):
            tokens = post(site, "/auth/login", ANA).json()
            post(site, "/auth/refresh", {"refresh_token": tokens["refresh_token"]})
            members(site, tokens["access_token"])
            post(site, "/auth/login", {"username": "ana", "password": "secret guess"})

        for secret in (PASSWORD, tokens["access_token"], tokens["refresh_token"], "secret guess"):
            assert secret not in caplog.text

    def test_reuse_is_revoked_also_under_atomic_requests(
        self, site: Client, settings, clock
    ) -> None:
        connection.settings_dict["ATOMIC_REQUESTS"] = True
        try:
            first = post(site, "/auth/login", ANA).json()
            token = {"refresh_token": first["refresh_token"]}
            second = post(site, "/auth/refresh", token).json()
            clock.move(seconds=11)
            assert 401 == post(site, "/auth/refresh", token).status_code
        finally:
            connection.settings_dict["ATOMIC_REQUESTS"] = False

        assert 401 == members(site, second["access_token"])
        assert "reuse" == Login.objects.get().revoked_for


def test_works_under_asgi(site: Client) -> None:
    async def signed_in() -> int:
        client = AsyncClient()
        response = await client.post("/auth/login", ANA, content_type="application/json")
        token = response.json()["access_token"]
        return (await client.get("/api/company/", headers=bearer(token))).status_code

    assert 200 == async_to_sync(signed_in)()
