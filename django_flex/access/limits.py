"""The caps and the rate of a role, and what an operator may do in addition."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.exceptions import LimitExceededError
from django_flex.exceptions.places import worded

if TYPE_CHECKING:
    from django_flex.access.roles import ResolvedGrant
    from django_flex.exceptions.places import Place
    from django_flex.policy.model import Entry, Grant
    from django_flex.policy.rates import Rate, RateLimits
    from django_flex.query.limits import Limits


def limits_of(limits: Limits, grant: Grant | None) -> Limits:
    """Return the caps that apply to a role: its own, and those of the version for the rest."""
    if grant is None or not grant.caps:
        return limits
    return replace(limits, **grant.caps)


def too_many(text: str, most: int, place: Place) -> LimitExceededError:
    """Return the error about something of which there is more than a cap allows."""
    return LimitExceededError(text, path=place, hint=worded("at most {}", most))


def for_operator(granted: ResolvedGrant) -> ResolvedGrant:
    """Let the operator, at the command line, explain and export what the caller may list."""
    if granted.grant is None:
        return granted
    operations = granted.grant.operations | {"explain", "export"}
    return replace(granted, grant=replace(granted.grant, operations=operations))


def rate_of(
    limits: RateLimits, entry: Entry | None, grant: Grant | None, operation: str
) -> Rate | None:
    """Return the rate that applies: the grant's, else the entry's, else the one for everything."""
    rate = None if grant is None else grant.rate_limit.of(operation)
    if entry is not None:
        rate = rate or entry.rate_limit.of(operation)
    return rate or limits.rates.of(operation)


def units_rate_of(limits: RateLimits, entry: Entry, grant: Grant | None, kind: str) -> Rate | None:
    """Return the rate of consumed units that applies: the grant's, the entry's, or the general one."""
    rate = None if grant is None else grant.rate_limit.units.get(kind)
    return rate or entry.rate_limit.units.get(kind) or limits.rates.units.get(kind)
