"""Aggregates against ``.values().annotate()`` by hand: groups, groups over a join, totals, counts."""

from __future__ import annotations

import json
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db import connection
from django.db.models import Avg, Count, F, OuterRef, Subquery, Sum
from django.db.models.functions import TruncMonth
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from tests.performance.contenders import ENCODER
from tests.testapp.models import Booking, Customer, Line

if TYPE_CHECKING:
    from collections.abc import Callable

TARGET = 1.2
#: Bookings that the aggregates are of; what a request costs by itself shows over few rows.
ROWS = 20_000
BESIDE = "count beside each row"
EXPOSE = {
    "booking": {
        "anon": {
            "fields": ["id", "status", "price", "created_at", "customer.name"],
            "filters": ["status.in", "price.gte"],
            "aggregates": ["count", "price.*", "lines.count"],
            "ops": ["list", "aggregate"],
        }
    }
}
COUNT = (
    Line.objects.filter(booking=OuterRef("pk")).order_by().values("booking").annotate(n=Count("*"))
)


def fill() -> None:
    """Make as many bookings as the aggregates are to be of."""
    customers = list(Customer.objects.values_list("pk", flat=True))
    start = datetime(2026, 1, 1, tzinfo=UTC)
    Booking.objects.bulk_create(
        Booking(
            customer_id=customers[n % len(customers)],
            status="confirmed" if n % 3 else "pending",
            price=n % 90,
            created_at=start + timedelta(minutes=n),
        )
        for n in range(ROWS - Booking.objects.count())
    )


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


def _list(request: HttpRequest) -> Any:
    rows = Booking.objects.filter(price__gte=request.GET["filters.price.gte"]).order_by("id")
    return _page(rows.annotate(n=Subquery(COUNT.values("n"))).values("id", "n"), request)


def _page(rows: Any, request: HttpRequest) -> dict[str, Any]:
    limit = min(int(request.GET.get("limit", 50)), 200)
    found = list(rows[: limit + 1])
    pagination = {"offset": 0, "limit": limit, "has_more": len(found) > limit}
    return {"pagination": pagination, "results": found[:limit]}


#: What is asked, and how an expert would answer it by hand.
CASES: dict[str, tuple[dict[str, str], Callable[[HttpRequest], Any]]] = {
    "by status and month": (
        {
            "group_by": "status,month:created_at.trunc_month",
            "aggregate": "n:count,total:price.sum",
            "having.total.gt": "0",
            "order_by": "-total",
            "filters.status.in": "confirmed,pending",
        },
        _groups,
    ),
    "by customer's name": (
        {
            "group_by": "who:customer.name",
            "aggregate": "n:count,mean:price.avg",
            "order_by": "who",
            "limit": "100",
            "filters.price.gte": "10",
        },
        _over_a_join,
    ),
    "totals": (
        {
            "aggregate": "n:count,total:price.sum,priced:price.count",
            "filters.price.gte": "10",
        },
        _totals,
    ),
    BESIDE: (
        {"fields": "id,n:lines.count", "filters.price.gte": "10", "limit": "50"},
        _list,
    ),
}


def _by_hand(find: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], HttpResponse]:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(ENCODER.encode(find(request)), content_type="application/json")

    return view


def aggregates(ours: Callable[[HttpRequest], HttpResponse], rounds: int) -> bool:
    """Compare each case; print a table; return whether the target holds."""
    held = [_compare(ours, name, rounds) for name in CASES]
    return all(held)


def _compare(ours: Callable[[HttpRequest], HttpResponse], name: str, rounds: int) -> bool:
    query, find = CASES[name]
    url = f"/api/booking/{'' if name == BESIDE else 'aggregate'}?{urlencode(query)}"
    views = {"django_flex": ours, "by hand": _by_hand(find)}
    samples: dict[str, list[float]] = {key: [] for key in views}
    # What the database does counts, too: of SQLite it is time of ours.
    now = time.process_time if connection.vendor == "sqlite" else time.perf_counter
    factory = RequestFactory()
    answer = ours(factory.get(url))
    if answer.status_code != 200 or not json.loads(answer.content)["results"]:
        sys.exit(f"{name}: {answer.status_code} {answer.content[:300]!r}")
    for number in range(rounds + 3):
        for key, view in views.items():
            requests = [factory.get(url) for _ in range(10)]
            started = now()
            for request in requests:
                view(request)
            if number >= 3:  # the first rounds warm caches up
                samples[key].append((now() - started) / 10 * 1_000)
    medians = {key: statistics.median(times) for key, times in samples.items()}
    ratio = medians["django_flex"] / medians["by hand"]
    print(f"\naggregates: {name}")
    for key, ms in medians.items():
        print(f"  {key:20} {ms:8.3f} ms")
    holds = ratio <= TARGET
    print(f"  {ratio:.2f} x, at most {TARGET}: {'holds' if holds else 'MISSED'}")
    return holds
