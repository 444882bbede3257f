"""Orderings: directions, NULLs, relations, grants; always total."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.doors.fronts import Door, grant
from tests.testapp.models import Customer

pytestmark = pytest.mark.usefixtures("bookings")


@pytest.mark.parametrize(
    ("order_by", "expected"),
    [
        pytest.param("id", [1, 2, 3, 4, 5, 6], id="ascending"),
        pytest.param("-id", [6, 5, 4, 3, 2, 1], id="descending"),
        pytest.param("-pk", [6, 5, 4, 3, 2, 1], id="pk"),
        pytest.param("status", [5, 4, 3, 1, 2, 6], id="text-then-key"),
        pytest.param("-status", [2, 6, 1, 3, 4, 5], id="descending-then-key"),
        pytest.param("urgent,-id", [5, 3, 2, 6, 4, 1], id="two"),
        pytest.param(["urgent", "-id"], [5, 3, 2, 6, 4, 1], id="list"),
        pytest.param("seats.nulls_first", [3, 5, 4, 1, 2, 6], id="nulls-first"),
        pytest.param("seats.nulls_last", [4, 1, 2, 6, 3, 5], id="nulls-last"),
        pytest.param("-seats.nulls_first", [3, 5, 2, 6, 1, 4], id="descending-nulls-first"),
        pytest.param("-seats.nulls_last", [2, 6, 1, 4, 3, 5], id="descending-nulls-last"),
        pytest.param("customer", [1, 3, 2, 6, 4, 5], id="foreign-key"),
        pytest.param("-customer_id", [5, 4, 2, 6, 1, 3], id="foreign-key-by-column"),
        pytest.param("customer.name", [1, 3, 4, 2, 6, 5], id="over-a-relation"),
        pytest.param("-customer.company.name.nulls_last", [2, 6, 1, 3, 4, 5], id="two-hops"),
        pytest.param("address.city.nulls_last", [1, 6, 2, 3, 4, 5], id="missing-row-is-null"),
        pytest.param("-customer.metadata.level.nulls_last", [1, 3, 2, 6, 4, 5], id="json"),
        pytest.param("-invoice.number.nulls_last", [2, 1, 3, 4, 5, 6], id="reverse-one-to-one"),
    ],
)
def test_rows_come_in_order(query_door: Door, order_by: Any, expected: list[int]) -> None:
    reply = query_door.list({"fields": "id", "order_by": order_by})

    assert (200, expected) == (reply.status, reply.ids)


@pytest.mark.needs("offsets")
def test_the_order_is_in_the_reply_beside_the_map(door: Door) -> None:
    assert "ids" in door.list({"fields": "id", "order_by": "id"}).body["pagination"]
    assert "ids" not in door.list({"fields": "id"}).body["pagination"]


def test_rows_without_order_come_by_key(door: Door) -> None:
    assert [1, 2, 3, 4, 5, 6] == door.list({"fields": "id"}).ids


@pytest.mark.sql
def test_order_is_total(door: Door) -> None:
    with CaptureQueriesContext(connection) as captured:
        door.list({"fields": "id", "order_by": "status"})

    (sql,) = [query["sql"] for query in captured]
    by_status, by_key = sql.split("ORDER BY")[1].split("LIMIT")[0].split(",")
    assert by_status != by_key


def test_json_numbers_are_ordered_as_numbers(door: Door) -> None:
    Customer.objects.filter(pk=1).update(metadata={"level": 10})
    Customer.objects.filter(pk=2).update(metadata={"level": 9.5})
    query = {"fields": "id", "order_by": "metadata.level.nulls_last", "limit": 2}

    assert [2, 1] == door.list(query, model="customer").ids


def test_json_texts_and_numbers_are_ordered_apart(door: Door) -> None:
    for pk, level in ((1, "b"), (2, 20), (3, "a"), (4, 3)):
        Customer.objects.filter(pk=pk).update(metadata={"level": level})

    ascending = door.list(
        {"fields": "id", "order_by": "metadata.level.nulls_last"}, model="customer"
    )
    descending = door.list(
        {"fields": "id", "order_by": "-metadata.level.nulls_last"}, model="customer"
    )
    assert ([4, 2, 3, 1], [2, 4, 1, 3]) == (ascending.ids, descending.ids)


def test_json_booleans_are_ordered(door: Door) -> None:
    query = {"fields": "id", "order_by": "-metadata.active.nulls_last", "limit": 2}

    assert [1, 2] == door.list(query, model="customer").ids


GRANTED = grant(order_by=["status", "-price", "customer.name", "-customer.metadata.level"])


@pytest.mark.parametrize(
    ("order_by", "status"),
    [
        ("status", 200),
        ("-status", 403),
        ("-price", 200),
        ("price", 403),
        ("-price.nulls_last", 200),
        ("customer.name", 200),
        ("customer_id.name", 200),
        ("-customer.name", 403),
        ("-customer.metadata.level", 200),
        ("status, -price", 200),
        ("status, price", 403),
        ("id", 403),
        ("nothing", 403),
    ],
)
def test_each_direction_is_a_grant(door: Door, order_by: str, status: int) -> None:
    reply = door.list({"fields": "id", "order_by": order_by}, expose=GRANTED)

    assert status == reply.status
    assert status == 200 or reply.body["error"].startswith("Order denied: ")


def test_star_orders_by_what_is_readable_only(door: Door) -> None:
    expose = grant(fields=["id", "status"], order_by=["*"])

    assert 200 == door.list({"fields": "id", "order_by": "-status"}, expose=expose).status
    assert 403 == door.list({"fields": "id", "order_by": "price"}, expose=expose).status


@pytest.mark.parametrize(
    ("order_by", "code"),
    [
        pytest.param("", "query.value", id="empty"),
        pytest.param(5, "query.value", id="number"),
        pytest.param({"id": 1}, "query.value", id="object"),
        pytest.param("--id", "query.invalid", id="two-signs"),
        pytest.param("+id", "query.invalid", id="plus"),
        pytest.param("id desc", "query.invalid", id="sql"),
        pytest.param("?", "query.invalid", id="random"),
        pytest.param("lines.quantity", "query.invalid", id="to-many"),
        pytest.param("customer.company.services.name", "query.limit", id="too-many-hops"),
        pytest.param("status.backwards", "order.denied", id="unknown-part"),
        pytest.param("customer__name", "order.denied", id="django-lookup"),
    ],
)
def test_order_that_makes_no_sense_is_refused(query_door: Door, order_by: Any, code: str) -> None:
    reply = query_door.list({"fields": "id", "order_by": order_by})

    assert (code, "order_by") == (reply.body["code"], reply.body["path"])


def test_number_of_sort_keys_is_capped(door: Door) -> None:
    reply = door.list({"fields": "id", "order_by": "id, status, price"}, MAX_ORDERS=2)

    assert (400, "query.limit") == (reply.status, reply.body["code"])
