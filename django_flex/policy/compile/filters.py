"""``filters`` and ``order_by`` of a grant, into sets of canonical paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.binding.conditions import TAIL
from django_flex.policy.compile.aggregates import aggregate_path, filter_of
from django_flex.policy.compile.mistakes import report_filter, report_path
from django_flex.policy.compile.operators import operators_of
from django_flex.policy.compile.reporting import texts
from django_flex.policy.paths import FilterSet, OrderSet
from django_flex.schema.paths import UnknownPathError, resolve

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
                open_paths.add(_open_path(resource, path[:-1]))
            else:
                exact.add(_filter(path, resource))
        except UnknownPathError:
            report_filter(text, resource, reporter)
        except KeyError:
            reporter.report("E007", f"'{text}' has an operator that does not apply to the field")
    return FilterSet(frozenset(exact), frozenset(open_paths), everything)


def _open_path(resource: Resource, path: Path) -> Path:
    try:
        return resolve(resource, path).canonical
    except UnknownPathError:
        return aggregate_path(path, resource)


def _filter(path: Path, resource: Resource) -> tuple[Path, Path]:
    """Split a filter grant; raises ``KeyError`` where operator and field do not go together."""
    try:
        target = resolve(resource, path, tail=TAIL)
    except UnknownPathError:
        return filter_of(path, resource)
    return target.canonical, operators_of(target.rest, target.attribute.kind)


def compile_orderings(written: object, resource: Resource, reporter: ProblemReporter) -> OrderSet:
    """Compile ``order_by``: ``field`` and ``-field`` are two grants."""
    exact: set[tuple[Path, bool]] = set()
    everything = False
    for text in texts(written, reporter):
        if text == "*":
            everything = True
            continue
        try:
            path = _open_path(resource, tuple(text.removeprefix("-").split(".")))
            exact.add((path, text.startswith("-")))
        except UnknownPathError:
            report_path(text, resource, reporter)
    return OrderSet(frozenset(exact), everything)
