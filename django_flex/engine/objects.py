"""Single rows for doors that ask more about them: whether they may be shown, which key they have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import MultipleObjectsReturned

from django_flex.access.roles import resolve_grant
from django_flex.access.rules import RuleFailedError, bind_rows
from django_flex.analysis.writes.authorize import authorize_mutation
from django_flex.analysis.writes.changes import row_key
from django_flex.exceptions import FlexError, ObjectNotFoundError, OperationDeniedError
from django_flex.plan.capabilities import ALL
from django_flex.plan.needs import check_rows
from django_flex.query.ast import Mutation

if TYPE_CHECKING:
    from django_flex.access.actor import Actor
    from django_flex.backends.base import Backend
    from django_flex.backends.registry import Backends
    from django_flex.engine.call import ResolvedCall
    from django_flex.plan.nodes import ReadPlan
    from django_flex.policy.model import Entry, Policy
    from django_flex.query.limits import Limits


def check_shown(plan: ReadPlan, entry: Entry, backend: Backend, limits: Limits) -> None:
    """Let the door check the row of a get, if it has a check; it is not given hidden rows.

    Raises:
        FlexError: raised by the door's check.
    """
    if entry.check_object is None:
        return
    of_resource = backend.database if plan.from_primary else backend.database_for_read
    using = of_resource(entry.resource)
    with backend.reading(using, limits):
        found = backend.find(plan.rows, plan.pk, using)
        if found is not None:
            entry.check_object(found)


def find_key(  # noqa: PLR0913 - all by name
    *,
    policy: Policy,
    backends: Backends,
    entry: Entry,
    actor: Actor,
    operation: str | None,
    name: str,
    value: object,
    limits: Limits,
) -> object:
    """Return the primary key of the visible row that another column names.

    Args:
        policy: that of the door.
        backends: those of the API version.
        entry: the model.
        actor: the caller.
        operation: the operation to check, ``None`` if any grant on the model is enough.
        name: a Django lookup, such as ``slug`` or ``owner__name``.
        value: the value from the URL; ``None`` matches no row.
        limits: with ``read_timeout``.

    Returns:
        The key; ``None`` if the caller may not do this, which is left to the pipeline to report.

    Raises:
        ObjectNotFoundError: the row does not exist or is hidden.
        UnsupportedQueryError: the backend cannot apply the row rule.
        MultipleObjectsReturned: several rows match, so the lookup is a mistake.
    """
    granted = resolve_grant(policy, entry, actor)
    grant = granted.grant
    if grant is None or not (operation is None or operation in grant.operations):
        return None
    try:
        rows = bind_rows(granted.rows, entry, actor)
    except RuleFailedError:
        return None
    backend, can = backends.of(entry.resource), backends.capabilities_for(entry.resource)
    if can is not ALL:
        check_rows(rows, can)
    using = backend.database_for_read(entry.resource)
    with backend.reading(using, limits):
        found = backend.find_keys(rows, name, value, using)
    if not found:
        raise ObjectNotFoundError
    if len(found) > 1:
        raise MultipleObjectsReturned(f"{name} names several rows of {entry.resource.label}")
    return found.pop()


def may_change(resolved: ResolvedCall, operation: str, key: object) -> bool:
    """Whether the caller may edit or delete a row as it is stored; nothing is locked or written.

    Args:
        resolved: the call, with the model and the caller's grant on it.
        operation: ``edit`` or ``delete``.
        key: of the row, as it was sent.

    Returns:
        ``False`` as well for a key that no row has, and for that of a hidden row.

    Raises:
        UnsupportedQueryError: the backend cannot apply the row rule.
    """
    call, entry = resolved.call, resolved.entry
    resource, limits = entry.resource, call.settings.limits
    mutation = Mutation(resource=entry.name, operation=operation, changes=())
    try:
        rules = authorize_mutation(
            mutation, call.policy, call.actor, entry, limits, resolved.granted
        ).rules
        pk = row_key(key, resource.pk)
    except (OperationDeniedError, ObjectNotFoundError):
        return False
    backends = call.settings.backends
    backend, can = backends.of(resource), backends.capabilities_for(resource)
    if can is not ALL:
        for rows in rules.before:
            check_rows(rows, can)
    using = backend.database(resource)
    with backend.reading(using, limits):
        found = None
        for rows in rules.before:
            found = backend.find(rows, pk, using)
            if found is None:
                return False
        return _passes(entry, found)


def _passes(entry: Entry, found: object) -> bool:
    """Whether the door's check of a row, if there is one, lets it pass."""
    if entry.check_object is None:
        return True
    try:
        entry.check_object(found)
    except FlexError:
        return False
    return True
