"""The plan: which columns to fetch, under which conditions, and where each goes in the reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from django_flex.permissions.authorized import Column, Ordering, Rows, Visible, Where
    from django_flex.permissions.authorized_writes import RowWrite, Rules
    from django_flex.query.ast import Mutation, Path, Query
    from django_flex.schema.introspection import Attribute, Resource


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A value at ``index`` of a row. It is null unless all ``flags`` of the row are true."""

    name: str
    index: int
    kind: str
    field: Any
    keys: Path = ()
    picks: tuple[Path, ...] = ()
    flags: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """A related object. It is null if the value at ``presence`` is, or if ``flag`` is not true."""

    name: str
    members: tuple[Leaf | Branch, ...]
    presence: int | None = None
    flag: int | None = None


Row: TypeAlias = tuple[Any, ...]
Shaper: TypeAlias = Callable[[Row], dict[str, Any]]
Layout: TypeAlias = tuple[Leaf | Branch, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadPlan:
    """One SELECT. A row is the primary key, the other ``columns``, then a boolean per ``flags``.

    ``layout`` says where each value goes in the reply; ``make_object`` puts a row there.
    ``children`` are the plans of nested to-many relations, one statement each.
    """

    asked: Query
    resource: Resource
    columns: tuple[Column, ...]
    flags: tuple[Visible, ...]
    layout: Layout
    make_object: Shaper
    rows: Rows
    where: Where | None
    order_by: tuple[Ordering, ...]
    pk: Any
    limit: int
    offset: int
    json_places: frozenset[str]
    children: tuple[ReadPlan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WritePlan:
    """One write: the rows as they are to be, and how to read each back for the reply.

    ``edits`` and ``editing`` are for rows of an upsert that are there already; ``match`` are the
    columns that tell. ``where`` chooses the rows of a write by filter, whose only ``rows`` entry
    is what becomes of each.
    """

    asked: Mutation
    rules: Rules
    rows: tuple[RowWrite, ...]
    editing: Rules | None
    edits: tuple[RowWrite, ...]
    match: tuple[Attribute, ...]
    where: Where | None
    returning: ReadPlan | None
