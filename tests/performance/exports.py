"""Measure the memory of an export: ``python -m tests.performance.exports``, exit 1 if it misses.

A process of its own reads all rows as a stream. Its peak is compared with what it held after one
small request. ``DATABASE_URL`` chooses the database; without it, SQLite in a file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

ROWS = 200_000
TARGET_MB = 60
NAME = "FLEX_EXPORT_DB"
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


def connect(name: str) -> None:
    """Set Django up with a database of this name."""
    import django

    from tests import settings

    settings.DATABASES["default"] |= {"NAME": name, "TEST": {"NAME": name}}
    django.setup()


def fill(rows: int) -> None:
    """Make bookings with customers and addresses; every tenth has two lines."""
    from datetime import UTC, date, datetime, timedelta

    from tests.testapp.models import Address, Booking, Customer, Line

    customers = Customer.objects.bulk_create(
        Customer(name=f"Customer {n}", email=f"c{n}@example.com") for n in range(1_000)
    )
    addresses = Address.objects.bulk_create(
        Address(street=f"Street {n}", city=f"City {n}") for n in range(100)
    )
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for first in range(0, rows, 10_000):
        bookings = Booking.objects.bulk_create(
            [
                Booking(
                    customer=customers[n % 1_000],
                    address=addresses[n % 100] if n % 7 else None,
                    status="confirmed" if n % 3 else "pending",
                    price=n % 900,
                    day=date(2026, 1, 1),
                    created_at=start + timedelta(minutes=n),
                )
                for n in range(first, min(first + 10_000, rows))
            ]
        )
        Line.objects.bulk_create(
            Line(booking=booking, product="mop", quantity=n)
            for booking in bookings[::10]
            for n in (1, 2)
        )
        print(f"\r  {first + len(bookings):,} of {rows:,} rows made", end="", file=sys.stderr)
    print(file=sys.stderr)


def memory(name: str) -> float:
    """Return a figure of this process in megabytes: ``VmRSS`` now, ``VmHWM`` at its highest."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1_024
    raise LookupError(name)


def measure(query: dict[str, Any]) -> None:
    """Export everything in this process; print the figures as JSON."""
    from django.test.utils import override_settings

    from django_flex import FlexQuery

    grant = {"rows": "*", "fields": ["*"], "order_by": ["*"], "ops": ["list", "export"]}
    expose = {name: {"anon": grant} for name in ("booking", "customer", "address", "line")}
    settings = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": expose, "EXPORT_TIMEOUT": 600}
    with override_settings(DJANGO_FLEX=settings):
        list(FlexQuery("booking").stream({**query, "limit": 5}))
        idle = memory("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        started, size = time.perf_counter(), 0
        stream = FlexQuery("booking").stream(query)
        for piece in stream:
            size += len(piece)
        stream.close()
        seconds = time.perf_counter() - started
    figures = {"rows": stream.rows, "mb": size / 2**20, "seconds": seconds}
    print(json.dumps({**figures, "peak": memory("VmHWM") - idle, "error": str(stream.error)}))


def run(name: str, kind: str, rows: int) -> bool:
    """Measure one kind of export in a process of its own; return whether the target holds."""
    command = [sys.executable, "-m", "tests.performance.exports", "--measure", kind]
    found: dict[str, Any] = json.loads(
        subprocess.check_output(command, env={**os.environ, NAME: name})
    )
    holds: bool = found["peak"] <= TARGET_MB and found["rows"] == rows
    print(
        f"  {kind:8} {found['rows']:>9,} rows {found['mb']:6.1f} MB in {found['seconds']:5.1f} s"
        f"  {found['rows'] / found['seconds']:>8,.0f} rows/s   peak +{found['peak']:5.1f} MB"
        f"   at most +{TARGET_MB}: {'holds' if holds else 'MISSED'}"
    )
    return holds


def main() -> None:
    """Fill a fresh database and run each kind of export."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--measure", choices=QUERIES)
    options = parser.parse_args()
    if options.measure:
        connect(os.environ[NAME])
        measure(QUERIES[options.measure])
        return
    with tempfile.TemporaryDirectory() as folder:
        server = os.environ.get("DATABASE_URL")
        name = "flex_exports" if server else str(Path(folder) / "exports.sqlite3")
        connect(name)
        from django.db import connection
        from django.test.utils import setup_databases, teardown_databases

        if server:  # the test database is made from another one
            connection.settings_dict["NAME"] = server.rsplit("/", 1)[-1]
        old = setup_databases(verbosity=0, interactive=False)
        try:
            fill(options.rows)
            connection.close()
            print(f"export of {options.rows:,} rows, {connection.display_name}")
            good = [run(name, kind, options.rows) for kind in QUERIES]
        finally:
            teardown_databases(old, verbosity=0)
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
