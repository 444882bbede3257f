"""One row by its key."""

from __future__ import annotations

import pytest
from django.db.models import Q

from tests.doors.fronts import Door, grant
from tests.testapp.models import Node, Tag

pytestmark = pytest.mark.usefixtures("bookings")


def test_get_is_the_object_itself(any_door: Door) -> None:
    reply = any_door.get(1, {"fields": "id, status, customer.name"})

    assert (200, {"id": 1, "status": "confirmed", "customer": {"name": "Aisha Khan"}}, 1) == (
        reply.status,
        reply.body,
        reply.statements,
    )


def test_get_without_fields_is_every_readable_column(door: Door) -> None:
    reply = door.get(1, expose=grant(fields=["id", "status"]))

    assert {"id": 1, "status": "confirmed"} == reply.body


def test_hidden_row_answers_as_a_missing_one(door: Door) -> None:
    expose = grant(rows=Q(status="pending"))

    assert 200 == door.get(2, expose=expose).status
    assert door.get(999, expose=expose).body == door.get(1, expose=expose).body


def test_get_needs_its_own_operation(door: Door) -> None:
    reply = door.get(1, expose=grant(ops=["list"]))

    assert (401, "Authentication required", 0) == (
        reply.status,
        reply.body["error"],
        reply.statements,
    )


def test_get_reads_text_keys(door: Door) -> None:
    Tag.objects.create(slug="no-thing", date="x")

    assert {"slug": "no-thing", "date": "x"} == door.get("no-thing", model="tag").body


def test_get_reads_uuid_keys(door: Door) -> None:
    key = "00000000-0000-0000-0000-0000000000aa"
    Node.objects.create(id=key, title="root")

    assert {"title": "root"} == door.get(key, {"fields": "title"}, model="node").body
    assert 404 == door.get("not-a-uuid", {"fields": "title"}, model="node").status


@pytest.mark.parametrize("key", ["filters", "order_by", "limit", "offset", "shape"])
def test_get_refuses_what_only_a_list_takes(door: Door, key: str) -> None:
    value = {"filters": {"id": 1}, "order_by": "id", "limit": 1, "offset": 1, "shape": "list"}[key]
    reply = door.get(1, {key: value})

    assert (400, "query.unknown_key", key) == (
        reply.status,
        reply.body["code"],
        reply.body["path"],
    )


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("/api/", {"_model": "booking", "_action": "get", "_id": 1, "fields": "id"}),
        ("/api/", {"_model": "booking", "_action": "get", "id": 1, "fields": "id"}),
        ("/api/", {"_model": "booking", "_id": 1, "fields": "id"}),
        ("/api/", {"_model": "booking", "_id": "1", "fields": "id"}),
        ("/api/booking/query", {"_action": "get", "_id": 1, "fields": "id"}),
        ("/api/booking/query", {"_id": 1, "fields": "id"}),
        ("/api/booking/query", {"id": 1, "fields": "id"}),
    ],
)
def test_key_goes_into_the_body_too(configure, client, url, body) -> None:
    configure()
    response = client.post(url, body, content_type="application/json")

    assert (200, {"id": 1}) == (response.status_code, response.json())


def test_text_key_like_a_reserved_word_goes_into_the_body(configure, client) -> None:
    configure()
    Tag.objects.create(slug="query", date="x")
    body = {"_id": "query", "fields": "date"}

    assert 405 == client.get("/api/tag/query").status_code
    assert {"date": "x"} == client.post(
        "/api/tag/query", body, content_type="application/json"
    ).json()


def test_key_with_escaped_characters_is_read(configure, client) -> None:
    configure()
    Tag.objects.create(slug="a b", date="x")

    assert {"date": "x"} == client.get("/api/tag/a%20b?fields=date").json()


def test_url_and_body_have_to_agree(configure, client) -> None:
    configure()
    response = client.generic("GET", "/api/booking/1", '{"_id": 2}')

    assert (400, "_id") == (response.status_code, response.json()["path"])


def test_key_that_a_database_gives_to_no_row_is_missing(door: Door) -> None:
    """MariaDB refuses 0 for a new row; asked for, it is the key of no row."""
    assert 404 == door.get(0).status
