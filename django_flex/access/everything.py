"""Whether a grant of everything decides about a path: one question in place of one for each operator.

Where the answer is no, some of what was asked about may still be granted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_flex.access.reach import Access
    from django_flex.schema.aggregates import Measure
    from django_flex.schema.paths import ResolvedPath


def filters_by_all(access: Access, target: ResolvedPath) -> bool:
    """Whether ``Access.may_filter`` allows whatever may follow a path."""
    grant = access.grant
    if grant.unrestricted or target.attribute.hashed:
        return grant.unrestricted
    return not grant.empty and grant.filters.everything and access.readable(target)


def aggregates_by_all(access: Access, target: ResolvedPath) -> bool:
    """Whether ``Access.may_aggregate`` allows every function of the values of a path."""
    grant = access.grant
    if grant.unrestricted or target.attribute.hashed:
        return grant.unrestricted
    granted = "aggregate" in grant.operations and grant.aggregates.everything
    return granted and not grant.empty and access.readable(target)


def filters_by_all_of(access: Access, measure: Measure) -> bool:
    """Whether ``Access.may_filter_by`` allows every operator of an aggregate of related rows."""
    grant = access.grant
    everything = grant.filters.everything and not grant.empty
    return (everything or grant.unrestricted) and access.may_aggregate(measure)
