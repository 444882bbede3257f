"""What ``exclude`` and guarded names take out of wildcards."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_flex.policy.guarding import Guard
    from django_flex.policy.model import Grant
    from django_flex.query.ast import Path
    from django_flex.schema.paths import ResolvedPath
    from django_flex.schema.resources import Resource


def behind(target: ResolvedPath, hops: int = 1) -> ResolvedPath:
    """Return a target as seen from behind its first hops."""
    return replace(target, hops=target.hops[hops:])


def is_excluded(grant: Grant, target: ResolvedPath) -> bool:
    """Whether an entry's or role's ``exclude`` takes a target out of wildcards."""
    return any(covers_path(path, target) for path in grant.exclude)


def covers_path(excluded: Path, target: ResolvedPath) -> bool:
    """Whether an excluded path is the target's, above it, or a part of its JSON value or file."""
    canonical = target.canonical
    if canonical[-1] == "*":  # everything in a JSON value
        canonical = canonical[:-1]
    above = excluded[:-1] if excluded[-1] == "*" else excluded
    if len(canonical) >= len(excluded) and canonical[: len(above)] == above:
        return True
    return target.attribute.kind in {"json", "file"} and excluded[: len(canonical)] == canonical


def is_guarded(guard: Guard, resource: Resource, target: ResolvedPath) -> bool:
    """Whether a name on the way from a resource, or at its end, is that of a secret."""
    for hop in target.hops:
        if guard.covers_relation(resource, hop.name):
            return True
        resource = hop.target
    return guard.covers(resource, target.attribute)
