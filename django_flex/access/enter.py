"""The way in: the role of a caller on a model, its rows, and the resulting reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.access.reach import Access
from django_flex.access.roles import resolve_grant
from django_flex.access.rules import RuleFailedError, bind_rows
from django_flex.exceptions import OperationDeniedError

if TYPE_CHECKING:
    from django_flex.access.actor import Actor
    from django_flex.access.roles import ResolvedGrant
    from django_flex.policy.model import Entry, Policy
    from django_flex.query.limits import Limits
    from django_flex.resolved import Rows


def enter(
    policy: Policy,
    actor: Actor,
    entry: Entry,
    operation: str,
    limits: Limits,
    granted: ResolvedGrant | None = None,
) -> tuple[Access, Rows]:
    """Resolve the caller's role on a model and bind its rows.

    Raises:
        OperationDeniedError: no role, an empty grant, an operation that is not granted, or a row
            rule that failed.
    """
    granted = granted or resolve_grant(policy, entry, actor)
    grant = granted.grant
    if grant is None or operation not in grant.operations:
        raise OperationDeniedError(operation, entry.name)
    try:
        rows = bind_rows(granted.rows, entry, actor)
    except RuleFailedError as error:
        raise OperationDeniedError(operation, entry.name) from error
    return Access(policy, actor, entry, grant, limits), rows
