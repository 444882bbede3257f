"""Documents of the test project's roles."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from django_flex.conf import get_settings
from django_flex.http.openapi import document_of_role

#: Between them the roles use each way to write a grant.
EXPOSE: dict[str, Any] = {
    "booking": {
        "superuser": {
            **dict.fromkeys(("fields", "filters", "order_by", "aggregates"), "*"),
            "search": ["status", "customer.name"],
            "ops": [
                *("get", "list", "add", "edit", "delete", "aggregate"),
                *("bulk_edit", "bulk_delete", "explain"),
            ],
        },
        "staff": {
            "fields": ["id", "status", "customer.name", "lines.quantity", "customer.metadata.*"],
            "filters": [
                "status",
                "status.in",
                "created_at.year.gte",
                "customer.name.*",
                "customer.metadata.level.gte",
                "lines.quantity.gte",
                "lines.count.gte",
            ],
            "order_by": ["-id", "status", "lines.count", "customer.name"],
            "aggregates": ["count", "price.sum", "lines.count"],
            "ops": ["get", "list", "edit", "aggregate"],
            "write_fields": ["status", "tags"],
        },
        "authenticated": {"fields": "*", "exclude": ["internal_notes"], "ops": ["add"]},
        "anon": {"fields": ["status", "customer"], "ops": ["list"]},
        "rate_limit": {"list": "100/h"},
    },
    "customer": {"superuser": "*", "staff": {"fields": ["name"], "ops": ["get"]}},
}
ROLES = ("superuser", "staff", "authenticated", "anon")


@cache
def described(role: str, release: Any) -> dict[str, Any]:
    """Return the document of a role: it is the same for every test with these settings."""
    return document_of_role(role, get_settings(), release)


@pytest.fixture
def document(configure: Any) -> Callable[..., dict[str, Any]]:
    """Return a function that returns the document of a role."""
    configure(EXPOSE)

    def rendered(role: str, release: Any = "3.1", **settings: Any) -> dict[str, Any]:
        if not settings:
            return described(role, release)
        configure(EXPOSE, **settings)
        return document_of_role(role, get_settings(), release)

    return rendered
