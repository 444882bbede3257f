"""Lists of 1 to 1,000 rows, sorted and along an index, lists in them, one row by its key."""

from __future__ import annotations

from collections.abc import Iterator

from tests.performance import data
from tests.performance.contenders import (
    CONTENDERS,
    CURSOR,
    FLOORS,
    REST,
    STRAWBERRY,
    TUPLES,
)
from tests.performance.contest import Contest
from tests.performance.table import Table, Target, at_least, at_most, compared

ROWS = (1, 20, 200, 1_000)
TARGETS: dict[tuple[str, int], dict[str, Target]] = {
    ("list", 20): {
        TUPLES: at_most(0.7),
        CURSOR: at_most(1.6),
        REST: at_least(6),
        STRAWBERRY: at_least(10),
    },
    ("list", 200): {
        TUPLES: at_most(0.75),
        CURSOR: at_most(1.4),
        REST: at_least(8),
        STRAWBERRY: at_least(10),
    },
    ("list", 1_000): {
        TUPLES: at_most(0.8),
        CURSOR: at_most(1.3),
        REST: at_least(8),
        STRAWBERRY: at_least(10),
    },
    ("nested", 20): {TUPLES: at_most(0.8), REST: at_least(3), STRAWBERRY: at_least(3)},
    ("nested", 200): {TUPLES: at_most(0.8), REST: at_least(3), STRAWBERRY: at_least(3)},
}
GET: dict[str, Target] = {TUPLES: at_most(0.7)}


def lists(contest: Contest) -> Iterator[Table]:
    """Compare lists of seven fields over two joins, filtered and ordered.

    First the database sorts what matches, then it follows an index. In the second table there is
    next to nothing left for it to do, and no way to do it better: what is compared is Python alone.
    """
    for rows in ROWS:
        title = f"list of {rows:,} row{'s' * (rows > 1)}: 7 fields, 2 joins, a filter, an order"
        yield _rows(contest, "list", rows, title)
    data.index()
    for rows in ROWS[1:]:
        yield _rows(contest, "list", rows, f"list of {rows:,} rows, along an index", "indexed")


def nested(contest: Contest) -> Iterator[Table]:
    """Compare lists with two lists in each row."""
    for rows in (20, 200):
        yield _rows(contest, "nested", rows, f"list of {rows} rows with two lists in each")


def _rows(contest: Contest, case: str, rows: int, title: str, section: str = "") -> Table:
    running = contest.prepared(CONTENDERS, case, limit=rows)
    section = section or case
    targets = TARGETS.get((section, rows), {})
    figures = compared(contest.measure(running), floors=FLOORS, targets=targets)
    return Table(section=section, case=f"{rows}", title=title, figures=figures)


def get(contest: Contest) -> Iterator[Table]:
    """Compare one row by its key."""
    from tests.testapp.models import Booking

    key = Booking.objects.order_by("pk").values_list("pk", flat=True)[5]
    running = contest.prepared(CONTENDERS, "get", key=key)
    figures = compared(contest.measure(running), floors=FLOORS, targets=GET)
    yield Table(section="get", case="1", title="one row by its key", figures=figures)
