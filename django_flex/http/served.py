"""The models of an API version as a caller or a role sees them, for documents and types."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from django_flex.access.actor import Actor
from django_flex.access.roles import BUILT_IN_ROLES, policy_of_role
from django_flex.describe import ServedModel, Spelling, describe_model, within_backend
from django_flex.dialects.flex.camel.words import in_camel
from django_flex.http.actions import actions_of
from django_flex.http.description import name_in_urls
from django_flex.query.naming import to_camel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.conf import Settings
    from django_flex.describe import ActionsOf
    from django_flex.policy.model import Policy


def models_of_role(role: str, settings: Settings) -> tuple[ServedModel, ...]:
    """Return what every caller with a role may do; no user is needed.

    Raises:
        LookupError: there is no such role.
    """
    named = {name for entry in settings.policy.entries.values() for name in entry.grants}
    if role not in named | BUILT_IN_ROLES:
        raise LookupError(role)
    policy = policy_of_role(settings.policy, role)
    return served_models(Actor(), settings, policy, actions_of(settings))


def served_models(
    actor: Actor, settings: Settings, policy: Policy, actions: ActionsOf
) -> tuple[ServedModel, ...]:
    """Return the models that a caller may do something with that their backends can do."""
    return tuple(_served(actor, settings, policy, actions))


def _served(
    actor: Actor, settings: Settings, policy: Policy, actions: ActionsOf
) -> Iterator[ServedModel]:
    describe = partial(
        describe_model,
        policy,
        actor,
        actions=actions,
        rates=settings.rate_limits,
    )
    for entry in policy.entries.values():
        found = describe(entry, settings.limits)
        if found is None:
            continue
        can = settings.backends.capabilities_for(entry.resource)
        found = within_backend(replace(found, shape=settings.default_shape), entry.resource, can)
        if found is not None:
            yield ServedModel(description=found, url_name=name_in_urls(entry, policy))


def spelling_of(settings: Settings) -> Spelling:
    """Return how an API version spells keys and paths."""
    camel = settings.policy.schema.naming is not None
    return Spelling(key=to_camel, path=in_camel) if camel else Spelling()


def csrf_header_of(settings: Settings) -> str:
    """Return the header that a CSRF token is sent in."""
    return settings.csrf_header.removeprefix("HTTP_").replace("_", "-").title()
