"""What can be written: every kind of column, relations, parts of JSON values."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from tests.mutations.conftest import FULL
from tests.testapp.models import Booking, Customer, Node

MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)
KEY = "12345678-1234-5678-1234-567812345678"
KINDS = {
    "text": ("status", "new", "new"),
    "integer": ("seats", 7, 7),
    "integer-as-text": ("seats", "7", 7),
    "null": ("seats", None, None),
    "boolean": ("urgent", True, True),
    "decimal": ("price", "12.5", Decimal("12.50")),
    "decimal-as-number": ("price", 12, Decimal(12)),
    "float": ("rating", 4.5, 4.5),
    "date": ("day", "2026-01-31", date(2026, 1, 31)),
    "time": ("starts", "12:30:00", time(12, 30)),
    "duration": ("lasts", "01:30:00", timedelta(minutes=90)),
    "iso-duration": ("lasts", "PT1H30M", timedelta(minutes=90)),
    "datetime": ("created_at", "2026-01-31T12:00:00Z", MOMENT),
    "datetime-with-offset": ("created_at", "2026-01-31T13:00:00+01:00", MOMENT),
    "uuid": ("reference", KEY, uuid.UUID(KEY)),
    "binary": ("digest", "aGVsbG8=", b"hello"),
    "foreign-key": ("customer", 2, 2),
    "foreign-key-by-column": ("customer_id", 2, 2),
    "no-foreign-key": ("address", None, None),
}


#: Django does not mean binary columns to be edited, so only their names grant them.
NAMED = {"booking": {"anon": {**FULL, "write_fields": ["*", "digest"]}}}


@pytest.mark.parametrize("case", KINDS)
def test_a_value_of_each_kind_is_stored(ask: Any, case: str) -> None:
    name, sent, stored = KINDS[case]
    result = ask(_action="edit", _id=1, **{name: sent}, expose=NAMED)
    assert result.ok, result.error
    column = name.removesuffix("_id")
    found = Booking.objects.values_list(column, flat=True).get(pk=1)
    assert stored == (bytes(found) if isinstance(stored, bytes) else found)


UNFIT = {
    "text-for-a-number": ("seats", "many"),
    "boolean-for-a-number": ("seats", True),
    "number-for-a-text": ("status", 3),
    "list-for-a-text": ("status", ["a"]),
    "object-for-a-key": ("customer", {"id": 1}),
    "impossible-date": ("day", "2026-02-30"),
    "year-10000": ("day", "10000-01-01"),
    "no-base64": ("digest", "!"),
    "half-a-surrogate": ("status", "\ud800"),
    "nul": ("status", "a\0b"),
    "beyond-64-bit": ("seats", 2**63),
    "nan": ("rating", float("nan")),
    "too-many-places": ("price", "1.005"),
    "too-many-digits": ("price", "12345678"),
}


@pytest.mark.parametrize("case", UNFIT)
def test_a_value_that_does_not_fit_is_named(ask: Any, case: str) -> None:
    name, sent = UNFIT[case]
    result = ask(_action="edit", _id=1, **{name: sent}, expose=NAMED)
    assert (400, "write.invalid") == (result.status_code, result.error.code)
    assert [name] == list(result.to_dict()["fields"])


def test_all_values_that_do_not_fit_are_named_at_once(ask: Any) -> None:
    result = ask(_action="edit", _id=1, seats="x", price="y", status="fine")
    assert {"seats", "price"} == set(result.to_dict()["fields"])


def test_defaults_fill_what_was_not_sent(ask: Any) -> None:
    result = ask(_action="add", customer=1)
    assert (201, "pending", False) == (
        result.status_code,
        result.data["status"],
        result.data["urgent"],
    )


def test_a_required_column_that_was_not_sent_is_named(ask: Any) -> None:
    result = ask(_action="add", status="x")
    assert {"customer": ["null"]} == result.to_dict()["codes"]
    assert {"name": ["blank"]} == ask("company", _action="add").to_dict()["codes"]


def test_a_uuid_key_is_made(ask: Any) -> None:
    result = ask("node", _action="add", title="root")
    child = ask("node", _action="add", title="leaf", parent=str(result.data["id"]))
    assert Node.objects.get(title="root") == Node.objects.get(pk=child.data["id"]).parent


@pytest.mark.parametrize(("name", "sent"), [("customer", 99), ("customer_id", 99)])
def test_a_key_of_no_row_is_named_as_it_was_sent(ask: Any, name: str, sent: Any) -> None:
    assert {name: ["99 does not exist."]} == ask(_action="add", **{name: sent}).to_dict()["fields"]


LOOKUP = re.compile(r"SELECT .*FROM .testapp_(customer|address). WHERE (?!.*booking)")


@pytest.mark.parametrize(
    ("customer", "address", "missing"),
    [(2, 1, set()), (99, 1, {"customer"}), (2, 99, {"address"}), (98, 99, {"customer", "address"})],
)
@pytest.mark.parametrize("action", ["add", "edit"])
def test_keys_of_one_row_are_looked_up_by_one_query(
    ask: Any, action: str, customer: int, address: int, missing: set[str]
) -> None:
    row = {"_id": 1} if action == "edit" else {}
    for _ in range(2):  # the second time, the statement is cached
        with CaptureQueriesContext(connection) as queries:
            result = ask(_action=action, **row, customer=customer, address=address, expose=NAMED)
        assert missing == set(result.to_dict().get("fields", {}))
        assert missing or result.status_code in {200, 201}
        # Which of the keys is missing takes a query for each of them.
        assert sum(LOOKUP.search(one["sql"]) is not None for one in queries) == (
            3 if missing else 1
        )


# --- many-to-many ---------------------------------------------------------------------------------

LINKS = {
    "all": (["green"], {"green"}),
    "none": ([], set()),
    "add": ({"$add": ["green"]}, {"red", "blue", "green"}),
    "remove": ({"$remove": ["red"]}, {"blue"}),
    "both": ({"$add": ["green"], "$remove": ["red", "blue"]}, {"green"}),
    "set": ({"$set": ["red", "green"]}, {"red", "green"}),
    "twice": (["green", "green"], {"green"}),
}


@pytest.mark.parametrize("case", LINKS)
def test_links_are_written(ask: Any, case: str) -> None:
    sent, linked = LINKS[case]
    result = ask(_action="edit", _id=1, tags=sent)
    assert result.ok, result.error
    assert linked == set(Booking.objects.get(pk=1).tags.values_list("pk", flat=True))


def test_links_are_written_from_the_other_side_where_a_grant_names_them(ask: Any) -> None:
    named = {"tag": {"anon": {**FULL, "write_fields": ["*", "bookings"]}}}
    assert 403 == ask("tag", _action="edit", _id="green", bookings=[1, 5]).status_code
    result = ask("tag", _action="edit", _id="green", bookings=[1, 5], expose=named)
    assert result.ok, result.error
    assert {1, 5} == set(Booking.objects.filter(tags="green").values_list("pk", flat=True))


@pytest.mark.parametrize(
    "sent", ["red", 3, {"$what": []}, {}, {"$set": [], "$add": []}, {"$add": 1}]
)
def test_links_that_are_no_list_are_refused(ask: Any, sent: Any) -> None:
    result = ask(_action="edit", _id=1, tags=sent)
    assert (400, "tags") == (result.status_code, result.error.path)


def test_a_link_to_no_row_is_refused(ask: Any) -> None:
    result = ask(_action="edit", _id=1, tags=["red", "nope"])
    assert {"tags": ["nope does not exist."]} == result.to_dict()["fields"]
    assert 2 == Booking.objects.get(pk=1).tags.count()


# --- JSON -----------------------------------------------------------------------------------------

JSON: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "key": ({"metadata.level": 9}, {"level": 9}),
    "new-key": ({"metadata.color": "red"}, {"color": "red"}),
    "nested": ({"metadata.settings.theme": "blue"}, {"settings": {"theme": "blue", "lang": "en"}}),
    "new-objects": ({"metadata.a.b.c": [1]}, {"a": {"b": {"c": [1]}}}),
    "list-item": ({"metadata.tags.0": "gold"}, {"tags": ["gold", "early"]}),
    "null": ({"metadata.level": None}, {"level": None}),
    "two": ({"metadata.level": 1, "metadata.active": False}, {"level": 1, "active": False}),
}
METADATA: dict[str, Any] = {
    "settings": {"theme": "dark", "lang": "en"},
    "tags": ["vip", "early"],
    "level": 7,
    "active": True,
}


@pytest.mark.parametrize("case", JSON)
def test_a_key_of_a_json_value_is_written_and_the_others_stay(ask: Any, case: str) -> None:
    sent, changed = JSON[case]
    result = ask("customer", _action="edit", _id=1, **sent)
    assert result.ok, result.error
    assert {**METADATA, **changed} == Customer.objects.get(pk=1).metadata


def test_a_whole_json_value_is_written(ask: Any) -> None:
    ask("customer", _action="edit", _id=1, metadata={"x": [1, {"y": None}]})
    assert {"x": [1, {"y": None}]} == Customer.objects.get(pk=1).metadata


@pytest.mark.parametrize("path", ["metadata.level.deeper", "metadata.tags.9", "metadata.tags.x"])
def test_a_path_through_what_holds_no_key_is_refused(ask: Any, path: str) -> None:
    result = ask("customer", _action="edit", _id=1, **{path: 1})
    assert (400, [path]) == (result.status_code, list(result.to_dict()["fields"]))
    assert METADATA == Customer.objects.get(pk=1).metadata


# --- how it is written ----------------------------------------------------------------------------


def statements(ask: Any, **spec: Any) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        result = ask(**spec)
    assert result.ok, result.error
    return [q["sql"] for q in captured if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


needs_plain_sql = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="elsewhere a time limit stands before the statement"
)


@needs_plain_sql
def test_an_update_holds_what_changed_and_nothing_else(ask: Any) -> None:
    (update,) = statements(ask, _action="edit", _id=1, seats=9, status="confirmed")
    assert 'SET "seats" = 9 WHERE' in update


@needs_plain_sql
def test_nothing_changed_is_no_update(ask: Any) -> None:
    assert [] == statements(ask, _action="edit", _id=1, seats=2, price="100", status="confirmed")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"_action": "add", "customer": 1}, 3),  # the customer, INSERT, the reply
        ({"_action": "edit", "_id": 1, "seats": 3}, 3),  # the row, UPDATE, the reply
        ({"_action": "edit", "_id": 99, "seats": 3}, 1),
    ],
    ids=["add", "edit", "missing"],
)
def test_a_write_takes_few_statements(ask: Any, spec: dict[str, Any], expected: int) -> None:
    from tests.doors.fronts import touches_rows

    with CaptureQueriesContext(connection) as captured:
        ask(**spec)
    ran = [q["sql"] for q in captured if touches_rows(q["sql"])]
    assert expected == len(ran), ran


class _Deferring(models.Manager[Any]):
    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().defer("metadata")


@pytest.mark.parametrize(
    "sent",
    [
        {"_action": "edit", "id": 1, "metadata": {"a": 1}},
        {"_action": "edit", "_items": [{"id": 1, "metadata": {"a": 1}}]},
        {"_action": "bulk_edit", "filters": {"id": 1}, "_set": {"metadata": {"a": 1}}},
    ],
)
def test_a_column_that_the_base_manager_defers_is_written(
    ask: Any, monkeypatch: pytest.MonkeyPatch, sent: dict[str, Any]
) -> None:
    manager = _Deferring()
    manager.model = Customer
    monkeypatch.setitem(vars(Customer._meta), "base_manager", manager)
    result = ask("customer", **sent)

    assert 200 == result.status_code, result.to_dict()
    assert {"a": 1} == Customer.objects.get(pk=1).metadata
