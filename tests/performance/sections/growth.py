"""How the time of a request grows: with rows, columns, conditions, and entries of ``EXPOSE``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tests.performance.contenders import TUPLES
from tests.performance.contest import Contest
from tests.performance.table import OURS, Figure, Table, Target, at_most

ROWS = (1, 50, 100, 200, 400, 1_000)
COLUMNS = (1, 2, 4, 8, 14)
CONDITIONS = (1, 2, 4, 8, 16, 32)
ENTRIES = (10, 100, 1_000)
#: Times as long as with the entries that the other measurements have.
ENTRIES_TARGET = at_most(1.15)


def growth(contest: Contest) -> Iterator[Table]:
    """Measure each kind of growth."""
    yield _grown(contest, "list", "limit", ROWS, "rows of a list")
    yield _grown(contest, "columns", "count", COLUMNS, "fields of a list of 50 rows")
    yield _grown(contest, "conditions", "count", CONDITIONS, "conditions of a list of 50 rows")
    yield _entries(contest)


def _grown(contest: Contest, case: str, name: str, steps: Sequence[int], of: str) -> Table:
    figures = []
    for step in steps:
        running = contest.prepared((OURS, TUPLES), case, **{name: step})
        taken = contest.measure(running)
        ours, by_hand = taken[OURS], taken[TUPLES]
        assert ours is not None
        assert by_hand is not None
        figures.append(
            Figure(
                name=f"{step:,}",
                value=round(ours.seconds * 1_000, 4),
                figure=round(by_hand.ratio, 3),
                means="ours is x of it",
                note=f"by hand {by_hand.seconds * 1_000:.3f} ms",
            )
        )
    return Table(section="growth", case=case, title=f"growth with {of}", figures=tuple(figures))


def _entries(contest: Contest) -> Table:
    ours = contest.ours()
    ours.order("prepare", case="list", limit=20)
    taken = contest.measure({OURS: ours, TUPLES: contest.worker(TUPLES)})
    figures = [_figure("2", taken[OURS], None)]
    for entries in ENTRIES:
        worker = contest.started(OURS)
        assert worker is not None
        worker.order("call", function=f"{__name__}:expose", entries=entries)
        worker.order("prepare", case="list", limit=20)
        taken = contest.measure({OURS: ours, "with more": worker})
        worker.close()
        figures.append(_figure(f"{entries:,}", taken["with more"], ENTRIES_TARGET))
    title = "growth with entries of EXPOSE, list of 20 rows"
    return Table(section="growth", case="entries", title=title, figures=tuple(figures))


def _figure(name: str, taken: Any, target: Target | None) -> Figure:
    times = None if target is None else round(1 / taken.ratio, 3)
    means = "" if target is None else "times the first"
    value = round(taken.seconds * 1_000, 4)
    return Figure(name=name, value=value, figure=times, means=means, target=target)


def expose(entries: int) -> None:
    """Expose so many models in this process; those that there are not are made up."""
    from django.conf import settings
    from django.db import models
    from django.test.utils import override_settings

    grant = {"fields": ["*"], "filters": ["*"], "order_by": ["*"], "ops": ["list", "get"]}
    written = dict(settings.DJANGO_FLEX["EXPOSE"])
    for number in range(entries - len(written)):
        meta = type("Meta", (), {"app_label": "testapp", "managed": False})
        body = {
            "__module__": "tests.testapp.models",
            "Meta": meta,
            "name": models.CharField(max_length=10),
        }
        made = type(f"Made{number}", (models.Model,), body)
        written[made.__name__.lower()] = {"anon": grant}
    override_settings(DJANGO_FLEX={**settings.DJANGO_FLEX, "EXPOSE": written}).enable()
