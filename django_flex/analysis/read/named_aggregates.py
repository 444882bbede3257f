"""Aggregates of some rows of a relation, which an entry of ``related`` filters and names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.access.hints import field_denied
from django_flex.analysis.read.aggregate_fields import GroupBuilder, two_outputs
from django_flex.analysis.read.filters import authorize_filters
from django_flex.binding.related_aggregates import NO_NAMES, NamedAggregate, related_aggregate
from django_flex.exceptions import QueryError
from django_flex.exceptions.places import Part, inside, worded
from django_flex.resolved import AggregateSubquery, Output
from django_flex.schema.aggregates import resolve_measure
from django_flex.schema.paths import UnknownPathError, resolve_hops

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django_flex.access.reach import Access
    from django_flex.binding.related_aggregates import NamedAggregates
    from django_flex.exceptions.places import Place
    from django_flex.query.ast import FieldTerm, Path, Related
    from django_flex.resolved import ComputedValue, Where
    from django_flex.schema.aggregates import Measure


def name_aggregates(
    related: tuple[Related, ...], access: Access, places: set[str] | None
) -> NamedAggregates:
    """Authorize the aggregates among the entries of ``related``, by name and path.

    Args:
        related: the entries of one query.
        access: the caller's reach from its rows.
        places: takes the places of comparisons on JSON.

    Raises:
        FieldDeniedError: an aggregate that is not granted, or does not exist.
        FilterDeniedError: a filter of the rows that is not granted, or does not exist.
        QueryError: a path that does not lead over one to-many relation, or two of one name.
    """
    asked = [entry for entry in related if entry.aggregate is not None]
    if not asked:
        return NO_NAMES
    return {entry.name[0]: _aggregates_of(entry, access, places) for entry in asked}


def _aggregates_of(
    entry: Related, access: Access, places: set[str] | None
) -> dict[Path, NamedAggregate]:
    place = inside(entry.place, Part.AGGREGATE)
    measures = [(term, _measure(term, entry, access, place)) for term in entry.aggregate or ()]
    where = None
    if entry.filters is not None:
        inner = access.inside(resolve_hops(access.resource, entry.source), entry.source)
        where, found = authorize_filters(entry.filters, inner)
        if places is not None:
            places |= found
    named: dict[Path, NamedAggregate] = {}
    for term, measure in measures:
        path = (term.alias,) if term.alias is not None else term.path
        text = ".".join((*entry.source, *term.path))
        value = related_aggregate(measure, access, f"{access.prefix}{text}", place)
        if path in named:
            raise two_outputs(".".join(path), place)
        named[path] = NamedAggregate(measure, _of_some(value, where, (*entry.name, *path)))
    return named


def _measure(term: FieldTerm, entry: Related, access: Access, place: Place) -> Measure:
    text = ".".join((*entry.source, *term.path))
    try:
        hops = resolve_hops(access.resource, entry.source)
        measure = resolve_measure(access.resource, (*entry.source, *term.path))
    except UnknownPathError:
        raise field_denied(text, access, place) from None
    if not access.may_aggregate(measure):
        raise field_denied(text, access, place)
    if hops[-1].cardinality != "many":
        raise QueryError(
            worded("'{}' is not a list of this row", ".".join(entry.source)),
            path=entry.place,
            hint="an aggregate needs a to-many relation",
        )
    return measure


def _of_some(value: ComputedValue, where: Where | None, name: Path) -> ComputedValue:
    """Return an aggregate of those rows only that satisfy a condition."""
    source = value.source
    if not isinstance(source, AggregateSubquery):
        raise TypeError(source)
    return replace(value, source=replace(source, where=where), key=("named", *name))


def without_named(
    terms: tuple[FieldTerm, ...], named: NamedAggregates
) -> tuple[tuple[FieldTerm, ...], list[Output]]:
    """Take the terms that mean a named aggregate out; also return those with a name of their own.

    Raises:
        QueryError: the entry of this name has no such aggregate.
    """
    own: list[FieldTerm] = []
    renamed: list[Output] = []
    for term in terms:
        found = named.get(term.path[0])
        if found is None or term.excluded:
            own.append(term)
        elif term.path[1:] in found:
            if term.alias is not None:
                value = found[term.path[1:]].value
                renamed.append(Output(term.alias, value, aliased=True))
        elif term.path[1:] not in {(), ("*",)} or term.alias is not None:
            raise QueryError(
                worded("'{}' is not among the aggregates of '{}'", term, term.path[0]),
                path=Part.FIELDS,
                hint=worded(
                    "one of {}", ", ".join(".".join((term.path[0], *path)) for path in found)
                ),
            )
    return tuple(own), renamed


def groups_of(named: NamedAggregates) -> Iterator[GroupBuilder]:
    """Yield the values of each entry under its name."""
    for name, found in named.items():
        group = GroupBuilder(name)
        for path, aggregate in found.items():
            group.put(path, Output(path[-1], aggregate.value))
        yield group


def count_of(named: NamedAggregates) -> int:
    """Return how many values there are in addition to one for each name."""
    sizes: Iterable[int] = map(len, named.values())
    return sum(sizes) - len(named)
