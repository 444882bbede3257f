"""Logins and tokens in Django's admin: a token is shown once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import path

from django_flex.tokens import static
from django_flex.tokens.bearers import user_of_token
from django_flex.tokens.models import Login, StaticToken
from tests.doors.fronts import Urls

URL = "/admin/flex_tokens/"


@pytest.fixture
def panel(settings: Any, ana: User) -> Client:
    """The admin, with somebody signed in who may do everything there."""
    settings.INSTALLED_APPS = [
        *settings.INSTALLED_APPS,
        "django.contrib.admin",
        "django.contrib.messages",
    ]
    settings.MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ]
    processors = ["request", "auth.context_processors.auth", "messages.context_processors.messages"]
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    *(f"django.contrib.{one}" for one in processors[1:]),
                ]
            },
        }
    ]
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    from django_flex.tokens.admin import LoginAdmin, StaticTokenAdmin

    made = admin.AdminSite()
    made.register(User)
    made.register(Login, LoginAdmin)
    made.register(StaticToken, StaticTokenAdmin)
    settings.ROOT_URLCONF = Urls(path("admin/", made.urls))
    settings.STATIC_URL = "/static/"
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture(autouse=True)
def without_the_log(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The log of the admin has a table that the test project has not: keep what it would store."""
    written: list[str] = []
    for name in ("log_addition", "log_change", "log_deletions"):
        monkeypatch.setattr(
            admin.ModelAdmin, name, lambda _self, _request, obj, *_: written.append(str(obj))
        )
    return written


def add(client: Client, ana: User, **more: Any) -> Any:
    return client.post(f"{URL}statictoken/add/", {"name": "backup", "user": ana.pk, **more})


def test_a_new_token_is_shown_once(panel: Client, ana: User, tokens, without_the_log) -> None:
    response = add(panel, ana)
    [token] = re.findall(r"flexs_[\w-]+", response.content.decode())
    row = StaticToken.objects.get()
    pages = [
        panel.get(url).content.decode()
        for url in (f"{URL}statictoken/", f"{URL}statictoken/{row.pk}/change/")
    ]

    assert ana == user_of_token(token, settings=tokens).user
    assert "no-store" in response["Cache-Control"]
    assert not any(token in str(one) for one in response.cookies.values())
    for shown in (*pages, *without_the_log):
        assert token[6:-4] not in shown
        assert row.token_hash not in shown
    assert all(row.ending in page for page in pages)


def test_only_the_name_of_a_token_can_be_changed(panel: Client, ana: User) -> None:
    static.create(ana, "backup")
    row = StaticToken.objects.get()
    bob = User.objects.create_user("bob")
    panel.post(
        f"{URL}statictoken/{row.pk}/change/",
        {"name": "other", "user": bob.pk, "token_hash": "x", "revoked_at_0": "2026-01-01"},
    )

    changed = StaticToken.objects.get()
    assert ("other", ana, row.token_hash, None) == (
        changed.name,
        changed.user,
        changed.token_hash,
        changed.revoked_at,
    )


def test_tokens_are_revoked(panel: Client, ana: User) -> None:
    made, kept = static.create(ana, "backup"), static.create(ana, "kept")
    panel.post(f"{URL}statictoken/", {"action": "revoke", ACTION_CHECKBOX_NAME: [made.id]})

    assert {made.id: "revoked", kept.id: "valid"} == {
        one.pk: one.state for one in StaticToken.objects.all()
    }


@pytest.mark.exhaustive
def test_logins_are_listed_and_revoked_and_not_changed(panel: Client, login) -> None:
    issued = login()
    url = f"{URL}login/{issued.login_id}/change/"
    pages = [panel.get(f"{URL}login/").content, panel.get(url).content]
    panel.post(f"{URL}login/", {"action": "revoke", ACTION_CHECKBOX_NAME: [str(issued.login_id)]})
    row = Login.objects.get()

    assert not any(row.password_state.encode() in page for page in pages)
    assert "operator" == row.revoked_for
    assert 403 == panel.get(f"{URL}login/add/").status_code
    panel.post(url, {"generation": "9", "revoked_at": ""})
    assert ("operator", 1) == Login.objects.values_list("revoked_for", "generation").get()


@pytest.mark.parametrize("count", [1, 8])
def test_a_list_takes_as_many_statements_however_long_it_is(
    panel: Client, count: int, django_assert_max_num_queries
) -> None:
    for number in range(count):
        static.create(User.objects.create_user(f"u{number}"), "x")

    with django_assert_max_num_queries(5):
        panel.get(f"{URL}statictoken/")


def test_who_may_only_view_revokes_nothing(panel: Client, ana: User) -> None:
    made = static.create(ana, "backup")
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_statictoken"))
    panel.force_login(viewer)
    panel.post(f"{URL}statictoken/", {"action": "revoke", ACTION_CHECKBOX_NAME: [made.id]})

    assert 403 == add(panel, ana).status_code
    assert ["valid"] == [one.state for one in StaticToken.objects.all()]


def test_a_token_is_for_oneself_unless_a_superuser_makes_it(panel: Client, ana: User) -> None:
    maker = User.objects.create_user("maker", is_staff=True)
    maker.user_permissions.add(Permission.objects.get(codename="add_statictoken"))
    panel.force_login(maker)
    root = User.objects.get(username="root")

    assert b"flexs_" not in add(panel, root).content
    assert not StaticToken.objects.exists()
    assert b"flexs_" in add(panel, maker).content
    assert maker == StaticToken.objects.get().user
