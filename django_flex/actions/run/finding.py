"""Finds the action of a call. One that the caller may not run looks like a missing one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django_flex.actions.declare.definitions import MATURITY, Scope
from django_flex.actions.declare.registry import registry
from django_flex.analysis.actions import enter_action, granted_actions
from django_flex.exceptions import ActionNotFoundError, FlexError, InvalidValueError
from django_flex.exceptions.places import Part, worded
from django_flex.languages import in_language
from django_flex.query.operations import OPERATIONS, operation_hint
from django_flex.query.terms import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.access.roles import ResolvedGrant
    from django_flex.actions.declare.definitions import ActionDef
    from django_flex.analysis.actions import ActionAccess
    from django_flex.conf import Settings
    from django_flex.engine import Call, ResolvedCall
    from django_flex.policy.model import Entry

logger = logging.getLogger("django_flex.security")


def find(resolved: ResolvedCall) -> tuple[ActionDef, ActionAccess]:
    """Return the action of a call, and what the caller may run it on.

    Raises:
        ActionNotFoundError: it does not exist for this caller; the hint names those that do.
        InvalidValueError: the same, if ``_action`` names it.
    """
    call, entry = resolved.call, resolved.entry
    name = call.about or call.operation
    definition = registry.of(entry.resource).get(name)
    if (
        definition is not None
        and _is_mature(definition, call.settings)
        and _is_served(definition, call)
    ):
        reach = enter_action(
            name, call.policy, call.actor, entry, call.settings.limits, resolved.granted
        )
        if reach is not None and _is_permitted(definition, call):
            return definition, reach
    raise not_found(call, [one.id for one in available(resolved)])


def available(resolved: ResolvedCall) -> Iterator[ActionDef]:
    """Yield the actions of a model that the caller may run on some row."""
    call = resolved.call
    for definition in granted_to(resolved.entry, resolved.granted, call.settings):
        if _is_served(definition, call) and _is_permitted(definition, call):
            yield definition


def granted_to(entry: Entry, granted: ResolvedGrant, settings: Settings) -> Iterator[ActionDef]:
    """Yield the actions of a model that a role is granted; no caller is asked.

    An action may have a permission of its own, which only a caller can have. Those that lock rows
    are left out where the backend of the model cannot.
    """
    every, can = registry.of(entry.resource), settings.backends.of(entry.resource).capabilities
    for name in granted_actions(granted, list(every)):
        one = every[name]
        if _is_mature(one, settings) and (can.locks or one.row_lock == "none"):
            yield one


def not_found(call: Call, known: list[str]) -> FlexError:
    """Return the error for a missing action: by ``_action`` a bad value, by URL a 404."""
    name = call.about or call.operation
    if call.dialect.names_operation(call.payload):
        names = (*OPERATIONS, *known)
        hint = operation_hint(name, names)
        return InvalidValueError("There is no such action", path=Part.ACTION, hint=hint)
    return ActionNotFoundError(
        hint=nearest(name, known) or (worded("one of {}", ", ".join(known)) if known else None)
    )


def _is_mature(definition: ActionDef, settings: Settings) -> bool:
    return MATURITY[definition.status.value] >= MATURITY[settings.actions.min_status]


def _is_served(definition: ActionDef, call: Call) -> bool:
    """Return whether an action is available at this door."""
    return call.served is None or definition.id in call.served


def _is_permitted(definition: ActionDef, call: Call) -> bool:
    """Return whether the action's own permission, in addition to the grant, allows the caller."""
    permission, user = definition.permission, call.actor.user
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
    """Return whether an action is run on rows."""
    return definition.scope in {Scope.INSTANCE, Scope.BULK}


def why_not(definition: ActionDef, context: object, row: object) -> str | None:
    """Return why an action cannot run on a row in its current state; ``None`` if it can.

    A condition that raises refuses.
    """
    for condition in definition.condition:
        try:
            answer = condition(context, row)
        except Exception:
            logger.exception("A condition of the action '%s' failed; refused", definition.id)
            return in_language("It is not known whether this action is possible")
        if answer is True:
            continue
        if isinstance(answer, str) and answer:
            return answer
        return in_language("This action is not possible now")
    return None
