"""Which lines of ``EXPOSE`` decided about a query, for ``explain``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_flex.permissions.access import Access
    from django_flex.permissions.policy import Entry, Grant
    from django_flex.permissions.roles import Standing

_ROWS = {
    "absent": "all",
    "all": "all",
    "none": "none",
    "call": "a callable",
    "q": "a Q",
    "data": "data",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A grant that was asked: its place in the settings, and where its rows come from."""

    model: str
    role: str | None
    source: str
    rows: str


def applied_rules(access: Access, standing: Standing) -> tuple[Rule, ...]:
    """Return the grant on the model itself first, then those on models that the query reaches."""
    rules = [_rule(access.entry, access.grant, standing)]
    for model, found in access.standings.items():
        entry = access.policy.entries.get(model)
        if found is not None and entry is not None:
            rules.append(_rule(entry, found.grant, found))
    return tuple(rules)


def _rule(entry: Entry, grant: Grant | None, standing: Standing) -> Rule:
    rows = _ROWS[standing.rows.kind]
    if entry.queryset is not None:
        rows = f"{rows}, of the entry's queryset"
    if grant is None:
        source = f"EXPOSE[{entry.name!r}]"
        # Without a role of its own there, what the first model's grant writes out stands alone.
        return Rule(model=entry.name, role=None, source=source, rows=rows)
    source = grant.source or "unrestricted"
    return Rule(model=entry.name, role=grant.role, source=source, rows=rows)
