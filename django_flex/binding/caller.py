"""The protocols through which binding gets answers about the caller from ``access``, a higher layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from django_flex.exceptions.places import Place
    from django_flex.query.ast import Path
    from django_flex.resolved import Rows, VisibleHop
    from django_flex.schema.aggregates import Measure
    from django_flex.schema.paths import ResolvedPath
    from django_flex.schema.resources import Attribute, Relation, Resource


class Caller(Protocol):
    """Whose values a rule, a filter or a preset may name."""

    def value(self, path: Path, column: Attribute) -> object:
        """Return a value of the caller for a column.

        Raises:
            NoValueError: there is none.
        """


class Reach(Protocol):
    """What one caller may reach from one model."""

    @property
    def decides(self) -> bool:
        """Whether the grant alone decides about the columns of the row itself."""

    @property
    def grant(self) -> object:
        """The grant, by which answers are cached."""

    def may_filter(self, target: ResolvedPath, operators: Path) -> bool:
        """Whether the caller may filter a path by these transforms and operator."""

    def may_filter_by(self, measure: Measure, operators: Path) -> bool:
        """Whether the caller may filter rows by an aggregate of theirs."""

    def readable(self, target: ResolvedPath) -> bool:
        """Whether the caller may read what a path leads to."""

    def count_joins(self, hops: tuple[Relation, ...], place: Place) -> None:
        """Check a way against the limits of a path and of the query.

        Raises:
            LimitExceededError: too many relations.
        """

    def masks(self, hops: tuple[Relation, ...]) -> tuple[VisibleHop, ...]:
        """Return the checks that a way over to-one relations has to pass."""

    def related_rows(self, resource: Resource) -> Rows | None:
        """Return the rows of a related model that the caller may see, ``None`` if no rule says."""

    def link_rows(self, relation: Relation) -> Rows | None:
        """Return the rows of a ``through`` model that the caller may see, ``None`` if all are."""

    def type_rows(self, relation: Relation) -> Rows | None:
        """Return the content types that the caller may see, ``None`` if no rule says."""

    def least(self, relation: Relation | None = None) -> int:
        """Return the minimum number of rows of an aggregate."""
