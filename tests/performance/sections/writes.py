"""Adding rows: one as other packages add it, a thousand at once; what a rate limit costs a request."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from django.db import connection
from django.db.models import Max

from tests.performance.contenders import CONTENDERS, FLOORS, REST
from tests.performance.contest import Contest
from tests.performance.data import remove_added
from tests.performance.table import OURS, Figure, Table, at_least, at_most, compared
from tests.testapp.models import Booking

#: As a part of what REST framework takes: at most 0.8.
ADD = at_least(1.25)
BULK_ROWS = 1_000
BULK = at_least(5)
BULK_STATEMENTS = at_most(8)
LIMIT_MS = at_most(0.2)


def _last() -> int:
    last: int = Booking.objects.aggregate(last=Max("pk"))["last"]
    return last


def adds(contest: Contest) -> Iterator[Table]:
    """Compare the adding of one row."""
    last = _last()
    running = contest.prepared(CONTENDERS, "add")
    figures = compared(contest.measure(running), floors=FLOORS, targets={REST: ADD})
    remove_added(last)
    yield Table(section="add", case="1", title="add of one row", figures=figures)


def writes(contest: Contest) -> Iterator[Table]:
    """Compare a thousand rows at once with as many requests, and requests with a rate limit."""
    yield _bulk(contest)
    yield _rate_limit(contest)


def _bulk(contest: Contest) -> Table:
    last, ours = _last(), contest.ours()
    ours.order("prepare", case="add")
    single = statistics.median(ours.order("run", repeat=100)["cpu"] for _ in range(5))
    sent = ours.order("prepare", case="add many", count=BULK_ROWS)["statements"]
    together = statistics.median(ours.order("run", repeat=1)["cpu"] for _ in range(5))
    remove_added(last)
    statements = sum(sql not in {"BEGIN", "COMMIT"} for sql in sent)
    # SQLite takes so few parameters at a time that Django sends a list in several statements.
    few = BULK_STATEMENTS if connection.vendor != "sqlite" else None
    figures = (
        Figure(name="one by one", value=single * BULK_ROWS * 1_000),
        Figure(
            name="at once",
            value=together * 1_000,
            figure=round(single * BULK_ROWS / together, 2),
            means="times faster",
            target=BULK,
        ),
        Figure(
            name="statements",
            value=statements,
            unit="",
            figure=statements,
            means="and a COMMIT",
            target=few,
        ),
    )
    return Table(
        section="writes", case="bulk", title=f"add of {BULK_ROWS:,} rows by ours", figures=figures
    )


def _rate_limit(contest: Contest) -> Table:
    key = Booking.objects.values_list("pk", flat=True)[0]
    limited = contest.started(OURS, RATE_LIMIT=1_000_000_000)
    assert limited is not None
    running = {"without": contest.ours(), "with": limited}
    for worker in running.values():
        worker.order("prepare", case="get", key=key)
    taken = contest.measure(running, against="without")
    limited.close()
    without, counted = taken["without"], taken["with"]
    assert without is not None
    assert counted is not None
    added = (counted.seconds - without.seconds) * 1_000
    figures = (
        Figure(name="without", value=without.seconds * 1_000),
        Figure(
            name="with",
            value=counted.seconds * 1_000,
            figure=round(added, 4),
            means="ms more",
            target=LIMIT_MS,
        ),
    )
    return Table(
        section="writes",
        case="rate limit",
        title="a get of ours without and with a rate limit, local cache",
        figures=figures,
    )
