"""Deep pages: the ten-thousandth by cursor against the first, and against the same by offset."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection

from tests.performance.contest import Contest, Measured, Worker
from tests.performance.table import OURS, Figure, Table, at_most
from tests.testapp.models import Booking, Line

PAGE = 20
PAGES = 10_000
STEP = 1_000
TARGET = at_most(1.2)
#: By the key, and by an indexed column with ties.
ORDERS = ("-id", "booking,id")
FIRST = "first page"


def fill() -> None:
    """Make as many lines as ten thousand pages hold, and one page more."""
    keys = list(Booking.objects.order_by("pk").values_list("pk", flat=True)[:1_000])
    Line.objects.all()._raw_delete(using="default")
    Line.objects.bulk_create(
        (
            Line(booking_id=keys[n % len(keys)], product=f"Product {n}", quantity=n, note="a note")
            for n in range(PAGE * (PAGES + 1))
        ),
        batch_size=10_000,
    )


def cursors(contest: Contest) -> Iterator[Table]:
    """Compare the pages in each order; what the database does counts, too."""
    fill()
    clock = "cpu" if connection.vendor == "sqlite" else "wall"
    workers = {name: contest.started(OURS) for name in (FIRST, "by cursor", "by offset")}
    try:
        for order in ORDERS:
            yield _compared(order, contest.measure(_asked(workers, order), clock, against=FIRST))
    finally:
        for worker in workers.values():
            assert worker is not None
            worker.close()


def _asked(workers: dict[str, Worker | None], order: str) -> dict[str, Worker | None]:
    wanted: dict[str, dict[str, Any]] = {
        FIRST: {"cursor": "true"},
        "by cursor": {"cursor": _cursor(workers[FIRST], order)},
        "by offset": {"offset": PAGE * (PAGES - 1)},
    }
    rows = {}
    for name, page in wanted.items():
        worker = workers[name]
        assert worker is not None
        rows[name] = worker.order("prepare", case="page", order=order, limit=PAGE, **page)["rows"]
    assert rows["by cursor"] == rows["by offset"], "the cursor led to another page"
    return workers


def _cursor(worker: Worker | None, order: str) -> str:
    """Walk to the page in long steps and return its cursor."""
    assert worker is not None
    cursor = "true"
    for limit in [STEP] * (PAGE * (PAGES - 1) // STEP) + [PAGE * (PAGES - 1) % STEP]:
        cursor = worker.order(
            "call",
            function="tests.performance.contenders.flex:next_cursor",
            order=order,
            limit=limit,
            cursor=cursor,
        )
    return cursor


def _compared(order: str, taken: dict[str, Measured | None]) -> Table:
    figures = []
    for name, one in taken.items():
        assert one is not None
        figures.append(
            Figure(
                name=name,
                value=one.seconds * 1_000,
                figure=None if name == FIRST else round(1 / one.ratio, 3),
                means="" if name == FIRST else "times the first",
                target=TARGET if name == "by cursor" else None,
            )
        )
    title = f"page {PAGES:,} of {PAGE} rows, order_by={order}"
    return Table(section="cursors", case=order, title=title, figures=tuple(figures))
