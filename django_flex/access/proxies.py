"""Which entry applies to a proxy model, which is a second name for a table, with separate rules.

The entry of the proxy if it lists the caller's role, else that of the model behind it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.resolved import Rows
from django_flex.schema.introspection import proxied

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.policy.model import Policy
    from django_flex.query.ast import Path
    from django_flex.schema.resources import Resource


def lineage(label: str) -> Iterator[str]:
    """Yield the label of a resource, then of what it is a proxy for, nearest first."""
    found: str | None = label
    while found is not None:
        yield found
        found = proxied(found)


def excluded_of(policy: Policy, label: str) -> Iterator[Path]:
    """Yield what the entries that apply to a model exclude from wildcards, whatever the role."""
    for one in lineage(label):
        entry = policy.entries.get(one)
        yield from () if entry is None else entry.exclude


def label_with_entry(policy: Policy, label: str) -> str | None:
    """Return which has an entry: the resource of a label, else the model that it is a proxy for."""
    own, *bases = lineage(label)
    return next((one for one in (own, *bases[-1:]) if one in policy.entries), None)


def as_proxy(rows: Rows | None, resource: Resource) -> Rows | None:
    """Return the rows of a model, by the rules of its entry, as those of a proxy for it.

    Rows that the managers of either model leave out are left out.
    """
    if rows is None:
        return None
    if rows.queryset is None and rows.resource.plain and resource.plain:
        return replace(rows, resource=resource, plain=False)
    among = Rows(rows.resource, rows.queryset, among=rows.among)
    return replace(rows, resource=resource, queryset=None, plain=False, among=among)
