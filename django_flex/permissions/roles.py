"""Which role a caller has on a model, and which rows the resolver adds to it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from django_flex.permissions.policy import ABSENT, ALL_ROWS, NO_ROWS, RowRule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_flex.permissions.policy import Entry, Grant, Policy

logger = logging.getLogger("django_flex.security")
BUILT_IN_ROLES = frozenset({"superuser", "staff", "authenticated", "anon"})


class Actor:
    """The caller of one request: a user, anonymous without one, and the request if there is any.

    Not frozen: the names of the user's groups are read from the database once, when first needed,
    and ``role`` is the one on the model that was asked about last, for the log.

    Args:
        user: who is asking.
        request: what a row rule may look at.
        needs_csrf: whether browsers send along what names the user, so that writes need a token.
    """

    __slots__ = ("_groups", "needs_csrf", "request", "role", "user")

    def __init__(self, user: Any = None, request: Any = None, *, needs_csrf: bool = False) -> None:
        # An account that was switched off is nobody, whatever session or token it still has.
        active = user is not None and user.is_authenticated and getattr(user, "is_active", True)
        self.user = user if active else AnonymousUser()
        self.request = request
        self.needs_csrf = needs_csrf and self.is_authenticated
        self._groups: tuple[str, ...] | None = None
        self.role: str | None = None

    @property
    def is_authenticated(self) -> bool:
        """Whether somebody is signed in."""
        return bool(self.user.is_authenticated)

    @property
    def groups(self) -> tuple[str, ...]:
        """The user's group names in lower case."""
        if self._groups is None:
            groups = getattr(self.user, "groups", None)
            names = (
                groups.values_list("name", flat=True) if self.is_authenticated and groups else ()
            )
            self._groups = tuple(str(name).lower() for name in names)
        return self._groups


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """How a caller stands to one model: a grant (``None``: no role here) and the rows rule."""

    grant: Grant | None
    rows: RowRule
    failed: bool = False


FAILED = Standing(None, NO_ROWS, failed=True)


def resolve_role(policy: Policy, entry: Entry, actor: Actor) -> Standing:
    """Return how the caller stands to a model.

    A resolver that raises or answers nonsense denies, and is logged.
    """
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


def _resolved(entry: Entry, answer: Any) -> Standing:
    rows = ABSENT
    if isinstance(answer, tuple) and len(answer) == 2:  # noqa: PLR2004 - (role, Q), as documented
        answer, condition = answer
        if not isinstance(condition, Q):
            logger.error("ROLE_RESOLVER gave rows that are no Q for '%s'; denied", entry.name)
            return FAILED
        rows = RowRule("q", q=condition) if condition else NO_ROWS
    if isinstance(answer, str):
        return _with_rows(entry.grants.get(answer), rows)
    if isinstance(answer, list) and all(isinstance(name, str) for name in answer):
        listed = (entry.grants[name] for name in answer if name in entry.grants)
        return _with_rows(next(listed, None), rows)
    logger.error("ROLE_RESOLVER gave %r for '%s'; access denied", type(answer), entry.name)
    return FAILED


def _with_rows(grant: Grant | None, resolver_rows: RowRule) -> Standing:
    if grant is None or grant.empty:
        return Standing(grant, NO_ROWS)
    if grant.rows.kind != "absent":
        return Standing(grant, grant.rows)
    return Standing(grant, ALL_ROWS if resolver_rows.kind == "absent" else resolver_rows)
