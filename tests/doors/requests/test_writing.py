"""Writes through every front door: one row, many rows, refusals, and the same reply everywhere."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doors.fronts import DOORS, EVERYTHING, grant
from tests.testapp.models import Booking, Line

pytestmark = pytest.mark.usefixtures("bookings")

FIELDS = "status,seats,price,customer.name"
OPS = ["get", "list", "add", "edit", "delete", "bulk_edit", "bulk_delete"]
EXPOSE: dict[str, Any] = {
    name: {"anon": {**EVERYTHING, "ops": OPS}}
    for name in ("booking", "customer", "address", "team", "tag", "line", "invoice")
}
#: Doors that do one thing with one row at a URL, and no list of rows by an action.
ONE_BY_ONE = {"viewset"}


def test_a_row_is_added(door) -> None:
    values = {"customer": 1, "status": "new", "price": "12.5", "_fields": FIELDS}
    reply = door.write("add", None, values, expose=EXPOSE)
    expected = {
        "status": "new",
        "seats": None,
        "price": "12.50",
        "customer": {"name": "Aisha Khan"},
    }
    assert (201, expected) == (reply.status, reply.body)
    assert ("new", 1) == Booking.objects.values_list("status", "customer").latest("pk")


def test_a_row_is_edited(door) -> None:
    values = {"status": "done", "customer_id": 2, "_fields": FIELDS}
    reply = door.write("edit", 1, values, expose=EXPOSE)
    expected = {
        "status": "done",
        "seats": 2,
        "price": "100.00",
        "customer": {"name": "Omar Khan"},
    }
    assert (200, expected) == (reply.status, reply.body)
    assert ("done", 2) == Booking.objects.values_list("status", "customer").get(pk=1)


def test_a_row_is_deleted(door) -> None:
    reply = door.write("delete", 1, {"_fields": "id"}, expose=EXPOSE)
    assert (200, {"id": 1, "deleted": True}) == (reply.status, reply.body)
    assert not Booking.objects.filter(pk=1).exists()
    assert not Line.objects.filter(booking=1).exists()


def test_many_rows_are_added_at_once(door) -> None:
    items = [{"customer": 1, "seats": 1}, {"customer": 2, "seats": 2}]
    reply = door.write("add", None, {"_items": items, "_fields": "seats"}, expose=EXPOSE)
    assert (201, {"results": [{"seats": 1}, {"seats": 2}]}) == (reply.status, reply.body)


def test_values_that_are_not_valid_are_named(door) -> None:
    values = {"customer": 99, "status": "x" * 30, "seats": "many"}
    reply = door.write("add", None, values, expose=EXPOSE)
    assert (400, "write.invalid") == (reply.status, reply.body["code"])
    assert ["99 does not exist."] == reply.body["fields"]["customer"]
    expected = {"customer": "does_not_exist", "status": "max_length", "seats": "invalid"}
    assert {name: [code] for name, code in expected.items()} == reply.body["codes"]
    assert 6 == Booking.objects.count()


def test_a_column_that_is_not_granted_looks_unknown(door) -> None:
    written = grant(fields=["id", "status"], ops=OPS)
    for asked in ("price", "nope"):
        reply = door.write("edit", 1, {asked: 1}, expose=written)
        text = f"Access denied: field '{asked}' not accessible"
        assert (403, text) == (reply.status, reply.body["error"])


def test_an_operation_that_is_not_granted_is_denied(door) -> None:
    reply = door.write("delete", 1, {"_fields": "id"}, expose=grant(ops=["get", "list", "edit"]))
    # A URL whose grant is written at the view does not serve the method at all.
    assert (reply.status, reply.body["code"]) in {
        (401, "auth.required"),
        (405, "request.method"),
    }
    assert Booking.objects.filter(pk=1).exists()


@pytest.mark.parametrize("pk", [99, 2], ids=["missing", "hidden"])
def test_a_hidden_row_is_a_missing_row(door, pk) -> None:
    written = grant(rows={"customer": 1}, ops=OPS)
    for action, values in (("edit", {"status": "x"}), ("delete", {"_fields": "id"})):
        reply = door.write(action, pk, values, expose=written)
        assert (404, {"error": "Object not found", "code": "object.not_found"}) == (
            reply.status,
            reply.body,
        )


def test_a_row_cannot_be_moved_out_of_sight(door) -> None:
    written = grant(rows={"customer": 1}, ops=OPS)
    moved = door.write("edit", 1, {"customer": 2}, expose=written)
    added = door.write("add", None, {"customer": 2}, expose=written)
    assert [(403, "row.denied")] * 2 == [(r.status, r.body["code"]) for r in (moved, added)]
    assert (6, 1) == (Booking.objects.count(), Booking.objects.get(pk=1).customer_id)


def test_a_dry_run_answers_and_leaves_nothing(door) -> None:
    values = {"customer": 1, "_dry_run": True, "_fields": "status"}
    added = door.write("add", None, values, expose=EXPOSE)
    edited = door.write(
        "edit", 1, {"status": "x", "_dry_run": True, "_fields": "status"}, expose=EXPOSE
    )
    assert [(201, {"status": "pending"}), (200, {"status": "x"})] == [
        (reply.status, reply.body) for reply in (added, edited)
    ]
    assert (6, "confirmed") == (Booking.objects.count(), Booking.objects.get(pk=1).status)


def test_a_precondition_that_failed_leaves_the_row(door) -> None:
    reply = door.write("edit", 1, {"status": "x", "_if_match": '"other"'}, expose=EXPOSE)
    assert (412, "write.precondition") == (reply.status, reply.body["code"])
    assert "confirmed" == Booking.objects.get(pk=1).status


def test_always_http_200_holds_for_writes(door) -> None:
    made = door.write(
        "add", None, {"customer": 1, "_fields": "seats"}, expose=EXPOSE, ALWAYS_HTTP_200=True
    )
    assert {"status_code": 201, "seats": None} == made.body


@pytest.mark.parametrize("through", sorted(DOORS.keys() - ONE_BY_ONE))
class TestByAction:
    """What has no method of its own, through the doors that take an action."""

    @pytest.fixture
    def front(self, through: str, settings: Any) -> Any:
        return DOORS[through](settings)

    def test_rows_are_edited_by_filter(self, front) -> None:
        values = {"filters": {"status": "pending"}, "_set": {"seats": 9}, "_fields": "id,seats"}
        reply = front.write("bulk_edit", None, values, expose=EXPOSE)
        expected = [{"id": 2, "seats": 9}, {"id": 6, "seats": 9}]
        assert (200, {"affected": 2, "results": expected}) == (reply.status, reply.body)

    def test_rows_are_deleted_by_filter_unless_they_are_too_many(self, front) -> None:
        values = {"filters": {"status": "pending"}, "_max_affected": 1}
        refused = front.write("bulk_delete", None, values, expose=EXPOSE)
        assert (400, "_max_affected", 6) == (
            refused.status,
            refused.body["path"],
            Booking.objects.count(),
        )
        reply = front.write("bulk_delete", None, {**values, "_max_affected": 2}, expose=EXPOSE)
        assert (2, 4) == (reply.body["affected"], Booking.objects.count())

    def test_a_list_is_edited_and_deleted(self, front) -> None:
        items = [{"id": 1, "seats": 7}, {"id": 2, "seats": 8}]
        reply = front.write("edit", None, {"_items": items, "_fields": "seats"}, expose=EXPOSE)
        assert {"results": [{"seats": 7}, {"seats": 8}]} == reply.body
        reply = front.write("delete", None, {"_items": [1, 2]}, expose=EXPOSE)
        gone = [{"id": 1, "deleted": True}, {"id": 2, "deleted": True}]
        assert {"results": gone} == reply.body

    def test_one_missing_row_undoes_the_list(self, front) -> None:
        items = [{"id": 1, "seats": 7}, {"id": 99, "seats": 8}]
        reply = front.write("edit", None, {"_items": items}, expose=EXPOSE)
        assert (404, "_items[1].id", 2) == (
            reply.status,
            reply.body["path"],
            Booking.objects.get(pk=1).seats,
        )
