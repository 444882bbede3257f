"""Roles that no caller can have, as far as that is known without the database."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model

from django_flex.access.roles import BUILT_IN_ROLES
from django_flex.policy.compile.mistakes import ALIKE
from django_flex.policy.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from django_flex.policy.model import Policy
    from django_flex.review.reviewed import ReviewedGrant

#: What other packages call a role for every caller.
EVERYBODY = frozenset({"*", "anonymous", "anonymoususer", "everybody", "everyone", "public"})


def review_role(reviewed: ReviewedGrant, *, require_authentication: bool) -> Iterator[Problem]:
    """Yield why no caller can have the role of a grant."""
    grant = reviewed.grant
    if grant.role == "anon" and require_authentication:
        text = "Anonymous callers are refused before this grant applies"
        yield Problem("W003", text, grant.source, "set REQUIRE_AUTHENTICATION to False")
    if reviewed.policy.resolver is None and grant.role not in BUILT_IN_ROLES:
        yield from _unreachable(grant.role, grant.source)


def _unreachable(role: str, place: str) -> Iterator[Problem]:
    if not hasattr(get_user_model(), "groups"):
        text = f"The user model has no groups, so nobody has the role '{role}'"
        hint = f"one of {', '.join(sorted(BUILT_IN_ROLES))}, or set ROLE_RESOLVER"
        yield Problem("W004", text, place, hint)
    elif role != role.lower():
        text = "Group names are compared in lower case, so nobody has this role"
        yield Problem("W004", text, place, f"'{role.lower()}'")
    elif role in EVERYBODY:
        text = f"'{role}' can only be the name of a group; visitors have the role 'anon'"
        yield Problem("W014", text, place, "did you mean 'anon'?")
    elif close := get_close_matches(role, BUILT_IN_ROLES, n=1, cutoff=ALIKE):
        text = f"'{role}' can only be the name of a group"
        yield Problem("W014", text, place, f"did you mean '{close[0]}'?")


def review_groups(policy: Policy, groups: Collection[str]) -> Iterator[Problem]:
    """Yield which roles are neither built in nor one of the groups in the database."""
    if policy.resolver is not None:
        return
    known = {str(name).lower() for name in groups}
    for entry in policy.entries.values():
        for grant in entry.grants.values():
            role = grant.role
            if role in BUILT_IN_ROLES or role in known or role != role.lower():
                continue
            close = get_close_matches(role, [*known, *BUILT_IN_ROLES], n=1)
            hint = (
                f"did you mean '{close[0]}'?" if close else "create the group, or rename the role"
            )
            place = grant.source or f"EXPOSE[{entry.name!r}][{role!r}]"
            yield Problem("W014", f"There is no group '{role}'", place, hint)
