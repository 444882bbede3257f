"""Which relations a caller may know of, so that what is hidden is parsed like what does not exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_flex.access.reach import Access
from django_flex.schema.paths import ResolvedPath

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.engine.call import ResolvedCall
    from django_flex.schema.resources import Relation, Resource


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """Rows of a resource, and the caller's reach from there; ``None`` where nothing is reached.

    ``hops`` are the to-one relations that were followed since ``access`` begins.
    """

    resource: Resource
    access: Access | None
    hops: tuple[Relation, ...] = ()

    def relation(self, name: str) -> Relation | None:
        """Return the relation of a name if the caller may read something behind it."""
        relation = self.resource.relation(name)
        if relation is None or self.access is None or not self._reads(relation, self.access):
            return None
        return relation

    def relations(self) -> Iterator[Relation]:
        """Yield each relation behind which the caller may read something."""
        for name in self.resource.relations:
            relation = self.relation(name)
            if relation is not None and not relation.same_row:
                yield relation

    def behind(self, relation: Relation) -> Level:
        """Return the level of the related rows."""
        hops = (*self.hops, relation)
        if relation.cardinality == "many" and self.access is not None:
            return Level(relation.target, self.access.inside(hops))
        return Level(relation.target, self.access, hops)

    def is_column(self, name: str) -> bool:
        """Whether a name is a column that the caller may read something of."""
        attribute = self.resource.attribute(name)
        if attribute is None or self.access is None:
            return False
        return self.access.readable(ResolvedPath(self.hops, attribute))

    def _reads(self, relation: Relation, access: Access) -> bool:
        hops = (*self.hops, relation)
        if relation.cardinality == "many":
            return any(access.inside(hops).readable_attributes(()))
        return any(access.readable_attributes(hops))


def first_level(resolved: ResolvedCall) -> Level:
    """Return the level of the rows that a call is about."""
    call, entry, grant = resolved.call, resolved.entry, resolved.granted.grant
    if grant is None:
        return Level(entry.resource, None)
    limits = call.settings.limits
    return Level(entry.resource, Access(call.policy, call.actor, entry, grant, limits))
