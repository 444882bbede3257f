"""The rules of a write, bound for one caller: here, and on models whose rows are written inside."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django_flex.exceptions import OperationDeniedError
from django_flex.permissions.access import Access
from django_flex.permissions.authorized_writes import Rules
from django_flex.permissions.policy import Entry
from django_flex.permissions.roles import resolve_role
from django_flex.permissions.rules import RuleFailedError, bind_rows

if TYPE_CHECKING:
    from django_flex.permissions.authorized import Rows
    from django_flex.permissions.policy import Policy
    from django_flex.permissions.roles import Actor, Standing
    from django_flex.query.ast import Mutation
    from django_flex.query.limits import Limits

#: Which of add, edit and delete an operation is made of.
PARTS = {
    "add": ("add",),
    "edit": ("edit",),
    "delete": ("delete",),
    "upsert": ("add", "edit"),
    "bulk_edit": ("edit",),
    "bulk_delete": ("delete",),
}


def enter_writing(
    mutation: Mutation,
    policy: Policy,
    actor: Actor,
    entry: Entry,
    limits: Limits,
    standing: Standing | None,
) -> tuple[Access, Rows, list[Rules]]:
    """Return the caller's reach for reading, the role's rows, and the rules of each part.

    Raises:
        OperationDeniedError: no role, an operation that is not granted, or a rule that failed.
    """
    standing = standing or resolve_role(policy, entry, actor)
    parts = PARTS[mutation.operation]
    wanted = parts if mutation.operation == "upsert" else (mutation.operation,)
    if standing.grant is None or not standing.grant.operations.issuperset(wanted):
        raise OperationDeniedError(mutation.operation, entry.name)
    access = Access(policy, actor, entry, standing.grant, limits)
    rows = _bound(standing, entry, actor, mutation.operation)
    return access, rows, [make_rules(part, access, rows) for part in parts]


def enter_related(access: Access, model: Any, operation: str) -> Rules | None:
    """Return the rules of an operation on a related model, ``None`` if the caller may not do it.

    A rule that fails is no permission either; the log tells of it.
    """
    if access.grant.unrestricted:
        resource = access.policy.schema.describe(model)
        entry = Entry(name=resource.name, resource=resource, everyone=access.grant)
        standing: Standing | None = resolve_role(access.policy, entry, access.actor)
    else:
        found, standing = access.policy.entries.get(model), access.standing(model)
        if found is None:
            return None
        entry = found
    if standing is None or standing.grant is None or operation not in standing.grant.operations:
        return None
    there = Access(access.policy, access.actor, entry, standing.grant, access.limits)
    try:
        return make_rules(operation, there, _bound(standing, entry, access.actor, operation))
    except OperationDeniedError:
        return None


def make_rules(operation: str, access: Access, rows: Rows) -> Rules:
    """Bind what a grant says of one operation.

    Args:
        operation: ``add``, ``edit`` or ``delete``.
        access: the caller's reach under the role's own grant.
        rows: the role's rows, bound.

    Raises:
        OperationDeniedError: a rule failed.
    """
    entry, actor = access.entry, access.actor
    writing = access.grant.writing[operation]
    # The entry's queryset is in `rows` already.
    bare = replace(entry, queryset=None)
    try:
        narrower = bind_rows(writing.rows, bare, actor)
        checks = [bind_rows(check, bare, actor) for check in writing.checks]
    except RuleFailedError as error:
        raise OperationDeniedError(operation, entry.name) from error
    after = (rows, *checks) if operation != "delete" else ()
    return Rules(
        operation=operation,
        entry=entry,
        access=access.under(writing.grant),
        presets=writing.presets,
        before=(rows, narrower) if narrower.restricts else (rows,),
        after=tuple(rule for rule in after if rule.restricts),
    )


def _bound(standing: Standing, entry: Entry, actor: Actor, operation: str) -> Rows:
    try:
        return bind_rows(standing.rows, entry, actor)
    except RuleFailedError as error:
        raise OperationDeniedError(operation, entry.name) from error
