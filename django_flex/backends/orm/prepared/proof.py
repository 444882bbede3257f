"""The proof that SQL that was compiled for some values is also what Django compiles for others.

Values go into a queryset as bind parameters, which only lookups read. So SQL depends on a value in
two ways: through what its lookups compile to, and through a lookup that says that its condition is
always or never true, which Django then leaves out. SQL of one set of values may be used with others
if

1. each value has lookups, and each of these is in the SQL as the lookup compiled it: nothing was
   left out, folded or rewritten, neither within the statement nor around it;
2. all parameters of each lookup are there, side by side and in order, and equal, in value and type,
   those that the same class of lookup makes from the value alone;
3. no value came in anywhere else.

The other half is checked at each use: the lookups compile to the same text with the new values.
``Binder`` does that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_flex.backends.orm.bind_parameters import BindParameter, MarkedParameter
from django_flex.backends.orm.prepared.binders import Binder, binder_of, comparable

if TYPE_CHECKING:
    from django_flex.backends.orm.bind_parameters import MarkedLookup


@dataclass(frozen=True, slots=True, eq=False)
class ProvenParameters:
    """What makes the parameters of a statement of the values of any request.

    A parameter is that of a binder (its index, and which of its parameters), or a constant, with -1
    for the index.
    """

    binders: tuple[Binder, ...]
    parameters: tuple[tuple[int, object], ...]


def prove(
    bind_parameters: Iterable[BindParameter], sql: str, parameters: Sequence[object], using: str
) -> ProvenParameters | None:
    """Return how to use a statement with other values; ``None`` without a proof that one may.

    Args:
        bind_parameters: those that the query was built with.
        sql: the statement.
        parameters: of the statement; those of lookups are ``MarkedParameter``.
        using: the database.
    """
    if any(isinstance(parameter, BindParameter) for parameter in parameters):
        return None
    compiled = {
        id(one.lookup): one.lookup for one in parameters if isinstance(one, MarkedParameter)
    }
    lookups = [*compiled.values()]
    if not _all_present(bind_parameters, lookups):
        return None
    binders: list[Binder] = []
    made: dict[int, Sequence[object]] = {}
    for lookup in lookups:
        found = binder_of(lookup, using)
        if found is None or lookup.flex_sql not in sql:
            return None
        binder, made[id(lookup)] = found
        binders.append(binder)
    if not _contiguous(parameters, made):
        return None
    numbers = {id(lookup): number for number, lookup in enumerate(lookups)}
    return ProvenParameters(
        tuple(binders),
        tuple(
            (numbers[id(one.lookup)], one.position)
            if isinstance(one, MarkedParameter)
            else (-1, one)
            for one in parameters
        ),
    )


def _all_present(bind_parameters: Iterable[BindParameter], lookups: Iterable[MarkedLookup]) -> bool:
    """Whether each value has lookups, and each of them is among those with parameters."""
    there = {lookup.flex_name for lookup in lookups}
    wanted = {
        (one.number, count) for one in bind_parameters for count in range(len(one.lookups) or 1)
    }
    return wanted == there


def _contiguous(parameters: Sequence[object], made: dict[int, Sequence[object]]) -> bool:
    """Whether the parameters of each lookup are all there, side by side, as it makes them."""
    index = 0
    while index < len(parameters):
        first = parameters[index]
        if not isinstance(first, MarkedParameter):
            index += 1
            continue
        lookup = first.lookup
        whole = [
            MarkedParameter(lookup, number, one) for number, one in enumerate(made[id(lookup)])
        ]
        found = [
            one
            for one in parameters[index : index + len(whole)]
            if isinstance(one, MarkedParameter) and one.lookup is lookup
        ]
        if not whole or found != whole:
            return False
        if comparable(one.value for one in found) != comparable(one.value for one in whole):
            return False
        index += len(whole)
    return True
