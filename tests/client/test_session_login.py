"""Signing in through a login page of Django's, under cookies of any name."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, LogoutView
from django.contrib.sessions.models import Session
from django.urls import path
from django.views.generic import TemplateView

from django_flex.client import AuthError, Forbidden, InvalidCredentials, SessionCookie, SessionLogin
from tests.client.shells import Shell
from tests.doors.fronts import FLEX_MIDDLEWARE, Urls

urlpatterns = [
    path("accounts/login/", LoginView.as_view(template_name="login.html", next_page="/")),
    path("accounts/logout/", LogoutView.as_view(next_page="/")),
]
#: As in the admin: the login page sends on who is logged in, to a page with a form.
sending_on = [
    path(
        "accounts/login/",
        LoginView.as_view(
            template_name="login.html", next_page="/home/", redirect_authenticated_user=True
        ),
    ),
    path("accounts/logout/", LogoutView.as_view(next_page="/")),
    path("home/", TemplateView.as_view(template_name="login.html")),
]
FORM = "<form>{% csrf_token %}{{ form }}</form>"
PATHS = {"path": "/accounts/login/", "logout_path": "/accounts/logout/"}


@pytest.fixture(params=["Django's names", "other names", "in the session", "sent on"])
def names(request: Any, settings: Any, bookings: None, configure: Any) -> dict[str, str]:
    """What the cookies are called, beside the names that Django gives them if it is that."""
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        FLEX_MIDDLEWARE,
    ]
    loaders = [("django.template.loaders.locmem.Loader", {"login.html": FORM})]
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {"loaders": loaders},
        }
    ]
    configure({"company": {"authenticated": "*"}})
    User.objects.create_user("ada", password="secret-of-ada")
    settings.CSRF_USE_SESSIONS = request.param in {"in the session", "sent on"}
    if request.param == "sent on":
        settings.ROOT_URLCONF = Urls(*sending_on)
    if request.param != "other names":
        return {}
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-sid", "__Host-csrf"
    settings.SESSION_COOKIE_PATH = settings.CSRF_COOKIE_PATH = "/"
    return {"session_name": "__Host-sid", "csrf_name": "__Host-csrf"}


def test_a_login_reads_writes_and_ends(shell: Shell, names: dict[str, str]) -> None:
    client: Any = shell.project()
    ada = client.with_auth(SessionLogin("ada", "secret-of-ada", **PATHS, **names))
    companies = ada.collection("company")
    made = shell.run(companies.create({"name": "Mine", "address": "x"}))
    assert shell.run(companies.get(made["id"]))["name"] == "Mine"
    assert Session.objects.count() == 1
    shell.run(ada.logout())
    assert Session.objects.count() == 0
    # The next request logs in again, since the password is known.
    assert shell.run(companies.update(made["id"], {"name": "Ours"}))["name"] == "Ours"


def test_a_session_that_ended_is_followed_by_a_login(shell: Shell, names: dict[str, str]) -> None:
    client: Any = shell.project()
    ada = client.with_auth(SessionLogin("ada", "secret-of-ada", **PATHS, **names))
    shell.run(ada.login())
    Session.objects.all().delete()
    assert shell.run(ada.collection("company").count()) == 2


def test_a_wrong_password_is_told(shell: Shell, names: dict[str, str]) -> None:
    client: Any = shell.project()
    ada = client.with_auth(SessionLogin("ada", "wrong", **PATHS, **names))
    with pytest.raises(InvalidCredentials, match="/accounts/login/ did not accept"):
        shell.run(ada.collection("company").list())


def test_a_cookie_is_sent_by_its_name(shell: Shell, names: dict[str, str]) -> None:
    client: Any = shell.project()
    ada = client.with_auth(SessionLogin("ada", "secret-of-ada", **PATHS, **names))
    shell.run(ada.login())
    stored = Session.objects.get()
    # With CSRF_USE_SESSIONS only the session knows the token; else any will do that is sent twice.
    key, token = stored.pk, stored.get_decoded().get("_csrftoken", "a" * 32)
    again = client.with_auth(SessionCookie(key, token, **names))
    assert shell.run(again.collection("company").create({"name": "Mine", "address": "x"}))["id"]
    reads = client.with_auth(SessionCookie(key, **names))
    assert shell.run(reads.collection("company").count()) == 3
    with pytest.raises(Forbidden, match="CSRF"):
        shell.run(reads.collection("company").create({"name": "No", "address": "x"}))


def test_the_cookies_of_a_login_belong_to_its_user_alone(
    shell: Shell, names: dict[str, str]
) -> None:
    client: Any = shell.project()
    ada = client.with_auth(SessionLogin("ada", "secret-of-ada", **PATHS, **names))
    shell.run(ada.login())
    with pytest.raises(AuthError):
        shell.run(client.collection("company").list())
