"""Which action a request means. One that the caller may not run is as good as none."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django_flex.actions.definitions import MATURITY, Scope
from django_flex.actions.registry import registry
from django_flex.exceptions import ActionNotFoundError, FlexError, InvalidValueError
from django_flex.permissions.acting import enter_action, granted_actions
from django_flex.query.parser import OPERATIONS
from django_flex.query.terms import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.actions.definitions import ActionDef
    from django_flex.conf import Settings
    from django_flex.engine import FlexRequest
    from django_flex.permissions.acting import Reach
    from django_flex.permissions.policy import Entry, Policy
    from django_flex.permissions.roles import Standing

logger = logging.getLogger("django_flex.security")


def find(
    request: FlexRequest, settings: Settings, policy: Policy, entry: Entry, standing: Standing
) -> tuple[ActionDef, Reach]:
    """Return the action of a request, and how the caller may run it.

    Raises:
        ActionNotFoundError: there is none, or none for this caller; hints name those that are.
        InvalidValueError: the same, where ``_action`` names it.
    """
    name = request.about or request.operation
    definition = registry.get(entry.resource.model, name)
    if definition is not None and _is_there(definition, request, settings):
        reach = enter_action(name, policy, request.actor, entry, settings.limits, standing)
        if reach is not None and _is_permitted(definition, request):
            return definition, reach
    raise not_found(request, [one.id for one in available(request, settings, entry, standing)])


def available(
    request: FlexRequest, settings: Settings, entry: Entry, standing: Standing
) -> Iterator[ActionDef]:
    """Yield the actions of a model that the caller may run on some row."""
    every = registry.for_model(entry.resource.model)
    for name in granted_actions(standing, list(every)):
        if _is_there(every[name], request, settings) and _is_permitted(every[name], request):
            yield every[name]


def not_found(request: FlexRequest, known: list[str]) -> FlexError:
    """Return the error about an action that there is not, in the words of where it was named."""
    name = request.about or request.operation
    if "_action" in request.payload:
        names = (*OPERATIONS, *known)
        hint = nearest(name, names) or f"one of {', '.join(names)}"
        return InvalidValueError("There is no such action", path="_action", hint=hint)
    return ActionNotFoundError(
        hint=nearest(name, known) or (f"one of {', '.join(known)}" if known else None)
    )


def _is_there(definition: ActionDef, request: FlexRequest, settings: Settings) -> bool:
    """Whether an action exists here: it is far enough, and the door serves it."""
    far_enough = MATURITY[definition.status.value] >= MATURITY[settings.actions.min_status]
    return far_enough and (request.served is None or definition.id in request.served)


def _is_permitted(definition: ActionDef, request: FlexRequest) -> bool:
    """Whether the action's own permission, beside the grant, lets the caller run it."""
    permission, user = definition.permission, request.actor.user
    if permission is None:
        return True
    try:
        if isinstance(permission, str):
            return bool(user.has_perm(permission))
        return permission(user) is True
    except Exception:
        logger.exception("The permission of the action '%s' failed; denied", definition.id)
        return False


def is_about_rows(definition: ActionDef) -> bool:
    """Whether an action is run on rows."""
    return definition.scope in {Scope.INSTANCE, Scope.BULK}


def why_not(definition: ActionDef, context: Any, row: Any) -> str | None:
    """Return why an action makes no sense for a row as it is; ``None`` if it does.

    A condition that fails is no yes.
    """
    for condition in definition.condition:
        try:
            answer = condition(context, row)
        except Exception:
            logger.exception("A condition of the action '%s' failed; refused", definition.id)
            return "It cannot be told whether this is possible"
        if answer is True:
            continue
        if isinstance(answer, str) and answer:
            return answer
        return "This is not possible now"
    return None
