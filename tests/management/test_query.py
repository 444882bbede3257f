"""``manage.py flex_query``."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from tests.doors.fronts import AGGREGATING, EVERYTHING
from tests.testapp.models import Booking, Customer

EXPOSE = {
    "booking": {
        "authenticated": {**AGGREGATING, "rows": {"urgent": True}},
        "anon": {**EVERYTHING, "fields": ["id", "status"]},
    },
    "customer": {"authenticated": EVERYTHING},
}


@pytest.fixture(autouse=True)
def entries(configure: Any, db: None) -> None:
    configure(EXPOSE, RATE_LIMIT=1)
    get_user_model().objects.create_user(username="luis")
    customer = Customer.objects.create(name="Zoë\n☕", email="z@example.com")
    for pk, seats, urgent in ((1, 7, True), (2, 12, True), (3, 5, False)):
        Booking.objects.create(
            pk=pk, customer=customer, status="x" * pk, seats=seats, urgent=urgent
        )


def run(query: Any = None, *arguments: str, model: str = "booking") -> str:
    printed = io.StringIO()
    call_command("flex_query", model, json.dumps(query or {}), *arguments, stdout=printed)
    return printed.getvalue()


def test_a_table_of_what_the_user_may_see() -> None:
    query = {"fields": "id, seats, status, customer.name", "order_by": "id"}
    assert run(query, "--user", "luis").splitlines() == [
        "id  seats  status  customer.name",
        "──  ─────  ──────  ─────────────",
        " 1      7  x       Zoë ☕",
        " 2     12  xx      Zoë ☕",
        "2 rows",
    ]


def test_without_a_user_the_caller_is_anonymous() -> None:
    assert "3 rows" in run({"fields": "id, status"})
    with pytest.raises(CommandError, match="seats"):
        run({"fields": "seats"})
    assert "seats" in run({"fields": "seats"}, "--unrestricted")


def test_a_role_is_asked_for_without_a_user_who_has_it() -> None:
    assert "2 rows" in run({"fields": "seats"}, "--role", "authenticated")
    assert "3 rows" in run({"fields": "status"}, "--role", "anon", "--user", "luis")
    with pytest.raises(CommandError, match="seats"):
        run({"fields": "seats"}, "--role", "anon", "--user", "luis")


def test_a_role_needs_no_user_where_callers_have_to_sign_in(configure: Any) -> None:
    configure(EXPOSE, REQUIRE_AUTHENTICATION=True)
    assert "2 rows" in run({"fields": "seats"}, "--role", "authenticated")
    with pytest.raises(CommandError, match="Authentication required"):
        run({"fields": "seats"})


def test_a_role_that_no_entry_names_is_refused() -> None:
    with pytest.raises(CommandError, match="names the role 'anom': did you mean 'anon'"):
        run({}, "--role", "anom")
    with pytest.raises(CommandError, match="--unrestricted needs no --role"):
        run({}, "--role", "anon", "--unrestricted")


def test_rows_of_the_user_are_none_without_one(configure: Any) -> None:
    rule = {**AGGREGATING, "rows": {"created_by": {"$user": "id"}}}
    configure({"booking": {"agents": rule}})
    Booking.objects.filter(pk=1).update(created_by=get_user_model().objects.get(username="luis"))
    assert run({"fields": "id"}, "--role", "agents") == "0 rows\n"
    assert "1 row\n" in run({"fields": "id"}, "--role", "agents", "--user", "luis")


def test_a_table_says_that_there_are_more_rows() -> None:
    assert run({"fields": "id", "limit": 1}).endswith("1 row, and there are more\n")
    assert run({"fields": "id", "filters": {"id": 99}}) == "0 rows\n"


def test_long_texts_are_shortened_in_a_table_only() -> None:
    Customer.objects.update(name="y" * 100)
    query = {"fields": "customer.name", "filters": {"id": 1}}
    assert f"{'y' * 39}…\n" in run(query, "--user", "luis")
    assert "y" * 100 in run(query, "--format", "csv", "--user", "luis")


def test_json_is_the_reply() -> None:
    reply = json.loads(run({"fields": "id", "limit": 1}, "--format", "json"))
    assert {"pagination", "results"} == reply.keys()
    assert [{"id": 1}] == reply["results"]


def test_csv_has_a_column_for_each_path() -> None:
    query = {"fields": "id, customer.name", "order_by": "id"}
    found = list(csv.DictReader(io.StringIO(run(query, "--format", "csv", "--user", "luis"))))
    assert [{"id": str(n), "customer.name": "Zoë\n☕"} for n in (1, 2)] == found


def test_no_cell_is_a_formula() -> None:
    Booking.objects.filter(pk=1).update(status="=1+1")
    query = {"fields": "status", "filters": {"id": 1}}
    assert "id,status\n1,'=1+1\n" == run(query, "--format", "csv")


def test_one_row_and_groups() -> None:
    shown = run({"_action": "get", "id": 2, "fields": "id, seats"}, "--user", "luis")
    assert shown.splitlines()[2:] == [" 2     12", "1 row"]
    grouped = {"_action": "aggregate", "group_by": "customer.name", "aggregate": "count, seats.sum"}
    assert "1 row\n" in run(grouped, "--user", "luis")
    whole = run({"_action": "aggregate", "aggregate": "count"}, "--user", "luis")
    assert whole.splitlines() == ["count", "─────", "    2", "1 row"]


@pytest.mark.parametrize("action", ["add", "edit", "delete", "bulk_delete", "nothing", ["list"]])
def test_nothing_is_written(action: Any) -> None:
    with pytest.raises(CommandError, match="only reads"):
        run({"_action": action, "id": 1, "status": "z"}, "--user", "luis")
    assert Booking.objects.count() == 3


def test_mistakes_are_explained() -> None:
    with pytest.raises(CommandError, match="status"):
        run({"fields": "statsu"})
    with pytest.raises(CommandError, match="not a JSON object"):
        call_command("flex_query", "booking", "[]")
    with pytest.raises(CommandError):
        run({}, model="nothing")
