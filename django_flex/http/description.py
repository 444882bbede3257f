"""What a caller may do with a model, as data: the reply to OPTIONS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_flex.engine import READ_OPERATIONS
from django_flex.exceptions import OperationDeniedError
from django_flex.permissions.access import Access
from django_flex.permissions.caps import limits_of
from django_flex.permissions.hints import filter_names, order_names, readable_names
from django_flex.permissions.roles import resolve_role
from django_flex.permissions.searching import searchable
from django_flex.permissions.writable import writable_names
from django_flex.query.mutations import WRITE_OPERATIONS
from django_flex.query.operators import operators_for
from django_flex.schema.paths import resolve

if TYPE_CHECKING:
    from django_flex.permissions.policy import Entry, Grant, Policy
    from django_flex.permissions.roles import Actor
    from django_flex.query.limits import Limits

#: What this version serves; a grant may list more.
OPERATIONS = READ_OPERATIONS | WRITE_OPERATIONS


def describe_entry(policy: Policy, actor: Actor, entry: Entry, limits: Limits) -> dict[str, Any]:
    """Describe one model as the caller sees it: operations, fields, filters, orderings, limits.

    Raises:
        OperationDeniedError: the caller has no grant on the model.
    """
    access = _access(policy, actor, entry, limits)
    if access is None:
        raise OperationDeniedError("options", entry.name)
    return {
        "model": entry.name,
        "role": access.grant.role,
        "operations": sorted(access.grant.operations & OPERATIONS),
        **_actions(access.grant),
        **_writable(access),
        "fields": {name: _field(name, access) for name in readable_names(access)},
        "filters": ["*"] if access.grant.filters.everything else filter_names(access),
        "order_by": ["*"] if access.grant.order_by.everything else order_names(access),
        **_searchable(access),
        "limits": {
            "default": min(access.limits.default_limit, access.limits.max_limit),
            "max": access.limits.max_limit,
        },
    }


def describe_all(policy: Policy, actor: Actor, limits: Limits) -> dict[str, Any]:
    """List the models that the caller has a grant on, each with its operations."""
    models = {}
    for entry in policy.entries.values():
        access = _access(policy, actor, entry, limits)
        if access is not None:
            operations = sorted(access.grant.operations & OPERATIONS)
            models[entry.name] = {"operations": operations, **_actions(access.grant)}
    return {"models": models}


def _access(policy: Policy, actor: Actor, entry: Entry, limits: Limits) -> Access | None:
    grant = resolve_role(policy, entry, actor).grant
    if grant is None or not (grant.operations & OPERATIONS or grant.actions):
        return None
    return Access(policy, actor, entry, grant, limits_of(limits, grant))


def _actions(grant: Grant) -> dict[str, Any]:
    """Return the model actions that the role may run; nothing for a role without any."""
    return {"actions": sorted(grant.actions)} if grant.actions else {}


def _writable(access: Access) -> dict[str, Any]:
    """Return the columns that may be sent, by operation; nothing for a role that only reads."""
    granted = [name for name in ("add", "edit") if name in access.grant.operations]
    names = {
        name: writable_names(access.under(access.grant.writing[name].grant), name)
        for name in granted
    }
    return {"writable": names} if names else {}


def _searchable(access: Access) -> dict[str, Any]:
    """Return the paths that a search looks into; nothing for a role that may not search."""
    names = [".".join(target.canonical) for target in searchable(access)]
    return {"search": sorted(names)} if names else {}


def _field(name: str, access: Access) -> dict[str, Any]:
    attribute = resolve(access.resource, tuple(name.split("."))).attribute
    described: dict[str, Any] = {"type": attribute.kind, "null": attribute.null}
    relation = access.resource.relation(name)
    if relation is not None and relation.column is not None:
        target = access.policy.entries.get(relation.model)
        described["relation"] = target.name if target is not None else None
    described["operators"] = [op for op in operators_for(attribute.kind) if _may(name, op, access)]
    return described


def _may(name: str, operator: str, access: Access) -> bool:
    return access.may_filter(resolve(access.resource, tuple(name.split("."))), (operator,))
