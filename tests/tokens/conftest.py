"""A user, a clock that is moved by hand, and what the settings say of tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from django.utils import timezone

from django_flex.conf import Tokens, get_settings
from django_flex.tokens.logins import start
from django_flex.tokens.values import Issued
from tests.doors.fronts import Urls

PASSWORD = "a password of ana's"


class Clock:
    """What ``timezone.now()`` says."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def move(self, **parts: float) -> None:
        self.now += timedelta(**parts)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(timezone, "now", lambda: made.now)
    return made


@pytest.fixture
def ana(db: None) -> User:
    return User.objects.create_user("ana", "ana@example.com", PASSWORD)


@pytest.fixture
def tokens() -> Tokens:
    return replace(get_settings().tokens, grace_seconds=10)


@pytest.fixture
def login(ana: User, tokens: Tokens) -> Callable[..., Issued]:
    return lambda **options: start(ana, settings=tokens, **options)


class Hashes:
    """How many passwords were hashed."""

    count = 0


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Hashes:
    from django.contrib.auth.hashers import MD5PasswordHasher

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    counted, encode = Hashes(), MD5PasswordHasher.encode

    def counting(*args: Any, **kwargs: Any) -> str:
        counted.count += 1
        return encode(*args, **kwargs)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counting)
    return counted


@pytest.fixture
def site(settings: Any, ana: User, unused_caches: None) -> Client:
    """A project with the URLs for signing in, beside the API, of which a member may edit rows."""
    settings.ROOT_URLCONF = Urls(
        path("auth/", include("django_flex.tokens.urls")), path("page/", page)
    )
    settings.DJANGO_FLEX = {"EXPOSE": {"company": {"authenticated": "*"}}}
    return Client(enforce_csrf_checks=True)


def page(request: HttpRequest) -> HttpResponse:
    """A view of the project's own, which knows nothing of tokens."""
    return HttpResponse(f"{request.method} by {request.user}")


def post(client: Client, url: str, body: Any = None, **headers: str) -> Any:
    """Send JSON, and headers that are named like keywords."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(url, body, content_type="application/json", headers=sent)


#: A row to add.
NEW = {"_action": "add", "name": "New", "address": "Way 1", "tax_id": "T-9"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
