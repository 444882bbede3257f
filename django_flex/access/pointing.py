"""Which rows of another model a caller may name by their keys: those that they may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.resolved import Rows

if TYPE_CHECKING:
    from django_flex.access.reach import Access
    from django_flex.policy.model import Grant
    from django_flex.schema.resources import Resource

#: Operations that show no row which is there already.
_SHOWING_NOTHING = frozenset({"add", "aggregate"})


def nameable_rows(resource: Resource, access: Access) -> Rows:
    """Return the rows that a key which the caller sends may belong to.

    Where the entry of the model lists the role, they are those under its row rule, and none if the
    grant shows no row: a key that is taken would tell that there is one. Where it does not, any row
    that there is.

    Args:
        resource: the other model.
        access: the caller's reach.
    """
    granted = None if access.grant.unrestricted else access.resolved(resource.label)
    if granted is not None and granted.lists_role and not shows_rows(granted.grant):
        return Rows(resource, nothing=True)
    return access.related_rows(resource) or Rows(resource, plain=True)


def shows_rows(grant: Grant | None) -> bool:
    """Whether a grant shows rows: a field of them, or by an operation on rows that are there."""
    if grant is None or grant.empty:
        return False
    return bool(grant.unrestricted or grant.fields or grant.operations - _SHOWING_NOTHING)
