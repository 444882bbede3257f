"""``having`` and ``related``: their schemas say what the server accepts."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from django_flex import FlexQuery
from django_flex.conf import get_settings
from django_flex.http.openapi import document_of_role
from tests.openapi.conftest import EXPOSE
from tests.openapi.reading import Document, component

pytestmark = pytest.mark.django_db
Render = Callable[..., Document]
#: Lists of a superuser have rows of their own entries; those of others what the grant on bookings says.
WITH_LISTS = EXPOSE | {
    name: {
        "superuser": {
            **dict.fromkeys(("fields", "filters", "order_by", "aggregates"), "*"),
            "ops": ["list"],
        }
    }
    for name in ("line", "tag", "product")
}
GROUPED = {"group_by": "status, created_at.trunc_month, created_at.year", "aggregate": "count"}

HAVING: list[tuple[str, Any, bool]] = [
    ("staff", {"count.gte": 2}, True),
    ("staff", {"count": 1}, True),
    ("staff", {"count.gte": "soon"}, False),
    ("staff", {"price.sum.gt": "10.50"}, True),
    ("staff", {"price.sum.gt": {"a": 1}}, False),
    ("staff", {"price.avg.gt": 3}, False),
    ("staff", {"status": "x"}, True),
    ("staff", {"status.in": ["x", "y"]}, True),
    ("staff", {"status.in": 3}, False),
    ("staff", {"or": [{"status": "x"}, {"count.gte": 2}]}, True),
    ("staff", {"not": {"price.avg": 3}}, False),
    ("staff", {"lines.count.gte": 2}, True),
    ("staff", {"lines.quantity.sum.gte": 2}, False),
    ("superuser", {"created_at.year.gte": 2024}, True),
    ("superuser", {"created_at.year.gte": "soon"}, False),
    ("superuser", {"created_at.trunc_month.gte": "2024-01-01"}, True),
    ("superuser", {"created_at.trunc_month.year": 2024}, False),
    ("superuser", {"total": 3}, True),
    ("superuser", {"total.gte": 3}, True),
    ("superuser", {"customer.id.count_distinct.lt": 30}, True),
]


@pytest.mark.parametrize(("role", "having", "good"), HAVING, ids=str)
def test_the_schema_of_having_says_what_is_accepted(
    role: str, having: Any, good: bool, document: Render, bookings: None, django_user_model: Any
) -> None:
    schema = component(document(role), "BookingHaving")

    assert schema.is_valid(having) is good
    sent = {**GROUPED, "aggregate": "count, total:count", "having": having}
    if role == "staff":
        sent["group_by"] = "status"
    assert answered("aggregate", sent, role, django_user_model) is good


@cache
def with_lists(role: str, naming: str | None) -> Document:
    """Return the document of a role: it is the same for every test with these settings."""
    return document_of_role(role, get_settings())


@pytest.fixture
def listed(configure: Any) -> Render:
    """Return a function that returns the document of a role with ``WITH_LISTS``."""

    def rendered(role: str, naming: str | None = None) -> Document:
        configure(WITH_LISTS, **({"NAMING": naming} if naming else {}))
        return with_lists(role, naming)

    return rendered


RELATED: list[tuple[str, Any, bool]] = [
    ("superuser", {"lines": {"limit": 2}}, True),
    ("superuser", {"lines": {"limit": "x"}}, False),
    ("superuser", {"lines": {"fields": ["quantity"]}}, True),
    ("superuser", {"lines": {"fields": ["quantityy"]}}, False),
    ("superuser", {"lines": {"filters": {"quantity.gte": 2}}}, True),
    ("superuser", {"lines": {"filters": {"quantity.gte": "x"}}}, False),
    ("superuser", {"lines": {"filters": {"nope": 2}}}, False),
    ("superuser", {"lines": {"order_by": ["-quantity"]}}, True),
    ("superuser", {"lines": {"order_by": ["nope"]}}, False),
    ("superuser", {"lines": {"group_by": "quantity"}}, False),
    ("superuser", {"line": {}}, False),
    ("superuser", {"big": {"from": "lines", "filters": {"quantity.gte": 2}}}, True),
    ("superuser", {"big": {"from": "linez"}}, False),
    ("superuser", {"big": {"limit": 2}}, False),
    ("superuser", {"n": {"from": "lines", "aggregate": ["count", "quantity.sum"]}}, True),
    ("superuser", {"n": {"from": "lines", "aggregate": ["quantity.summ"]}}, False),
    ("superuser", {"tags": {"related": {"products": {"limit": 1}}}}, True),
    ("superuser", {"tags": {"related": {"products": {"fields": ["nope"]}}}}, False),
    ("superuser", {"tags": {"related": {"productz": {"limit": 1}}}}, False),
    ("staff", {"lines": {"fields": ["quantity"]}}, True),
    ("staff", {"lines": {"fields": ["id"]}}, False),
    ("staff", {"lines": {"filters": {"quantity.gte": 2}}}, True),
    ("staff", {"lines": {"filters": {"quantity.lt": 2}}}, False),
    ("staff", {"lines": {"order_by": ["quantity"]}}, False),
    ("staff", {"tags": {"limit": 2}}, False),
]


@pytest.mark.parametrize(
    ("filters", "good"),
    [
        ({"lines": 1}, True),
        ({"lines": None}, True),
        ({"lines.isnull": True}, True),
        ({"lines.isnull": 3}, False),
        ({"lines.in": [1, 2]}, True),
        ({"lines.in": 1}, False),
        ({"tagz": 1}, False),
    ],
    ids=str,
)
def test_relations_are_filtered_by_their_name_alone(
    filters: Any, good: bool, listed: Render, bookings: None, django_user_model: Any
) -> None:
    assert component(listed("superuser"), "BookingFilters").is_valid(filters) is good
    sent = {"fields": "status", "filters": filters}
    assert answered("list", sent, "superuser", django_user_model) is good


@pytest.mark.parametrize(("role", "related", "good"), RELATED, ids=str)
def test_the_schema_of_related_says_what_is_accepted(
    role: str, related: Any, good: bool, listed: Render, bookings: None, django_user_model: Any
) -> None:
    related = {
        name: {"fields": ["quantity"], **entry}
        if role == "staff" and "limit" not in entry
        else entry
        for name, entry in related.items()
    }
    schema = component(listed(role), "BookingQuery")

    assert schema.is_valid({"related": related}) is good
    sent = {"fields": "status", "related": related}
    assert answered("list", sent, role, django_user_model) is good


def answered(operation: str, sent: Any, role: str, users: Any) -> bool:
    """Return whether the server answers a query instead of refusing it."""
    user = users.objects.create(username="x", is_superuser=role == "superuser", is_staff=True)
    result = FlexQuery("booking").execute({"_action": operation, **sent}, user=user)
    assert result.ok or result.status_code in {400, 403}
    return bool(result.ok)


def test_camel_case_reaches_into_groups_and_lists(listed: Render) -> None:
    found = listed("superuser", "camel")

    having = component(found, "BookingHaving")
    assert having.is_valid(
        {"createdAt.truncMonth.gte": "2024-01-01", "customer.id.countDistinct": 1}
    )
    assert not having.is_valid({"createdAt.trunc_month.gte": "2024-01-01"})
    query = component(found, "BookingQuery")
    assert query.is_valid({"related": {"lines": {"orderBy": ["-quantity"]}}})
    assert not query.is_valid({"related": {"lines": {"order_by": ["-quantity"]}}})
    field = component(found, "BookingField")
    assert field.is_valid("createdAt.isoYear")
    assert not field.is_valid("createdAt.iso_year")
