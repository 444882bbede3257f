"""What ``exclude`` takes out of wildcards."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_flex.permissions.policy import Grant
    from django_flex.query.ast import Path
    from django_flex.schema.paths import Target


def behind(target: Target, hops: int = 1) -> Target:
    """Return a target as seen from behind its first hops."""
    return replace(target, hops=target.hops[hops:])


def is_excluded(grant: Grant, target: Target) -> bool:
    """Whether an entry's or role's ``exclude`` takes a target out of wildcards."""
    return any(covers_path(path, target) for path in grant.exclude)


def covers_path(excluded: Path, target: Target) -> bool:
    """Whether an excluded path is the target's, above it, or a key inside its JSON value."""
    canonical = target.canonical
    if canonical[-1] == "*":  # all that is in a JSON value
        canonical = canonical[:-1]
    above = excluded[:-1] if excluded[-1] == "*" else excluded
    if len(canonical) >= len(excluded) and canonical[: len(above)] == above:
        return True
    return target.attribute.kind == "json" and excluded[: len(canonical)] == canonical
