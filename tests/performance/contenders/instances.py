"""By hand, as most views are written: model instances and ``select_related``."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from tests.performance.asked import Asked
from tests.performance.contenders.tuples import limit_of, reply
from tests.testapp.models import Booking


def row_of(row: Booking) -> dict[str, Any]:
    """Return what a reply says of a booking."""
    return {
        "id": row.pk,
        "status": row.status,
        "price": row.price,
        "created_at": row.created_at,
        "customer": {"name": row.customer.name, "email": row.customer.email},
        "address": {"city": row.address.city} if row.address else None,
    }


def bookings(request: HttpRequest) -> HttpResponse:
    """Answer with the list."""
    limit = limit_of(request)
    found = Booking.objects.select_related("customer", "address").order_by("-created_at", "id")
    rows = list(found.filter(status=request.GET["status"])[: limit + 1])
    pagination = {"offset": 0, "limit": limit, "has_more": len(rows) > limit}
    return reply({"pagination": pagination, "results": [row_of(row) for row in rows[:limit]]})


def booking(request: HttpRequest) -> HttpResponse:
    """Answer with one row by its key."""
    found = Booking.objects.select_related("customer", "address")
    return reply(row_of(found.get(pk=int(request.GET["id"]))))


def nested(request: HttpRequest) -> HttpResponse:
    """Answer with two lists in each row."""
    limit = limit_of(request)
    found = Booking.objects.order_by("id").prefetch_related("lines", "tags")
    rows = list(found[: limit + 1])
    results = [
        {
            "id": row.pk,
            "status": row.status,
            "price": row.price,
            "lines": [
                {"product": line.product, "quantity": line.quantity} for line in row.lines.all()
            ],
            "tags": [{"date": tag.date} for tag in row.tags.all()],
        }
        for row in rows[:limit]
    ]
    pagination = {"offset": 0, "limit": limit, "has_more": len(rows) > limit}
    return reply({"pagination": pagination, "results": results})


def ask(case: str, **wanted: Any) -> Asked | None:
    """Return the request of a case."""
    match case:
        case "list":
            query = {"status": "confirmed", "ordering": "-created_at", **wanted}
            return Asked(view=bookings, url=f"/?{urlencode(query)}")
        case "get":
            return Asked(view=booking, url=f"/?id={wanted['key']}")
        case "nested":
            return Asked(view=nested, url=f"/?{urlencode(wanted)}")
        case _:
            return None
