"""Who gets the page, where, and what it says; the scripts are tested in a browser."""

from __future__ import annotations

import html
import json
import re
from typing import Any
from unittest.mock import Mock

import pytest
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.test import Client, RequestFactory, modify_settings, override_settings
from django.urls import clear_script_prefix, include, path
from django.utils.translation import override

from django_flex.explorer.checks import check_explorer
from tests.test_checks import urls

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
READ = {"fields": ["id"], "ops": ["get", "list"]}
PATTERNS = [
    path("look/", include("django_flex.explorer.urls")),
    path("auth/", include("django_flex.tokens.urls")),
]


@pytest.fixture(autouse=True)
def project(settings: Any, configure: Any, db: None) -> Any:
    settings.ROOT_URLCONF = urls(PATTERNS)
    settings.STATIC_URL = "/static/"

    def switch(audience: str = "everybody", **others: Any) -> None:
        configure({"node": {"anon": READ}}, EXPLORER=audience, **others)

    with modify_settings(INSTALLED_APPS={"append": "django_flex.explorer"}):
        switch()
        yield switch


def get(url: str, accept: str = BROWSER, client: Client | None = None) -> Any:
    return (client or Client()).get(url, headers={"Accept": accept})


def config_of(response: Any) -> dict[str, Any]:
    found = re.search(r'data-config="([^"]*)"', response.content.decode())
    assert found is not None
    read: dict[str, Any] = json.loads(html.unescape(found[1]))
    return read


def signed_in(*, staff: bool) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("ana", is_staff=staff))
    return client


@pytest.mark.parametrize("url", ["/api/", "/look/"])
def test_a_browser_gets_the_page(url: str) -> None:
    response = get(url)

    assert 200 == response.status_code
    assert "text/html; charset=utf-8" == response["Content-Type"]
    assert "private, no-store" == response["Cache-Control"]
    assert "Accept" in response["Vary"]
    assert [{"version": None, "path": "/api/", "camel": False}] == config_of(response)["apis"]


@pytest.mark.parametrize(
    "accept", ["", "*/*", "application/json", "application/json, text/html;q=0.9", "text/csv"]
)
def test_other_clients_get_json(accept: str) -> None:
    response = get("/api/", accept)

    assert "application/json" == response["Content-Type"]
    assert ["models"] == list(response.json())


@pytest.mark.parametrize("url", ["/api/nodes/", "/api/nodes/1", "/api/nope/"])
def test_a_browser_gets_json_of_models(url: str) -> None:
    assert "application/json" == get(url)["Content-Type"]


def test_no_script_or_style_is_in_the_page() -> None:
    response = get("/look/")
    page, policy = response.content.decode(), response["Content-Security-Policy"]

    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert [] == re.findall(r"<style|style=|\son\w+=|<script>|javascript:", page)


def test_static_files_on_another_host_are_the_only_other_source(settings: Any) -> None:
    settings.STATIC_URL = "https://files.example/s/"
    response = get("/look/")

    assert 'src="https://files.example/s/django_flex/explorer/explorer.js"' in str(response.content)
    policy = response["Content-Security-Policy"]
    assert "script-src 'self' https://files.example;" in policy
    assert "connect-src 'self';" in policy


@pytest.mark.parametrize(
    ("audience", "who", "status", "kind"),
    [
        ("off", "staff", 404, "application/json"),
        ("staff", None, 302, "application/json"),
        ("staff", "user", 403, "application/json"),
        ("staff", "staff", 200, "text/html; charset=utf-8"),
        ("everybody", None, 200, "text/html; charset=utf-8"),
    ],
)
def test_who_may_open_it(
    project: Any, audience: str, who: str | None, status: int, kind: str
) -> None:
    project(audience)
    client = Client() if who is None else signed_in(staff=who == "staff")

    assert status == get("/look/", client=client).status_code
    assert kind == get("/api/", client=client)["Content-Type"]


def test_the_staff_alone_is_the_default(configure: Any) -> None:
    configure({"node": {"anon": READ}})

    assert "application/json" == get("/api/")["Content-Type"]
    assert "text/html" in get("/api/", client=signed_in(staff=True))["Content-Type"]


def test_a_misspelt_setting_closes_it(project: Any) -> None:
    project("everyone")

    assert 404 == get("/look/").status_code


