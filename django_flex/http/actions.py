"""Model actions at the HTTP doors, if their app is installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from django.apps import apps

from django_flex.describe import no_actions
from django_flex.dialects.flex import flex_for
from django_flex.engine import ACTIONS, CORE_OPERATIONS, Call, ResolvedCall
from django_flex.exceptions import NotFoundError

if TYPE_CHECKING:
    from django_flex.access.actor import Actor
    from django_flex.access.roles import ResolvedGrant
    from django_flex.conf import Settings
    from django_flex.describe import ActionDescription, ActionsOf
    from django_flex.http.routing import Route
    from django_flex.plan.shape import FlexResult
    from django_flex.policy.model import Entry, Policy

APP = "django_flex.actions"
Execute: TypeAlias = "Callable[[Call], FlexResult]"


def execute_of(operation: str) -> Execute | None:
    """Return what executes a call about model actions, or ``None`` for a core operation.

    Raises:
        NotFoundError: it is an operation of model actions, but their app is not installed.
    """
    if operation in CORE_OPERATIONS and operation != ACTIONS:
        return None
    if not apps.is_installed(APP):
        raise NotFoundError("There is nothing at this URL")
    # Imported here because its models exist only if the app is installed.
    if operation == ACTIONS:
        from django_flex.actions.run.describing import describe

        return describe
    from django_flex.actions.answer import run_action

    return run_action


def describer(
    actor: Actor,
    settings: Settings,
    policy: Policy,
    served: frozenset[str] | None = None,
    *,
    inputs: bool = False,
) -> ActionsOf:
    """Return a function that describes the model actions that a caller may run on an entry.

    A grant is not enough: an action may have its own permission, or too low a status. What an
    action takes is left out without ``inputs``, since finding it out may run code of the project.
    """

    def actions(entry: Entry, granted: ResolvedGrant) -> tuple[ActionDescription, ...]:
        if not apps.is_installed(APP):
            return ()
        from django_flex.actions.run.describing import describe_actions, outline_action
        from django_flex.actions.run.finding import available

        call = Call(
            settings=settings,
            dialect=flex_for(policy),
            policy=policy,
            entry=entry,
            resource=entry.name,
            operation=ACTIONS,
            payload={},
            actor=actor,
            served=served,
        )
        resolved = ResolvedCall(call, entry, granted)
        if inputs:
            return tuple(describe_actions(resolved))
        return tuple(map(outline_action, available(resolved)))

    return actions


def actions_of(settings: Settings) -> ActionsOf:
    """Return a function that describes the model actions that a role is granted."""
    if not apps.is_installed(APP):
        return no_actions
    from django_flex.actions.run.describing import actions_of_role

    return actions_of_role(settings)


def has_actions() -> bool:
    """Whether any model actions are registered."""
    return apps.is_installed(APP)


def model_base(path: str, route: Route) -> str:
    """Return the URL of the model, given that of one or all of its actions."""
    parts = path.rstrip("/").split("/")
    behind = 1 if parts[-1] == ACTIONS and route.action is None else 2
    return "/".join(parts[: -(behind + (route.pk is not None))])
