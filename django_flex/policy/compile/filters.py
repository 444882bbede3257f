"""``filters`` and ``order_by`` of a grant, into sets of canonical paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.binding.conditions import TAIL
from django_flex.policy.compile.aggregates import aggregate_path, filter_of
from django_flex.policy.compile.mistakes import report_filter, report_path
from django_flex.policy.compile.operators import operators_of
from django_flex.policy.compile.orders import STORED
from django_flex.policy.compile.reporting import texts
from django_flex.policy.compile.sorting import SORTING
from django_flex.policy.paths import FilterSet, OrderSet
from django_flex.query.ast import RANDOM
from django_flex.query.kinds import STORED_OTHERWISE
from django_flex.schema.paths import UnknownPathError, pointer_paths, resolve

if TYPE_CHECKING:
    from django_flex.policy.compile.reporting import ProblemReporter
    from django_flex.query.ast import Path
    from django_flex.schema.resources import Resource


def compile_filters(written: object, resource: Resource, reporter: ProblemReporter) -> FilterSet:
    """Compile ``filters``: ``path`` for equality, ``path.op``, ``path.*``, ``*``."""
    exact: set[tuple[Path, Path]] = set()
    open_paths: set[Path] = set()
    everything = False
    for text in texts(written, reporter):
        path = tuple(text.split("."))
        try:
            if path == ("*",):
                everything = True
            elif path[-1] == "*":
                open_paths.add(_open_path(resource, path[:-1], items=True))
                open_paths.update(pointer_paths(resource, path[:-1]))
            else:
                exact.add(_filter(path, resource))
                exact.update((one, ("exact",)) for one in pointer_paths(resource, path))
        except UnknownPathError:
            report_filter(text, resource, reporter)
        except KeyError:
            reporter.report("E007", f"'{text}' has an operator that does not apply to the field")
    return FilterSet(frozenset(exact), frozenset(open_paths), everything)


def _is_stored_otherwise(path: Path, resource: Resource) -> bool:
    """Whether a path leads to a column whose stored form does not sort like its value."""
    try:
        return resolve(resource, path, items=True).value.kind in STORED_OTHERWISE
    except UnknownPathError:
        return False  # an aggregate of related rows


def _open_path(resource: Resource, path: Path, *, items: bool = False) -> Path:
    try:
        return resolve(resource, path, items=items).canonical
    except UnknownPathError:
        return aggregate_path(path, resource)


def _filter(path: Path, resource: Resource) -> tuple[Path, Path]:
    """Split a filter grant; raises ``KeyError`` where operator and field do not go together."""
    try:
        target = resolve(resource, path, tail=TAIL, items=True)
    except UnknownPathError:
        return filter_of(path, resource)
    return target.canonical, operators_of(target.rest, target.value.kind)


def compile_orderings(written: object, resource: Resource, reporter: ProblemReporter) -> OrderSet:
    """Compile ``order_by``: ``field`` and ``-field`` are two grants."""
    exact: set[tuple[Path, bool]] = set()
    everything = shuffled = False
    for text in texts(written, reporter):
        if text == "*":
            everything = True
            continue
        if text == RANDOM and resource.attribute(RANDOM) is None:
            shuffled = True
            continue
        try:
            path = _open_path(resource, tuple(text.removeprefix("-").split(".")))
            if _is_stored_otherwise(path, resource):
                reporter.report("E007", f"'{text}' {STORED}", SORTING)
                continue
            exact.add((path, text.startswith("-")))
        except UnknownPathError:
            report_path(text, resource, reporter)
    return OrderSet(frozenset(exact), everything, shuffled)
