"""The stand-in for Directus with the tables that the documents name, and connections to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias, TypeVar

import httpx2
import pytest

from django_flex.client.compat.directus import Directus
from tests.client.directus_server import DirectusServer
from tests.client.shells import QUICK

R = TypeVar("R")
URL = "https://example.com"
TOKEN = "static_token"
USER = ("user@example.com", "secret")


def user(key: str, first: str, last: str, **more: Any) -> dict[str, Any]:
    row = {
        "id": key, "first_name": first, "last_name": last, "avatar": None, "description": None,
        "email": f"{first.lower()}@example.com", "role": "r1", "status": "active", "title": None,
        "token": None,
    }  # fmt: skip
    return row | more


def made_server(**options: Any) -> DirectusServer:
    collections: dict[str, list[dict[str, Any]]] = {
        "directus_users": [
            user("1", "John", "Doe", email="user@example.com"),
            user("2", "Jane", "Doe", token=TOKEN),
            user("3", "John", "Roe"),
        ],
        "directus_roles": [{"id": "r1", "name": "Administrator", "users": ["1", "2"]}],
        "directus_settings": [{"id": 1, "project_name": "Shop"}],
        "directus_translations": [
            {"id": "1", "key": "hello", "language": "en-GB", "value": "Hello"},
            {"id": "2", "key": "bye", "language": "en-GB", "value": "Bye"},
            {"id": "3", "key": "hello", "language": "de-DE", "value": "Hallo"},
        ],
        "directus_folders": [{"id": "folder-1", "name": "Covers", "parent": None}],
        "directus_files": [],
        "directus_relations": [
            {
                "collection": "products",
                "field": "maker",
                "related_collection": "makers",
                "schema": {"table": "products", "column": "maker", "foreign_key_table": "makers"},
                "meta": {"id": 1, "one_allowed_collections": None},
            }
        ],
        "directus_comments": [
            {"id": "c1", "collection": "products", "item": "1", "comment": "Good"}
        ],
        "directus_activity": [{"id": 1, "action": "create", "ip": "127.0.0.1", "revisions": [1]}],
        "directus_revisions": [{"id": 1, "activity": 1, "item": "1", "parent": None}],
        "products": [
            {"id": 1, "name": "Pen", "price": 2, "maker": {"id": 7, "name": "Inc"}},
            {"id": 2, "name": "Ink", "price": 5, "maker": None},
        ],
        "transactions": [{"id": 1, "amount": 10}, {"id": 2, "amount": 32}],
    }
    users = {"user@example.com": "secret", "jane@example.com": "secret of Jane"}
    return DirectusServer(collections, users=users, static_tokens={TOKEN}, **options)


@pytest.fixture
def server() -> DirectusServer:
    return made_server()


def connected(server: DirectusServer) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=server.transport())


Connect: TypeAlias = Callable[..., Directus]


@pytest.fixture
def connect(server: DirectusServer) -> Connect:
    """A client of the stand-in: with the static token, if no credentials are named."""

    def made(*credentials: str, url: str = URL, **options: Any) -> Directus:
        if not credentials and not options.keys() & {"token", "email", "refresh_token"}:
            options["token"] = TOKEN
        options = {"connection": connected(server), "retries": QUICK, **options}
        return Directus(url, *credentials, **options)

    return made


def run(coroutine: Coroutine[Any, Any, R]) -> R:
    return asyncio.run(coroutine)


def paths(server: DirectusServer) -> list[str]:
    """What the server was asked for."""
    return [request.url.path for request in server.asked]


def refused(status: int, **options: Any) -> Callable[[httpx2.Request], httpx2.Response]:
    """A fault of the server."""
    return lambda request: httpx2.Response(status, **options)
