"""An authorized aggregate: its groups, totals and conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_flex.resolved.proof import PROOF

if TYPE_CHECKING:
    from django_flex.query.ast import Query
    from django_flex.resolved.applied import AppliedRule
    from django_flex.resolved.conditions import ComputedValue, Rows, Value, Where
    from django_flex.resolved.orderings import Ordering
    from django_flex.resolved.selection import Group, Output
    from django_flex.schema.resources import Attribute, Resource


@dataclass(frozen=True, slots=True, eq=False)
class GroupKey:
    """A value that rows are grouped by, or a ``part`` of it; ``alias`` is its name in the statement."""

    alias: str
    value: Value
    part: str | None
    result: Attribute


@dataclass(frozen=True, slots=True, eq=False)
class Total:
    """An aggregate over the rows of a group; ``alias`` is its name in the statement.

    ``value`` is aggregated; ``None`` means the rows. Over a relation the values of each row are
    combined; ``related`` then counts the related rows, of which there have to be at least
    ``least``.
    """

    alias: str
    function: str
    value: Value | None
    result: Attribute
    related: ComputedValue | None = None
    least: int = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AuthorizedAggregate:
    """An authorized aggregate query.

    ``shown`` is the object of one group. Groups of fewer than ``least`` rows are left out; without
    ``keys`` all rows are one group, which exists even if it is empty.

    Raises:
        TypeError: it was created without the proof, so not by ``authorize_aggregate``.
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
    rules: tuple[AppliedRule, ...] = ()

    def __post_init__(self) -> None:
        if self.proof is not PROOF:
            message = "Only authorize_aggregate() may create an AuthorizedAggregate"
            raise TypeError(message)
