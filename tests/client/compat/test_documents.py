"""A program that is written after the documents of py-directus runs, once its import root changes."""

from __future__ import annotations

import ast
import inspect
import json
from types import CodeType
from typing import Any

import httpx2
import pytest

from django_flex.client.compat.directus import AggregationOperators, Directus, DirectusModel
from tests.client.compat.conftest import TOKEN, URL, run
from tests.client.compat.snippets import LOGIN, SNIPPETS, USERS, Snippet
from tests.client.directus_server import DirectusServer

ROOT = "django_flex.client.compat.directus"


class Role(DirectusModel):
    id: str
    name: str


class User(DirectusModel):
    """As the documents define it, by their snippet ``collection_by_model``."""

    __collection__ = "directus_users"
    id: str | None
    first_name: str | None
    role: str | Role | None


def compiled(text: str) -> CodeType:
    moved = text.replace("py_directus", ROOT)
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code: CodeType = compile(moved, "snippet", "exec", flags=flags, dont_inherit=True)
    return code


def told(request: httpx2.Request) -> tuple[str, Any]:
    sent = json.loads(request.content) if request.content else dict(request.url.params)
    return f"{request.method} {request.url.path}", sent


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch, server: DirectusServer) -> DirectusServer:
    """Let every connection that is opened reach the stand-in."""

    class InProcess(httpx2.AsyncClient):
        def __init__(self, **options: Any) -> None:
            super().__init__(transport=server.transport(), **options)

    monkeypatch.setattr(httpx2, "AsyncClient", InProcess)
    return server


def executed(text: str) -> dict[str, Any]:
    """Run a snippet with the names that the documents take for granted, and return all names."""
    names: dict[str, Any] = {
        "httpx": httpx2, "Directus": Directus, "User": User, "Role": Role,
        "AggregationOperators": AggregationOperators, "url": URL, "email": "user@example.com",
        "password": "secret", "token": TOKEN, "collection": "products",
    }  # fmt: skip

    async def program() -> None:
        names["directus"] = await Directus(URL, token=TOKEN)
        outcome = eval(compiled(text), names)
        if inspect.isawaitable(outcome):
            await outcome

    run(program())
    return names


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet.name)
def test_a_snippet_runs_and_asks_what_it_says(snippet: Snippet, in_process: DirectusServer) -> None:
    executed(snippet.text)
    assert [told(request) for request in in_process.asked] == snippet.asked


def snippet_named(name: str) -> str:
    return next(snippet.text for snippet in SNIPPETS if snippet.name == name)


def test_rows_are_dictionaries_or_instances(
    in_process: DirectusServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert executed(snippet_named("items"))["response"].items[2]["last_name"] == "Roe"
    model = snippet_named("collection_by_model")
    names = executed(model + snippet_named("items_of_a_model"))
    assert names["response"].item == names["User"](**in_process.collections["directus_users"][0])
    assert capsys.readouterr().out.startswith("John\n[{'id': '1'")
    assert executed(model + snippet_named("item_as"))["response"].item_as_dict()["id"] == "1"


def test_what_is_asked_is_what_is_found(in_process: DirectusServer) -> None:
    def rows(name: str) -> list[Any]:
        found: list[Any] = executed("found = " + snippet_named(name).strip())["found"].items
        return found

    assert [row["id"] for row in rows("filter")] == ["1", "3"]
    assert [row["id"] for row in rows("filters")] == ["1"]
    assert [row["id"] for row in rows("sorts")] == ["2", "3", "1"]
    assert rows("aggregate") == rows("aggregate_all") == [{"count": 3}]
    assert rows("aggregates") == [{"countDistinct": {"id": 2}, "sum": {"price": 7}}]
    assert {"first_name": "John", "last_name": "Roe"} in rows("group_by")
    assert [row["id"] for row in rows("search")] == ["1", "3"]
    assert rows("fields")[0] == {"first_name": "John", "last_name": "Doe"}


def test_what_is_written_is_there(in_process: DirectusServer) -> None:
    rows = in_process.collections["directus_users"]
    executed(snippet_named("create"))
    executed(snippet_named("create_several"))
    assert [row["first_name"] for row in rows[3:]] == ["John", "John", "Jane"]
    executed(snippet_named("update"))
    executed(snippet_named("update_several"))
    assert [row["first_name"] for row in rows[:2]] == ["Jean-Luc", "Jane"]
    executed(snippet_named("delete"))
    executed(snippet_named("delete_several").replace("1, 2", "2, 3"))
    assert [row["id"] for row in rows] == ["4", "5", "6"]


def test_counts_and_descriptions(in_process: DirectusServer) -> None:
    counted = executed("found = " + snippet_named("include_count"))["found"]
    assert (counted.total_count, counted.filtered_count) == (3, 3)
    names = executed(snippet_named("metadata") + snippet_named("list_collections"))
    assert names["metadata"]["collection"] == "products"
    assert [field["field"] for field in names["fields"]] == ["id", "name", "price", "maker"]
    assert {"collection": "products", "meta": None, "schema": {"name": "products"}} in names[
        "collections"
    ]


def test_a_block_logs_in_once_and_out(in_process: DirectusServer) -> None:
    executed(snippet_named("login_at_the_beginning_of_a_block") + "\n    x = await directus.me()")
    asked = [told(request)[0] for request in in_process.asked]
    assert asked == [LOGIN[0], "GET /users/me", "POST /auth/logout"]
    assert USERS not in asked
