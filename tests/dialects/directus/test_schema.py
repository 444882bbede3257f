"""Collections, fields, relations and permissions: what the caller may see, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User

from tests.dialects.directus.asking import GRANT, Server
from tests.testapp.models import Booking, Line

NARROW = {
    "line": {
        "anon": {
            "rows": {"quantity.gt": 0},
            "fields": ["id", "product", "booking"],
            "ops": ["get", "list", "edit"],
            "write_fields": ["product"],
        }
    },
    "tag": {"anon": {"ops": ["list"], "fields": ["slug"], "rows": "*"}},
    "company": {"anon": {}},
}


def test_collections_are_those_of_the_caller(server: Server, expose: Callable[..., None]) -> None:
    assert "bookings" in {row["collection"] for row in server.get("collections").data}
    expose(NARROW)
    assert ["lines", "tags"] == [row["collection"] for row in server.get("collections").data]
    assert "lines" == server.get("collections/line").data["collection"]
    hidden, missing = server.get("collections/company"), server.get("collections/nothing")
    assert 403 == hidden.status
    assert hidden.content == missing.content
    assert 0 == hidden.statements


@pytest.mark.parametrize("grant", [{}, {"managers": GRANT}, {"anon": {}}], ids=str)
@pytest.mark.parametrize("method", ["GET", "SEARCH", "POST", "PATCH", "DELETE", "OPTIONS"])
def test_neither_headers_nor_counts_tell_a_hidden_collection_from_none(
    server: Server, expose: Callable[..., None], settings: Any, method: str, grant: Any
) -> None:
    expose({**NARROW, "company": grant})
    settings.DJANGO_FLEX = {**settings.DJANGO_FLEX, "RATE_LIMIT": "1/d"}
    rest = "/1" if method in {"PATCH", "DELETE"} else ""
    body: Any = {"query": {}} if method == "SEARCH" else {} if method in {"POST", "PATCH"} else None

    for _ in range(3):
        hidden, missing = (
            server.get(f"items/{name}")
            if method == "GET"
            else server.send(method, f"items/{name}{rest}", body)
            for name in ("company", "nothing")
        )
        assert (403, missing.content) == (hidden.status, hidden.content)
        assert dict(missing.headers) == dict(hidden.headers)


def test_questions_for_the_schema_are_counted(
    server: Server, expose: Callable[..., None], settings: Any
) -> None:
    expose(NARROW)
    settings.DJANGO_FLEX = {**settings.DJANGO_FLEX, "RATE_LIMIT": "2/d"}
    paths = ("collections", "fields/lines", "permissions/me")

    assert [200, 200, 429] == [server.get(path).status for path in paths]


def test_fields_are_those_that_may_be_read(server: Server, expose: Callable[..., None]) -> None:
    (key, *others) = server.get("fields/lines").data
    assert (key["field"], key["type"]) == ("id", "integer")
    assert key["schema"]["is_primary_key"]
    assert {"booking": "integer", "product": "string", "quantity": "integer", "note": "string"} == {
        row["field"]: row["type"] for row in others
    }
    found = server.get("fields/lines/booking").data
    assert (found["schema"]["foreign_key_table"], found["schema"]["foreign_key_column"]) == (
        "bookings",
        "id",
    )
    expose(NARROW)
    assert ["id", "booking", "product"] == [row["field"] for row in server.get("fields/lines").data]
    assert None is server.get("fields/lines/booking").data["schema"]["foreign_key_table"]
    readonly = {row["field"]: row["meta"]["readonly"] for row in server.get("fields/lines").data}
    assert {"id": True, "booking": True, "product": False} == readonly
    hidden, missing = server.get("fields/lines/note"), server.get("fields/lines/nothing")
    assert 403 == hidden.status
    assert hidden.content == missing.content
    assert {"lines", "tags"} == {row["collection"] for row in server.get("fields").data}


@pytest.mark.exhaustive
def test_lists_of_related_rows_are_aliases(server: Server) -> None:
    fields = {row["field"]: row for row in server.get("fields/bookings").data}
    assert ("alias", ["o2m"]) == (fields["lines"]["type"], fields["lines"]["meta"]["special"])
    assert ["m2m"] == fields["tags"]["meta"]["special"]


def test_relations_have_the_names_of_both_sides(
    server: Server, expose: Callable[..., None]
) -> None:
    (found,) = server.get("relations/lines").data
    assert ("lines", "booking", "bookings") == (
        found["collection"],
        found["field"],
        found["related_collection"],
    )
    assert "lines" == found["meta"]["one_field"]
    assert found == server.get("relations/lines/booking").data
    expose(NARROW)
    assert [] == server.get("relations").data


def test_permissions_of_the_caller(server: Server, expose: Callable[..., None]) -> None:
    expose(NARROW)
    none = {"access": "none"}
    assert {
        "lines": {
            "create": none,
            "read": {"access": "partial", "fields": ["id", "booking", "product"]},
            "update": {"access": "partial", "fields": ["product"]},
            "delete": none,
            "share": none,
        },
        "tags": {
            "create": none,
            "read": {"access": "full", "fields": ["slug"]},
            "update": none,
            "delete": none,
            "share": none,
        },
    } == server.get("permissions/me").data


EDITED = {
    "line": {
        "anon": {
            "rows": {"quantity.gt": 1},
            "fields": ["id"],
            "ops": ["list", "edit", "delete"],
            "write_fields": ["product"],
            "delete": {"rows": {"product": "Tent"}},
        }
    },
    "company": {"anon": {}},
}


def test_permissions_of_a_row(server: Server, expose: Callable[..., None]) -> None:
    booking = Booking.objects.earliest("pk")
    tent = Line.objects.create(booking=booking, product="Tent", quantity=2)
    lamp = Line.objects.create(booking=booking, product="Lamp", quantity=2)
    hidden = Line.objects.create(booking=booking, product="Tent", quantity=1)
    expose(EDITED)

    def access(key: object) -> tuple[bool, bool]:
        found = server.get(f"permissions/me/lines/{key}").data
        assert {"update", "delete", "share"} == set(found)
        assert found["share"] == {"access": False}
        return found["update"]["access"], found["delete"]["access"]

    assert (True, True) == access(tent.pk)
    assert (True, False) == access(lamp.pk)
    paths = [f"permissions/me/line/{key}" for key in (hidden.pk, 10**9, "nothing", 10**40)]
    contents = {server.get(path).content for path in paths}
    assert 1 == len(contents)
    assert (False, False) == access(hidden.pk)
    # Each is what a write would find.
    assert 200 <= server.send("PATCH", f"items/lines/{lamp.pk}", {"product": "Lamp"}).status < 300
    assert "FORBIDDEN" == server.send("DELETE", f"items/lines/{lamp.pk}").code
    assert "FORBIDDEN" == server.send("DELETE", f"items/lines/{hidden.pk}").code
    assert 204 == server.send("DELETE", f"items/lines/{tent.pk}").status
    assert (False, False) == access(tent.pk)
    closed, missing = (server.get(f"permissions/me/{name}/1") for name in ("company", "nothing"))
    assert 403 == closed.status
    assert closed.content == missing.content
    assert 0 == closed.statements


def test_descriptions_are_read_only_and_run_no_statement(server: Server) -> None:
    for path in ("collections", "fields/lines", "relations", "permissions/me"):
        assert 0 == server.get(path).statements
        assert "METHOD_NOT_ALLOWED" == server.send("POST", path, {}).code
    for path in (
        "collections/a/b",
        "fields/a/b/c",
        "permissions",
        "permissions/me/lines",
        "permissions/me//1",
        "permissions/me/lines/1/2",
    ):
        assert "ROUTE_NOT_FOUND" == server.get(path).code


def test_nothing_is_described_to_callers_who_have_to_sign_in(
    server: Server, expose: Callable[..., None]
) -> None:
    expose(NARROW, REQUIRE_AUTHENTICATION=True)
    for path in ("collections", "fields/lines", "relations", "permissions/me", "users"):
        assert "FORBIDDEN" == server.get(path).code


@pytest.mark.parametrize(("path", "label"), [("users", "user"), ("roles", "group")])
def test_users_and_roles_are_the_models_of_django(
    path: str, label: str, server: Server, expose: Callable[..., None]
) -> None:
    User.objects.create(username="ada", email="ada@example.com")
    Group.objects.create(name="editors")
    assert "FORBIDDEN" == server.get(path).code
    expose({label: {"anon": {**GRANT, "fields": ["id", "username", "email"]}} if label == "user" else {"anon": GRANT}})  # fmt: skip
    (row,) = server.search(path, limit=1).data
    assert row == server.get(f"{path}/{row['id']}").data
    assert "password" not in row
