"""The memory of an export: a process of its own reads all rows as a stream."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.performance.contest import Contest, progress
from tests.performance.data import add_bookings
from tests.performance.table import OURS, Figure, Table, at_most
from tests.testapp.models import Booking, Line

ROWS = 200_000
TARGET_MB = at_most(60)
FIELDS = (
    "id, status, price, day, created_at, reference, customer.name, customer.email, address.city"
)
QUERIES: dict[str, dict[str, Any]] = {
    "ndjson": {"fields": FIELDS, "format": "ndjson"},
    "csv": {"fields": FIELDS, "format": "csv"},
    "json": {"fields": FIELDS, "format": "json"},
    "sorted": {"fields": FIELDS, "format": "ndjson", "order_by": "-customer.name, -price"},
    "lists": {"fields": f"{FIELDS}, lines.product, lines.quantity", "format": "ndjson"},
}
GRANT = {"rows": "*", "fields": ["*"], "order_by": ["*"], "ops": ["list", "export"]}
EXPOSE = {name: {"anon": GRANT} for name in ("booking", "customer", "address", "line")}


def fill() -> None:
    """Make so many bookings that each tenth can have two lines, and those."""
    progress(f"making {ROWS:,} rows")
    add_bookings(max(0, ROWS - Booking.objects.count()))
    Line.objects.all()._raw_delete(using="default")
    keys = Booking.objects.order_by("pk").values_list("pk", flat=True)[::10]
    Line.objects.bulk_create(
        (Line(booking_id=key, product="mop", quantity=n) for key in keys for n in (1, 2)),
        batch_size=10_000,
    )


def exports(contest: Contest) -> Iterator[Table]:
    """Measure each kind of export: its peak above what the process held after a small request."""
    fill()
    rows = Booking.objects.count()
    figures = []
    for kind, query in QUERIES.items():
        progress(f"{kind} of {rows:,} rows")
        worker = contest.started(OURS, EXPOSE=EXPOSE, EXPORT_TIMEOUT=600)
        assert worker is not None
        found = worker.order("call", function=f"{__name__}:measure", query=query)
        worker.close()
        assert found["rows"] == rows, found
        figures.append(
            Figure(
                name=kind,
                value=round(rows / found["seconds"]),
                unit="rows/s",
                figure=round(found["peak"], 1),
                means="MB at the peak",
                target=TARGET_MB,
                note=f"{found['mb']:.1f} MB sent",
            )
        )
    progress("")
    title = f"export of {rows:,} rows"
    yield Table(section="exports", case="all", title=title, figures=tuple(figures))


def memory(name: str) -> float:
    """Return a figure of this process in megabytes: ``VmRSS`` now, ``VmHWM`` at its highest."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1_024
    raise LookupError(name)


def measure(query: dict[str, Any]) -> dict[str, Any]:
    """Export everything in this process; return the figures."""
    from django_flex import FlexQuery

    list(FlexQuery("booking").stream({**query, "limit": 5}))
    idle = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    started, size = time.perf_counter(), 0
    stream = FlexQuery("booking").stream(query)
    for piece in stream:
        size += len(piece)
    stream.close()
    seconds = time.perf_counter() - started
    peak = memory("VmHWM") - idle
    return {"rows": stream.rows, "mb": size / 2**20, "seconds": seconds, "peak": peak}
