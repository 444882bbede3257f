"""The query tree: what was asked, before anybody knows whether it exists or is allowed.

All nodes are frozen and compare by value, so that a stage is tested by equality.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Path: TypeAlias = tuple[str, ...]
Shape: TypeAlias = Literal["map", "list"]
Nulls: TypeAlias = Literal["first", "last"]
#: The limit of an export of all rows; the databases take it as a number of rows.
EVERYTHING = 2**62
Explain: TypeAlias = Literal["plan", "analyze"]
Quantifier: TypeAlias = Literal["some", "every", "none"]


class ParameterText(str):
    """Text of a query parameter: on a JSON path it is read as JSON, where a body's text is text."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class FieldTerm:
    """One wanted output: ``name``, ``customer.*``, ``who:customer.name`` or ``-notes``."""

    path: Path
    alias: str | None = None
    excluded: bool = False

    @property
    def is_wildcard(self) -> bool:
        """Whether the term stands for several fields."""
        return self.path[-1] == "*"

    def __str__(self) -> str:
        sign = "-" if self.excluded else ""
        alias = f"{self.alias}:" if self.alias else ""
        return f"{sign}{alias}{'.'.join(self.path)}"


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
    """``{"$now": "-7d"}``: the time of the request, moved by so many seconds."""

    seconds: int
    text: str


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
    """``{"$value": …}``: a value that is taken as it is, even where it looks dynamic."""

    value: Any


@dataclass(frozen=True, slots=True)
class Comparison:
    """``"price.gte": 5``. Where the path ends and the operator starts only the schema can say."""

    path: Path
    value: Any
    place: str = field(default="filters", compare=False)


@dataclass(frozen=True, slots=True)
class Quantified:
    """``"lines.some": {…}``: a condition on the rows of a to-many relation."""

    path: Path
    quantifier: Quantifier
    condition: Condition
    place: str = field(default="filters", compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """All of them. One filter object is one ``And``: its conditions share related rows."""

    children: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of them."""

    children: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The complement: also the rows where the condition is unknown, because of a NULL."""

    child: Condition


Condition: TypeAlias = Comparison | Quantified | And | Or | Not


#: The cursor of a query that begins to page by cursors.
START = ""
#: ``True``: combinations of the fields; paths: the first row of each combination of their values.
Distinct: TypeAlias = tuple[Path, ...] | Literal[True]


@dataclass(frozen=True, slots=True)
class Count:
    """How the rows are to be counted; ``most`` is set where counting stops at a number."""

    kind: Literal["exact", "estimated", "capped"]
    most: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The part of the rows that is wanted; ``limit`` is already the one that applies."""

    limit: int
    offset: int = 0
    cursor: str | None = None
    count: Count | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """What is asked of the rows behind a to-many relation: an entry of ``related``.

    ``name`` is the key in the reply, as a path; ``source`` the way to the relation. ``fields`` is
    ``None`` where the outer fields say them. ``paged`` asks for the rows with their pagination.
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
    search: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A whole question. ``pk`` is set for ``get`` only."""

    resource: str
    operation: str
    page: Page
    pk: Any = None
    fields: tuple[FieldTerm, ...] = (FieldTerm(("*",)),)
    filters: Condition | None = None
    order_by: tuple[OrderTerm, ...] = ()
    shape: Shape = "map"
    search: str | None = None
    distinct: Distinct | None = None
    aggregate: tuple[FieldTerm, ...] | None = None
    group_by: tuple[FieldTerm, ...] | None = None
    having: Condition | None = None
    related: tuple[Related, ...] = ()
    explain: Explain | None = None
    stream: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is sent for one row: its key, where there is one already, and values by name.

    ``place`` is where it stands in the payload (``_items[2]``), empty for the payload itself.
    """

    pk: Any
    values: Mapping[str, Any]
    place: str = ""

    def at(self, name: str) -> str:
        """Return where a value stands in the payload."""
        return f"{self.place}.{name}" if self.place else name


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """A whole write. ``many`` says that the reply is a list, one object per change.

    ``filters``, ``max_affected`` and the only change belong to writes by filter; ``match`` names
    the fields by which an upsert knows a row again. ``returning`` is what the reply shows of a
    written row, ``None`` for all that the caller may read.
    """

    resource: str
    operation: str
    changes: tuple[Change, ...]
    many: bool = False
    filters: Condition | None = None
    max_affected: int | None = None
    match: tuple[str, ...] = ()
    returning: tuple[FieldTerm, ...] | None = None
    dry_run: bool = False
    if_match: str | None = None
