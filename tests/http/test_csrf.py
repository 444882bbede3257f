"""Writes that a cookie authorises need the CSRF token, through every door; nothing else does."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import path
from rest_framework.authentication import BasicAuthentication
from rest_framework.authentication import SessionAuthentication as RestSession
from rest_framework.test import APIClient
from rest_framework.viewsets import ViewSet

from django_flex.contrib.rest_framework import FlexViewSetMixin, adapt
from tests.doors.fronts import Urls
from tests.http.conftest import KINDS, WRITES, Site, TheViewSet, make_acme
from tests.testapp.models import Company

NAMES = {"add": ["Acme", "New"], "edit": ["New"], "delete": []}


def names() -> list[str]:
    return list(Company.objects.order_by("id").values_list("name", flat=True))


@pytest.mark.parametrize("operation", WRITES)
class TestEveryDoor:
    def test_session_without_a_token_is_refused(self, site: Site, operation: str) -> None:
        site.sign_in()
        response = site.write(operation)

        assert (403, "csrf.failed") == (response.status_code, response.json()["code"])
        assert "X-CSRFToken" in response.json()["hint"]
        assert ["Acme"] == names()

    def test_session_with_its_token_writes(self, site: Site, operation: str) -> None:
        site.sign_in()
        response = site.write(operation, X_CSRFToken=site.get_token())

        assert 200 <= response.status_code < 300, response.content
        assert NAMES[operation] == names()

    def test_session_with_a_wrong_token_is_refused(self, site: Site, operation: str) -> None:
        site.sign_in()
        site.get_token()
        response = site.write(operation, X_CSRFToken="x" * 32)

        assert (403, "csrf.failed") == (response.status_code, response.json()["code"])
        assert ["Acme"] == names()

    def test_anonymous_caller_has_no_cookie_to_borrow(self, site: Site, operation: str) -> None:
        response = site.write(operation)

        assert 200 <= response.status_code < 300, response.content
        assert NAMES[operation] == names()


def test_request_of_another_site_is_refused(api: Site) -> None:
    api.sign_in()
    response = api.write("edit", X_CSRFToken=api.get_token(), Origin="https://evil.example")

    assert (403, "csrf.failed") == (response.status_code, response.json()["code"])
    assert ["Acme"] == names()


@pytest.mark.parametrize("method", ["POST", "QUERY"])
@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("middleware", "/api/company/query"),
        ("async-middleware", "/api/company/query"),
        ("adapted-session", "/api/company/query"),
        ("endpoint", "/api/"),
        ("urls", "/data/company/query"),
        ("view", "/own/"),
        ("async-view", "/own/"),
    ],
)
def test_session_reads_without_a_token(settings, db, kind: str, url: str, method: str) -> None:
    make_acme()
    site = Site(KINDS[kind], settings)
    site.sign_in()
    response = site.request(method, url, {"_model": "company", "fields": "name"})

    assert (200, {"1": {"name": "Acme"}}) == (response.status_code, response.json()["results"])


@pytest.mark.parametrize(("method", "action"), [("QUERY", None), ("POST", "list")])
def test_session_reads_a_viewset_without_a_token(settings, db, method, action) -> None:
    make_acme()
    site = Site(KINDS["viewset"], settings)
    if action:
        settings.ROOT_URLCONF = Urls(path("own/", TheViewSet.as_view({"post": "list"})))
    site.sign_in()
    response = site.request(method, "/own/", {"fields": "name"})

    assert (200, {"1": {"name": "Acme"}}) == (response.status_code, response.json()["results"])


def test_batch_needs_a_token(settings, db) -> None:
    make_acme()
    site = Site(KINDS["endpoint"], settings)
    site.sign_in()
    batch = {"_batch": [{"_model": "company", "_action": "edit", "_id": 1, "name": "New"}]}
    refused = site.request("POST", "/api/", batch)
    assert (403, "csrf.failed", ["Acme"]) == (
        refused.status_code,
        refused.json()["code"],
        names(),
    )
    written = site.request("POST", "/api/", batch, X_CSRFToken=site.get_token())
    assert (200, ["New"]) == (written.status_code, names())


def test_action_in_the_url_needs_a_token(api: Site) -> None:
    api.sign_in()
    response = api.request("POST", "/api/company/?_action=delete&_id=1", content_type="")

    assert (403, "csrf.failed", ["Acme"]) == (
        response.status_code,
        response.json()["code"],
        names(),
    )


@pytest.mark.parametrize("method", ["GET", "HEAD", "QUERY"])
@pytest.mark.parametrize("url", ["/api/company/", "/api/company/1", "/api/", "/own/", "/own/1"])
@pytest.mark.parametrize("action", ["add", "edit", "delete", "bulk_delete", "upsert"])
def test_safe_method_never_writes(settings, db, method: str, url: str, action: str) -> None:
    make_acme()
    site = Site(KINDS["view" if url.startswith("/own/") else "middleware"], settings)
    asked = {"_action": action, "_model": "company", "name": "New"}
    by_body = site.request(method, url, asked)
    by_url = site.request(method, f"{url}?_action={action}&_model=company")

    assert {400, 405} >= {by_body.status_code, by_url.status_code}
    assert ["Acme"] == names()


def test_credentials_in_a_header_need_no_token(api: Site) -> None:
    api.configure(AUTHENTICATION=[adapt(BasicAuthentication)], REQUIRE_AUTHENTICATION=True)
    User.objects.create_user("joe", password="pass")
    response = api.write("edit", Authorization="Basic am9lOnBhc3M=")

    assert (200, ["New"]) == (response.status_code, names())


class CookieKey:
    """An authenticator that reads a cookie of its own."""

    needs_csrf = True

    def authenticate(self, request: Any) -> Any:
        return User.objects.first()

    def authenticate_header(self, request: Any) -> None:
        return None


def test_authenticator_says_whether_it_needs_a_token(api: Site) -> None:
    User.objects.create_user("joe")
    api.configure(AUTHENTICATION=[CookieKey])

    assert 403 == api.write("edit").status_code
    assert 200 == api.write("edit", X_CSRFToken=api.get_token()).status_code


def test_inactive_user_has_no_authority_to_protect(api: Site) -> None:
    api.sign_in()
    User.objects.update(is_active=False)
    api.configure(REQUIRE_AUTHENTICATION=True)

    assert 401 == api.write("edit").status_code


def test_token_may_be_kept_in_the_session(api: Site) -> None:
    api.settings.CSRF_USE_SESSIONS = True
    api.sign_in()

    assert "csrf.failed" == api.write("edit").json()["code"]


def test_test_client_of_django_is_spared(api: Site) -> None:
    client = Client()
    client.force_login(User.objects.create_user("ann"))
    response = client.patch("/api/company/1", {"name": "New"}, content_type="application/json")

    assert (200, ["New"]) == (response.status_code, names())


def test_test_client_of_rest_framework_is_spared(settings, db) -> None:
    make_acme()
    Site(KINDS["viewset"], settings)
    client = APIClient(enforce_csrf_checks=True)
    client.force_authenticate(User.objects.create_user("ann"))

    assert 200 == client.patch("/own/1", {"name": "New"}, format="json").status_code


class ExemptSession(RestSession):
    """What projects write to be rid of the check."""

    def enforce_csrf(self, request: Any) -> None:
        return None


def test_session_of_a_viewset_cannot_be_exempt(settings, db, monkeypatch) -> None:
    make_acme()
    monkeypatch.setattr(TheViewSet, "authentication_classes", [ExemptSession])
    site = Site(KINDS["viewset"], settings)
    site.sign_in()

    assert (403, "csrf.failed") == ((reply := site.write("edit")).status_code, reply.json()["code"])


def test_check_of_a_shared_authenticator_stays_for_others(settings, db, monkeypatch) -> None:
    shared = RestSession()
    monkeypatch.setattr(TheViewSet, "authentication_classes", [lambda: shared])
    site = Site(KINDS["viewset"], settings)
    site.sign_in()

    assert "csrf.failed" == site.write("edit").json()["code"]
    assert "enforce_csrf" not in vars(shared)


class OwnCreate(FlexViewSetMixin, ViewSet):  # type: ignore[misc]  # looser signatures than the stubs'
    """A viewset with an action of its own, which REST framework has to protect."""

    flex_model = Company
    authentication_classes = [RestSession]

    def create(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        assert request.data == {"name": "New"}
        return super().create(request, *args, **kwargs)


def test_action_that_a_viewset_wrote_itself_keeps_its_check(settings, db) -> None:
    site = Site(KINDS["viewset"], settings)
    settings.ROOT_URLCONF = Urls(path("own/", OwnCreate.as_view({"post": "create"})))
    site.sign_in()
    refused = site.write("add")
    assert (403, []) == (refused.status_code, names())
    assert "CSRF Failed" in refused.json()["detail"]

    # REST framework has read the body by then.
    assert 201 == site.write("add", X_CSRFToken=site.get_token()).status_code
    assert ["New"] == names()
