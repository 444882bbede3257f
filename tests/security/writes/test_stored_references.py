"""What an operation of a batch takes from an earlier reply is data, whatever somebody has stored."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex import FlexQuery
from tests.testapp.models import Booking, Customer, Line

pytestmark = pytest.mark.django_db
ALL = {"fields": "*", "filters": "*", "order_by": "*"}


@pytest.fixture(autouse=True)
def settings_of_all(configure: Any, bookings: None) -> None:
    ops = ["get", "list", "add", "edit", "delete", "bulk_edit", "bulk_delete"]
    grant = {**ALL, "ops": ops}
    configure(
        {name: {"anon": grant} for name in ("booking", "customer", "line")},
        REQUIRE_AUTHENTICATION=False,
    )


def with_stored(stored: object, step: dict[str, Any]) -> tuple[int, Any]:
    """Store a value, and return what an operation that refers to it gives."""
    Customer.objects.filter(pk=1).update(metadata={"x": stored})
    see = {"_model": "customer", "_id": 1, "_name": "c", "fields": "metadata"}
    result = FlexQuery("customer").execute({"_batch": [see, step]})
    return result.status_code, result.to_dict()


REF = {"$ref": "c.metadata.x"}


@pytest.mark.parametrize(
    ("stored", "filters"),
    [
        ({"$field": "status"}, {"status": REF}),
        ([{"$field": "status"}], {"status.in": REF}),
        ({"$user": "id"}, {"or": [{"seats": REF}, {"status": REF}]}),
        ({"status.ne": "x"}, REF),
        ({"status.ne": "x"}, {"or": REF}),
        ([{"status.ne": "x"}], {"or": REF}),
        ({"product.ne": "x"}, {"lines.none": REF}),
    ],
    ids=["column", "in a list", "user", "all", "or", "list", "quantifier"],
)
@pytest.mark.parametrize("action", ["bulk_delete", "list"])
def test_it_is_no_condition(stored: object, filters: Any, action: str) -> None:
    status, body = with_stored(stored, {"_model": "booking", "_action": action, "filters": filters})
    assert status in {400, 403}, body
    assert Booking.objects.count() == 6


def test_it_is_no_condition_on_the_rows_in_a_list() -> None:
    nested = {"lines": {"filters": {"product": REF}}}
    asked = {"_model": "booking", "_action": "list", "fields": "lines.id", "related": nested}
    assert with_stored({"$field": "product"}, asked)[0] == 400


@pytest.mark.parametrize(
    "step",
    [
        {"_action": "add", "customer": REF},
        {"_action": "add", "_items": [{"customer": REF}]},
        {"_action": "edit", "_id": 1, "seats": REF},
        {"_action": "edit", "_items": [{"id": 1, "customer": REF}]},
        {"_action": "bulk_edit", "filters": {}, "_set": {"seats": REF}},
    ],
    ids=["add", "items", "edit", "edited items", "bulk edit"],
)
@pytest.mark.parametrize("stored", [{"$add": {"name": "new"}}, {"$inc": 5}], ids=["add", "inc"])
def test_it_does_not_say_what_a_write_does(step: dict[str, Any], stored: object) -> None:
    status, body = with_stored(stored, {"_model": "booking", **step})
    assert status == 400, body
    assert Customer.objects.count() == 4


def test_it_says_nothing_about_the_columns_of_a_row_either() -> None:
    new = {"_model": "booking", "_action": "add", "customer": {"$add": REF}}
    assert with_stored({"name": {"$inc": 1}}, new)[0] == 400
    assert with_stored({"name": "new", "metadata": {"$append": 1}}, new)[0] == 200
    assert Customer.objects.latest("pk").metadata == {"$append": 1}


@pytest.mark.parametrize(
    "stored",
    [
        {"$value": 1},
        {"$inc": 1},
        {"$schema": "x", "type": "object"},
        [{"$add": 1}, 2],
        {"a": {"$inc": 1}},
        {"a": 1},
    ],
    ids=str,
)
def test_it_is_stored_as_it_was(stored: object) -> None:
    step = {"_model": "customer", "_action": "edit", "_id": 2}
    status, body = with_stored(stored, {**step, "metadata": REF})
    assert status == 200, body
    assert Customer.objects.get(pk=2).metadata == stored


def test_a_part_of_a_value_is_stored_as_it_was() -> None:
    step = {"_model": "customer", "_action": "edit", "_id": 2, "metadata.copy": REF}
    assert with_stored({"$inc": 1}, step)[0] == 200
    assert Customer.objects.get(pk=2).metadata["copy"] == {"$inc": 1}


def test_rows_of_a_reply_are_rows() -> None:
    rows = [{"booking": 1, "product": "a"}, {"booking": 1, "product": "b"}]
    copied = {"_model": "line", "_action": "add", "_items": {"$ref": "c.metadata.x"}}
    before = Line.objects.count()
    assert with_stored(rows, copied)[0] == 200
    assert Line.objects.count() == before + 2