def test_wrong_credentials_are_those_of_a_visitor() -> None:
    response = Client().get("/look/", headers={"Authorization": "Bearer wrong"})

    assert 200 == response.status_code
    assert config_of(response)["user"] is None


def test_only_pages_are_read() -> None:
    assert 405 == Client().post("/look/").status_code
    assert 200 == Client().head("/look/", headers={"Accept": BROWSER}).status_code


def test_the_page_knows_who_opened_it() -> None:
    config = config_of(get("/look/", client=signed_in(staff=True)))

    assert ("ana", True, "/auth/login", None) == tuple(
        config[name] for name in ("user", "staff", "tokens", "login")
    )
    assert {"header", "token"} == set(config["csrf"])


def test_a_name_cannot_leave_its_attribute() -> None:
    client = Client()
    client.force_login(User.objects.create_user('"><script>alert(1)</script>', is_staff=True))
    response = get("/look/", client=client)

    assert "<script>alert" not in response.content.decode()
    assert '"><script>alert(1)</script>' == config_of(response)["user"]


@override_settings(FORCE_SCRIPT_NAME="/shop")
def test_urls_have_the_prefix_of_the_project() -> None:
    # A server calls this handler; the client of the tests leaves the prefix to those who use it.
    start: Any = Mock()
    body = b"".join(WSGIHandler()(RequestFactory().get("/look/").environ, start))
    clear_script_prefix()
    config = config_of(HttpResponse(body))

    assert ["/shop/api/"] == [one["path"] for one in config["apis"]]
    assert "/shop/auth/login" == config["tokens"]


def test_an_api_of_url_patterns(settings: Any) -> None:
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if "Flex" not in one]
    settings.ROOT_URLCONF = urls([*PATTERNS, path("data/", include("django_flex.urls"))])

    assert ["/data/"] == [one["path"] for one in config_of(get("/data/"))["apis"]]


def test_no_api_is_no_api(settings: Any) -> None:
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if "Flex" not in one]

    assert [] == config_of(get("/look/"))["apis"]


def test_versions_are_listed_but_not_those_in_another_wire_form(project: Any) -> None:
    versions = {
        "v2": {"path": "/api/v2/", "NAMING": "camel"},
        "cms": {"path": "/cms/", "DIALECT": "directus"},
    }
    project(VERSIONS=versions)
    apis = config_of(get("/api/v2/"))

    assert [("/api/", False), ("/api/v2/", True)] == [
        (one["path"], one["camel"]) for one in apis["apis"]
    ]
    assert "v2" == apis["version"]
    assert "text/html" not in get("/cms/").headers.get("Content-Type", "")


def test_accounts_are_shown_in_development_only(project: Any, settings: Any) -> None:
    project(EXPLORER_ACCOUNTS={"ana": "pass"})

    assert {} == config_of(get("/look/"))["accounts"]
    (problem,) = check_explorer()
    assert "django_flex.W048" == problem.id
    settings.DEBUG = True
    assert {"ana": "pass"} == config_of(get("/look/"))["accounts"]
    assert [] == check_explorer()


def test_scripts_without_a_url_are_told_of(project: Any, settings: Any) -> None:
    settings.STATIC_URL = None

    assert ["django_flex.W049"] == [one.id for one in check_explorer()]
    project("off")
    assert [] == check_explorer()


def test_the_page_is_no_door(settings: Any) -> None:
    from django_flex.http.mounts import mounts

    settings.ROOT_URLCONF = urls(PATTERNS)

    assert [] == mounts()


@pytest.mark.parametrize(
    ("accepted", "shown"), [("de-AT,de;q=0.9", "de"), ("fr", "fr"), ("pl", "en"), ("", "en")]
)
def test_the_page_is_in_the_language_of_the_replies(
    project: Any, accepted: str, shown: str
) -> None:
    project(ACCEPT_LANGUAGE=True)
    headers = {"Accept": BROWSER, "Accept-Language": accepted}
    response = Client().get("/look/", headers=headers)

    assert shown == config_of(response)["language"] == response["Content-Language"]
    assert f'<html lang="{shown}">' in response.content.decode()


def test_the_page_is_in_the_active_language_otherwise() -> None:
    with override("fr"):
        assert "fr" == config_of(get("/look/"))["language"]
    response = Client().get("/look/", headers={"Accept": BROWSER, "Accept-Language": "de"})
    assert "en-us" == config_of(response)["language"]
