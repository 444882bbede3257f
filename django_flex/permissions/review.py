"""A second look at a compiled policy: what is valid, and still not what anybody would want."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.permissions.access import Access
from django_flex.permissions.problems import Problem
from django_flex.permissions.roles import BUILT_IN_ROLES, Actor
from django_flex.query.limits import Limits
from django_flex.schema.paths import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.permissions.policy import Entry, Grant, Policy


#: Where the default resolution of roles ends for somebody who is signed in.
FALL_BACK = ("authenticated", "anon")


def review(policy: Policy, *, require_authentication: bool) -> Iterator[Problem]:
    """Yield warnings about grants that reveal more, or less, than they seem to."""
    for entry in policy.entries.values():
        yield from _guarded(entry, policy)
        for grant in entry.grants.values():
            if not grant.empty:
                yield from _review_grant(entry, grant, policy)
                yield from _unreachable(grant, policy)
                if grant.role == "anon" and require_authentication:
                    text = "Anonymous callers are refused before this"
                    hint = "set REQUIRE_AUTHENTICATION to False"
                    yield Problem("W003", text, grant.source, hint)


def _review_grant(entry: Entry, grant: Grant, policy: Policy) -> Iterator[Problem]:
    # The same role everywhere is the best guess without a user; who lacks it falls back.
    roles = [grant.role, *FALL_BACK] if policy.resolver is None else [grant.role]
    static = replace(policy, resolver=lambda _user, _model: roles)
    access = Access(static, Actor(), entry, grant, Limits())
    for path in sorted({*(p for p, _ in grant.filters.exact), *grant.filters.open_paths}):
        if not access.readable(resolve(entry.resource, path)):
            text = f"'{'.'.join(path)}' may be filtered but not read"
            hint = "add it to 'fields', or take it out of 'filters'"
            yield Problem("W001", text, f"{grant.source}['filters']", hint)
    for target in grant.search:
        if not access.readable(target):
            text = f"'{'.'.join(target.canonical)}' may be searched but not read"
            hint = "add it to 'fields', or take it out of 'search'"
            yield Problem("W008", text, f"{grant.source}['search']", hint)
    if grant.fields.everything:
        relations = entry.resource.relations.values()
        to_one = [r for r in relations if r.cardinality == "one"]
        unlisted = [r for r in to_one if r.model not in policy.entries]
        reached = [r for r in unlisted if any(access.readable_attributes((r,)))]
        missing = sorted({r.target.label for r in reached})
        if missing:
            text = f"'*' reaches models without an entry: {', '.join(missing)}"
            hint = "give them entries, or write the fields out"
            yield Problem("W002", text, f"{grant.source}['fields']", hint)


def _unreachable(grant: Grant, policy: Policy) -> Iterator[Problem]:
    if policy.resolver is not None or grant.role in BUILT_IN_ROLES:
        return
    if grant.role != grant.role.lower():
        text = "Names of groups are compared in lower case, so nobody has this role"
        yield Problem("W004", text, grant.source, f"'{grant.role.lower()}'")


def _guarded(entry: Entry, policy: Policy) -> Iterator[Problem]:
    model = entry.resource.model
    names = [name for name in entry.resource.attributes if policy.guard.covers(model, name)]
    wild = any(grant.fields.everything for grant in entry.grants.values())
    if names and wild:
        text = f"Under no wildcard: {', '.join(sorted(names))}"
        hint = "write a field's name out in a grant to grant it"
        yield Problem("I001", text, f"EXPOSE[{entry.name!r}]", hint)
