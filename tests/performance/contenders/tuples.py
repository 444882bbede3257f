"""By hand, as an expert would write it: tuples, only the columns needed, msgspec."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
from django.db.models import Avg, Count, F, OuterRef, Subquery, Sum
from django.db.models.functions import TruncMonth
from django.http import HttpRequest, HttpResponse

from tests.performance.asked import Asked
from tests.performance.wanted import AGGREGATES, VALUES, WIDE
from tests.testapp.models import Booking, Line, Tag

ENCODER = msgspec.json.Encoder()
MAX_LIMIT = 1_000
ROW = (
    "id",
    "status",
    "price",
    "created_at",
    "customer__name",
    "customer__email",
    "address__city",
    "address_id",
)


def reply(body: Any, status: int = 200) -> HttpResponse:
    """Return JSON."""
    return HttpResponse(ENCODER.encode(body), content_type="application/json", status=status)


def limit_of(request: HttpRequest) -> int:
    """Return the length of the page."""
    return min(int(request.GET.get("limit", 50)), MAX_LIMIT)


def page(rows: Sequence[Any], limit: int) -> HttpResponse:
    """Return a page of such rows."""
    results = {
        str(row[0]): {
            "id": row[0],
            "status": row[1],
            "price": row[2],
            "created_at": row[3],
            "customer": {"name": row[4], "email": row[5]},
            "address": None if row[7] is None else {"city": row[6]},
        }
        for row in rows[:limit]
    }
    pagination = {"offset": 0, "limit": limit, "has_more": len(rows) > limit}
    return reply({"pagination": pagination, "results": results})


def bookings(request: HttpRequest) -> HttpResponse:
    """Answer with seven fields over two to-one joins, filtered and ordered."""
    limit = limit_of(request)
    found = Booking.objects.order_by("-created_at", "id")
    if "status" in request.GET:
        found = found.filter(status=request.GET["status"])
    return page(list(found.values_list(*ROW)[: limit + 1]), limit)


def booking(request: HttpRequest) -> HttpResponse:
    """Answer with one row by its key."""
    row = Booking.objects.values(*ROW).get(pk=int(request.GET["id"]))
    body = {
        "id": row["id"],
        "status": row["status"],
        "price": row["price"],
        "created_at": row["created_at"],
        "customer": {"name": row["customer__name"], "email": row["customer__email"]},
        "address": None if row["address_id"] is None else {"city": row["address__city"]},
    }
    return reply(body)


def nested(request: HttpRequest) -> HttpResponse:
    """Answer with two lists in each row: three statements of tuples, joined in Python."""
    limit = limit_of(request)
    rows = list(Booking.objects.order_by("id").values_list("id", "status", "price")[: limit + 1])
    keys = [row[0] for row in rows[:limit]]
    lines: dict[int, list[Any]] = defaultdict(list)
    found = Line.objects.filter(booking__in=keys).order_by("id")
    for key, product, quantity in found.values_list("booking_id", "product", "quantity"):
        lines[key].append({"product": product, "quantity": quantity})
    tags: dict[int, list[Any]] = defaultdict(list)
    linked = Tag.objects.filter(bookings__in=keys).order_by("slug")
    for key, date in linked.values_list("bookings", "date"):
        tags[key].append({"date": date})
    results = {
        str(row[0]): {
            "id": row[0],
            "status": row[1],
            "price": row[2],
            "lines": lines[row[0]],
            "tags": tags[row[0]],
        }
        for row in rows[:limit]
    }
    pagination = {"offset": 0, "limit": limit, "has_more": len(rows) > limit}
    return reply({"pagination": pagination, "results": results})


def add(request: HttpRequest) -> HttpResponse:
    """Add a row and answer with it."""
    values = msgspec.json.decode(request.body)
    row = Booking(
        customer_id=values["customer"],
        address_id=values["address"],
        status=values["status"],
        price=values["price"],
        seats=values["seats"],
        created_at=values["created_at"],
    )
    row.full_clean()
    row.save()
    return reply(
        {
            "id": row.pk,
            "customer": row.customer_id,
            "address": row.address_id,
            "status": row.status,
            "price": row.price,
            "seats": row.seats,
            "created_at": row.created_at,
        },
        201,
    )


def wide(request: HttpRequest) -> HttpResponse:
    """Answer with so many columns of each row."""
    count = int(request.GET["count"])
    paths = ["id", *(name.replace(".", "__") for name in WIDE)][:count]
    rows = list(Booking.objects.order_by("id").values_list(*paths)[:51])
    results = {str(row[0]): _nested(paths, row) for row in rows[:50]}
    return reply({"pagination": {"has_more": len(rows) > 50}, "results": results})


def _nested(paths: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for path, value in zip(paths, row, strict=True):
        head, _, tail = path.partition("__")
        if tail:
            body.setdefault(head, {})[tail] = value
        else:
            body[path] = value
    return body


def conditioned(request: HttpRequest) -> HttpResponse:
    """Answer with rows for which so many conditions hold."""
    names = ("price__gte", "seats__gte", "id__gte", "price__lte", "seats__lte", "id__lte")
    found = Booking.objects.order_by("id")
    for number in range(int(request.GET["count"])):
        name = names[number % len(names)]
        found = found.filter(**{name: -number if name.endswith("gte") else 90_000 + number})
    rows = list(found.values_list("id", "status")[:51])
    results = {str(row[0]): {"id": row[0], "status": row[1]} for row in rows[:50]}
    return reply({"pagination": {"has_more": len(rows) > 50}, "results": results})


def _groups(request: HttpRequest) -> Any:
    rows = Booking.objects.filter(status__in=request.GET["filters.status.in"].split(","))
    groups = rows.annotate(month=TruncMonth("created_at")).values("status", "month")
    groups = groups.annotate(n=Count("*"), total=Sum("price")).order_by("-total", "status", "month")
    return _page(groups.filter(total__gt=request.GET["having.total.gt"]), request)


def _over_a_join(request: HttpRequest) -> Any:
    rows = Booking.objects.filter(price__gte=request.GET["filters.price.gte"])
    groups = rows.values(who=F("customer__name")).annotate(n=Count("*"), mean=Avg("price"))
    return _page(groups.order_by("who"), request)


def _totals(request: HttpRequest) -> Any:
    rows = Booking.objects.filter(price__gte=request.GET["filters.price.gte"])
    return {"results": rows.aggregate(n=Count("*"), total=Sum("price"), priced=Count("price"))}


def _counted(request: HttpRequest) -> Any:
    lines = Line.objects.filter(booking=OuterRef("pk")).order_by().values("booking")
    count = Subquery(lines.annotate(n=Count("*")).values("n"))
    rows = Booking.objects.filter(price__gte=request.GET["filters.price.gte"]).order_by("id")
    return _page(rows.annotate(n=count).values("id", "n"), request)


def _page(rows: Any, request: HttpRequest) -> dict[str, Any]:
    limit = min(int(request.GET.get("limit", 50)), 200)
    found = list(rows[: limit + 1])
    pagination = {"offset": 0, "limit": limit, "has_more": len(found) > limit}
    return {"pagination": pagination, "results": found[:limit]}


GROUPED: dict[str, Callable[[HttpRequest], Any]] = {
    "by status and month": _groups,
    "by customer's name": _over_a_join,
    "totals": _totals,
    "count beside each row": _counted,
}


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
        case "add":
            return Asked(view=add, body=VALUES)
        case "columns" | "conditions":
            view = wide if case == "columns" else conditioned
            return Asked(view=view, url=f"/?{urlencode(wanted)}")
        case _:
            find = GROUPED[case]
            url = f"/?{urlencode(AGGREGATES[case].query)}"
            return Asked(view=lambda request: reply(find(request)), url=url)
