"""The query tree: what a request asks for, before names and permissions are checked.

All nodes are frozen and compare by value, so that each stage can be tested by equality.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from django_flex.dataclass_init import fast_init
from django_flex.exceptions.places import Part, Place, Text, inside

Path: TypeAlias = tuple[str, ...]
Shape: TypeAlias = Literal["map", "list"]
Nulls: TypeAlias = Literal["first", "last"]
#: The limit of an export of all rows; every database accepts it as LIMIT.
NO_LIMIT = 2**62
Explain: TypeAlias = Literal["plan", "analyze"]
Quantifier: TypeAlias = Literal["some", "every", "none"]


class ParameterText(str):
    """A string from a query parameter: on a JSON path it is read as JSON, unlike one from a body."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class FieldTerm:
    """One requested output: ``name``, ``customer.*``, ``who:customer.name`` or ``-notes``."""

    path: Path
    alias: str | None = None
    excluded: bool = False

    @property
    def is_wildcard(self) -> bool:
        """Whether the term stands for several fields."""
        return self.path[-1] == "*"

    def __str__(self) -> str:
        if self.alias is None and not self.excluded:
            return ".".join(self.path)
        sign = "-" if self.excluded else ""
        alias = f"{self.alias}:" if self.alias else ""
        return f"{sign}{alias}{'.'.join(self.path)}"


#: Alone in an order, where no column has this name: rows in any order, another one each time.
RANDOM = "random"


@dataclass(frozen=True, slots=True)
class OrderTerm:
    """One sort key."""

    path: Path
    descending: bool = False
    nulls: Nulls | None = None

    def __str__(self) -> str:
        suffix = f".nulls_{self.nulls}" if self.nulls else ""
        return f"{'-' if self.descending else ''}{'.'.join(self.path)}{suffix}"


@dataclass(frozen=True, slots=True)
class Now:
    """``{"$now": "-7d"}``: the time of the request, moved.

    To the ``start`` of a period, if there is one; then by ``months`` and ``seconds``. ``text`` is
    what was sent.
    """

    seconds: int
    text: str
    months: int = 0
    start: str = ""


@dataclass(frozen=True, slots=True)
class UserValue:
    """``{"$user": "id"}``: a value of the caller."""

    path: Path


@dataclass(frozen=True, slots=True)
class FieldValue:
    """``{"$field": "starts_at"}``: another column of the same row."""

    path: Path


@dataclass(frozen=True, slots=True)
class Constant:
    """``{"$value": …}``: a literal value, even if it looks like a dynamic one."""

    value: object


@dataclass(frozen=True, slots=True)
class ObjectValue(Constant):
    """``{"lower": 1, "upper": 5}``: an object as a value, where one is expected."""

    value: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Comparison:
    """``"price.gte": 5``. Only the schema can tell where the path ends and the operator starts."""

    path: Path
    value: Any
    place: str = field(default=Part.FILTERS, compare=False)


