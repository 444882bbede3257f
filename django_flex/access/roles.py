"""Which role a caller has on a model, and which rows the resolver adds to it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.db.models import Q

from django_flex.policy.model import ABSENT, ALL_ROWS, NO_ROWS, RowRule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_flex.access.actor import Actor
    from django_flex.policy.model import Entry, Grant, Policy

logger = logging.getLogger("django_flex.security")
#: The roles that the default resolution tries last for a caller who is signed in.
FALL_BACK = ("authenticated", "anon")
BUILT_IN_ROLES = frozenset({"superuser", "staff", "authenticated", "anon"})


@dataclass(frozen=True, slots=True, eq=False)
class ResolvedGrant:
    """What a caller has on one model: a grant (``None``: no role here) and the rule for its rows."""

    grant: Grant | None
    rows: RowRule
    failed: bool = False

    @property
    def lists_role(self) -> bool:
        """Whether the model's entry applies to the caller, even if resolving the role failed."""
        return self.grant is not None or self.failed


FAILED = CLOSED = ResolvedGrant(None, NO_ROWS, failed=True)


def resolve_grant(policy: Policy, entry: Entry, actor: Actor) -> ResolvedGrant:
    """Return the caller's grant on a model.

    A resolver that raises or returns an invalid answer denies, and is logged.
    """
    found = _resolve(policy, entry, actor)
    if policy.only_roles is None or found.grant is None or found.grant.role in policy.only_roles:
        return found
    return CLOSED  # over relations, too: as if the rows did not exist


def _resolve(policy: Policy, entry: Entry, actor: Actor) -> ResolvedGrant:
    if entry.closed:
        return CLOSED
    if entry.everyone is not None:
        return _with_rows(entry.everyone, ABSENT)
    if policy.resolver is None:
        return _with_rows(default_grant(entry.grants, actor), ABSENT)
    try:
        answer = policy.resolver(actor.user, entry.name)
    except Exception:
        logger.exception("ROLE_RESOLVER failed for '%s'; access denied", entry.name)
        return FAILED
    if answer is None:
        return _with_rows(default_grant(entry.grants, actor), ABSENT)
    return _resolved(entry, answer)


def default_grant(grants: Mapping[str, Grant], actor: Actor) -> Grant | None:
    """Return the grant of the first of superuser, staff, groups, authenticated, anon in ``grants``."""
    user = actor.user
    if not actor.is_authenticated:
        return grants.get("anon")
    if getattr(user, "is_superuser", False) and "superuser" in grants:
        return grants["superuser"]
    if getattr(user, "is_staff", False) and "staff" in grants:
        return grants["staff"]
    for role in grants:
        if role not in BUILT_IN_ROLES and role in actor.groups:
            return grants[role]
    return grants.get("authenticated") or grants.get("anon")


@dataclass(frozen=True, slots=True)
class RoleStep:
    """One role that the default resolution tries: whether the caller has it, and whether it is listed."""

    role: str
    held: bool
    listed: bool


def role_steps(grants: Mapping[str, Grant], actor: Actor) -> list[RoleStep]:
    """Return what ``default_grant`` tries, in its order, up to the role that it finds.

    A test compares the two.
    """
    user, signed_in = actor.user, actor.is_authenticated
    tried = [
        ("superuser", signed_in and bool(getattr(user, "is_superuser", False))),
        ("staff", signed_in and bool(getattr(user, "is_staff", False))),
        *((role, role in actor.groups) for role in grants if role not in BUILT_IN_ROLES),
        ("authenticated", signed_in),
        ("anon", True),
    ]
    steps = [RoleStep(role, held, role in grants) for role, held in tried]
    found = next((n for n, one in enumerate(steps, 1) if one.held and one.listed), len(steps))
    return steps[:found]


def policy_of_role(policy: Policy, role: str) -> Policy:
    """Return the policy as it applies to callers who have a role on every model that lists it.

    Elsewhere they are whatever the default falls back to; a role that a resolver names has no
    fall-back. That is the best guess without a user.
    """
    falls_back = FALL_BACK[FALL_BACK.index(role) :] if role in FALL_BACK else (role, *FALL_BACK)
    roles = [*falls_back] if policy.resolver is None else [role]
    return replace(policy, resolver=lambda _user, _model: roles)


def _resolved(entry: Entry, answer: object) -> ResolvedGrant:
    rows = ABSENT
    if isinstance(answer, tuple) and len(answer) == 2:  # noqa: PLR2004 - (role, Q), as documented
        answer, condition = answer
        if not isinstance(condition, Q):
            logger.error(
                "ROLE_RESOLVER returned rows that are not a Q for '%s'; denied", entry.name
            )
            return FAILED
        rows = RowRule("q", q=condition) if condition else NO_ROWS
    if isinstance(answer, str):
        return _with_rows(entry.grants.get(answer), rows)
    if isinstance(answer, list) and all(isinstance(name, str) for name in answer):
        listed = (entry.grants[name] for name in answer if name in entry.grants)
        return _with_rows(next(listed, None), rows)
    logger.error("ROLE_RESOLVER returned %r for '%s'; access denied", type(answer), entry.name)
    return FAILED


def _with_rows(grant: Grant | None, resolver_rows: RowRule) -> ResolvedGrant:
    if grant is None or grant.empty:
        return ResolvedGrant(grant, NO_ROWS)
    if grant.rows.kind != "absent":
        return ResolvedGrant(grant, grant.rows)
    return ResolvedGrant(grant, ALL_ROWS if resolver_rows.kind == "absent" else resolver_rows)
