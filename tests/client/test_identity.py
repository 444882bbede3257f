"""Logging in, refreshing, logging out; several users over one connection; secrets that do not show."""

from __future__ import annotations

import logging
from typing import Any

import httpx2
import pytest

from django_flex.client import (
    AsyncClient,
    Cache,
    Client,
    ConfigurationError,
    InvalidCredentials,
    Password,
    StaticToken,
    TokenExpired,
    TransportError,
)
from tests.client.directus_server import DirectusServer
from tests.client.shells import Shell, directus, together

ADA = Password("ada@example.org", "secret-of-ada")


def server(**options: Any) -> DirectusServer:
    rows = [{"id": number, "name": f"n{number}"} for number in range(1, 41)]
    users = {"ada@example.org": "secret-of-ada", "bob@example.org": "secret-of-bob"}
    return DirectusServer({"people": rows}, users=users, **options)


def asked(made: DirectusServer, path: str) -> int:
    return sum(request.url.path == path for request in made.asked)


def test_the_first_request_logs_in(shell: Shell) -> None:
    made = server()
    client = directus(shell, made, auth=ADA)
    assert len(shell.run(client.collection("people").limit(3).list())) == 3
    assert len(shell.run(client.collection("people").limit(3).list())) == 3
    assert asked(made, "/auth/login") == 1


def test_a_wrong_password_is_an_error_of_its_own(shell: Shell) -> None:
    client = directus(shell, server(), auth=Password("ada@example.org", "no"))
    with pytest.raises(InvalidCredentials, match="Invalid user credentials"):
        shell.run(client.collection("people").list())


def test_an_expired_token_is_refreshed_once_and_the_request_repeated(shell: Shell) -> None:
    made = server()
    client = directus(shell, made, auth=ADA)
    shell.run(client.login())
    made.expire_tokens()
    assert len(shell.run(client.collection("people").limit(3).list())) == 3
    assert (asked(made, "/auth/login"), asked(made, "/auth/refresh")) == (1, 1)


@pytest.mark.exhaustive
def test_many_requests_at_expiry_share_one_refresh(shell: Shell) -> None:
    made = server()
    client = directus(shell, made, auth=ADA)
    shell.run(client.login())
    made.expire_tokens()
    query = client.collection("people").limit(2)
    found = together(shell, [query.list] * 20)
    assert [len(page) for page in found] == [2] * 20
    assert (asked(made, "/auth/login"), asked(made, "/auth/refresh")) == (1, 1)


def test_many_first_requests_share_one_login(shell: Shell) -> None:
    made = server()
    query = directus(shell, made, auth=ADA).collection("people").limit(2)
    assert [len(page) for page in together(shell, [query.list] * 20)] == [2] * 20
    assert asked(made, "/auth/login") == 1


def test_a_token_is_refreshed_before_it_expires(shell: Shell) -> None:
    made = server(expires=20_000)
    client = directus(shell, made, auth=ADA)
    shell.run(client.login())
    shell.run(client.collection("people").list())
    assert asked(made, "/auth/refresh") == 1


def test_a_refresh_that_is_refused_is_followed_by_a_login(shell: Shell) -> None:
    made = server()
    client = directus(shell, made, auth=ADA)
    shell.run(client.login())
    made.expire_tokens()
    made.refresh.clear()
    assert len(shell.run(client.collection("people").limit(3).list())) == 3
    assert asked(made, "/auth/login") == 2


def test_a_token_expires_in_the_middle_of_an_iteration(shell: Shell) -> None:
    made = server()
    client = directus(shell, made, auth=ADA)
    rows = client.collection("people").iter(page_size=5)
    first = shell.take(rows, 7)
    made.expire_tokens()
    assert [row["id"] for row in first + shell.rows(rows)] == [*range(1, 41)]
    assert asked(made, "/auth/refresh") == 1


def test_a_static_token_is_never_renewed(shell: Shell) -> None:
    made = server(static_tokens={"static"})
    client = directus(shell, made, auth="static")
    assert len(shell.run(client.collection("people").limit(3).list())) == 3
    made.static_tokens.clear()
    made.expired.add("static")
    with pytest.raises(TokenExpired):
        shell.run(client.collection("people").list())


def test_a_callable_gives_a_token_for_each_request(shell: Shell) -> None:
    made = server(static_tokens={"one", "two"})
    tokens = iter(["one", "two"])
    client = directus(shell, made, auth=lambda: next(tokens))
    for _ in range(2):
        shell.run(client.collection("people").limit(1).list())
    sent = [request.headers["authorization"] for request in made.asked]
    assert sent == ["Bearer one", "Bearer two"]


def test_logging_out_sends_the_refresh_token_and_forgets(shell: Shell) -> None:
    made = server()
    client = directus(shell, made, auth=ADA)
    shell.run(client.login())
    shell.run(client.logout())
    assert made.refresh == set()
    assert b"refresh-1" in made.asked[-1].content
    shell.run(client.collection("people").limit(1).list())
    assert asked(made, "/auth/login") == 2


