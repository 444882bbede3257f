"""The grants that applied to a query, for ``explain``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.resolved import AppliedRule

if TYPE_CHECKING:
    from django_flex.access.reach import Access
    from django_flex.access.roles import ResolvedGrant
    from django_flex.policy.model import Entry, Grant

_ROWS = {
    "absent": "all",
    "all": "all",
    "none": "none",
    "call": "a callable",
    "q": "a Q",
    "data": "data",
}


def applied_rules(access: Access, granted: ResolvedGrant) -> tuple[AppliedRule, ...]:
    """Return the grant on the model itself first, then those on models that the query reaches."""
    rules = [_rule(access.entry, access.grant, granted)]
    for label, found in access.resolved_grants.items():
        entry = access.policy.entries.get(label)
        if found is not None and entry is not None:
            rules.append(_rule(entry, found.grant, found))
    return tuple(rules)


def _rule(entry: Entry, grant: Grant | None, granted: ResolvedGrant) -> AppliedRule:
    rows = _ROWS[granted.rows.kind]
    if entry.queryset is not None:
        rows = f"{rows}, of the entry's queryset"
    if grant is None:
        source = f"EXPOSE[{entry.name!r}]"
        # Without a role on this model, only what the first model's grant writes out applies.
        return AppliedRule(model=entry.name, role=None, source=source, rows=rows)
    source = grant.source or "unrestricted"
    return AppliedRule(model=entry.name, role=grant.role, source=source, rows=rows)
