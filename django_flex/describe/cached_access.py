"""A caller's reach that caches its answers: a description asks each question of it many times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.access.reach import Access, NestedAccess

if TYPE_CHECKING:
    from django_flex.access.actor import Actor
    from django_flex.policy.model import Entry, Grant, Policy
    from django_flex.query.ast import Path
    from django_flex.query.limits import Limits
    from django_flex.schema.aggregates import Measure
    from django_flex.schema.paths import ResolvedPath
    from django_flex.schema.resources import Relation


class _Cached(Access):
    """Asks the class behind it in the method resolution order once for each path.

    The subclasses declare ``__slots__``, since two bases of one class cannot both have them.
    """

    __slots__ = ()
    _readable: dict[Path, bool]
    _aggregates: dict[Path, bool]
    _nested: dict[tuple[Relation, ...], NestedAccess]

    def readable(self, target: ResolvedPath) -> bool:
        """Whether the caller may read what a path leads to."""
        path = target.canonical
        if path not in self._readable:
            self._readable[path] = super().readable(target)
        return self._readable[path]

    def may_aggregate(self, measure: Measure) -> bool:
        """Whether the caller may ask for an aggregate."""
        path = measure.canonical
        if path not in self._aggregates:
            self._aggregates[path] = super().may_aggregate(measure)
        return self._aggregates[path]

    def inside(self, hops: tuple[Relation, ...], asked: Path = ()) -> NestedAccess:
        """Return what may be reached behind a to-many relation."""
        if hops not in self._nested:
            self._nested[hops] = CachedNestedAccess(self, hops, asked)
        return self._nested[hops]


class CachedAccess(_Cached):
    """``Access`` with its answers cached."""

    __slots__ = ("_aggregates", "_nested", "_readable")

    def __init__(
        self, policy: Policy, actor: Actor, entry: Entry, grant: Grant, limits: Limits
    ) -> None:
        super().__init__(policy, actor, entry, grant, limits)
        self._readable, self._aggregates, self._nested = {}, {}, {}


class CachedNestedAccess(_Cached, NestedAccess):
    """``NestedAccess`` with its answers cached."""

    __slots__ = ("_aggregates", "_nested", "_readable")

    def __init__(self, outer: Access, hops: tuple[Relation, ...], asked: Path = ()) -> None:
        NestedAccess.__init__(self, outer, hops, asked)
        self._readable, self._aggregates, self._nested = {}, {}, {}
