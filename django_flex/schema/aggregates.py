"""Resolves paths that end in an aggregate function, and the types of their results."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from django_flex.query.aggregates import FUNCTIONS, AggregateFunction
from django_flex.schema.paths import ResolvedPath, UnknownPathError, resolve
from django_flex.schema.resources import Attribute

if TYPE_CHECKING:
    from django_flex.query.ast import Path
    from django_flex.schema.resources import Relation, Resource

#: How many digits a sum may have in addition to those of its values; databases allow 65.
_MORE_DIGITS = 20
_MAX_DIGITS = 65


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """The subject of an aggregate: a column, or rows.

    ``target`` is the column, ``None`` for the rows of the model itself. With ``of_rows`` rows are
    counted, those that ``target`` leads to.
    """

    function: AggregateFunction
    target: ResolvedPath | None
    of_rows: bool
    canonical: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "canonical", (*head_of(self.target), self.function.name))

    @property
    def hops(self) -> tuple[Relation, ...]:
        """All relations of the path."""
        return () if self.target is None else self.target.hops

    @property
    def crossings(self) -> tuple[int, ...]:
        """The positions of the to-many relations."""
        return crossings_of(self.hops)

    @property
    def fits(self) -> bool:
        """Whether the function applies to the kind of the column."""
        target = self.target
        return target is None or self.of_rows or self.function in functions_of(target)

    def behind(self, hops: tuple[Relation, ...]) -> Measure:
        """Return the same measure with some hops in front."""
        if self.target is None:
            target = ResolvedPath(hops, hops[-1].item, via=True)
            return Measure(self.function, target, of_rows=True)
        moved = replace(self.target, hops=(*hops, *self.target.hops))
        return Measure(self.function, moved, self.of_rows)


def crossings_of(hops: tuple[Relation, ...]) -> tuple[int, ...]:
    """Return the positions of the to-many relations of a way."""
    return tuple([n for n, hop in enumerate(hops) if hop.cardinality == "many"])


def functions_of(target: ResolvedPath) -> tuple[AggregateFunction, ...]:
    """Return the functions that apply to the values that a path leads to."""
    return _functions_of_kind(target.attribute.kind) if _has_values(target) else ()


def totals_of(target: ResolvedPath) -> tuple[tuple[str, str], ...]:
    """Return the names of these functions, each with the kind of its result."""
    return _totals_of_kind(target.attribute.kind) if _has_values(target) else ()


def _has_values(target: ResolvedPath) -> bool:
    """Whether a path leads to the values of a column: not into them, not to rows."""
    is_rows = target.via and target.hops[-1].cardinality == "many"
    return not (target.keys or is_rows or target.is_pointer)


@cache
def _functions_of_kind(kind: str) -> tuple[AggregateFunction, ...]:
    return tuple(one for one in FUNCTIONS.values() if kind in one.kinds)


@cache
def _totals_of_kind(kind: str) -> tuple[tuple[str, str], ...]:
    return tuple((one.name, _kind_of(one, kind)) for one in _functions_of_kind(kind))


def head_of(target: ResolvedPath | None) -> Path:
    """Return the names before the function: only those of the relations if rows are counted."""
    if target is None:
        return ()
    if target.via and target.hops[-1].cardinality == "many":
        return target.hop_names
    return target.canonical


def resolve_measure(resource: Resource, path: Path) -> Measure:
    """Resolve a path that ends in a function.

    Raises:
        UnknownPathError: it does not end in one, or the path before the function does not exist.
    """
    function = FUNCTIONS.get(path[-1])
    if function is None:
        raise UnknownPathError
    if len(path) == 1:
        if function.name != "count":
            raise UnknownPathError
        return Measure(function, None, of_rows=True)
    target = resolve(resource, path[:-1])
    rows = target.via and target.hops[-1].cardinality == "many" and function.name == "count"
    return Measure(function, target, of_rows=rows)


def result_of(measure: Measure) -> Attribute:
    """Return the result of an aggregate as an attribute."""
    kind = kind_of_result(measure)
    name = "_".join(measure.canonical)
    target, gives = measure.target, measure.function.gives
    if target is None or kind != target.attribute.kind:
        return computed(name, kind)
    column = target.attribute
    if kind == "decimal":
        return _decimal(name, column, summed=gives == "sum")
    own = gives in {"count", "fraction"} or (gives == "sum" and kind == "integer")
    return computed(name, kind) if own else _like(name, column)


def kind_of_result(measure: Measure) -> str:
    """Return the kind of the result of an aggregate."""
    target = measure.target
    return "integer" if target is None else _kind_of(measure.function, target.attribute.kind)


def _kind_of(function: AggregateFunction, kind: str) -> str:
    """Return the kind of the result of a function of values of a kind."""
    gives = function.gives
    if gives == "count":
        return "integer"
    averaged = gives == "mean" and kind == "integer"
    return "float" if gives == "fraction" or averaged else kind


def computed(name: str, kind: str) -> Attribute:
    """Return a value that is not a column as an attribute."""
    return Attribute(name=name, lookup=name, kind=kind, null=True)


def _like(name: str, column: Attribute) -> Attribute:
    """Return a value of a column, such as its greatest, as an attribute."""
    return Attribute(
        name=name,
        lookup=name,
        kind=column.kind,
        null=True,
        length=column.length,
        key_of=column.key_of,
        custom=column.custom,
        stored=column.stored,
        storage=column.storage,
        source=column,
    )


def _decimal(name: str, column: Attribute, *, summed: bool) -> Attribute:
    if column.scale is None or column.digits is None:
        return computed(name, "decimal")
    digits = min(column.digits + (_MORE_DIGITS if summed else 0), _MAX_DIGITS)
    return Attribute(
        name=name, lookup=name, kind="decimal", null=True, digits=digits, scale=column.scale
    )
