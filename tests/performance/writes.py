"""Adding rows: ours, and REST framework's ``ModelViewSet.create`` with the equivalent serializer."""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

from rest_framework import serializers, viewsets

from tests.performance.contenders import ours
from tests.testapp.models import Booking

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

COLUMNS = ("customer", "address", "status", "price", "seats", "created_at")
EXPOSE = {
    "booking": {"anon": {"fields": ["id", *COLUMNS], "ops": ["get", "add"]}},
}
VALUES = {
    "customer": 5,
    "address": 3,
    "status": "confirmed",
    "price": "12.50",
    "seats": 4,
    "created_at": "2026-01-31T12:00:00Z",
}
ADD_TARGET = 0.8
BULK_TARGET = 5
BULK_ROWS = 1_000
BULK_STATEMENTS = 8
LIMIT_TARGET_MS = 0.2


class WritableBookingSerializer(serializers.ModelSerializer[Booking]):
    class Meta:
        model = Booking
        fields = ("id", *COLUMNS)


class WritableBookings(viewsets.ModelViewSet[Booking]):
    """REST framework as its documentation recommends it."""

    queryset = Booking.objects.all()
    serializer_class = WritableBookingSerializer
    authentication_classes = ()
    permission_classes = ()


def rest_framework() -> Callable[[HttpRequest], HttpResponse]:
    """Return the viewset's create, with its reply rendered."""
    view: Any = WritableBookings.as_view({"post": "create"})

    def answer(request: HttpRequest) -> HttpResponse:
        response: HttpResponse = view(request).render()
        return response

    return answer


def post(body: Any) -> HttpRequest:
    """Return the request that adds."""
    from django.test import RequestFactory

    made: HttpRequest = RequestFactory().generic(
        "POST", "/api/booking/", json.dumps(body), content_type="application/json"
    )
    return made


def cpu(view: Callable[[HttpRequest], HttpResponse], body: Any, repeat: int) -> float:
    """Return the CPU milliseconds of one request."""
    requests = [post(body) for _ in range(repeat)]
    gc.collect()  # so that nobody pays for what another contender left behind
    started = time.process_time()
    responses = [view(request) for request in requests]
    elapsed = (time.process_time() - started) / repeat * 1_000
    if responses[-1].status_code != 201:
        sys.exit(f"{responses[-1].status_code} {responses[-1].content[:300]!r}")
    return elapsed


def adds(rounds: int) -> bool:
    """Compare the adding of one row; print a table; return whether the target holds."""
    running = {"django_flex": ours(), "REST framework": rest_framework()}
    samples: dict[str, list[float]] = {name: [] for name in running}
    for number in range(rounds + 3):
        for name, view in running.items():
            elapsed = cpu(view, VALUES, 40)
            if number >= 3:  # the first rounds warm caches up
                samples[name].append(elapsed)
    medians = {name: statistics.median(values) for name, values in samples.items()}
    ratio = medians["django_flex"] / medians["REST framework"]
    holds = ratio <= ADD_TARGET
    print("\nadd of one row")
    for name, ms in medians.items():
        print(f"  {name:20} {ms:8.3f} ms")
    print(f"  {ratio:.2f} x; at most {ADD_TARGET}: {'holds' if holds else 'MISSED'}")
    return holds


def bulk() -> bool:
    """Compare the adding of many rows at once with as many requests; print, return the verdict."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    view = ours()
    many = {"_items": [VALUES] * BULK_ROWS}
    together = statistics.median(cpu(view, many, 1) for _ in range(5))
    single = statistics.median(cpu(view, VALUES, 100) for _ in range(5)) * BULK_ROWS
    with CaptureQueriesContext(connection) as captured:
        view(post(many))
    statements = sum(q["sql"] not in {"BEGIN", "COMMIT"} for q in captured)
    times = single / together
    # SQLite takes so few parameters at a time that Django sends a list in several statements.
    few = statements <= BULK_STATEMENTS or connection.vendor == "sqlite"
    holds = times >= BULK_TARGET and few
    print(f"\nadd of {BULK_ROWS} rows: {together:.0f} ms at once, {single:.0f} ms one by one")
    print(
        f"  {times:.1f} times faster in {statements} statements and a COMMIT; at least {BULK_TARGET}, "
        f"at most {BULK_STATEMENTS} on PostgreSQL: {'holds' if holds else 'MISSED'}"
    )
    return holds


def rate_limit(rounds: int) -> bool:
    """Compare a get with and without a rate limit on a local cache; print, return the verdict."""
    from django.test import RequestFactory
    from django.test.utils import override_settings

    factory = RequestFactory()
    medians = {}
    for name, limit in (("without", None), ("with", 1_000_000_000)):
        settings = {"REQUIRE_AUTHENTICATION": False, "AUTHENTICATION": [], "EXPOSE": EXPOSE}
        with override_settings(DJANGO_FLEX={**settings, "RATE_LIMIT": limit}):
            view, samples = ours(), []
            for _ in range(rounds):
                requests = [factory.get("/api/booking/1?fields=id") for _ in range(100)]
                started = time.process_time()
                for request in requests:
                    view(request)
                samples.append((time.process_time() - started) * 10)
        medians[name] = statistics.median(samples)
    added = medians["with"] - medians["without"]
    holds = added <= LIMIT_TARGET_MS
    print(f"\nrate limit, local cache: +{added:.3f} ms")
    print(f"  at most +{LIMIT_TARGET_MS} ms: {'holds' if holds else 'MISSED'}")
    return holds
