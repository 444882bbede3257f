"""Both clients log in to this package's own server, in this process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import include, path
from django.utils import timezone

from django_flex.client import (
    AuthError,
    InvalidCredentials,
    Password,
    RateLimited,
    Retry,
    StaticToken,
    TokenExpired,
    Unsupported,
)
from django_flex.tokens import static
from django_flex.tokens.models import Login
from tests.client.shells import Shell
from tests.doors.fronts import Urls

ANA = Password("ana", "a password of ana's")
SESSION = Password("ana", "a password of ana's", mode="session")


class Clock:
    now = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(timezone, "now", lambda: made.now)
    return made


@pytest.fixture(autouse=True)
def project(settings: Any, bookings: None, unused_caches: None) -> User:
    settings.ROOT_URLCONF = Urls(
        path("auth/", include("django_flex.tokens.urls")),
        path("elsewhere/", include("django_flex.tokens.urls")),
    )
    settings.DJANGO_FLEX = {"EXPOSE": {"company": {"authenticated": "*"}}}
    return User.objects.create_user("ana", password=ANA.password)


def logins() -> int:
    return Login.objects.filter(revoked_at=None).count()


@pytest.mark.parametrize("auth", [ANA, SESSION], ids=["tokens", "session"])
def test_the_first_request_logs_in_and_others_are_of_the_same_user(shell: Shell, auth) -> None:
    client = shell.project(auth=auth)
    companies = client.collection("company")

    assert 2 == len(shell.run(companies.list()))
    row = shell.run(companies.create({"name": "New", "address": "Way 1", "tax_id": "T-9"}))
    assert "Newer" == shell.run(companies.update(row["id"], {"name": "Newer"}))["name"]
    assert (0 if auth is SESSION else 1) == logins()
    shell.run(client.logout())
    assert 0 == logins()


def test_logging_out_ends_a_session(shell: Shell) -> None:
    client = shell.project(auth=SESSION)
    shell.run(client.collection("company").list())
    cookies = dict(client.session.identity.cookies)
    shell.run(client.logout())
    client.session.identity.auth = None
    client.session.identity.cookies = cookies

    with pytest.raises(AuthError):
        shell.run(client.collection("company").list())


def test_an_expired_token_is_refreshed(shell: Shell, clock: Clock) -> None:
    client = shell.project(auth=ANA)
    shell.run(client.collection("company").list())
    clock.now += timedelta(minutes=20)  # the client's own clock has not moved: the server refuses

    assert 2 == len(shell.run(client.collection("company").list()))
    assert [2] == [*Login.objects.values_list("generation", flat=True)]


def test_a_refresh_token_is_enough(shell: Shell) -> None:
    first = shell.project(auth=ANA)
    shell.run(first.login())
    kept = first.session.identity.refresh
    second = shell.project(auth=Password(refresh_token=kept))

    assert 2 == len(shell.run(second.collection("company").list()))
    assert 1 == Login.objects.count()


def test_the_urls_may_be_elsewhere(shell: Shell) -> None:
    client = shell.project(auth=Password("ana", ANA.password, path="/elsewhere/"))
    shell.run(client.login())
    shell.run(client.refresh())
    shell.run(client.logout())

    assert ["logout"] == [*Login.objects.values_list("revoked_for", flat=True)]


def test_errors_have_classes_of_their_own(shell: Shell, clock: Clock) -> None:
    wrong = shell.project(auth=Password("ana", "wrong"))
    with pytest.raises(InvalidCredentials, match="name or the password"):
        shell.run(wrong.login())
    client = shell.project(auth=ANA)
    shell.run(client.login())
    access = client.session.identity.access
    clock.now += timedelta(minutes=20)
    with pytest.raises(TokenExpired):
        shell.run(shell.project(auth=access).collection("company").list())
    session = shell.project(auth=SESSION)
    shell.run(session.login())
    with pytest.raises(Unsupported):
        shell.run(session.refresh())


def test_too_many_logins_are_refused(shell: Shell) -> None:
    found = []
    for _ in range(12):
        client = shell.project(auth=Password("ana", "wrong"), retries=Retry(total=0))
        try:
            shell.run(client.login())
        except (InvalidCredentials, RateLimited) as error:
            found.append(type(error))

    assert [InvalidCredentials] * 10 + [RateLimited] * 2 == found


def test_a_static_token_needs_no_login(shell: Shell, project: User) -> None:
    token = static.create(project, "script").token
    client = shell.project(auth=StaticToken(token))

    assert 2 == len(shell.run(client.collection("company").list()))
    assert token not in repr(client)


def test_no_repr_has_a_secret(shell: Shell) -> None:
    client = shell.project(auth=ANA)
    shell.run(client.login())
    identity = client.session.identity

    for secret in (ANA.password, identity.access, identity.refresh):
        assert secret not in f"{client!r}{ANA!r}{identity!r}"
