"""Another transaction changes a row while a write waits for its lock: the rules hold for the row as
it is then. Real connections, on servers that lock rows; SQLite has one writer at a time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, connections, transaction
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_flex import FlexQuery
from django_flex.actions.declare.registry import registry
from django_flex.actions.models import ActionEvent
from tests.actions import handlers
from tests.backends.conftest import ON_A_SERVER, ON_MARIADB, ON_SQLITE, VENDOR, connected
from tests.conftest import create_bookings
from tests.doors.fronts import FLEX_MIDDLEWARE, MIDDLEWARE
from tests.testapp.models import (
    Address,
    Booking,
    Company,
    Customer,
    Invoice,
    Line,
    Place,
    Product,
    Restaurant,
    Tag,
    Team,
)

WRITES = ["get", "list", "add", "edit", "delete", "bulk_edit", "bulk_delete"]
ACTIONS = ["approve", "close_all", "close_each"]
#: The rows of the caller are the pending ones: bookings 2 and 6.
MINE: dict[str, Any] = {
    "fields": ["*", "lines.*"],
    "filters": ["*"],
    "rows": {"status": "pending"},
    "ops": [*WRITES, *ACTIONS],
}
EXPOSE: dict[str, Any] = {
    "booking": {"anon": MINE},
    "line": {
        "anon": {"fields": ["*"], "filters": ["*"], "rows": {"product": "mop"}, "ops": WRITES}
    },
}
NOTE = {"internal_notes": "written"}
#: How many connections wait for this one. (What pg_stat_activity says stays the same in a transaction.)
WAITING = {
    "postgresql": "SELECT count(*) FROM pg_locks"
    " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))",
    "mysql": "SELECT count(*) FROM information_schema.innodb_lock_waits w"
    " JOIN information_schema.innodb_trx t ON t.trx_id = w.blocking_trx_id"
    " WHERE t.trx_mysql_thread_id = CONNECTION_ID()",
}


@pytest.fixture(autouse=True)
def actions() -> Iterator[None]:
    with registry.isolated():
        handlers.register()
        yield


@pytest.fixture
def expose(settings: Any) -> Callable[..., None]:
    """Return a function that grants; locks are waited for as long as a slow machine takes."""
    settings.MIDDLEWARE = [*MIDDLEWARE, FLEX_MIDDLEWARE]

    def write(**entries: Any) -> None:
        settings.DJANGO_FLEX = {
            "REQUIRE_AUTHENTICATION": False,
            "LOCK_TIMEOUT": 20,
            "WRITE_TIMEOUT": 30,
            "EXPOSE": {**EXPOSE, **entries},
        }

    write()
    return write


#: What the tests write, children first.
TABLES: list[Any] = [
    ActionEvent,
    Invoice,
    Line,
    Booking.tags.through,
    Booking,
    Product,
    Address,
    Tag,
]
TABLES += [Customer, Company, Restaurant, Place]


def elsewhere(work: Callable[[], Any]) -> Any:
    """Do something on a connection of its own, where it is committed; return what it gives."""

    def closing() -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(closing).result(timeout=60)


@pytest.fixture
def rows(db: None) -> Iterator[None]:
    """The usual rows, committed. They are deleted afterwards, since to flush a server is slow."""
    elsewhere(create_bookings)
    yield
    elsewhere(lambda: [model._base_manager.all().delete() for model in TABLES])


def ask(method: str, url: str, **body: Any) -> Callable[[], tuple[int, Any]]:
    """Return what sends a request."""

    def run() -> tuple[int, Any]:
        reply = Client().generic(method, url, json.dumps(body), "application/json")
        return reply.status_code, reply.json()

    return run


def race(request: Callable[[], Any], change: Callable[[], Any]) -> Any:
    """Change something in a transaction that is committed while a request waits for it."""

    def changing() -> Future[Any]:
        with transaction.atomic():
            change()
            reply = pool.submit(elsewhere, request)
            wait_for(reply)
        return reply

    with ThreadPoolExecutor(1) as pool:
        return elsewhere(changing).result(timeout=60)


def wait_for(reply: Future[Any]) -> None:
    """Return when the request waits for a lock, or is done without."""
    if VENDOR == "sqlite":
        with suppress(TimeoutError):
            reply.result(timeout=0.3)
        return
    for _ in range(100):
        with connection.cursor() as cursor:
            cursor.execute(WAITING[VENDOR])
            waits = cursor.fetchone()[0]
        if waits or reply.done():
            return
        time.sleep(0.15)  # MariaDB tells the same again to who asks within 0.1 s
    pytest.fail("The request neither waits nor ends")


def moved() -> None:
    Booking.objects.filter(pk=2).update(status="theirs")


def gone() -> None:
    for model in (Invoice, Line, Booking.tags.through):
        model._base_manager.filter(booking=2).delete()
    Booking.objects.filter(pk=2).delete()


def booking(pk: int = 2) -> tuple[Any, ...] | None:
    """Return what the requests want to change, as it is."""
    return Booking.objects.filter(pk=pk).values_list("status", "seats", "internal_notes").first()


CHANGES = {"moved": moved, "gone": gone}
AFTERWARDS = {"moved": ("theirs", 4, ""), "gone": None}
SINGLE = partial(ask, "POST", "/api/")
BOOKING = partial(SINGLE, _model="booking")
EDIT = {"_model": "booking", "_action": "edit", "_id": 2, **NOTE}
BY_FILTER = {"filters": {"seats": 4}, "_max_affected": 5}
#: name: the request, the status that it ends with, and keys of its reply
REQUESTS: dict[str, tuple[Callable[[], Any], int, dict[str, Any]]] = {
    "delete": (ask("DELETE", "/api/booking/2"), 404, {}),
    "delete-items": (BOOKING(_action="delete", _items=[2, 6]), 404, {}),
    "bulk-delete": (BOOKING(_action="bulk_delete", **BY_FILTER), 200, {"affected": 1}),
    "edit": (ask("PATCH", "/api/booking/2", **NOTE), 404, {}),
    "edit-items": (
        BOOKING(_action="edit", _items=[{"id": 2, **NOTE}, {"id": 6, **NOTE}]),
        404,
        {},
    ),
    "bulk-edit": (BOOKING(_action="bulk_edit", _set=NOTE, **BY_FILTER), 200, {"affected": 1}),
    "batch": (SINGLE(_batch=[{**EDIT, "_id": 6}, EDIT]), 404, {}),
    "nested": (
        BOOKING(_action="edit", _id=2, lines={"$edit": [{"id": 3, "quantity": 9}]}),
        404,
        {},
    ),
    "action": (ask("POST", "/api/booking/2/actions/approve/"), 404, {}),
    "action-all": (ask("POST", "/api/booking/actions/close_all/", _ids=[2, 6]), 404, {}),
    "action-all-by-filter": (
        ask("POST", "/api/booking/actions/close_all/", _filters={"seats": 4}),
        200,
        {},
    ),
    "action-each": (ask("POST", "/api/booking/actions/close_each/", _ids=[2]), 200, {}),
    "action-expecting": (
        ask("POST", "/api/booking/actions/close_all/", _filters={"seats": 4}, _expect=2),
        409,
        {"path": "_expect"},
    ),
}


#: A row that is gone is no other case for each of them.
CASES = [(name, "moved") for name in REQUESTS]
CASES += [(name, "gone") for name in ("delete", "edit-items", "bulk-edit", "action-all")]


@ON_A_SERVER
@pytest.mark.parametrize(("name", "change"), CASES, ids=lambda part: part)
def test_a_row_that_left_the_rules_during_the_wait_is_a_missing_one(
    rows: None, expose: Any, name: str, change: str
) -> None:
    request, status, keys = REQUESTS[name]
    found, body = race(request, CHANGES[change])
    assert (status, keys) == (found, {key: body.get(key) for key in keys}), body
    assert AFTERWARDS[change] == elsewhere(booking)
    if status != 200:
        assert ("pending", 4, "") == elsewhere(partial(booking, 6))  # all or nothing


def other_seats() -> None:
    Booking.objects.filter(pk=2).update(seats=9)


def other_customer() -> None:
    """Change a row that a rule looks at, and the row that the request waits for."""
    Customer.objects.filter(pk=2).update(vip=False)
    Booking.objects.filter(pk=2).update(seats=4)


def line_of_another() -> None:
    Line.objects.filter(pk=3).update(booking=6)


def other_line() -> None:
    Line.objects.filter(pk=3).update(product="theirs")


#: name: part of the grants of a booking, the change, the request, and how it ends
RULES: dict[str, tuple[dict[str, Any], Callable[[], None], Callable[[], Any], int, Any]] = {
    "edit-rows": (
        {"edit": {"rows": {"seats": 4}}},
        other_seats,
        ask("PATCH", "/api/booking/2", **NOTE),
        404,
        ("pending", 9, ""),
    ),
    "delete-rows": (
        {"delete": {"rows": {"seats": 4}}},
        other_seats,
        ask("DELETE", "/api/booking/2"),
        404,
        ("pending", 9, ""),
    ),
    "filter-of-bulk-delete": (
        {},
        other_seats,
        BOOKING(_action="bulk_delete", **BY_FILTER),
        200,
        ("pending", 9, ""),
    ),
    "filter-of-bulk-edit": (
        {},
        other_seats,
        BOOKING(_action="bulk_edit", _set=NOTE, **BY_FILTER),
        200,
        ("pending", 9, ""),
    ),
    "filter-of-action": (
        {},
        other_seats,
        ask("POST", "/api/booking/actions/close_all/", _filters={"seats": 4}),
        200,
        ("pending", 9, ""),
    ),
    "filter-of-action-each": (
        {},
        other_seats,
        ask("POST", "/api/booking/actions/close_each/", _filters={"seats": 4, "id": 2}, _expect=1),
        409,
        ("pending", 9, ""),
    ),
    "precondition-of-action": (
        {},
        other_seats,
        ask("POST", "/api/booking/2/actions/approve/", _if={"seats": 4}),
        412,
        ("pending", 9, ""),
    ),
    "rule-over-a-relation": (
        {"rows": {"customer.vip": True}},
        other_customer,
        ask("DELETE", "/api/booking/2"),
        404,
        ("pending", 4, ""),
    ),
    "nested-row-taken-by-another": (
        {},
        line_of_another,
        BOOKING(_action="edit", _id=2, lines={"$edit": [{"id": 3, "note": "written"}]}),
        404,
        ("pending", 4, ""),
    ),
    "nested-row-that-left-its-rules": (
        {},
        other_line,
        BOOKING(_action="edit", _id=2, lines={"$edit": [{"id": 3, "note": "written"}]}),
        404,
        ("pending", 4, ""),
    ),
    "nested-row-to-be-removed": (
        {},
        other_line,
        BOOKING(_action="edit", _id=2, lines={"$remove": [3]}),
        404,
        ("pending", 4, ""),
    ),
    "row-that-goes-with-another": (
        {"delete": {"cascade": ["invoice"]}},
        other_line,
        ask("DELETE", "/api/booking/2"),
        409,
        ("pending", 4, ""),
    ),
    "row-that-went-to-another": (
        {"delete": {"cascade": ["invoice"]}},
        line_of_another,
        ask("DELETE", "/api/booking/2"),
        200,
        None,
    ),
    "other-column": (
        {},
        other_seats,
        ask("PATCH", "/api/booking/2", **NOTE),
        200,
        ("pending", 9, "written"),
    ),
}


@ON_A_SERVER
@pytest.mark.parametrize("name", RULES)
def test_rules_filters_and_values_are_those_of_the_locked_row(
    rows: None, expose: Any, name: str
) -> None:
    parts, change, request, status, after = RULES[name]
    expose(booking={"anon": {**MINE, **parts}})
    elsewhere(lambda: Customer.objects.filter(pk=2).update(vip=True))
    found, body = race(request, change)
    assert status == found, body
    assert after == elsewhere(booking)
    lines = elsewhere(lambda: list(Line.objects.filter(pk=3).values_list("note", flat=True)))
    assert [None] == lines


@ON_A_SERVER
def test_rows_beyond_the_expected_number_are_not_left_out_silently(rows: None, expose: Any) -> None:
    """Two of three rows are locked, to see that one is too few; one of them moves meanwhile."""
    elsewhere(lambda: Booking.objects.filter(pk=4).update(status="pending", seats=4))
    request = BOOKING(_action="bulk_edit", _set=NOTE, filters={"seats": 4}, _max_affected=1)
    status, body = race(request, moved)
    assert (409, "Another write happened at the same time") == (status, body["error"])


@ON_A_SERVER
def test_an_upsert_does_not_edit_a_row_that_moved_during_the_wait(rows: None, expose: Any) -> None:
    grant = {"fields": "*", "rows": {"shelf": 1}, "ops": ["add", "edit", "get"]}
    expose(product={"anon": {**grant, "write_fields": ["sku", "name", "shelf"]}})
    elsewhere(lambda: Product.objects.create(sku="A1", name="old", shelf=1))
    request = ask("PUT", "/api/product/?match=sku", sku="A1", name="new", shelf=1)
    status, body = race(request, lambda: Product.objects.update(shelf=2))
    assert (400, ["sku"]) == (status, list(body.get("fields", {}))), body
    assert [("old", 2)] == elsewhere(lambda: list(Product.objects.values_list("name", "shelf")))


def other_product() -> None:
    Product.objects.create(sku="A1", name="old", shelf=1)


#: Writes of a new row with the number A1.
TAKING: dict[str, Callable[[dict[str, Any]], Callable[[], Any]]] = {
    "add": lambda sent: SINGLE(_model="product", _action="add", sku="A1", **sent),
    "add-items": lambda sent: SINGLE(
        _model="product", _action="add", _items=[{"sku": "A1", **sent}, {"sku": "C1", **sent}]
    ),
    "upsert": lambda sent: ask("PUT", "/api/product/?match=sku", sku="A1", **sent),
    "batch": lambda sent: SINGLE(
        _batch=[{"_model": "product", "_action": "add", "sku": "A1", **sent}]
    ),
}


@ON_A_SERVER
@pytest.mark.parametrize("name", TAKING)
def test_a_value_that_is_taken_meanwhile_is_told_of_rows_to_write_alone(
    rows: None, expose: Any, name: str
) -> None:
    grant = {"fields": "*", "rows": {"shelf": 2}, "ops": ["add", "edit", "get"]}
    expose(product={"anon": {**grant, "write_fields": ["sku", "name", "shelf"]}})
    denied, mine = (TAKING[name]({"name": "new", "shelf": shelf}) for shelf in (1, 2))
    free = elsewhere(denied)
    raced = race(denied, other_product)

    assert (403, free) == (raced[0], raced)
    elsewhere(lambda: Product.objects.all().delete())
    status, body = race(mine, other_product)
    assert status in {400, 409}, body
    assert [("old", 1)] == elsewhere(lambda: list(Product.objects.values_list("name", "shelf")))


@ON_A_SERVER
def test_a_value_that_is_taken_meanwhile_is_told_of_changed_rows_to_write_alone(
    rows: None, expose: Any
) -> None:
    grant = {"fields": "*", "rows": {"shelf": 2}, "ops": ["add", "edit", "get"]}
    expose(product={"anon": {**grant, "write_fields": ["sku", "name", "shelf"]}})
    pk = elsewhere(lambda: Product.objects.create(sku="B1", name="mine", shelf=2).pk)
    denied = SINGLE(_model="product", _action="edit", _id=pk, sku="A1", shelf=1)
    mine = SINGLE(_model="product", _action="edit", _id=pk, sku="A1")
    free = elsewhere(denied)
    raced = race(denied, other_product)

    assert (403, free) == (raced[0], raced)
    elsewhere(lambda: Product.objects.filter(sku="A1").delete())
    status, body = race(mine, other_product)
    assert (409, "write.duplicate") == (status, body["code"]), body


@ON_A_SERVER
def test_the_part_of_a_row_in_the_table_of_its_parent_is_locked_with_it(
    rows: None, expose: Any
) -> None:
    grant = {"fields": "*", "rows": {"name": "mine"}, "ops": ["get", "edit"]}
    expose(restaurant={"anon": grant})
    pk = elsewhere(lambda: Restaurant.objects.create(name="mine", stars=1).pk)
    request = ask("PATCH", f"/api/restaurant/{pk}", stars=5)
    status, body = race(request, lambda: Place.objects.filter(pk=pk).update(name="theirs"))
    assert 404 == status, body
    assert [1] == elsewhere(lambda: list(Restaurant.objects.values_list("stars", flat=True)))


@ON_MARIADB
def test_a_snapshot_older_than_the_lock_is_a_conflict(rows: None, expose: Any) -> None:
    """Under REPEATABLE READ a plain read would show the rules a row that is no more."""

    def request() -> tuple[int, Any]:
        with transaction.atomic():
            assert 6 == Booking.objects.count()
            result = FlexQuery("booking").execute({"_action": "delete", "_id": 2})
        return result.status_code, result.to_dict()

    options = {**connection.settings_dict["OPTIONS"], "isolation_level": "repeatable read"}
    with connected(OPTIONS=options):
        status, body = race(request, moved)
    assert (409, "Another write happened at the same time") == (status, body["error"])
    assert ("theirs", 4, "") == elsewhere(booking)


#: Of a rule, statements that are needed anyway: it has to hold after an edit, too.
AFTER = {"delete": 0, "edit": 1, "edit-items": 1, "action": 0}


@pytest.mark.parametrize("name", AFTER)
def test_the_second_look_is_one_statement_where_there_is_a_rule_and_a_lock(
    bookings: None, expose: Any, name: str
) -> None:
    selects = []
    for rule in ("*", {"id.lt": 99}):
        expose(booking={"anon": {**MINE, "rows": rule, "delete": {"cascade": "*"}}})
        with transaction.atomic():
            with CaptureQueriesContext(connection) as captured:
                status, body = REQUESTS[name][0]()
            transaction.set_rollback(True)
        assert 200 == status, body
        selects.append(sum("SELECT " in one["sql"] for one in captured))
    assert AFTER[name] + (VENDOR != "sqlite") == selects[1] - selects[0]


@pytest.mark.exhaustive
@ON_SQLITE
def test_sqlite_looks_at_a_row_when_the_other_writer_is_done(
    db: None, expose: Any, tmp_path: Any
) -> None:
    """Its write lock is taken before the first look, so there is nothing to look at again."""
    file = str(tmp_path / "shared.sqlite3")
    with connected(NAME=file, OPTIONS={"timeout": 20}):
        with connection.schema_editor() as editor:
            for model in [get_user_model(), *TABLES, Team]:
                if not model._meta.auto_created:
                    editor.create_model(model)
        elsewhere(create_bookings)
        replies = {name: race(REQUESTS[name][0], moved) for name in ("delete", "edit", "bulk-edit")}
        assert {"delete": 404, "edit": 404, "bulk-edit": 200} == {
            name: status for name, (status, _) in replies.items()
        }
        assert ("theirs", 4, "") == elsewhere(booking)


UPDATES = {
    "edit": (ask("PATCH", "/api/booking/2", seats={"$inc": 1}), 200),
    "edit-items": (BOOKING(_action="edit", _items=[{"id": 2, "seats": {"$inc": 1}}]), 200),
    "bulk-edit": (
        BOOKING(
            _action="bulk_edit",
            filters={"id": 2},
            _set={"seats": {"$inc": 1}},
            _max_affected=1,
        ),
        200,
    ),
    "batch": (
        SINGLE(_batch=[{"_model": "booking", "_action": "edit", "_id": 2, "seats": {"$inc": 1}}]),
        200,
    ),
}


@ON_A_SERVER
@pytest.mark.parametrize("name", UPDATES)
def test_no_increment_is_lost(rows: None, expose: Any, name: str) -> None:
    """Several connections add to one number, while others of this process do the same by ``F``."""
    request, status = UPDATES[name]
    before = elsewhere(booking)[1]

    def several() -> list[int]:
        try:
            return [request()[0] for _ in range(10)]
        finally:
            connections.close_all()

    def by_code() -> list[int]:
        try:
            for _ in range(10):
                Booking.objects.filter(pk=2).update(seats=F("seats") + 1)
        finally:
            connections.close_all()
        return []

    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(work) for work in (several, by_code, several, several)]
        statuses = [one for future in done for one in future.result(timeout=60)]

    assert {status} == set(statuses)
    assert before + 40 == elsewhere(booking)[1]


@ON_A_SERVER
def test_no_item_of_a_list_is_lost(rows: None, expose: Any) -> None:
    expose(
        customer={"anon": {**MINE, "rows": "*", "fields": ["*"], "filters": ["*"], "ops": WRITES}}
    )

    def several(start: int) -> list[int]:
        try:
            return [
                ask("PATCH", "/api/customer/2", **{"metadata.tags": {"$append": n}})()[0]
                for n in range(start, start + 10)
            ]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        statuses = [one for part in pool.map(several, (0, 10, 20)) for one in part]

    assert {200} == set(statuses)
    tags = elsewhere(lambda: Customer.objects.get(pk=2).metadata["tags"])
    assert ["new", *range(30)] == [tags[0], *sorted(tags[1:])]
