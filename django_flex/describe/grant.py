"""One model as one role sees it: the role of a caller, or a role without a caller."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from django_flex.access.actor import Actor
from django_flex.access.hints import filter_names, order_names
from django_flex.access.limits import limits_of, rate_of
from django_flex.access.roles import ResolvedGrant, policy_of_role, resolve_grant
from django_flex.analysis.read.default_order import visible_order
from django_flex.describe.backend import EVERYTHING, summary_within_backend
from django_flex.describe.cache import cached_answers
from django_flex.describe.cached_access import CachedAccess
from django_flex.describe.reach import aggregate_of
from django_flex.describe.values import ActionDescription, ModelDescription, ModelSummary
from django_flex.plan.capabilities import ALL
from django_flex.policy.rates import RateLimits
from django_flex.query.aggregates import FUNCTIONS
from django_flex.query.operations import OPERATIONS
from django_flex.schema.aggregates import Measure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.plan.capabilities import Capabilities, CapabilitiesFor
    from django_flex.policy.model import Entry, Policy
    from django_flex.policy.rates import Rate
    from django_flex.query.limits import Limits
    from django_flex.schema.resources import Resource

#: Returns the model actions that may be run, from an entry and the caller's resolved grant.
ActionsOf: TypeAlias = Callable[["Entry", ResolvedGrant], tuple[ActionDescription, ...]]

_KNOWN = frozenset(OPERATIONS.values())
_NO_RATES = RateLimits()


def no_actions(_entry: Entry, _standing: ResolvedGrant) -> tuple[ActionDescription, ...]:
    """Return no actions: only the app of actions knows them."""
    return ()


def everything(_resource: Resource) -> Capabilities:
    """Return what Django's ORM can do: everything."""
    return ALL


def describe_model(
    policy: Policy,
    actor: Actor,
    entry: Entry,
    limits: Limits,
    *,
    actions: ActionsOf = no_actions,
    rates: RateLimits = _NO_RATES,
) -> ModelDescription | None:
    """Describe one model as a caller sees it; row rules are not evaluated.

    What the backend of the model can do is not considered either, see ``within_backend``.

    Args:
        policy: ``EXPOSE``, compiled.
        actor: the caller.
        entry: the model.
        limits: the caps of the API version; those of the role take precedence.
        actions: gives the model actions that may be run.
        rates: the rate limits of the API version.

    Returns:
        ``None`` where the caller may do nothing at all.
    """
    granted = resolve_grant(policy, entry, actor)
    summary = _summary(entry, granted, actions)
    grant = granted.grant
    if summary is None or grant is None:
        return None
    access = CachedAccess(policy, actor, entry, grant, limits_of(limits, grant))
    answers = cached_answers(access)
    filtered, sorted_by = grant.filters.everything, grant.order_by.everything
    return ModelDescription(
        summary=summary,
        key=entry.resource.pk.name,
        reach=answers.reach,
        filters=EVERYTHING if filtered else tuple(filter_names(access)),
        order_by=EVERYTHING if sorted_by else tuple(order_names(access)),
        count=aggregate_of(Measure(FUNCTIONS["count"], None, of_rows=True), access, crossings=0),
        smallest_group=access.least(),
        writes=answers.writes,
        limits=access.limits,
        rates=dict(_rates(summary, rates, entry, granted)),
        default_order=tuple(map(str, visible_order(entry.default_order, access))),
    )


def describe_role(
    policy: Policy,
    role: str,
    entry: Entry,
    limits: Limits,
    *,
    actions: ActionsOf = no_actions,
    rates: RateLimits = _NO_RATES,
) -> ModelDescription | None:
    """Describe one model as every caller with a role sees it; no user is needed.

    On related models they have the same role, or else the default role.

    Returns:
        ``None`` where the role may do nothing at all.
    """
    everywhere = policy_of_role(policy, role)
    return describe_model(everywhere, Actor(), entry, limits, actions=actions, rates=rates)


def summarize_models(
    policy: Policy,
    actor: Actor,
    *,
    actions: ActionsOf = no_actions,
    capabilities_for: CapabilitiesFor = everything,
) -> tuple[ModelSummary, ...]:
    """Return the models on which a caller may do something that their backends can do."""
    found: list[ModelSummary] = []
    for entry in policy.entries.values():
        summary = _summary(entry, resolve_grant(policy, entry, actor), actions)
        if summary is not None:
            summary = summary_within_backend(summary, capabilities_for(entry.resource))
        if summary is not None:
            found.append(summary)
    return tuple(found)


def _summary(entry: Entry, granted: ResolvedGrant, actions: ActionsOf) -> ModelSummary | None:
    grant = granted.grant
    if grant is None:
        return None
    runnable = actions(entry, granted) if grant.actions or grant.unrestricted else ()
    operations = grant.operations & _KNOWN
    if not (operations or runnable):
        return None
    return ModelSummary(
        name=entry.name,
        label=entry.resource.verbose_name,
        plural=entry.resource.verbose_name_plural,
        role=grant.role,
        operations=tuple(sorted(operations)),
        actions=runnable,
    )


def _rates(
    summary: ModelSummary, rates: RateLimits, entry: Entry, granted: ResolvedGrant
) -> Iterator[tuple[str, Rate]]:
    """Yield the rate of each operation and action that has one."""
    for name in (*summary.operations, *(action.id for action in summary.actions)):
        rate = rate_of(rates, entry, granted.grant, name)
        if rate is not None:
            yield name, rate
