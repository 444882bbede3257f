"""Which columns a caller may read, cached by the grants that decide it.

Each ``*`` asks it, and each hint at what was probably meant, of every column of a model and of those
behind its to-one relations. Only columns are cached, for the grants of the settings: clients cannot
fill the cache, and a caller with other grants has answers of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import ref

from django_flex.binding.grant_cache import GrantCache
from django_flex.schema.paths import ResolvedPath

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from django_flex.access.roles import ResolvedGrant
    from django_flex.policy.model import Grant
    from django_flex.schema.resources import Attribute, Relation, Resource

_cache: GrantCache[tuple[Attribute, ...]] = GrantCache()


def readable_columns(
    resource: Resource,
    hops: tuple[Relation, ...],
    grant: Grant | None,
    resolved: Callable[[str], ResolvedGrant | None],
    readable: Callable[[ResolvedPath], bool],
) -> Iterable[Attribute]:
    """Return the columns at the end of a way that the caller may read.

    Args:
        resource: where the way starts.
        hops: the way.
        grant: the caller's on that resource; ``None`` if another one decides, too.
        resolved: returns the caller's grant on another resource.
        readable: whether the caller may read what a path leads to.
    """
    if grant is None or grant.unrestricted or not _is_near(hops):
        return _columns(resource, hops, readable)
    there = resolved(hops[0].label) if hops else None
    # Not the grant itself: the two could refer to each other, and neither would ever be dropped.
    beyond = None if there is None or there.grant is None else ref(there.grant)
    question = (resource.label, *hops, there is None, beyond)
    found = _cache.get(grant, question)
    if found is None:
        found = tuple(_columns(resource, hops, readable))
        _cache.put(grant, question, found)
    return found


def _is_near(hops: tuple[Relation, ...]) -> bool:
    """Whether a way ends where it starts, or behind one to-one relation."""
    return not hops or (len(hops) == 1 and hops[0].cardinality == "one")


def _columns(
    resource: Resource, hops: tuple[Relation, ...], readable: Callable[[ResolvedPath], bool]
) -> Iterator[Attribute]:
    for attribute in (hops[-1].target if hops else resource).attributes.values():
        if readable(ResolvedPath(hops=hops, attribute=attribute)):
            yield attribute
