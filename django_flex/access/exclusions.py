"""What ``exclude`` and guarded names take out of wildcards."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.schema.generic_relations import PointerResource, columns_behind
from django_flex.schema.paths import ResolvedPath

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from django_flex.policy.guarding import Guard
    from django_flex.policy.model import Grant
    from django_flex.query.ast import Path
    from django_flex.schema.resources import Relation, Resource


#: Kinds whose values have parts that can be named.
_IN_PARTS = frozenset({"array", "file", "hstore", "json"})


def behind(target: ResolvedPath, hops: int = 1) -> ResolvedPath:
    """Return a target as seen from behind its first hops."""
    return moved(target, target.hops[hops:])


def moved(target: ResolvedPath, hops: tuple[Relation, ...]) -> ResolvedPath:
    """Return a target at the end of other hops; each wildcard asks, and ``replace`` takes long."""
    return ResolvedPath(hops, target.attribute, target.keys, target.rest, target.via)


def parts_of(target: ResolvedPath) -> Iterator[ResolvedPath]:
    """Yield the columns of a key of several; nothing for any other target."""
    for part in target.attribute.parts:
        yield replace(target, attribute=part)


def is_excluded(grant: Grant, target: ResolvedPath) -> bool:
    """Whether an entry's or role's ``exclude`` takes a target out of wildcards."""
    return bool(grant.exclude) and any(covers_path(path, target) for path in grant.exclude)


def omits(excluded: Collection[Path], target: ResolvedPath) -> bool:
    """Whether paths of the entry at the end of a way take a target out of wildcards."""
    if not excluded:
        return False
    last = behind(target, len(target.hops))
    return any(covers_path(path, last) for path in excluded)


def covers_path(excluded: Path, target: ResolvedPath) -> bool:
    """Whether an excluded path is the target's, above it, or a part of its JSON value, file or key."""
    canonical = target.canonical
    if canonical[-1] == "*":  # everything in a JSON value
        canonical = canonical[:-1]
    above = excluded[:-1] if excluded[-1] == "*" else excluded
    if len(canonical) >= len(excluded) and canonical[: len(above)] == above:
        return True
    if any(covers_path(excluded, part) for part in parts_of(target)):
        return True
    if excluded[-1] != "*" and any(excluded == column for column in _pointing(target)):
        return True
    return target.attribute.kind in _IN_PARTS and excluded[: len(canonical)] == canonical


def _pointing(target: ResolvedPath) -> Iterator[Path]:
    """Yield the columns of the generic foreign keys that a way goes over: they tell where it goes."""
    for end, hop in enumerate(target.hops):
        there = hop.target if hop.same_row else None
        if isinstance(there, PointerResource):
            for column in there.columns:
                yield (*target.hop_names[:end], column)


def is_guarded(guard: Guard, resource: Resource, target: ResolvedPath) -> bool:
    """Whether a name on the way from a resource, or at its end, is that of a secret.

    The two columns of a generic foreign key are kept like secrets: which row is meant, of whatever
    model, is only told where a grant writes it out.
    """
    if target.hops and target.hops[-1].same_row:
        return True
    for hop in target.hops:
        if guard.covers_relation(resource, hop.name):
            return True
        if any(guard.covers(resource, one) for one in columns_behind(hop, resource)):
            return True
        resource = hop.target
    parts = target.attribute.parts
    return guard.covers(resource, target.attribute) or (
        bool(parts) and any(guard.covers(resource, part) for part in parts)
    )
