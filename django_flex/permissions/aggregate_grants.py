"""``aggregates`` and ``min_group`` of a grant, and aggregates in its filters and orderings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_flex.permissions.aggregates import find_relation_measure, split_filter
from django_flex.permissions.paths import AggregateSet
from django_flex.query.aggregates import FUNCTIONS
from django_flex.query.operators import DERIVED_KINDS, OPERATORS, TRANSFORMS
from django_flex.query.terms import nearest
from django_flex.schema.aggregates import head_of, resolve_measure, result_of
from django_flex.schema.paths import UnknownPathError, resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_flex.permissions.grants import Notes
    from django_flex.query.ast import Path
    from django_flex.schema.introspection import Resource


def compile_aggregates(
    written: list[str],
    resource: Resource,
    notes: Notes,
    report_path: Callable[[str, Resource, Notes], None],
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
            _report(text, path, resource, notes, report_path)
            continue
        if measure.fits:
            exact.add(measure.canonical)
        else:
            notes.report("E007", f"'{path[-1]}' does not apply to '{'.'.join(path[:-1])}'")
    return AggregateSet(frozenset(exact), frozenset(open_paths), "*" in written)


def _report(
    text: str,
    path: Path,
    resource: Resource,
    notes: Notes,
    report_path: Callable[[str, Resource, Notes], None],
) -> None:
    if path[-1] in {*FUNCTIONS, "*"} and len(path) > 1:
        report_path(text.rpartition(".")[0], resource, notes)
        return
    hint = nearest(path[-1], FUNCTIONS) or f"a path and one of {', '.join(FUNCTIONS)}"
    notes.report("E007", f"'{path[-1]}' in '{text}' is no aggregate function", hint)


def compile_min_group(written: Any, notes: Notes) -> int:
    """Compile ``min_group``; one that makes no sense lets no group be seen."""
    if written is None:
        return 1
    if isinstance(written, bool) or not isinstance(written, int) or written < 1:
        notes.report("E009", "A whole number of at least 1 is needed")
        return 2**62
    return written


def filter_of(path: Path, resource: Resource) -> tuple[Path, Path]:
    """Split the grant of a filter by an aggregate of related rows.

    Raises:
        UnknownPathError: it names no such thing.
        KeyError: what stands behind does not apply to the result.
    """
    split = split_filter(resource, path, frozenset({*OPERATORS, *TRANSFORMS}))
    if split is None or not split.measure.fits:
        raise UnknownPathError
    rest = split.rest
    if not rest or rest[-1] not in OPERATORS:
        rest = (*rest, "exact")
    kind = result_of(split.measure).kind
    for name in rest[:-1]:
        if name not in TRANSFORMS or kind not in TRANSFORMS[name].kinds:
            raise KeyError(name)
        kind = TRANSFORMS[name].result
    if DERIVED_KINDS.get(kind, kind) not in OPERATORS[rest[-1]].kinds:
        raise KeyError(rest[-1])
    return split.measure.canonical, rest


def aggregate_path(path: Path, resource: Resource) -> Path:
    """Return the canonical path of an aggregate of related rows.

    Raises:
        UnknownPathError: it is none.
    """
    measure = find_relation_measure(resource, path)
    if measure is None or not measure.fits:
        raise UnknownPathError
    return measure.canonical