@dataclass(frozen=True, slots=True)
class Quantified:
    """``"lines.some": {…}``: a condition on the rows of a to-many relation."""

    path: Path
    quantifier: Quantifier
    condition: Condition
    place: str = field(default=Part.FILTERS, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """All of the children. One filter object is one ``And``: its conditions share related rows."""

    children: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of the children."""

    children: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The complement: it includes rows for which the condition is unknown because of a NULL."""

    child: Condition


Condition: TypeAlias = Comparison | Quantified | And | Or | Not


#: The cursor of a query for the first page.
START = ""
#: ``True``: combinations of the fields; paths: the first row of each combination of their values.
Distinct: TypeAlias = tuple[Path, ...] | Literal[True]


@dataclass(frozen=True, slots=True)
class Count:
    """How rows are counted; ``most`` is set if counting stops at a number."""

    kind: Literal["exact", "estimated", "capped"]
    most: int = 0


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """Which rows are requested; the caps apply when the query is authorized."""

    limit: int
    offset: int = 0
    cursor: str | None = None
    count: Count | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """An entry of ``related``: a query for the rows of a to-many relation.

    ``name`` is the key in the reply, as a path; ``source`` is the path of the relation. ``fields``
    is ``None`` if the outer fields name them. ``paged`` returns the rows with their pagination, and
    with ``counted`` how many there are. ``cursor`` and ``distinct`` are those of a query.
    With ``aggregate`` it is not for the rows but for aggregates of those that match the filters.
    """

    name: Path
    source: Path
    place: str
    fields: tuple[FieldTerm, ...] | None = None
    filters: Condition | None = None
    order_by: tuple[OrderTerm, ...] = ()
    limit: int = 50
    offset: int = 0
    related: tuple[Related, ...] = ()
    paged: bool = False
    counted: bool = False
    search: str | None = None
    aggregate: tuple[FieldTerm, ...] | None = None
    cursor: str | None = None
    distinct: Distinct | None = None


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A parsed request to read. ``pk`` is only set for ``get``.

    ``default_shape`` is the shape of a reply if the request names none.
    """

    resource: str
    operation: str
    page: PageRequest
    pk: object = None
    fields: tuple[FieldTerm, ...] = (FieldTerm(("*",)),)
    filters: Condition | None = None
    order_by: tuple[OrderTerm, ...] = ()
    shape: Shape = "map"
    default_shape: Shape = "map"
    search: str | None = None
    distinct: Distinct | None = None
    aggregate: tuple[FieldTerm, ...] | None = None
    group_by: tuple[FieldTerm, ...] | None = None
    having: Condition | None = None
    related: tuple[Related, ...] = ()
    explain: Explain | None = None
    stream: str | None = None


@dataclass(frozen=True, slots=True)
class RowChange:
    """What was sent for one row: its key, if the row exists already, and values by name.

    ``place`` is its position in the payload (``_items[2]``), empty for the payload itself.
    ``key_place`` is where its key was sent, in an item of a list.
    ``doubtful`` are the names that are unknown keys of the language, unless they are columns, each
    with the hint for such a key; if ``lenient``, these are left out instead of refused.
    """

    pk: object
    values: Mapping[str, object]
    place: Place = ""
    key_place: Place = ""
    doubtful: Mapping[str, Text] = field(default_factory=dict)
    lenient: bool = False

    def at(self, name: str) -> Place:
        """Return the position of a value in the payload."""
        return inside(self.place, name)


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """A parsed request to write. If ``many`` is set, the reply is a list with one object per change.

    A write by filter has ``filters``, ``max_affected`` and a single change. ``match`` names the
    fields that identify a row for an upsert. ``returning`` has the fields of a written row in the
    reply; ``None`` means all that the caller may read.
    """

    resource: str
    operation: str
    changes: tuple[RowChange, ...]
    many: bool = False
    filters: Condition | None = None
    max_affected: int | None = None
    match: tuple[str, ...] = ()
    returning: tuple[FieldTerm, ...] | None = None
    dry_run: bool = False
    if_match: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ActionCall:
    """A parsed call of a model action.

    ``keys`` or ``filters`` select the rows of a bulk action; if both are ``None``, every row is
    selected. ``expected`` is how many there should be. ``condition`` is what a row has to match.
    ``returning`` has the fields of a row in the reply; ``None`` means all that the caller may read.
    ``background`` says whether to run it later; ``None`` if the request does not say. ``place`` is
    the position of ``values`` in the payload, empty for the payload itself.
    """

    pk: object = None
    keys: tuple[object, ...] | None = None
    filters: Condition | None = None
    expected: int | None = None
    returning: tuple[FieldTerm, ...] | None = None
    dry_run: bool = False
    background: bool | None = None
    if_match: str | None = None
    condition: Condition | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    place: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a batch. ``name`` is the name that references use for it.

    ``payload`` is not parsed yet, because it may refer to the replies of earlier operations.
    ``place`` is its position in the batch, for messages.
    """

    name: str | None
    payload: Mapping[str, object]
    place: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Operations in order. If ``atomic`` is set, all of them succeed or none."""

    operations: tuple[Operation, ...]
    atomic: bool
    dry_run: bool
