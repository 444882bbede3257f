"""Which lines of the settings allow a name, and which addition would allow one that is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.binding.conditions import TAIL
from django_flex.binding.related_aggregates import find_relation_measure, split_filter
from django_flex.describe.origins import (
    Origin,
    Origins,
    Question,
    may_aggregate,
    may_filter,
    may_filter_by,
    may_order,
    may_order_by,
    may_read,
    of_operation,
    place_in,
)
from django_flex.policy.compile.aggregates import compile_aggregates
from django_flex.policy.compile.filters import compile_filters, compile_orderings
from django_flex.policy.compile.grants import compile_paths
from django_flex.policy.compile.mistakes import report_path
from django_flex.policy.compile.reporting import ProblemReporter
from django_flex.policy.paths import AggregateSet, FilterSet, OrderSet, PathSet
from django_flex.query.aggregates import PARTS
from django_flex.schema.aggregates import resolve_measure
from django_flex.schema.paths import ResolvedPath, UnknownPathError, resolve, resolve_hops

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.access.reach import Access
    from django_flex.policy.model import Grant
    from django_flex.query.ast import Path
    from django_flex.schema.resources import Resource
    from django_flex.why.pieces import Piece

#: What follows the column of a path, in any clause.
_BEHIND = TAIL | frozenset(PARTS)
#: What may be done with rows inside the row that they point to.
_INSIDE = frozenset({"add", "edit", "delete"})


def lines_of(piece: Piece, access: Access) -> tuple[str, ...]:
    """Return the lines by which a caller may use a name, empty where none is known."""
    origins = Origins()
    try:
        if piece.clause in {"add", "edit"}:
            found = _of_writing(piece, access, origins)
        elif piece.clause == "search":
            found = [place_in(access.grant, "search")]
        else:
            there, path = access, piece.path
            if piece.inside:
                there = access.inside(resolve_hops(access.resource, piece.inside))
            questions = _questions(piece, path, there)
            found = [line for one in questions for line in origins.of(there, one)]
    except UnknownPathError:
        return ()
    return tuple(dict.fromkeys(map(str, found)))


def exists(piece: Piece, resource: Resource) -> bool:
    """Whether a name means something, granted or not."""
    try:
        if piece.inside:
            resource = resolve_hops(resource, piece.inside)[-1].target
        if piece.path[-1:] == ("*",):
            return len(piece.path) == 1 or bool(resolve_hops(resource, piece.path[:-1]))
        return piece.clause == "search" or _meant(piece, resource) is not None
    except UnknownPathError:
        return False


def _meant(piece: Piece, resource: Resource) -> object:
    try:
        return resolve(resource, piece.path, tail=_BEHIND, file_parts=True, items=True)
    except UnknownPathError:
        if piece.clause == "aggregates":
            return resolve_measure(resource, piece.path)
        if split_filter(resource, piece.path, TAIL) is None:
            raise
        return True


def _of_writing(piece: Piece, access: Access, origins: Origins) -> list[Origin]:
    operation = "edit" if piece.clause == "edit" else "add"
    relation = access.resource.relations.get(piece.path[0])
    if relation is not None and relation.column is None:
        target = ResolvedPath((relation,), relation.item, via=True)
    else:
        target = resolve(access.resource, piece.path)
    found = list(origins.of_writing(access, target, operation))
    there = None if relation is None else access.related_grant(relation.label)
    if not found and there is not None:
        return [
            line
            for name in sorted(_INSIDE & there.operations)
            for line in of_operation(there, name)
        ]
    return found


def _questions(piece: Piece, path: Path, access: Access) -> Iterator[Question]:
    """Yield what the gate was asked about a name."""
    resource = access.resource
    if piece.clause == "fields":
        if path[-1] == "*":
            hops = resolve_hops(resource, path[:-1])
            for attribute in access.wildcard_attributes(hops):
                yield may_read(ResolvedPath(hops, attribute))
            return
        measure = find_relation_measure(resource, path)
        if measure is not None:
            yield may_aggregate(measure)
            return
        target = resolve(resource, path, tail=_BEHIND, file_parts=True, items=True)
        yield may_read(replace(target, rest=()))
    elif piece.clause == "aggregates":
        yield may_aggregate(resolve_measure(resource, path))
    elif piece.clause == "filters":
        split = split_filter(resource, path, TAIL)
        if split is not None:
            yield may_filter_by(split.measure, [split.rest or ("exact",)])
            return
        target = resolve(resource, path, tail=TAIL, items=True)
        yield may_filter(replace(target, rest=()), [_with_operator(target)])
    else:
        measure = find_relation_measure(resource, path)
        if measure is not None:
            yield may_order_by(measure, [piece.descending])
            return
        target = resolve(resource, path, tail=_BEHIND)
        yield may_order(replace(target, rest=()), [piece.descending])


def _with_operator(target: ResolvedPath) -> Path:
    from django_flex.query.operators import OPERATORS

    rest = target.rest
    return rest if rest and rest[-1] in OPERATORS else (*rest, "exact")


def widened(grant: Grant, piece: Piece, resource: Resource) -> tuple[Grant, str] | None:
    """Return a grant with the smallest term for a name, and the line that adds it.

    Returns:
        ``None`` where the name cannot be written in a grant.
    """
    reporter = ProblemReporter("")
    text = ".".join((*piece.inside, *piece.path))
    key = piece.clause
    if key == "fields":
        measure = find_relation_measure(resource, tuple(text.split(".")))
        key = key if measure is None else "aggregates"
    if key == "fields":
        text = _without_part(text, resource)
        paths = compile_paths([text], resource, reporter, file_parts=True)
        wider = replace(grant, fields=_joined(grant.fields, paths))
    elif key == "filters":
        text = text.removesuffix(".exact")
        filters = compile_filters([text], resource, reporter)
        wider = replace(grant, filters=_joined_filters(grant.filters, filters))
    elif key == "order_by":
        text = f"{'-' * piece.descending}{_without_part(text, resource)}"
        orders = compile_orderings([text], resource, reporter)
        known = grant.order_by
        exact = known.exact | orders.exact
        wider = replace(grant, order_by=OrderSet(exact, known.everything, known.random))
    elif key == "aggregates":
        found = compile_aggregates([text], resource, reporter, report_path)
        aggregates = AggregateSet(
            grant.aggregates.exact | found.exact,
            grant.aggregates.open_paths,
            grant.aggregates.everything,
        )
        operations = grant.operations | {"aggregate"}
        wider = replace(grant, aggregates=aggregates, operations=operations)
    elif key == "search":
        return None
    else:
        return _wider_writing(grant, key, text, resource)
    return None if reporter.problems else (wider, f"{grant.source}[{key!r}]: add {text!r}")


def _wider_writing(
    grant: Grant, clause: str, text: str, resource: Resource
) -> tuple[Grant, str] | None:
    reporter = ProblemReporter("")
    operation = "edit" if clause in {"edit", "bulk_edit"} else "add"
    writing = grant.writing.get(operation)
    if writing is None:
        return None
    own = grant.written.get(operation)
    place = f"[{operation!r}]['fields']" if isinstance(own, dict) and "fields" in own else ""
    place = place or "['write_fields']"
    paths = compile_paths([text], resource, reporter)
    narrower = replace(
        writing.grant, fields=_joined(writing.grant.fields, paths), for_reading=False
    )
    wider = replace(grant, writing={**grant.writing, operation: replace(writing, grant=narrower)})
    return None if reporter.problems else (wider, f"{grant.source}{place}: add {text!r}")


def _without_part(text: str, resource: Resource) -> str:
    """Return a path without a part of its value, which a grant of the value includes."""
    try:
        target = resolve(
            resource, tuple(text.split(".")), tail=_BEHIND, file_parts=True, items=True
        )
    except UnknownPathError:
        return text
    return ".".join(replace(target, rest=()).canonical)


def _joined(one: PathSet, other: PathSet) -> PathSet:
    return PathSet(one.exact | other.exact, one.wildcards | other.wildcards)


def _joined_filters(one: FilterSet, other: FilterSet) -> FilterSet:
    return FilterSet(one.exact | other.exact, one.open_paths | other.open_paths, one.everything)
