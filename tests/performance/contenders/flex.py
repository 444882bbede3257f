"""Ours: the middleware, as a project installs it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from django_flex.middleware import FlexQueryMiddleware
from tests.performance.asked import Asked, View
from tests.performance.wanted import AGGREGATES, FIELDS, NESTED_FIELDS, VALUES, WIDE, Aggregate

def no_other_view(_request: HttpRequest) -> HttpResponse:
    """Stand for the rest of the project."""
    return HttpResponse(status=404)


@cache
def view() -> View:
    """Return the middleware, one for all cases."""
    return cast("View", FlexQueryMiddleware(no_other_view))


def ask(case: str, **wanted: Any) -> Asked | None:
    """Return the request of a case."""
    match case:
        case "list":
            query = {"fields": ",".join(FIELDS), "filters.status": "confirmed", "order_by": "-created_at"}
            return _get("", {**query, **wanted})
        case "nested":
            return _get("", {"fields": ",".join(NESTED_FIELDS), "order_by": "id", **wanted})
        case "get":
            return _get(str(wanted["key"]), {"fields": ",".join(FIELDS)})
        case "add":
            return Asked(view=view(), url="/api/booking/", body=VALUES)
        case "add many":
            many = {"_items": [VALUES] * wanted["count"]}
            return Asked(view=view(), url="/api/booking/", body=many)
        case "page":
            return _page(**wanted)
        case "columns":
            fields = ",".join(("id", *WIDE)[: wanted["count"]])
            return _get("", {"fields": fields, "order_by": "id", "limit": 50})
        case "conditions":
            return _get("", _conditions(wanted["count"]))
    return _aggregate(AGGREGATES[case])


def _aggregate(wanted: Aggregate) -> Asked:
    return _get("" if wanted.is_list else "aggregate", wanted.query)


def _conditions(count: int) -> dict[str, Any]:
    """Return a query with so many conditions, all of which hold for every row."""
    names = ("price.gte", "seats.gte", "id.gte", "price.lte", "seats.lte", "id.lte")
    filters = {}
    for number in range(count):
        name = names[number % len(names)]
        bound = -number if name.endswith("gte") else 90_000 + number
        filters[f"filters.and.{number}.{name}"] = bound
    return {"fields": "id,status", "order_by": "id", "limit": 50, **filters}


def _page(order: str, **page: Any) -> Asked:
    query = {"fields": "product,quantity,note", "order_by": order, **page}
    return Asked(view=view(), url=f"/api/line/?{urlencode(query)}")


def next_cursor(order: str, **page: Any) -> str:
    """Return the cursor behind a page."""
    asked = _page(order, **page)
    body = json.loads(asked.view(asked.request()).content)
    cursor: str = body["pagination"]["next"]["cursor"]
    return cursor


def _get(path: str, query: dict[str, Any]) -> Asked:
    return Asked(view=view(), url=f"/api/booking/{path}?{urlencode(query)}")


def shape(number: int) -> Asked:
    """Return a query that has a statement of its own, by its number."""
    count, chosen = divmod(number, 2 ** len(WIDE))
    fields = ["id", *(name for bit, name in enumerate(WIDE) if chosen >> bit & 1)]
    numbers = ",".join(map(str, range(1, count + 2)))
    query = {"fields": ",".join(fields), "filters.id.in": numbers, "order_by": "id", "limit": 2}
    return _get("", query)
