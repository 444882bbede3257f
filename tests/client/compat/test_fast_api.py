"""The dependencies of FastAPI: whose client a request gets, and who is sent away."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from django_flex.client import ConfigurationError
from tests.client.compat.conftest import TOKEN, URL, USER, connected, paths, run
from tests.client.directus_server import DirectusServer
from tests.client.shells import QUICK

fastapi: Any = pytest.importorskip("fastapi")
from django_flex.client.compat.directus.fast_api import directus_auth, role_required  # noqa: E402


def application(server: DirectusServer) -> Any:
    """An application with one connection, made where it is used: nothing is global."""
    app = fastapi.FastAPI()
    signed_in = directus_auth(URL, connection=connected(server), retries=QUICK)

    async def whoami(directus: Any = fastapi.Depends(signed_in)) -> Any:  # noqa: B008 # as FastAPI wants it
        return (await directus.me(cache=True)).item_as_dict()["id"]

    app.get("/whoami")(whoami)
    for path, roles in {
        "by-name": ["Administrator"],
        "by-key": ["x", "r1"],
        "no": ["Editor"],
    }.items():
        allowed = role_required(signed_in, *roles)
        app.get(f"/{path}", dependencies=[fastapi.Depends(allowed)])(lambda: "allowed")
    return app


def ask(server: DirectusServer, path: str, **options: Any) -> httpx2.Response:
    async def asked() -> httpx2.Response:
        transport = httpx2.ASGITransport(application(server))
        async with httpx2.AsyncClient(transport=transport, base_url="https://app.example") as http:
            cookies = options.pop("cookies", {})
            http.cookies.update(cookies)
            return await http.get(path, **options)

    return run(asked())


def signed(token: str) -> dict[str, str]:
    return {"Authorization": f"bearer {token}"}


def test_a_request_gets_the_client_of_its_user(server: DirectusServer) -> None:
    reply = ask(server, "/whoami", headers=signed(TOKEN))
    assert (reply.status_code, reply.json()) == (200, "2")
    assert paths(server) == ["/users/me"]


def test_a_request_of_nobody_is_sent_to_the_login(server: DirectusServer) -> None:
    for options in ({}, {"headers": {"Authorization": "Basic eDp5"}}, {"cookies": {"x": "y"}}):
        reply = ask(server, "/whoami", **options)
        assert (reply.status_code, reply.headers["location"]) == (307, "/login")
    assert server.asked == []


def test_a_wrong_token_is_refused_as_it_came(server: DirectusServer) -> None:
    reply = ask(server, "/whoami", headers=signed("wrong"))
    assert (reply.status_code, reply.headers["www-authenticate"]) == (401, "Bearer")
    cookies = {"access_token": "wrong", "refresh_token": "wrong"}
    assert ask(server, "/whoami", cookies=cookies).headers["location"] == "/login"


def test_cookies_are_renewed_when_the_token_has_expired(server: DirectusServer) -> None:
    server._tokens(USER[0])
    server.expire_tokens()
    cookies = {"access_token": "access-1", "refresh_token": "refresh-1"}
    reply = ask(server, "/whoami", cookies=cookies)
    assert (reply.status_code, reply.json()) == (200, "1")
    assert reply.cookies["access_token"] == "access-2"
    assert reply.cookies["refresh_token"] == "refresh-2"
    for header in reply.headers.get_list("set-cookie"):
        assert {"httponly", "secure", "samesite=lax"} <= set(header.lower().split("; "))
    valid = {"access_token": "access-2", "refresh_token": "refresh-2"}
    assert "set-cookie" not in ask(server, "/whoami", cookies=valid).headers


@pytest.mark.parametrize(("path", "status"), [("/by-name", 200), ("/by-key", 200), ("/no", 403)])
def test_a_role_is_asked_for_by_name_or_key(path: str, status: int, server: DirectusServer) -> None:
    server.collections["directus_users"][1]["role"] = server.collections["directus_roles"][0]
    assert ask(server, path, headers=signed(TOKEN)).status_code == status
    server.collections["directus_users"][1]["role"] = None
    assert ask(server, path, headers=signed(TOKEN)).status_code == 403


def test_a_role_has_to_be_named(server: DirectusServer) -> None:
    with pytest.raises(ConfigurationError, match="needs a role"):
        role_required(directus_auth(URL, connection=connected(server)))
