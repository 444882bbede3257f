"""Whom an agent acts for, and under which settings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from django_flex.access.roles import resolve_grant
from django_flex.dialects.flex import flex_for
from django_flex.exceptions import AccessDeniedError, AuthenticationRequiredError, NotFoundError

if TYPE_CHECKING:
    from django_flex.access.actor import Actor
    from django_flex.conf import Agents, Settings
    from django_flex.dialects.flex import Flex
    from django_flex.policy.model import Policy

#: The settings of the door, by those of its API version.
_settings: WeakKeyDictionary[Settings, Settings] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True, eq=False)
class Caller:
    """A caller who is signed in, the settings of the door, and what they say of agents."""

    actor: Actor
    settings: Settings
    agents: Agents

    @property
    def policy(self) -> Policy:
        """The grants of the roles that agents may have."""
        return self.settings.policy

    @property
    def dialect(self) -> Flex:
        """The language of queries and replies, as the API version spells it."""
        return flex_for(self.policy)


def settings_for_agents(settings: Settings) -> Settings:
    """Return the settings of an API version under which only the roles of ``MCP`` have grants.

    Raises:
        NotFoundError: the setting is not there.
    """
    if settings.agents is None:
        raise NotFoundError("There is nothing at this URL")
    found = _settings.get(settings)
    if found is None:
        policy = replace(settings.policy, only_roles=settings.agents.roles)
        found = replace(settings, policy=policy, always_http_200=False)
        _settings[settings] = found
    return found


def admit_caller(actor: Actor, settings: Settings) -> Caller:
    """Return the caller of a tool.

    Args:
        actor: who is signed in.
        settings: those of the API version.

    Raises:
        NotFoundError: the setting ``MCP`` is not there.
        AuthenticationRequiredError: nobody is signed in.
        AccessDeniedError: the caller has none of the roles of ``MCP`` on any model.
    """
    restricted = settings_for_agents(settings)
    agents = restricted.agents
    if agents is None or not actor.is_authenticated:
        raise AuthenticationRequiredError
    policy = restricted.policy
    granted = (resolve_grant(policy, entry, actor).grant for entry in policy.entries.values())
    if all(grant is None or grant.empty for grant in granted):
        raise AccessDeniedError(
            "Access denied: agents may not act with your role",
            hint="the setting MCP lists the roles",
        )
    return Caller(actor, restricted, agents)
