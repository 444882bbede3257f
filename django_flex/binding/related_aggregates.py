"""Aggregates against the caller's grant: of the rows of a relation, and of the rows themselves."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from django_flex.binding.related import rows_behind
from django_flex.binding.values import value_of
from django_flex.exceptions import QueryError
from django_flex.exceptions.places import worded
from django_flex.query.aggregates import FUNCTIONS
from django_flex.resolved import AggregateSubquery, ComputedValue
from django_flex.schema.aggregates import Measure, resolve_measure, result_of
from django_flex.schema.paths import UnknownPathError, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_flex.binding.caller import Reach
    from django_flex.exceptions.places import Place
    from django_flex.query.ast import Path
    from django_flex.resolved import Value
    from django_flex.schema.resources import Relation, Resource


def find_relation_measure(resource: Resource, path: Path) -> Measure | None:
    """Return the aggregate of related rows that a path means, ``None`` if it means none.

    A field of the name of a function, and a key of a JSON column, come first.
    """
    if len(path) == 1 or path[-1] not in FUNCTIONS:
        return None
    try:
        resolve(resource, path)
    except UnknownPathError:
        pass
    else:
        return None
    try:
        measure = resolve_measure(resource, path)
    except UnknownPathError:
        return None
    return measure if measure.crossings else None


@dataclass(frozen=True, slots=True, eq=False)
class NamedAggregate:
    """An aggregate that an entry of ``related`` names, already granted: what it is, and its value."""

    measure: Measure
    value: ComputedValue


#: Aggregates by the name of their entry, and the path or alias there.
NamedAggregates: TypeAlias = "Mapping[str, Mapping[Path, NamedAggregate]]"
NO_NAMES: NamedAggregates = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class SplitPath:
    """A path of a filter: an aggregate of related rows, and what follows it.

    ``value`` is that of a named aggregate.
    """

    measure: Measure
    rest: Path
    value: ComputedValue | None = None


def split_named(named: NamedAggregates, path: Path) -> SplitPath | None:
    """Tell a named aggregate from the transforms and the operator behind it."""
    found: Mapping[Path, NamedAggregate] = named.get(path[0], {})
    for end in range(len(path), 1, -1):
        aggregate = found.get(path[1:end])
        if aggregate is not None:
            return SplitPath(aggregate.measure, path[end:], aggregate.value)
    return None


def split_filter(resource: Resource, path: Path, tail: frozenset[str]) -> SplitPath | None:
    """Tell an aggregate from the transforms and the operator behind it."""
    end = len(path)
    while end > 1:
        measure = find_relation_measure(resource, path[:end])
        if measure is not None:
            return SplitPath(measure, path[end:])
        if path[end - 1] not in tail:
            return None
        end -= 1
    return None


def check_measure(measure: Measure, text: str, place: Place) -> None:
    """Refuse a function that does not fit its field.

    Raises:
        QueryError: it does not.
    """
    if not measure.fits:
        target, of = measure.target, text.rpartition(".")[0]
        kind = target.attribute.kind if target and not target.via else "related rows"
        names = [name for name, function in FUNCTIONS.items() if kind in function.kinds]
        raise QueryError(
            worded("'{}' does not apply to '{}'", measure.function.name, of),
            path=place,
            hint=f"'{of}.type', '{of}.id'"
            if target and target.is_pointer
            else worded("one of {}", ", ".join(names or ["count"])),
        )


def related_aggregate(
    measure: Measure,
    access: Reach | None,
    text: str,
    place: Place,
    depth: int = 0,
    *,
    least: int | None = None,
) -> ComputedValue:
    """Return the value that an aggregate of related rows has for each row.

    Args:
        measure: what is aggregated, already granted.
        access: the caller's reach, ``None`` for a rule of the operator.
        text: the path as it was asked for.
        place: where in the payload.
        depth: hops that are made already.
        least: over fewer related rows it is null; ``None`` for what the grants say.

    Raises:
        QueryError: the function does not fit, or the path crosses several to-many relations.
    """
    check_measure(measure, text, place)
    crossings = [position for position in measure.crossings if position >= depth]
    if len(crossings) != 1:
        raise QueryError(
            worded(
                "'{}' crosses {} to-many relations",
                text,
                worded("several") if crossings else worded("no"),
            ),
            path=place,
            hint='\'{"bookings.some": {"lines.count.gte": 3}}\', or an aggregate of one relation',
        )
    if access is not None:
        access.count_joins(measure.hops, place)
    (position,) = crossings
    way, relation = measure.hops[depth:position], measure.hops[position]
    after = measure.hops[position + 1 :]
    result = result_of(measure)
    return ComputedValue(
        source=AggregateSubquery(
            way=way,
            relation=relation,
            rows=rows_behind(relation, access),
            function=measure.function.name,
            value=None if measure.of_rows else _inner_value(measure, after, relation, access),
            result=result,
            least=_least(access, relation) if least is None else least,
        ),
        attribute=result,
        key=("aggregate", *(hop.lookup for hop in measure.hops[depth:]), *measure.canonical[-2:]),
        masks=access.masks(way) if access is not None else (),
        hops=(*way, relation, *after),
    )


def _inner_value(
    measure: Measure, after: tuple[Relation, ...], relation: Relation, access: Reach | None
) -> Value | None:
    if measure.target is None:
        return None
    masks = access.masks(after) if access is not None else ()
    counted = measure.target.attribute.leading
    return value_of(after, counted, access, relation.target, masks=masks)


def _least(access: Reach | None, relation: Relation) -> int:
    return 1 if access is None else access.least(relation)
