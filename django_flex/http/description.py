"""What a caller may do with a model, or with all of them: the facts of the reply to OPTIONS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.describe import describe_model, summarize_models
from django_flex.dialects.facts import Models
from django_flex.exceptions import AuthenticationRequiredError, OperationDeniedError
from django_flex.http.actions import describer

if TYPE_CHECKING:
    from django_flex.access.actor import Actor
    from django_flex.conf import Settings
    from django_flex.describe import ModelDescription
    from django_flex.policy.model import Entry, Policy


def describe_entry(
    entry: Entry,
    actor: Actor,
    settings: Settings,
    policy: Policy,
    served: frozenset[str] | None = None,
) -> ModelDescription:
    """Describe one model as a caller sees it.

    Args:
        entry: the model.
        actor: the caller.
        settings: of the API version.
        policy: that of the door.
        served: the operations and actions that the door supports, ``None`` for all.

    Raises:
        AuthenticationRequiredError: the caller is anonymous, and has no grant on the model.
        OperationDeniedError: any other caller has no grant on the model.
    """
    found = describe_model(
        policy,
        actor,
        entry,
        settings.limits,
        actions=describer(actor, settings, policy, served),
        rates=settings.rate_limits,
    )
    if found is None and not actor.is_authenticated:
        raise AuthenticationRequiredError
    if found is None:
        raise OperationDeniedError("options", entry.name)
    return found


def describe_all(
    actor: Actor, settings: Settings, policy: Policy, served: frozenset[str] | None = None
) -> Models:
    """List the models that a caller may do something with, each with its operations."""
    actions = describer(actor, settings, policy, served)
    return Models(tuple(summarize_models(policy, actor, actions=actions)))
