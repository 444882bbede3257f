"""A review of a compiled policy: what is valid, but probably not intended.

For the system checks only: row rules are called here, with users that do not exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.plan.capabilities import ALL
from django_flex.query.limits import Limits
from django_flex.review.backends import review_backend, review_databases, review_queryset_backend
from django_flex.review.cascades import review_cascades
from django_flex.review.conversions import review_conversions
from django_flex.review.dead import review_dead
from django_flex.review.generous import review_generous
from django_flex.review.lookup_keys import review_lookup_keys
from django_flex.review.own_values import review_own_values
from django_flex.review.reach import review_reach
from django_flex.review.reviewed import ReviewedGrant
from django_flex.review.roles import review_role
from django_flex.review.rules import review_queryset, review_resolver, review_rules
from django_flex.review.validators import review_validators
from django_flex.review.values import review_guard, review_user_values, review_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.plan.capabilities import CapabilitiesFor
    from django_flex.policy.model import Entry, Policy
    from django_flex.policy.problems import Problem


def review(
    policy: Policy,
    *,
    require_authentication: bool,
    limits: Limits | None = None,
    known_users: bool = True,
    capabilities_for: CapabilitiesFor | None = None,
) -> Iterator[Problem]:
    """Yield what grants probably do by mistake: allow too much, or nothing.

    Args:
        policy: what the settings say.
        require_authentication: whether anonymous callers are refused before any grant.
        limits: those of the API version.
        known_users: whether every caller is a user of the project's model, or anonymous.
        capabilities_for: gives what plans of a resource may need, ``None`` for anything.
    """
    yield from review_guard(policy)
    yield from review_resolver(policy)
    yield from review_user_values(policy, known_users=known_users)
    for entry in policy.entries.values():
        if entry.closed and not entry.grants:
            continue  # of which nothing is written, or only what has been reported
        yield from review_entry(
            entry,
            policy,
            require_authentication=require_authentication,
            limits=limits,
            known_users=known_users,
            capabilities_for=capabilities_for,
        )


def review_entry(
    entry: Entry,
    policy: Policy,
    *,
    require_authentication: bool,
    limits: Limits | None = None,
    known_users: bool = True,
    capabilities_for: CapabilitiesFor | None = None,
) -> Iterator[Problem]:
    """Yield what the grants of one entry probably do by mistake; arguments as for ``review``."""
    yield from review_reach(entry, policy)
    yield from review_queryset(entry, policy)
    yield from review_validators(entry)
    yield from review_conversions(entry)
    can = ALL if capabilities_for is None else capabilities_for(entry.resource)
    yield from review_queryset_backend(entry, can)
    for grant in entry.grants.values():
        if grant.empty:
            continue
        reviewed = ReviewedGrant(policy, entry, grant, limits or Limits())
        yield from review_role(reviewed, require_authentication=require_authentication)
        yield from review_dead(reviewed)
        yield from review_cascades(reviewed)
        yield from review_generous(reviewed, require_authentication=require_authentication)
        yield from review_rules(reviewed)
        yield from review_backend(reviewed, can)
        yield from review_databases(reviewed, can)
        yield from review_lookup_keys(reviewed, can)
        yield from review_values(reviewed, known_users=known_users)
        yield from review_own_values(reviewed)


def review_told(reviewed: ReviewedGrant) -> Iterator[Problem]:
    """Yield how one grant gives more than its clauses say; no rule is called, no user is needed.

    What can be told by filters, orders, aggregates and searches is left out: all that a role
    reaches says more of that than one grant.
    """
    for problem in review_generous(reviewed, require_authentication=True):
        if problem.id not in {"W001", "W008", "W010"}:
            yield problem
    yield from review_own_values(reviewed)
