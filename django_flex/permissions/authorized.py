"""What comes out of ``authorize``: names checked, values typed, rules attached.

Everything in here is built from the schema and from rules, never from a client's text. The planner
accepts nothing else; ``AuthorizedQuery`` can only be made with the proof that ``authorize`` holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from django.db.models import Q, QuerySet

    from django_flex.query.ast import Nulls, Path, Query
    from django_flex.schema.introspection import Attribute, Relation, Resource

PROOF = object()


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows of one model that the caller may see, ready for the backend.

    All parts hold together; ``nothing`` means no row at all. ``plain`` says that the model's own
    manager and all its rows are meant, so that nothing has to be checked.
    """

    resource: Resource
    queryset: QuerySet[Any] | None = None
    q: Q | None = None
    condition: Where | None = None
    nothing: bool = False
    plain: bool = False

    @property
    def restricts(self) -> bool:
        """Whether a rule says which rows, beyond what the model's own manager gives."""
        return self.nothing or not (
            self.queryset is None and self.q is None and self.condition is None
        )


@dataclass(frozen=True, slots=True, eq=False)
class Visible:
    """A related row on the way that only counts if it is among ``rows``."""

    hops: tuple[Relation, ...]
    rows: Rows


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A value of the row or of a to-one related row, ``hops`` being the to-one way there."""

    hops: tuple[Relation, ...]
    attribute: Attribute
    keys: Path = ()
    guards: tuple[Visible, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Test:
    """A column, transformed, compared by an operator with a typed value (or another column)."""

    column: Column
    transforms: Path
    operator: str
    value: Any


@dataclass(frozen=True, slots=True, eq=False)
class AllOf:
    """All of them; of none, everything."""

    children: tuple[Where, ...]


@dataclass(frozen=True, slots=True, eq=False)
class AnyOf:
    """Any of them."""

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
    guards: tuple[Visible, ...]


Where: TypeAlias = Test | AllOf | AnyOf | Complement | Exists


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """One value of the reply. ``name`` is the key that the client asked for.

    ``picks`` are the parts of a JSON value that are wanted, nested as their keys are; none means
    the whole. An ``aliased`` output stands flat under its own name, whatever its path.
    """

    name: str
    column: Column
    picks: tuple[Path, ...] = ()
    aliased: bool = False


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Selection:
    """The wanted part of one row: own values, and to-one related objects by name, in order.

    ``relation`` is the hop that leads here, ``None`` at the root. ``guard`` is set when the
    related row may be hidden from the caller.
    """

    name: str
    relation: Relation | None
    hops: tuple[Relation, ...]
    members: tuple[Output | Selection, ...]
    guard: Visible | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Ordering:
    """One sort key."""

    column: Column
    descending: bool
    nulls: Nulls | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AuthorizedQuery:
    """A query that the caller may run, as it must be run.

    ``asked`` is the query as sent, for ``next``; ``json_places`` names its comparisons on JSON.

    Raises:
        TypeError: made without the proof, that is anywhere but in ``authorize``.
    """

    asked: Query
    resource: Resource
    selection: Selection
    rows: Rows
    where: Where | None
    order_by: tuple[Ordering, ...]
    pk: Any
    json_places: frozenset[str]
    proof: object

    def __post_init__(self) -> None:
        if self.proof is not PROOF:
            message = "An AuthorizedQuery is made by authorize() alone"
            raise TypeError(message)


__all__ = [
    "PROOF",
    "AllOf",
    "AnyOf",
    "AuthorizedQuery",
    "Column",
    "Complement",
    "Exists",
    "Ordering",
    "Output",
    "Rows",
    "Selection",
    "Test",
    "Visible",
    "Where",
]
