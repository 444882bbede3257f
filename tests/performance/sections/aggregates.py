"""Aggregates against ``.values().annotate()`` by hand: groups, groups over a join, totals, counts."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from tests.performance.contenders import FLOORS, TUPLES
from tests.performance.contest import Contest
from tests.performance.data import add_bookings
from tests.performance.table import OURS, Table, at_most, compared
from tests.performance.wanted import AGGREGATES
from tests.testapp.models import Booking

#: Bookings that the aggregates are of; what a request costs by itself shows over few rows.
ROWS = 20_000
TARGET = at_most(1.2)


def aggregates(contest: Contest) -> Iterator[Table]:
    """Compare each case; what the database does counts, too: of SQLite it is time of ours."""
    add_bookings(max(0, ROWS - Booking.objects.count()))
    clock = "cpu" if connection.vendor == "sqlite" else "wall"
    for name in AGGREGATES:
        running = contest.prepared((OURS, TUPLES), name)
        taken = contest.measure(running, clock=clock)
        figures = compared(taken, floors=FLOORS, targets={TUPLES: TARGET})
        title = f"aggregate of {ROWS:,} rows: {name}"
        yield Table(section="aggregate", case=name, title=title, figures=figures)
