"""What a caller may do with a model, or with all of them: the facts of the reply to OPTIONS."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.access.roles import resolve_grant
from django_flex.describe import describe_model, summarize_models, within_backend
from django_flex.dialects.facts import Models
from django_flex.exceptions import AuthenticationRequiredError, OperationDeniedError
from django_flex.http.actions import describer
from django_flex.http.routing import list_url
from django_flex.throttling import DESCRIPTION, NO_HEADERS, throttle

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    if found is not None:
        can = settings.backends.capabilities_for(entry.resource)
        found = within_backend(replace(found, shape=settings.default_shape), entry.resource, can)
    if found is None and not actor.is_authenticated:
        raise AuthenticationRequiredError
    if found is None:
        raise OperationDeniedError("options", entry.name)
    return found


def count_description(
    entry: Entry | None,
    actor: Actor,
    settings: Settings,
    policy: Policy,
    *,
    hides_models: bool = False,
) -> Mapping[str, str]:
    """Count a question for a description, which costs more than most reads.

    Args:
        entry: the model, ``None`` for all of them.
        actor: the caller.
        settings: of the API version.
        policy: that of the door.
        hides_models: whether a model without a grant has to look like none, which is not counted.

    Returns:
        The headers of the reply.

    Raises:
        RateLimitExceededError: the caller has to wait.
        UnavailableError: the cache is unavailable, and requests may not pass uncounted.
    """
    grant = None if entry is None else resolve_grant(policy, entry, actor).grant
    if hides_models and entry is not None and (grant is None or not grant.operations):
        return NO_HEADERS
    return throttle(
        settings.rate_limits,
        version=settings.version,
        entry=entry,
        grant=grant,
        operation=DESCRIPTION,
        actor=actor,
    )


def describe_all(
    actor: Actor,
    settings: Settings,
    policy: Policy,
    served: frozenset[str] | None,
    path: str,
) -> Models:
    """List the models that a caller may do something with, each with its operations and URL.

    Args:
        actor: the caller.
        settings: of the API version.
        policy: that of the door.
        served: the operations and actions that the door supports, ``None`` for all.
        path: the URL that the models are under.
    """
    actions = describer(actor, settings, policy, served)
    can = settings.backends.capabilities_for
    models = summarize_models(policy, actor, actions=actions, capabilities_for=can)
    urls = {
        entry.name: list_url(path, name_in_urls(entry, policy)) for entry in policy.entries.values()
    }
    return Models(models, {one.name: urls[one.name] for one in models})


def name_in_urls(entry: Entry, policy: Policy) -> str:
    """Return the first of a model's names that is no other model's."""
    return next((name for name in entry.url_names if policy.names.get(name) is entry), entry.name)
