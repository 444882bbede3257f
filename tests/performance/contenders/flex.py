"""Ours: the middleware, as a project installs it."""

from __future__ import annotations

import json
from collections.abc import Callable
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
    if case in AGGREGATES:
        return _aggregate(AGGREGATES[case])
    return CASES[case](**wanted)


def _list(limit: int) -> Asked:
    query = {"fields": ",".join(FIELDS), "filters.status": "confirmed", "order_by": "-created_at"}
    return _get("", {**query, "limit": limit})


def _nested(limit: int) -> Asked:
    return _get("", {"fields": ",".join(NESTED_FIELDS), "order_by": "id", "limit": limit})


def _one(key: int) -> Asked:
    return _get(str(key), {"fields": ",".join(FIELDS)})


def _add() -> Asked:
    return Asked(view=view(), url="/api/booking/", body=VALUES)


def _add_many(count: int) -> Asked:
    return Asked(view=view(), url="/api/booking/", body={"_items": [VALUES] * count})


def _stream(limit: int, form: str) -> Asked:
    query = {"fields": ",".join(("id", *WIDE)), "order_by": "id", "limit": limit, "format": form}
    return Asked(view=read_whole, url=f"/api/booking/?{urlencode(query)}")


def read_whole(request: HttpRequest) -> HttpResponse:
    """Send a request and read its stream to the end."""
    reply: Any = view()(request)
    return HttpResponse(b"".join(reply.streaming_content), status=reply.status_code)


def _columns(count: int) -> Asked:
    fields = ",".join(("id", *WIDE)[:count])
    return _get("", {"fields": fields, "order_by": "id", "limit": 50})


def _aggregate(wanted: Aggregate) -> Asked:
    return _get("" if wanted.is_list else "aggregate", wanted.query)


def _conditions(count: int) -> Asked:
    """Return a query with so many conditions, all of which hold for every row."""
    names = ("price.gte", "seats.gte", "id.gte", "price.lte", "seats.lte", "id.lte")
    filters = {}
    for number in range(count):
        name = names[number % len(names)]
        bound = -number if name.endswith("gte") else 90_000 + number
        filters[f"filters.and.{number}.{name}"] = bound
    return _get("", {"fields": "id,status", "order_by": "id", "limit": 50, **filters})


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


CASES: dict[str, Callable[..., Asked]] = {
    "list": _list,
    "nested": _nested,
    "get": _one,
    "add": _add,
    "add many": _add_many,
    "page": _page,
    "stream": _stream,
    "columns": _columns,
    "conditions": _conditions,
}
