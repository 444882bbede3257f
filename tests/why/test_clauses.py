"""Each clause of a request is cut into its names, and each name has its line."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from django_flex.why import Explanation, as_text
from tests.testapp.models import Company, Service
from tests.why.test_why import grants, why

PLACE = "EXPOSE['booking']['anon']"
OPEN: dict[str, Any] = {
    "fields": ["*", "customer.name", "customer.metadata.theme"],
    "filters": ["status", "lines.count.gte"],
    "order_by": ["created_at", "lines.count"],
    "aggregates": ["count", "price.sum", "lines.count"],
    "search": ["status"],
    "ops": ["get", "list", "aggregate"],
}
LINES = {"fields": ["product"], "filters": ["product"], "order_by": ["-product"], "ops": ["list"]}


@pytest.fixture(autouse=True)
def entries(configure: Any, db: None) -> None:
    configure({"booking": {"anon": OPEN}, "line": {"anon": LINES}})


def asked(query: str, model: str = "bookings") -> Explanation:
    return why("QUERY", f"/api/{model}/", query)


def allowed(found: Explanation) -> dict[str, tuple[str, ...]]:
    assert found.outcome == "allowed", found
    return {f"{one.clause} {one.text}": one.by for one in found.names}


def at(*keys: tuple[str, str]) -> tuple[str, ...]:
    return tuple(f"{PLACE}[{key!r}]: {term!r}" for key, term in keys)


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        ('{"fields": "*, -id"}', {"fields *": at(("fields", "*"))}),
        (
            '{"fields": "customer.*"}',
            {"fields customer.*": at(("fields", "*"), ("fields", "customer.name"))},
        ),
        (
            '{"fields": "customer.name"}',
            {"fields customer.name": at(("fields", "*"), ("fields", "customer.name"))},
        ),
        (
            '{"fields": "n:lines.count"}',
            {"fields n:lines.count": at(("aggregates", "lines.count"))},
        ),
        (
            '{"fields": "created_at.year"}',
            {"fields created_at.year": at(("fields", "*"))},
        ),
        (
            '{"fields": "id", "filters": {"lines.count.gte": 1}}',
            {
                "fields id": at(("fields", "*")),
                "filters lines.count.gte": at(("filters", "lines.count.gte")),
            },
        ),
        (
            '{"fields": "id", "order_by": "-created_at.year, lines.count"}',
            None,
        ),
        (
            '{"fields": "id", "order_by": "created_at.year, lines.count"}',
            {
                "fields id": at(("fields", "*")),
                "order_by created_at.year": at(("order_by", "created_at")),
                "order_by lines.count": at(("order_by", "lines.count")),
            },
        ),
        (
            '{"fields": "id", "search": "x"}',
            {"fields id": at(("fields", "*")), "search x": (f"{PLACE}['search']",)},
        ),
        (
            '{"fields": "id", "distinct": "status"}',
            {"fields id": at(("fields", "*")), "fields status": at(("fields", "*"))},
        ),
        (
            '{"fields": "id", "aggregate": "price.sum"}',
            {
                "fields id": at(("fields", "*")),
                "aggregates price.sum": at(("aggregates", "price.sum")),
            },
        ),
        (
            '{"_action": "aggregate", "group_by": "status, created_at.year", "aggregate": "count"}',
            {
                "fields status": at(("fields", "*")),
                "fields created_at.year": at(("fields", "*")),
                "aggregates count": at(("aggregates", "count")),
            },
        ),
        ('{"_action": "aggregate"}', {"aggregates count": at(("aggregates", "count"))}),
    ],
    ids=range(13),
)
def test_a_name_has_its_line(query: str, lines: dict[str, tuple[str, ...]] | None) -> None:
    found = asked(query)
    if lines is None:
        assert not found.outcome.startswith("allowed")
    else:
        assert allowed(found) == lines


def test_lists_and_their_aggregates() -> None:
    line = "EXPOSE['line']['anon']"
    found = asked(
        '{"fields": "id, sold, lines.product", "related": {"lines": {"filters": {"product": "x"},'
        ' "order_by": "-product"}, "sold": {"from": "lines", "aggregate": "count",'
        ' "filters": {"product": "x"}}}}'
    )

    assert allowed(found)["filters lines: product"] == (f"{line}['filters']: 'product'",)
    assert allowed(found)["order_by lines: -product"] == (f"{line}['order_by']: '-product'",)


@pytest.mark.parametrize(
    ("query", "grant"),
    [
        ('{"fields": "product", "search": "x"}', {}),
        (
            '{"_action": "aggregate", "group_by": "quantity", "aggregate": "quantity.max"}',
            {
                "quantity": "EXPOSE['line']['anon']['fields']: add 'quantity'",
                "quantity.max": "EXPOSE['line']['anon']['aggregates']: add 'quantity.max'",
            },
        ),
        (
            '{"fields": "booking.*"}',
            {"booking.*": "EXPOSE['line']['anon']['fields']: add 'booking.*'"},
        ),
        (
            '{"fields": "product", "order_by": "booking.lines.count"}',
            {"booking.lines.count": ""},
        ),
    ],
    ids=["search", "aggregate", "wildcard", "too-much"],
)
def test_a_refused_name_has_what_would_allow_it(query: str, grant: dict[str, str]) -> None:
    found = asked(query, "lines")

    assert found.outcome.startswith(("refused with 403", "refused with 401"))
    assert {text: line for text, line in grants(found).items() if line} == {
        text: line for text, line in grant.items() if line
    }


def test_a_password_is_allowed_by_no_line(configure: Any) -> None:
    configure({"user": {"anon": {"fields": ["id"], "ops": ["list"]}}})
    (name,) = asked('{"fields": "password"}', "users").names

    assert (name.allowed, name.problem, name.grant) == (False, "no line grants it", "")


def test_what_a_write_names(configure: Any) -> None:
    grant = {
        "fields": ["id"],
        "filters": ["status"],
        "ops": ["list", "bulk_edit", "edit", "add"],
        "edit": {"fields": ["status", "lines"]},
        "add": {"fields": ["status"]},
    }
    configure(
        {"booking": {"anon": grant}, "line": {"anon": {"ops": ["list", "add"], "fields": "*"}}}
    )
    body = (
        '{"_model": "booking", "_action": "bulk_edit", "filters": {"status": "x", "price": 1},'
        ' "_set": {"status": "y", "price": 2}}'
    )
    found = why("POST", "/api/", body)

    assert {f"{one.clause} {one.text}": one.allowed for one in found.names} == {
        "bulk_edit status": True,
        "bulk_edit price": False,
        "filters status": True,
        "filters price": False,
    }
    assert grants(found) == {"price": "EXPOSE['booking']['anon']['filters']: add 'price'"}
    refused = [one.grant for one in found.names if one.text == "price"]
    assert refused[0] == "EXPOSE['booking']['anon']['edit']['fields']: add 'price'"
    nested = why(
        "PATCH", "/api/bookings/1", '{"lines": {"$add": [{"product": "x"}]}, "_fields": "id"}'
    )
    assert {one.text: one.by for one in nested.names} == {
        "lines": ("EXPOSE['line']['anon']['ops']: 'add'",),
        "id": (f"{PLACE}['fields']: 'id'",),
    }


def test_a_row_that_the_default_manager_leaves_out(configure: Any) -> None:
    configure({"service": {"anon": {"fields": ["id"], "ops": ["get"]}}})
    company = Company.objects.create(name="x")
    key = Service.everything.create(name="x", deleted=True, company=company).pk
    found = why("GET", f"/api/services/{key}")

    assert found.row is not None
    assert found.row.lines == (
        "there is such a row, but the default manager of the model leaves it out",
    )


@pytest.mark.parametrize("url", ["bookings/x", "nodes/1", "tags/%00"])
def test_a_key_that_no_row_can_have(configure: Any, url: str) -> None:
    configure({name: {"anon": OPEN} for name in ("booking", "node", "tag")})
    found = why("GET", f"/api/{url}")

    assert found.row is not None
    assert found.row.lines == ("there is no row with this key",)


def test_a_closed_entry_is_told(configure: Any) -> None:
    configure({"booking": {"anon": OPEN, "throttle": 60}})

    assert "closed for every role" in asked('{"fields": "id"}').role_steps[0]


def test_a_role_that_is_not_listed_is_told() -> None:
    found = why("GET", "/api/bookings/", role="staff")

    assert found.role_steps == (
        "the role is given; on this model it has EXPOSE['booking']['anon']",
    )


def test_an_action_that_is_not_granted() -> None:
    user = get_user_model().objects.create_user(username="x")
    found = why("POST", "/api/bookings/1/actions/nothing/", "{}", user=user)

    assert found.outcome.startswith("refused with 404")


def test_the_text_has_all_parts() -> None:
    user = get_user_model().objects.create_user(username="x")
    text = as_text(why("DELETE", "/api/bookings/1", user=user))

    assert f"  to allow it: {PLACE}['ops']: add 'delete'" in text
    assert "Names:" not in text
    assert "Row:\n  there is no row with this key" in text
    assert f"  + fields id: {PLACE}['fields']: '*'" in as_text(asked('{"fields": "id"}'))
