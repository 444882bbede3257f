"""What comes out of authorizing an aggregate: its groups, its totals, its conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_flex.permissions.authorized import PROOF, Group, Output

if TYPE_CHECKING:
    from django_flex.permissions.applied import Rule
    from django_flex.permissions.authorized import Derived, Ordering, Rows, Value, Where
    from django_flex.query.ast import Query
    from django_flex.schema.introspection import Attribute, Resource


@dataclass(frozen=True, slots=True, eq=False)
class GroupKey:
    """A value that rows are grouped by, or a ``part`` of it; a statement calls it ``alias``."""

    alias: str
    value: Value
    part: str | None
    result: Attribute


@dataclass(frozen=True, slots=True, eq=False)
class Total:
    """An aggregate over the rows of a group; a statement calls it ``alias``.

    ``value`` is what it is of, ``None`` for the rows. Over a relation it is what each row has of
    it, added up; ``related`` then counts the related rows, of which there have to be ``least``.
    """

    alias: str
    function: str
    value: Value | None
    result: Attribute
    related: Derived | None = None
    least: int = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AuthorizedAggregate:
    """An aggregate that the caller may have, as it must be run.

    ``shown`` is the object of one group. Groups of fewer than ``least`` rows are left out; without
    ``keys`` all rows are one group, which is there even when it is empty.

    Raises:
        TypeError: made without the proof, that is anywhere but where it is authorized.
    """

    asked: Query
    resource: Resource
    rows: Rows
    where: Where | None
    keys: tuple[GroupKey, ...]
    totals: tuple[Total, ...]
    shown: tuple[Output | Group, ...]
    having: Where | None
    order_by: tuple[Ordering, ...]
    least: int
    json_places: frozenset[str]
    proof: object
    rules: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        if self.proof is not PROOF:
            message = "An AuthorizedAggregate is made by authorize_aggregate() alone"
            raise TypeError(message)
