"""Deep pages: the ten-thousandth by cursor against the first, and against the same by offset."""

from __future__ import annotations

import json
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db import connection
from django.test import RequestFactory

from tests.testapp.models import Booking, Line

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

PAGE = 20
PAGES = 10_000
STEP = 200
TARGET = 1.2
#: By the key, and by an indexed column with ties.
ORDERS = ("-id", "booking,id")
EXPOSE = {
    "line": {
        "anon": {
            "fields": ["id", "booking", "product", "quantity", "note"],
            "order_by": ["*"],
            "ops": ["list"],
        }
    }
}
SETTINGS = {"MAX_OFFSET": PAGE * PAGES}


def fill() -> None:
    """Make as many lines as ten thousand pages hold, and one page more."""
    keys = list(Booking.objects.values_list("pk", flat=True))
    Line.objects.all().delete()
    Line.objects.bulk_create(
        (
            Line(booking_id=keys[n % len(keys)], product=f"Product {n}", quantity=n, note="a note")
            for n in range(PAGE * (PAGES + 1))
        ),
        batch_size=10_000,
    )


def deep_pages(view: Callable[[HttpRequest], HttpResponse], rounds: int) -> bool:
    """Compare the pages in each order; print a table; return whether the target holds."""
    held = [_deep_page(view, order, rounds) for order in ORDERS]
    return all(held)


def _deep_page(view: Callable[[HttpRequest], HttpResponse], order: str, rounds: int) -> bool:
    asked = {"fields": "product,quantity,note", "order_by": order}
    urls = {
        "first page": _url({**asked, "limit": PAGE, "cursor": "true"}),
        "by cursor": _url({**asked, "limit": PAGE, "cursor": _cursor(view, asked)}),
        "by offset": _url({**asked, "limit": PAGE, "offset": PAGE * (PAGES - 1)}),
    }
    samples: dict[str, list[float]] = {name: [] for name in urls}
    # What the database does counts, too: of SQLite it is time of ours.
    now = time.process_time if connection.vendor == "sqlite" else time.perf_counter
    factory = RequestFactory()
    bodies = {name: json.loads(view(factory.get(url)).content) for name, url in urls.items()}
    if bodies["by cursor"]["results"] != bodies["by offset"]["results"]:
        sys.exit("the cursor led to another page")
    for _ in range(rounds):
        for name, url in urls.items():
            repeat = 1 if name == "by offset" else 10
            requests = [factory.get(url) for _ in range(repeat)]
            started = now()
            for request in requests:
                view(request)
            samples[name].append((now() - started) / repeat * 1_000)
    medians = {name: statistics.median(values) for name, values in samples.items()}
    print(f"\npage {PAGES:,} of {PAGE} rows, order_by={order}")
    for name, ms in medians.items():
        print(f"  {name:20} {ms:8.3f} ms   {ms / medians['first page']:5.2f} x")
    holds = medians["by cursor"] <= TARGET * medians["first page"]
    print(f"  by cursor at most {TARGET}: {'holds' if holds else 'MISSED'}")
    return holds


def _cursor(view: Callable[[HttpRequest], HttpResponse], asked: dict[str, Any]) -> str:
    """Walk to the page in long steps and return its cursor."""
    cursor = "true"
    for limit in [STEP] * (PAGE * (PAGES - 1) // STEP) + [PAGE * (PAGES - 1) % STEP]:
        response = view(RequestFactory().get(_url({**asked, "limit": limit, "cursor": cursor})))
        cursor = json.loads(response.content)["pagination"]["next"]["cursor"]
    return cursor


def _url(query: dict[str, Any]) -> str:
    return f"/api/line/?{urlencode(query)}"
