"""What all grants of an entry reach: guarded names, models without an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.policy.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.policy.model import Entry, Policy


def review_reach(entry: Entry, policy: Policy) -> Iterator[Problem]:
    """Yield which columns of an entry no wildcard covers, where there is a wildcard."""
    resource = entry.resource
    attributes = resource.attributes.values()
    names = [found.name for found in attributes if policy.guard.covers(resource, found)]
    wild = any(grant.fields.everything for grant in entry.grants.values())
    if names and wild:
        text = f"No wildcard covers: {', '.join(sorted(names))}"
        hint = "name a field in a grant to grant it"
        yield Problem("I001", text, f"EXPOSE[{entry.name!r}]", hint)