def test_logging_out_forgets_even_if_the_server_is_away(shell: Shell) -> None:
    import httpx2

    def away(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("away", request=request)

    made = server()
    client = directus(shell, made, auth=ADA)
    shell.run(client.login())
    made.faults = [away] * 9
    with pytest.raises(TransportError):
        shell.run(client.logout())
    made.faults = []
    shell.run(client.collection("people").limit(1).list())
    assert asked(made, "/auth/login") == 2


def test_users_share_a_connection_and_nothing_else(shell: Shell) -> None:
    made = server()
    ada = directus(shell, made, auth=ADA)
    bob = ada.with_auth(Password("bob@example.org", "secret-of-bob"))
    shell.run(ada.login())
    shell.run(bob.login())
    shell.run(bob.logout())
    shell.run(bob.close())
    assert len(shell.run(ada.collection("people").limit(1).list())) == 1
    assert made.asked[-1].headers["authorization"] == "Bearer access-1"


@pytest.mark.parametrize(
    ("auth", "told"),
    [
        (Password("", ""), "needs a name and a password"),
        (Password("ada@example.org"), "needs a name and a password"),
        (StaticToken("t"), "no password"),
        (None, "no password"),
    ],
)
def test_a_login_without_credentials_is_refused(shell: Shell, auth: Any, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        shell.run(directus(shell, server(), auth=auth).login())


@pytest.mark.parametrize(
    ("url", "options", "told"),
    [
        ("directus.example", {}, "no address"),
        ("https://a.example/?x=1", {}, "has a query"),
        ("https://a.example/", {"dialect": "graphql"}, "no dialect 'graphql'"),
        ("https://a.example/", {"auth": ""}, "empty text"),
        ("https://a.example/", {"max_bytes": 0}, "max_bytes is a whole number"),
        ("https://a.example/", {"max_bytes": 1e6}, "max_bytes is a whole number"),
        ("https://a.example/", {"http": object()}, "client of httpx2 or httpx"),
    ],
)
def test_a_client_that_cannot_work_is_refused(url: str, options: Any, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        Client(url, **options)


@pytest.mark.parametrize("block", [False, True])
def test_a_connection_of_the_program_is_never_closed(shell: Shell, block: bool) -> None:
    client = directus(shell, server(static_tokens={"t"}), auth="t")

    async def within() -> None:
        async with client:
            await client.collection("people").list()

    if not block:
        shell.run(client.close())
    elif shell.name == "async":
        shell.run(within())
    else:
        with client:
            client.collection("people").list()
    assert not client._http.is_closed
    assert len(shell.run(client.collection("people").limit(2).list())) == 2


def test_a_connection_of_the_client_is_closed_with_it() -> None:
    with Client("https://directus.example/", dialect="directus") as client:
        other = client.with_auth("t")
        other.close()
        assert not client._http.is_closed
    assert client._http.is_closed


def test_headers_of_a_callable_are_sent_as_they_are(shell: Shell) -> None:
    made = server(static_tokens={"t"})
    client = directus(shell, made, auth=lambda: {"Authorization": "Bearer t", "X-Tenant": "7"})
    shell.run(client.collection("people").limit(1).list())
    assert made.asked[-1].headers["X-Tenant"] == "7"


def test_secrets_do_not_show(shell: Shell, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    made = server()
    client = directus(shell, made, auth=ADA)
    shell.run(client.collection("people").limit(1).list())
    shown = f"{client!r} {ADA!r} {client.collection('people')!r} {StaticToken('tok-1')!r}"
    ours = " ".join(r.getMessage() for r in caplog.records if r.name.startswith("django_flex"))
    assert "POST auth/login: 200" in ours
    for secret in ("secret-of-ada", "access-1", "refresh-1", "tok-1"):
        assert secret not in shown + ours


def test_a_shared_cache_answers_nobody_with_what_another_user_read(shell: Shell) -> None:
    made = server()
    made.collections["directus_users"] = [{"id": email, "email": email} for email in made.users]
    client = directus(shell, made, cache=Cache())
    for _ in range(10):  # identities come and go, as in a service with many users
        for email, password in made.users.items():
            user = client.with_auth(Password(email, password))
            assert shell.run(user.me("email")) == {"email": email}
            assert shell.run(user.me("email")) == {"email": email}
            del user


@pytest.mark.parametrize("sent", ["headers", "cookies", "auth"])
def test_connections_that_sign_by_themselves_share_no_reply(shell: Shell, sent: str) -> None:
    def echo(request: httpx2.Request) -> httpx2.Response:
        names = ("authorization", "cookie")
        caller = [request.headers[name] for name in names if name in request.headers]
        return httpx2.Response(200, json={"data": [{"id": 1, "caller": caller}]})

    signed: dict[str, Any] = {
        "headers": lambda http, name: http.headers.update({"Authorization": f"Bearer {name}"}),
        "cookies": lambda http, name: http.cookies.set("token", name),
        "auth": lambda http, name: setattr(http, "auth", (name, "x")),
    }
    cache, kind = Cache(), Client if shell.name == "sync" else AsyncClient
    told = []
    for name in ("ada", "bob"):
        http: Any = shell.http(httpx2.MockTransport(echo))
        signed[sent](http, name)
        client = kind("https://directus.example/", http=http, dialect="directus", cache=cache)
        rows = [shell.run(client.collection("people").list()).items for _ in range(2)]
        assert rows[0] == rows[1]
        told.append(rows[0][0]["caller"])

    assert told[0] != told[1]
    assert len(cache) == 2
