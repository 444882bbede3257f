"""The output of ``authorize``: names checked, values typed, rules attached.

Everything in it is built from the schema and from rules, never from strings of a client. The
planner accepts nothing else, and only ``authorize`` has the proof that creating one requires.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_flex.dataclass_init import fast_init
from django_flex.resolved.proof import PROOF

if TYPE_CHECKING:
    from django_flex.query.ast import Query
    from django_flex.resolved.aggregates import AuthorizedAggregate
    from django_flex.resolved.applied import AppliedRule
    from django_flex.resolved.conditions import Rows, Search, Value, Where
    from django_flex.resolved.keyset import Keyset
    from django_flex.resolved.orderings import Ordering
    from django_flex.resolved.selection import Selection
    from django_flex.schema.resources import Resource


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AuthorizedQuery:
    """A query that the caller may run.

    ``asked`` is the query within the caps, for ``next``; ``json_places`` has the positions of its
    comparisons on JSON; ``may_scan`` is whether rows may be looked for one by one, where no key of
    the database finds them.

    Raises:
        TypeError: it was created without the proof, so not by ``authorize``.
    """

    asked: Query
    resource: Resource
    selection: Selection
    rows: Rows
    where: Where | None
    order_by: tuple[Ordering, ...]
    pk: object
    json_places: frozenset[str]
    proof: object
    rules: tuple[AppliedRule, ...] = ()
    ranking: Search | None = None

    keyset: Keyset | None = None
    distinct_on: tuple[Value, ...] = ()
    totals: AuthorizedAggregate | None = None
    may_scan: bool = False

    def __post_init__(self) -> None:
        if self.proof is not PROOF:
            message = "Only authorize() may create an AuthorizedQuery"
            raise TypeError(message)
