"""``aggregates`` and ``min_group`` of a grant, and aggregates in its filters and orderings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.binding.related_aggregates import find_relation_measure, split_filter
from django_flex.policy.compile.operators import operators_of
from django_flex.policy.paths import AggregateSet
from django_flex.query.aggregates import FUNCTIONS
from django_flex.query.operators import OPERATORS, TRANSFORMS
from django_flex.query.terms import nearest
from django_flex.schema.aggregates import head_of, resolve_measure, result_of
from django_flex.schema.paths import UnknownPathError, resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_flex.policy.compile.reporting import ProblemReporter
    from django_flex.query.ast import Path
    from django_flex.schema.resources import Resource


def compile_aggregates(
    written: list[str],
    resource: Resource,
    reporter: ProblemReporter,
    report_path: Callable[[str, Resource, ProblemReporter], None],
) -> AggregateSet:
    """Compile ``aggregates``: ``count``, ``path.function``, ``path.*``, ``*``."""
    exact: set[Path] = set()
    open_paths: set[Path] = set()
    for text in written:
        path = tuple(text.split("."))
        try:
            if path == ("*",):
                continue
            if path[-1] == "*":
                open_paths.add(head_of(resolve(resource, path[:-1])))
                continue
            measure = resolve_measure(resource, path)
        except UnknownPathError:
            _report(text, path, resource, reporter, report_path)
            continue
        if measure.fits:
            exact.add(measure.canonical)
        else:
            reporter.report("E007", f"'{path[-1]}' does not apply to '{'.'.join(path[:-1])}'")
    return AggregateSet(frozenset(exact), frozenset(open_paths), "*" in written)


def _report(
    text: str,
    path: Path,
    resource: Resource,
    reporter: ProblemReporter,
    report_path: Callable[[str, Resource, ProblemReporter], None],
) -> None:
    if path[-1] in {*FUNCTIONS, "*"} and len(path) > 1:
        report_path(text.rpartition(".")[0], resource, reporter)
        return
    hint = nearest(path[-1], FUNCTIONS) or f"a path and one of {', '.join(FUNCTIONS)}"
    reporter.report("E007", f"'{path[-1]}' in '{text}' is not an aggregate function", hint)


def compile_min_group(written: object, reporter: ProblemReporter) -> int:
    """Compile ``min_group``; an invalid one hides every group."""
    if written is None:
        return 1
    if isinstance(written, bool) or not isinstance(written, int) or written < 1:
        reporter.report("E009", "A whole number of at least 1 is needed")
        return 2**62
    return written


def filter_of(path: Path, resource: Resource) -> tuple[Path, Path]:
    """Split the grant of a filter by an aggregate of related rows.

    Raises:
        UnknownPathError: the path does not name an aggregate of related rows.
        KeyError: what follows does not apply to its result.
    """
    split = split_filter(resource, path, frozenset({*OPERATORS, *TRANSFORMS}))
    if split is None or not split.measure.fits:
        raise UnknownPathError
    return split.measure.canonical, operators_of(split.rest, result_of(split.measure).kind)


def aggregate_path(path: Path, resource: Resource) -> Path:
    """Return the canonical path of an aggregate of related rows.

    Raises:
        UnknownPathError: it is not such a path.
    """
    measure = find_relation_measure(resource, path)
    if measure is None or not measure.fits:
        raise UnknownPathError
    return measure.canonical
