"""How long it takes to describe a large model, and to render the OpenAPI document of many models."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.performance.contest import Contest
from tests.performance.table import OURS, Figure, Table, at_most

COLUMNS, POINTERS = 50, 3
MODELS, SMALL = 100, 10
MOST_MS = {"model": at_most(5), "document": at_most(1_000)}


def describing(contest: Contest) -> Iterator[Table]:
    """Measure both; each is compared with nobody, so the figure is the time itself."""
    worker = contest.started(OURS)
    assert worker is not None
    held = worker.order("call", function=f"{__name__}:describe")
    worker.close()
    names = {
        "cold": ("model", f"a model of {COLUMNS} columns and {POINTERS} relations, first", None),
        "warm": ("model", "the same again", MOST_MS["model"]),
        "document_cold": (
            "document",
            f"a document of {MODELS} models, first",
            MOST_MS["document"],
        ),
        "document_warm": ("document", "the same again", MOST_MS["document"]),
    }
    figures = tuple(
        Figure(
            name=name,
            value=round(held[key], 2),
            figure=round(held[key], 2) if target else None,
            means="ms" if target else "",
            target=target,
            note=f"{held['kb']:,.0f} kB of JSON" if key == "document_warm" else "",
        )
        for key, (_, name, target) in names.items()
    )
    yield Table(section="describe", case="documents", title="descriptions", figures=figures)


def describe() -> dict[str, float]:
    """Describe models that exist in this process only; return milliseconds."""
    from dataclasses import replace

    from django_flex.conf import get_settings
    from django_flex.describe import describe_role
    from django_flex.http.openapi import document_of_role
    from django_flex.plan.json_values import encode
    from django_flex.policy.compile.entries import compile_policy

    names = [*_models()]
    everything = {"anon": "*"}
    policy, problems = compile_policy(dict.fromkeys(names, everything), max_relation_depth=2)
    assert not [one for one in problems if one.id.startswith("E")], problems
    settings = replace(get_settings(), policy=policy)
    large = policy.entries[next(one for one in policy.entries if one.endswith("large"))]

    def model() -> object:
        return describe_role(policy, "anon", large, settings.limits)

    small, _ = compile_policy(dict.fromkeys(names[:-1], everything), max_relation_depth=1)
    many = replace(settings, policy=small)

    def document() -> bytes:
        return encode(document_of_role("anon", many))

    found = {"cold": _timed(model, 1), "warm": _timed(model, 21)}
    found |= {"document_cold": _timed(document, 1), "document_warm": _timed(document, 5)}
    return {**found, "kb": len(document()) / 1_024}


def _models() -> Iterator[str]:
    """Make models, each with foreign keys to others, and yield their names; the large one last."""
    from django.db import models

    def made(name: str, columns: int, others: list[str]) -> str:
        kinds: list[Callable[[], Any]] = [
            lambda: models.CharField(max_length=50),
            models.IntegerField,
            models.BooleanField,
            lambda: models.DecimalField(max_digits=8, decimal_places=2),
            models.DateTimeField,
        ]
        parts: dict[str, Any] = {
            f"column_{n}": kinds[n % len(kinds)]() for n in range(columns - len(others))
        }
        for n, other in enumerate(others):
            pointer = models.ForeignKey(other, models.CASCADE, related_name="+")
            parts[f"pointer_{n}"] = pointer
        meta = type("Meta", (), {"app_label": "testapp"})
        type(name, (models.Model,), {"__module__": __name__, "Meta": meta, **parts})
        return name.lower()

    for n in range(MODELS):
        others = [f"testapp.Small{(n + step) % MODELS}" for step in (1, 2)]
        yield made(f"Small{n}", SMALL, others)
    yield made("Large", COLUMNS, [f"testapp.Small{n}" for n in range(POINTERS)])


def _timed(call: Callable[[], object], rounds: int) -> float:
    """Return the median of the processor time of a call, in milliseconds."""
    times = []
    for _ in range(rounds):
        begin = time.process_time()
        call()
        times.append(time.process_time() - begin)
    return statistics.median(times) * 1_000
