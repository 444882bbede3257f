"""Writes of items in every form, and their replies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.dialects.directus.asking import GRANT, Server
from tests.testapp.models import Company, Line


def test_rows_are_added(server: Server) -> None:
    one = server.send("POST", "items/company?fields=name", {"name": "New"})
    assert {"name": "New"} == one.data
    many = server.send("POST", "items/company", [{"name": "A"}, {"name": "B", "tax_id": "x"}])
    assert [("A", ""), ("B", "x")] == [(row["name"], row["tax_id"]) for row in many.data]
    assert Company.objects.count() == 5


EDITS: dict[str, tuple[str, Any, Any]] = {
    "one": ("/1", {"name": "x"}, {"id": 1, "name": "x"}),
    "by-keys": ("", {"keys": [1, 2], "data": {"name": "x"}}, [{"id": 1, "name": "x"}, {"id": 2, "name": "x"}]),
    "by-query": ("", {"query": {"filter": {"name": {"_starts_with": "G"}}}, "data": {"name": "x"}}, [{"id": 2, "name": "x"}]),
    "by-items": ("", [{"id": 2, "name": "x"}, {"id": 1, "name": "y"}], [{"id": 2, "name": "x"}, {"id": 1, "name": "y"}]),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_rows_are_edited(name: str, server: Server) -> None:
    path, body, expected = EDITS[name]
    assert expected == server.send("PATCH", f"items/company{path}?fields=id,name", body).data


@pytest.mark.parametrize(
    ("path", "body", "left"),
    [
        ("/1", None, [2, 3, 4, 5]),
        ("", [1, 2], [3, 4, 5]),
        ("", {"keys": [5]}, [1, 2, 3, 4]),
        ("", {"query": {"filter": {"product": "mop"}, "limit": -1}}, [1, 4, 5]),
        ("", {"query": {"filter": {}}}, []),
    ],
    ids=["one", "list", "keys", "query", "all"],
)
def test_rows_are_deleted_without_a_word(
    path: str, body: Any, left: list[int], server: Server
) -> None:
    found = server.send("DELETE", f"items/line{path}", body)
    assert (found.status, found.content) == (204, b"")
    assert "Content-Type" not in found.headers
    assert left == list(Line.objects.order_by("id").values_list("id", flat=True))


def test_a_writer_who_may_not_read_gets_nothing(
    server: Server, expose: Callable[..., None]
) -> None:
    expose({"company": {"anon": {"ops": ["add"], "write_fields": ["name"], "rows": "*"}}})
    found = server.send("POST", "items/company", {"name": "New"})
    assert (found.status, found.content) == (204, b"")
    assert "Content-Type" not in found.headers
    assert Company.objects.filter(name="New").exists()


def test_nothing_is_written_if_one_of_several_rows_is_wrong(server: Server) -> None:
    found = server.send("PATCH", "items/company", [{"id": 1, "name": "x"}, {"id": 9, "name": "y"}])
    assert (403, "FORBIDDEN") == (found.status, found.code)
    assert not Company.objects.filter(name="x").exists()


REFUSED: dict[str, tuple[str, str, Any, str, str | None]] = {
    "no-object": ("POST", "", 5, "INVALID_PAYLOAD", "body"),
    "no-items": ("POST", "", [], "INVALID_PAYLOAD", "body"),
    "item-is-no-object": ("POST", "", [1], "INVALID_PAYLOAD", "[0]"),
    "no-key": ("PATCH", "", [{"name": "x"}], "INVALID_PAYLOAD", "[0].id"),
    "unknown-part": ("PATCH", "", {"name": "x"}, "INVALID_QUERY", "name"),
    "no-data": ("PATCH", "", {"keys": [1]}, "INVALID_PAYLOAD", "data"),
    "keys-and-query": ("PATCH", "", {"keys": [1], "query": {}, "data": {}}, "INVALID_PAYLOAD", "keys"),
    "no-filter": ("DELETE", "", {"query": {}}, "INVALID_QUERY", "query.filter"),
    "limited": ("DELETE", "", {"query": {"filter": {}, "limit": 1}}, "INVALID_QUERY", "query.limit"),
    "key-is-an-object": ("DELETE", "", [{}], "INVALID_PAYLOAD", "keys[0]"),
    "filter-in-the-url": ("DELETE", "/1?filter={}", None, "INVALID_QUERY", "filter"),
    "lists-in-the-reply": ("PATCH", "/1?fields=customers.name", {"name": "x"}, "INVALID_QUERY", "fields"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_write_that_makes_no_sense_changes_nothing(name: str, server: Server) -> None:
    method, path, body, code, place = REFUSED[name]
    found = server.send(method, f"items/company{path}", body)
    assert (400, code, place) == (found.status, found.code, found.path)
    assert ["Acme Corp", "Globex"] == list(
        Company.objects.order_by("id").values_list("name", flat=True)
    )


def test_a_precondition_is_not_ignored(server: Server) -> None:
    response = server.client.patch(
        "/api/items/company/1",
        {"name": "x"},
        content_type="application/json",
        headers={"If-Match": '"x"'},
    )
    assert response.status_code == 400
    assert Company.objects.get(pk=1).name == "Acme Corp"


def test_the_operations_of_the_grant_hold(server: Server, expose: Callable[..., None]) -> None:
    expose({"line": {"anon": {**GRANT, "ops": ["get", "list", "edit"]}}})
    for method, path, body in (
        ("POST", "items/line", {"product": "x"}),
        ("DELETE", "items/line/1", None),
        ("DELETE", "items/line", {"query": {"filter": {}}}),
        ("PATCH", "items/line", {"query": {"filter": {}}, "data": {"product": "x"}}),
    ):
        found = server.send(method, path, body)
        assert (403, "FORBIDDEN") == (found.status, found.code)
    assert 200 == server.send("PATCH", "items/line/1", {"product": "x"}).status
