"""Selections that were authorized before, and are the same for every caller with the same grants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from weakref import ref

from django_flex.binding.grant_cache import GrantCache
from django_flex.binding.related import hides_rows
from django_flex.exceptions.places import Part
from django_flex.resolved import Group, Nested, Selection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.access.reach import Access
    from django_flex.policy.model import Grant
    from django_flex.query.ast import FieldTerm, Path, Related
    from django_flex.schema.resources import Relation

    #: Field terms, and the nested lists beside them.
    Asked: TypeAlias = tuple[tuple[FieldTerm, ...], tuple[Related, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class CachedSelection:
    """A selection that was authorized before, and all that the answer depended on."""

    selection: Selection
    joins: frozenset[Path]
    grants: dict[str, ref[Grant] | None]
    related: tuple[Relation, ...]

    def holds_for(self, access: Access) -> bool:
        """Whether this caller has the same grants as the first one, and no row rule is on the way."""
        for label, grant in self.grants.items():
            if access.related_grant(label) is not (grant and grant()):
                return False
        return True not in [hides_rows(relation, access) for relation in self.related]


_cache: GrantCache[CachedSelection] = GrantCache()


def are_plain(related: tuple[Related, ...]) -> bool:
    """Whether nested lists have nothing to be authorized but their fields: no values, no order."""
    for one in related:
        if (
            one.filters is not None
            or one.order_by
            or one.search is not None
            or one.aggregate is not None
            or one.cursor is not None
            or one.distinct is not None
            or not are_plain(one.related)
        ):
            return False
    return True


def find_selection(asked: Asked, access: Access) -> Selection | None:
    """Return the cached selection if it holds for a caller, whose joins then count.

    Raises:
        LimitExceededError: together with other clauses it joins too many relations.
    """
    found = _cache.get(access.grant, asked)
    if found is None or not found.holds_for(access):
        return None
    access.take_joins(found.joins, Part.FIELDS)
    return found.selection


def cache_selection(
    asked: Asked, access: Access, selection: Selection, joins: frozenset[Path]
) -> None:
    """Cache a selection, unless it has row rules: then it is bound to one caller."""
    hops = list(_hops(selection))
    if any(hides_rows(hop, access) for hop in hops):
        return
    answer = CachedSelection(
        selection=selection,
        joins=joins,
        # Weak, since the grant that this is cached under may be among them.
        grants={
            label: None if grant is None else ref(grant)
            for label, grant in ((m, access.related_grant(m)) for m in access.resolved_grants)
        },
        related=tuple({(hop.label, hop.through): hop for hop in hops}.values()),
    )
    _cache.put(access.grant, asked, answer)


def _hops(selection: Selection | Group) -> Iterator[Relation]:
    for member in selection.members:
        if isinstance(member, Selection | Group):
            yield from _hops(member)
        elif isinstance(member, Nested):
            yield from (*member.hops, member.relation)
            for ordering in member.order_by:
                yield from ordering.column.hops
            yield from _hops(member.selection) if member.selection is not None else ()
        else:
            yield from member.column.hops
