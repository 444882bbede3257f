"""Django's settings of each contender: what has to be known before its module can be imported."""

from __future__ import annotations

from typing import Any

from tests.performance.wanted import COLUMNS, FIELDS, NESTED_FIELDS, WIDE

#: Ours. No contender reads credentials.
FLEX: dict[str, Any] = {
    "REQUIRE_AUTHENTICATION": False,
    "AUTHENTICATION": [],
    "EXPOSE": {
        "booking": {
            "anon": {
                "fields": [*FIELDS, *NESTED_FIELDS, *COLUMNS, *WIDE],
                "filters": ["status", "status.in", "price.*", "seats.*", "id.*"],
                "order_by": ["*"],
                "aggregates": ["count", "price.*", "lines.count"],
                "ops": ["list", "get", "add", "aggregate"],
            }
        },
        "line": {
            "anon": {
                "fields": ["id", "booking", "product", "quantity", "note"],
                "order_by": ["*"],
                "ops": ["list"],
            }
        },
    },
    "MAX_LIMIT": 1_000,
    "MAX_OFFSET": 1_000_000,
}
PUBLISHED: dict[str, Any] = {
    "REQUIRE_AUTHENTICATION": False,
    "EXPOSE": {
        "anon": {
            "booking": {
                "rows": "*",
                "fields": [*FIELDS, *COLUMNS],
                "filters": ["status"],
                "order_by": ["-created_at"],
                "ops": ["list", "get", "add"],
            }
        }
    },
    "MAX_LIMIT": 1_000,
}
#: By the name of the contender's module.
APPS: dict[str, tuple[str, ...]] = {
    "flex": ("django_flex",),
    "rest_framework": ("rest_framework", "django_filters"),
    "strawberry": ("strawberry_django",),
    "graphene": ("graphene_django",),
    "published": ("django_flex",),
}
SETTINGS: dict[str, dict[str, Any]] = {
    "flex": {"DJANGO_FLEX": FLEX},
    "ninja": {"ROOT_URLCONF": "tests.performance.contenders.ninja"},
    "strawberry": {"STRAWBERRY_DJANGO": {"PAGINATION_MAX_LIMIT": 1_000}},
    "published": {"DJANGO_FLEX": PUBLISHED},
}


def settings_of(module: str, changes: dict[str, Any]) -> dict[str, Any]:
    """Return a contender's settings, with ``changes`` to those of ours."""
    settings = SETTINGS.get(module, {})
    if not changes:
        return settings
    return {**settings, "DJANGO_FLEX": {**settings["DJANGO_FLEX"], **changes}}
