"""A list is sorted once by each value, however often a request names it.

Django leaves out a sort key that repeats another one with the same parameters. A cached statement
has bind parameters in their place, so each is compared with Django's here.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from django_flex import FlexQuery
from tests.security.hidden import clauses, test_hidden_data
from tests.security.hidden.test_hidden_data import ROLES
from tests.testapp.models import Customer

world = test_hidden_data.world  # the fixture


@pytest.fixture
def served(world: Any, settings: Any) -> Any:
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "CHECK_STATEMENTS": True,
        "EXPOSE": clauses.expose(),
    }
    return world


def ask(served: Any, role: str, query: dict[str, Any]) -> Any:
    body = json.dumps(query)
    response = served[role].generic("QUERY", "/api/bookings/", body, "application/json")
    assert response.status_code == 200, response.content
    return response.json()["results"]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("once", "repeated"),
    [
        ("invoice.number", "invoice.number, invoice.number"),
        ("-invoice.number, status", "-invoice.number, invoice.number, status, -status"),
        ("customer.name, seats", "customer.name, seats, customer.name.nulls_first"),
    ],
)
def test_repeated_sort_key_changes_nothing(served, role, once, repeated):
    query = {"fields": "id, invoice.number"}
    for _ in range(2):  # the second is of the statement cache
        found = ask(served, role, {**query, "order_by": repeated})
        assert [*found] == [*ask(served, role, {**query, "order_by": once})]


@pytest.mark.parametrize("role", ["member", "staff"])
@pytest.mark.parametrize("name", ["invoice", "team.id", "lines.count", "invoice.number.lower"])
def test_statement_with_repeated_sort_key_is_that_of_django(served, role, name):
    for order in (f"{name}, {name}", f"-{name}, {name}"):
        for _ in range(2):
            assert ask(served, role, {"fields": "id", "order_by": order})


def test_repeated_sort_key_of_groups_changes_nothing(served):
    query = {"_action": "aggregate", "group_by": "customer.name", "aggregate": "count"}
    for _ in range(2):
        found = ask(served, "staff", {**query, "order_by": "-customer.name, customer.name"})
        assert found == ask(served, "staff", {**query, "order_by": "-customer.name"})


def test_two_keys_of_one_json_value_are_two_sort_keys(db, settings):
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {"customer": {"anon": {"fields": ["*"], "order_by": ["*"], "ops": ["list"]}}},
    }
    for number, (first, second) in enumerate([(1, 2), (1, 1), (2, 1), (1, 3)]):
        data = {"first": first, "second": second}
        Customer.objects.create(name=str(number), email=f"{number}@example.com", metadata=data)

    def names(order: str) -> list[str]:
        query = {"_action": "list", "fields": "name", "order_by": order}
        results = FlexQuery("customer").execute(query).to_dict()["results"]
        return [one["name"] for one in results.values()]

    assert names("metadata.first, metadata.second") == ["1", "0", "3", "2"]
    assert names("metadata.first, -metadata.second") == ["3", "0", "1", "2"]
