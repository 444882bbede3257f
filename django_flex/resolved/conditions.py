"""Rows, values and conditions of a statement, in terms of the schema.

They are in one module because each may contain the others: a condition rows of a relation, rows a
condition, and a value may be an aggregate of rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from django_flex.dataclass_init import fast_init

if TYPE_CHECKING:
    from django_flex.query.ast import Path
    from django_flex.schema.resources import Attribute, Relation, Resource

SearchMode: TypeAlias = Literal["substrings", "full_text", "trigrams"]


@fast_init
@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows of one model that the caller may see, ready for the backend.

    All parts apply together; ``nothing`` means no row at all. ``plain`` means all rows of the
    model's own manager, so that nothing has to be checked. Where rows are reached by a many-to-many
    relation, ``links`` are the rows of its ``through`` model that count.

    Rows of a proxy are ``among`` those of the managers of its concrete model.

    ``queryset`` and ``q`` were written by the project for one backend; no other code looks into
    them.
    """

    resource: Resource
    queryset: Any = None
    q: Any = None
    condition: Where | None = None
    nothing: bool = False
    plain: bool = False
    links: Rows | None = None
    among: Rows | None = None

    @property
    def restricts(self) -> bool:
        """Whether a rule limits the rows further than the model's own manager."""
        return self.nothing or not (
            self.queryset is None
            and self.q is None
            and self.condition is None
            and self.among is None
        )


@dataclass(frozen=True, slots=True, eq=False)
class VisibleHop:
    """A related row on a path that is only visible if it is among ``rows``."""

    hops: tuple[Relation, ...]
    rows: Rows


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Column:
    """A value of the row or of a to-one related row; ``hops`` are the relations that lead to it."""

    hops: tuple[Relation, ...]
    attribute: Attribute
    keys: Path = ()
    masks: tuple[VisibleHop, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class AggregateSubquery:
    """An aggregate of the visible rows of a to-many relation: one value for each row.

    Args:
        way: the to-one relations to the row that the rows belong to.
        relation: the to-many relation.
        rows: which of its rows count.
        function: the name of the aggregate.
        value: the aggregated value, seen from such a row; ``None`` for the rows themselves.
        result: the result as an attribute, with its kind and field.
        least: the minimum number of rows; with fewer the result is null.
        where: what the rows have to satisfy in addition.
    """

    way: tuple[Relation, ...]
    relation: Relation
    rows: Rows
    function: str
    value: Value | None
    result: Attribute
    least: int
    where: Where | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ComputedField:
    """A computed field of an entry, of the row or of a to-one related row.

    ``expression`` was written for one backend; no other code looks into it.
    """

    hops: tuple[Relation, ...]
    expression: object


@dataclass(frozen=True, slots=True, eq=False)
class TransformedValue:
    """A part of a value, such as the year of a date; ``transform`` is one of ``PARTS``."""

    value: Value
    transform: str


@dataclass(frozen=True, slots=True, eq=False)
class RandomNumber:
    """Another number for each row, each time."""


@dataclass(frozen=True, slots=True, eq=False)
class GroupAlias:
    """A group or total of the statement, by the alias that the statement gives it."""

    alias: str


@dataclass(frozen=True, slots=True, eq=False)
class ComputedValue:
    """A value that is computed from the row: an aggregate, a computed field, a part of a value.

    Args:
        source: what it is computed from.
        attribute: describes it like a column: its kind, its output field, its name.
        key: equal for two values only if they are the same value of a statement.
        masks: related rows without which it is null.
        hops: the relations that it depends on, in order.
    """

    source: AggregateSubquery | ComputedField | GroupAlias | RandomNumber | TransformedValue
    attribute: Attribute
    key: tuple[str, ...]
    masks: tuple[VisibleHop, ...] = ()
    hops: tuple[Relation, ...] = ()

    @property
    def keys(self) -> Path:
        """Always empty: the inside of a computed value has no path."""
        return ()


Value: TypeAlias = Column | ComputedValue


def key_of(value: Value) -> tuple[object, ...]:
    """Return a key that is equal for equal values of a row."""
    if isinstance(value, ComputedValue):
        return (ComputedValue, *value.key)
    return (*(hop.lookup for hop in value.hops), value.attribute.lookup, *value.keys)


@fast_init
@dataclass(frozen=True, slots=True, eq=False)
class Predicate:
    """A value, transformed and compared by an operator with a typed value or another column."""

    column: Value
    transforms: Path
    operator: str
    value: Any

    @property
    def is_containment(self) -> bool:
        """Whether a JSON value is looked for inside another, and not a text inside a text."""
        if self.column.attribute.kind != "json" or self.transforms:
            return False
        inside = self.operator == "contains" and isinstance(self.value, Mapping | list)
        return inside or self.operator == "contained_by"


@dataclass(frozen=True, slots=True, eq=False)
class AllOf:
    """All of the children; without children, every row."""

    children: tuple[Where, ...]


@dataclass(frozen=True, slots=True, eq=False)
class AnyOf:
    """Any of the children."""

    children: tuple[Where, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Complement:
    """Every row for which the child is not true."""

    child: Where


@dataclass(frozen=True, slots=True, eq=False)
class Exists:
    """Some visible row of a to-many relation satisfies ``where`` (``None``: any row does)."""

    hops: tuple[Relation, ...]
    relation: Relation
    rows: Rows
    where: Where | None
    masks: tuple[VisibleHop, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Search:
    """Each of ``words`` occurs in a searched value; ``anywhere`` has the conditions for each word.

    ``mode`` and ``config`` say how a database may search for the whole ``text`` instead, if it can.
    """

    text: str
    words: tuple[AnyOf, ...]
    anywhere: tuple[Where, ...]
    mode: SearchMode
    config: str


Where: TypeAlias = Predicate | AllOf | AnyOf | Complement | Exists | Search
