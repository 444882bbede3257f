"""Every kind of column is written, and read back as it was sent."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

import pytest

from tests.testapp.models import Booking, Node, Product, Tag
from tests.writes.conftest import ask, exposed

EACH = [
    pytest.param("status", "done", id="text"),
    pytest.param("internal_notes", "", id="empty-text"),
    pytest.param("internal_notes", "a\nb — ç", id="long-text"),
    pytest.param("urgent", True, id="bool"),
    pytest.param("seats", -7, id="int"),
    pytest.param("price", "12.50", id="decimal"),
    pytest.param("rating", 2.25, id="float"),
    pytest.param("day", "2026-01-31", id="date"),
    pytest.param("starts", "23:59:58", id="time"),
    pytest.param("reference", str(UUID(int=99)), id="uuid"),
    pytest.param("digest", base64.b64encode(b"\x00\xff").decode(), id="binary"),
    pytest.param("customer", 2, id="fk"),
    pytest.param("customer_id", 2, id="fk-by-column"),
    pytest.param("team", None, id="null-fk"),
    pytest.param("seats", None, id="null-int"),
    pytest.param("price", None, id="null-decimal"),
    pytest.param("day", None, id="null-date"),
    pytest.param("digest", None, id="null-binary"),
]


@pytest.mark.parametrize(("name", "value"), EACH)
def test_value_is_added_as_it_is_read(name: str, value: Any) -> None:
    status, reply = ask(
        "booking",
        "add",
        **{"customer": 1, name: value} if "customer" not in name else {name: value},
        _fields=name,
    )

    assert (201, {name: value}) == (status, reply)


@pytest.mark.parametrize(("name", "value"), EACH)
def test_value_is_edited_as_it_is_read(name: str, value: Any) -> None:
    status, reply = ask("booking", "edit", id=1, **{name: value}, _fields=name)

    assert (200, {name: value}) == (status, reply)


@pytest.mark.parametrize(
    ("name", "sent", "read"),
    [
        pytest.param("created_at", "2026-01-31T10:00:00+02:00", "2026-01-31T08:00:00", id="moment"),
        pytest.param("lasts", "01:30:00", "PT5400S", id="duration"),
        pytest.param("lasts", "P2DT1S", "P2DT1S", id="iso-duration"),
        pytest.param("price", 12.5, "12.50", id="decimal-by-number"),
        pytest.param("price", 12, "12.00", id="decimal-by-whole-number"),
        pytest.param("rating", 3, 3.0, id="float-by-whole-number"),
    ],
)
def test_value_is_read_in_its_own_notation(name: str, sent: Any, read: Any) -> None:
    _, reply = ask("booking", "edit", id=4, **{name: sent}, _fields=name)
    found = reply[name]

    assert found.startswith(read) if name == "created_at" else found == read, reply


@pytest.mark.parametrize("name", ["tag", "tag_id"])
def test_foreign_key_to_a_text_key(name: str) -> None:
    status, _ = ask("product", "add", sku="a", name="b", **{name: "red"})

    assert (201, "red") == (status, Product.objects.get().tag_id)


@pytest.mark.parametrize("name", ["parent", "parent_id"])
def test_foreign_key_to_a_uuid_key(name: str) -> None:
    _, root = ask("node", "add", title="root", _fields="id")
    status, child = ask("node", "add", title="leaf", **{name: root["id"]}, _fields="parent")

    assert (201, {"parent": root["id"]}) == (status, child)
    assert UUID(root["id"]) == Node.objects.get(title="leaf").parent_id


def test_text_key_is_added_where_it_is_granted() -> None:
    status, reply = ask("tag", "add", slug="new", date="x")

    assert (201, {"slug": "new", "date": "x"}) == (status, reply)


def test_row_of_a_one_to_one_is_written_by_itself_for_one_row_only() -> None:
    first = ask("invoice", "add", booking=3, number="A-3", _fields="booking,number")
    again = ask("invoice", "add", booking=3, number="A-4")

    assert (201, {"booking": 3, "number": "A-3"}) == first
    assert (400, ["unique"]) == (again[0], again[1]["codes"]["booking"])


# --- what comes back ------------------------------------------------------------------------------


def test_reply_shows_what_was_asked_for() -> None:
    assert (200, {"status": "x", "customer": {"name": "Aisha Khan"}}) == ask(
        "booking", "edit", id=1, status="x", _fields="status, customer.name"
    )


def test_reply_shows_by_default_what_may_be_read(configure: Any) -> None:
    configure(
        exposed(
            tag={"anon": {"fields": ["slug"], "write_fields": ["date"], "ops": ["get", "edit"]}}
        )
    )

    assert (200, {"slug": "red"}) == ask("tag", "edit", id="red", date="x")


def test_deleted_row_is_gone_and_the_reply_says_so() -> None:
    assert (200, {"id": "green", "deleted": True}) == ask("tag", "delete", id="green")
    assert not Tag.objects.filter(pk="green").exists()
    assert 404 == ask("tag", "delete", id="green")[0]


def test_rows_that_cascade_are_deleted() -> None:
    ask("customer", "delete", id=1)

    assert [2, 4, 5, 6] == list(Booking.objects.order_by("pk").values_list("pk", flat=True))
