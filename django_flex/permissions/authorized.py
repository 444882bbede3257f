"""What comes out of ``authorize``: names checked, values typed, rules attached.

Everything in here is built from the schema and from rules, never from a client's text. The planner
accepts nothing else; ``AuthorizedQuery`` can only be made with the proof that ``authorize`` holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from django.db.models import Field, Q, QuerySet

    from django_flex.permissions.applied import Rule
    from django_flex.permissions.authorized_aggregates import AuthorizedAggregate
    from django_flex.permissions.cursors import Keyset
    from django_flex.permissions.policy import SearchMode
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


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Column:
    """A value of the row or of a to-one related row, ``hops`` being the to-one way there."""

    hops: tuple[Relation, ...]
    attribute: Attribute
    keys: Path = ()
    guards: tuple[Visible, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """An aggregate of the visible rows of a to-many relation: one value for each row.

    Args:
        way: to-one hops to the row that the rows belong to.
        relation: the to-many relation.
        rows: which of its rows count.
        function: the name of the aggregate.
        value: what it is of, seen from such a row; ``None`` for the rows themselves.
        output: the field of the result.
        least: over fewer rows it is null.
    """

    way: tuple[Relation, ...]
    relation: Relation
    rows: Rows
    function: str
    value: Value | None
    output: Field[Any, Any]
    least: int


@dataclass(frozen=True, slots=True, eq=False)
class Derived:
    """A value that SQL computes from the row: an aggregate of a relation, or a computed field.

    Args:
        build: from the name of the database to an expression of Django's, valid in a queryset of
            the model that the row is of; or what is gathered from related rows.
        attribute: stands for it as if it were a column: its kind, its output field, its name.
        key: equal for two of them only if they are the same value of a statement.
        guards: related rows without which it is null.
        hops: the relations that it depends on, in the order in which they are crossed.
    """

    build: Callable[[str], Any] | Gathered
    attribute: Attribute
    key: tuple[str, ...]
    guards: tuple[Visible, ...] = ()
    hops: tuple[Relation, ...] = ()

    @property
    def keys(self) -> Path:
        """None: what is inside a computed value cannot be named."""
        return ()


Value: TypeAlias = Column | Derived


@dataclass(frozen=True, slots=True, eq=False)
class Test:
    """A value, transformed, compared by an operator with a typed value (or another column)."""

    column: Value
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Search:
    """Each of ``words`` is found somewhere; ``anywhere`` are the places, each with some word.

    ``mode`` and ``config`` say how a database may look for the whole ``text`` instead, if it can.
    """

    text: str
    words: tuple[AnyOf, ...]
    anywhere: tuple[Where, ...]
    mode: SearchMode
    config: str


Where: TypeAlias = Test | AllOf | AnyOf | Complement | Exists | Search


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """One value of the reply. ``name`` is the key that the client asked for.

    ``picks`` are the parts of a JSON value that are wanted, nested as their keys are; none means
    the whole. An ``aliased`` output stands flat under its own name, whatever its path.
    """

    name: str
    column: Value
    picks: tuple[Path, ...] = ()
    aliased: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Values that stand together under a name, as their paths do."""

    name: str
    members: tuple[Output | Group, ...]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Selection:
    """The wanted part of one row: own values, and to-one related objects by name, in order.

    ``relation`` is the hop that leads here, ``None`` at the root. ``guard`` is set when the
    related row may be hidden from the caller.
    """

    name: str
    relation: Relation | None
    hops: tuple[Relation, ...]
    members: tuple[Output | Selection | Nested | Group, ...]
    guard: Visible | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Nested:
    """The wanted rows behind a to-many relation, a list under ``name``.

    ``hops`` are the to-one way to the row that they belong to, ``selection`` is what is wanted of
    each; without one their keys are. ``paged`` says that the list comes with its pagination.
    """

    name: str
    hops: tuple[Relation, ...]
    relation: Relation
    selection: Selection | None
    rows: Rows
    where: Where | None
    order_by: tuple[Ordering, ...]
    limit: int
    offset: int
    paged: bool
    guards: tuple[Visible, ...]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Ordering:
    """One sort key."""

    column: Value
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
    rules: tuple[Rule, ...] = ()
    ranking: Search | None = None

    keyset: Keyset | None = None
    distinct_on: tuple[Value, ...] = ()
    totals: AuthorizedAggregate | None = None

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
    "Derived",
    "Exists",
    "Gathered",
    "Group",
    "Ordering",
    "Output",
    "Rows",
    "Search",
    "Selection",
    "Test",
    "Value",
    "Visible",
    "Where",
]
