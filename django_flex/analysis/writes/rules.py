"""The rules of a write, bound for one caller: here, and on models whose rows are written inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_flex.access.reach import Access
from django_flex.access.roles import resolve_grant
from django_flex.access.rules import RuleFailedError, bind_rows
from django_flex.analysis.writes.access import WriteAccess
from django_flex.analysis.writes.writable import may_write
from django_flex.exceptions import OperationDeniedError
from django_flex.policy.model import Entry
from django_flex.resolved import ANY_CASCADE, ProjectCode, WriteRules
from django_flex.schema.inputs import is_computed
from django_flex.schema.paths import ResolvedPath

if TYPE_CHECKING:
    from django_flex.access.actor import Actor
    from django_flex.access.roles import ResolvedGrant
    from django_flex.policy.model import Policy
    from django_flex.query.ast import Mutation
    from django_flex.query.limits import Limits
    from django_flex.resolved import Rows
    from django_flex.schema.dependents import Dependent

#: Which of add, edit and delete an operation consists of.
PARTS = {
    "add": ("add",),
    "edit": ("edit",),
    "delete": ("delete",),
    "upsert": ("add", "edit"),
    "bulk_edit": ("edit",),
    "bulk_delete": ("delete",),
}


@dataclass(frozen=True, slots=True, eq=False)
class CallerPermissions:
    """Answers the questions of a backend about rows that it has found, for one caller."""

    access: Access

    def knows(self, field: str) -> bool:
        """Whether errors may name a field to the caller: it may be written, or is not a column."""
        resource = self.access.resource
        attribute = resource.attribute(field)
        if attribute is None or attribute.own_name != field:
            return resource.relation(field) is None
        known = self.access.grant.unrestricted or self.access.covers(ResolvedPath((), attribute))
        return known and not is_computed(attribute)

    def rules_of(self, dependent: Dependent) -> WriteRules | None:
        """Return the rules for removing or changing a row with another one; ``None`` to refuse."""
        return rules_of_dependent(dependent, self.access)

    def name_of(self, label: str) -> str | None:
        """Return the name under which a resource is exposed, ``None`` if it is not."""
        entry = self.access.policy.entries.get(label)
        return None if entry is None or entry.closed else entry.name


def enter_writing(
    mutation: Mutation,
    policy: Policy,
    actor: Actor,
    entry: Entry,
    limits: Limits,
    granted: ResolvedGrant | None,
) -> tuple[Access, Rows, list[WriteAccess]]:
    """Return the caller's reach for reading, the role's rows, and the rules of each part.

    Raises:
        OperationDeniedError: no role, an operation that is not granted, or a rule that failed.
    """
    granted = granted or resolve_grant(policy, entry, actor)
    parts = PARTS[mutation.operation]
    wanted = parts if mutation.operation == "upsert" else (mutation.operation,)
    if granted.grant is None or not granted.grant.operations.issuperset(wanted):
        raise OperationDeniedError(mutation.operation, entry.name)
    access = Access(policy, actor, entry, granted.grant, limits)
    rows = _bound(granted, entry, actor, mutation.operation)
    return access, rows, [make_rules(part, access, rows) for part in parts]


def enter_related(access: Access, label: str, operation: str) -> WriteAccess | None:
    """Return the rules of an operation on a related resource, ``None`` if the caller may not do it.

    A rule that fails denies as well, and is logged.
    """
    if access.grant.unrestricted:
        resource = access.policy.schema.find(label)
        entry = Entry(name=resource.name, resource=resource, everyone=access.grant)
        granted: ResolvedGrant | None = resolve_grant(access.policy, entry, access.actor)
    else:
        found = access.policy.entries.get(label)
        if found is None:
            return None
        entry, granted = found, access.resolved(label)
    if granted is None or granted.grant is None or operation not in granted.grant.operations:
        return None
    there = Access(access.policy, access.actor, entry, granted.grant, access.limits)
    try:
        return make_rules(operation, there, _bound(granted, entry, access.actor, operation))
    except OperationDeniedError:
        return None


def rules_of_dependent(dependent: Dependent, access: Access) -> WriteRules | None:
    """Return the rules for removing or changing a row with another one; ``None`` to refuse."""
    if dependent.changes is None:
        there = enter_related(access, dependent.label, "delete")
        return None if there is None else there.rules
    there = enter_related(access, dependent.label, "edit")
    if there is None:
        return None
    attribute = there.access.resource.column(dependent.changes)
    return there.rules if may_write(ResolvedPath((), attribute), there.access, "edit") else None


def make_rules(operation: str, access: Access, rows: Rows) -> WriteAccess:
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
    try:
        # The entry's queryset is in ``rows`` already.
        narrower = bind_rows(writing.rows, entry, actor, alone=True)
        checks = [bind_rows(check, entry, actor, alone=True) for check in writing.checks]
    except RuleFailedError as error:
        raise OperationDeniedError(operation, entry.name) from error
    after = (rows, *checks) if operation != "delete" else ()
    there = access.under(writing.grant)
    rules = WriteRules(
        operation=operation,
        resource=entry.resource,
        before=(rows, narrower) if narrower.restricts else (rows,),
        after=tuple(rule for rule in after if rule.restricts),
        code=project_code(entry, actor),
        permissions=CallerPermissions(there),
        presets=tuple(preset.attribute for preset in writing.presets),
        cascade=ANY_CASCADE if access.grant.unrestricted else writing.cascade,
    )
    return WriteAccess(rules, there, writing.presets, reading=access)


def project_code(entry: Entry, actor: Actor) -> ProjectCode:
    """Return the project's code that an entry runs for a row."""
    return ProjectCode(
        user=actor.user,
        request=actor.request,
        hooks=entry.hooks,
        check_object=entry.check_object,
        form_class=entry.form_class,
        serializer_class=entry.serializer_class,
    )


def _bound(granted: ResolvedGrant, entry: Entry, actor: Actor, operation: str) -> Rows:
    try:
        return bind_rows(granted.rows, entry, actor)
    except RuleFailedError as error:
        raise OperationDeniedError(operation, entry.name) from error
