"""What stays in memory after many different queries, and what one large list takes at its peak."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.performance.contenders import INSTANCES, TUPLES
from tests.performance.contest import Contest
from tests.performance.table import OURS, Figure, Table, Target, at_most

SHAPES = (2_000, 5_000, 10_000)
KEPT = 512
KEPT_TARGET = at_most(KEPT)
#: Megabytes that the second half of the shapes may add. With room for what the allocator does.
GROWTH_MB = at_most(2)
ROWS = 1_000


def memory(contest: Contest) -> Iterator[Table]:
    """Measure both."""
    yield _shapes(contest)
    yield _peak(contest)


def _shapes(contest: Contest) -> Table:
    worker = contest.started(OURS, STATEMENT_CACHE_SIZE=KEPT)
    assert worker is not None
    figures, first, megabytes = [], 0, 0.0
    for last in SHAPES:
        function = f"{__name__}:send_shapes"
        held = worker.order("call", function=function, first=first, last=last)
        more = held["mb"] - megabytes if first else None
        figures += _held(last, held, more, GROWTH_MB if last == SHAPES[-1] else None)
        first, megabytes = last, held["mb"]
    worker.close()
    title = f"queries of as many different shapes, STATEMENT_CACHE_SIZE={KEPT}"
    return Table(section="memory", case="shapes", title=title, figures=tuple(figures))


def _held(
    shapes: int, held: dict[str, Any], more: float | None, target: Target | None
) -> list[Figure]:
    return [
        Figure(
            name=f"{shapes:,} shapes",
            value=held["kept"],
            unit="",
            figure=held["kept"],
            means="statements kept",
            target=KEPT_TARGET,
        ),
        Figure(
            name="",
            value=round(held["mb"], 1),
            unit="MB",
            figure=None if more is None else round(more, 2),
            means="MB more",
            target=target,
        ),
    ]


def send_shapes(first: int, last: int) -> dict[str, float]:
    """Send queries of different shapes in this process; return what it holds then."""
    import gc

    from tests.caching import cache
    from tests.performance.contenders.flex import shape

    for number in range(first, last):
        asked = shape(number)
        reply = asked.view(asked.request())
        assert reply.status_code == 200, reply.content
    gc.collect()
    status = Path("/proc/self/status").read_text()
    [resident] = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")]
    return {"kept": len(cache().entries), "mb": int(resident) / 1_024}


def _peak(contest: Contest) -> Table:
    running = contest.prepared((OURS, TUPLES, INSTANCES), "list", limit=ROWS)
    peaks = {name: worker.order("peak") for name, worker in running.items() if worker}
    figures = tuple(
        Figure(
            name=name,
            value=round(peak / 1_024),
            unit="kB",
            figure=None if name == OURS else round(peaks[OURS] / peak, 3),
            means="" if name == OURS else "ours is x of it",
        )
        for name, peak in peaks.items()
    )
    title = f"memory at the peak of a list of {ROWS:,} rows"
    return Table(section="memory", case="peak", title=title, figures=figures)
