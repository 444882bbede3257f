"""Describe actions: which ones a caller may run, their input, and the state of a row."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from django_flex import engine
from django_flex.actions.declare.definitions import Scope
from django_flex.actions.run.finding import available, find, granted_to, why_not
from django_flex.actions.run.locking import lock_row
from django_flex.actions.run.runs import Run
from django_flex.describe import ActionDescription
from django_flex.dialects.facts import ActionState, LinkedAction, ModelActions, RowActions
from django_flex.exceptions import NotFoundError, ObjectNotFoundError
from django_flex.plan.json_values import text_of
from django_flex.query.ast import ActionCall
from django_flex.schema.introspection import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.access.roles import ResolvedGrant
    from django_flex.actions.declare.definitions import ActionDef
    from django_flex.analysis.actions import ActionAccess
    from django_flex.conf import Settings
    from django_flex.describe import ActionsOf
    from django_flex.dialects.facts import Facts
    from django_flex.engine import Call, ResolvedCall
    from django_flex.plan.shape import FlexResult
    from django_flex.policy.model import Entry


def describe(call: Call) -> FlexResult:
    """Describe the actions of a model; a ``FlexError`` becomes an error result."""
    return engine.execute(call, _answer)


def _answer(resolved: ResolvedCall) -> FlexResult:
    """Return the reply of the call's dialect.

    Raises:
        NotFoundError: it has none for such facts.
    """
    found = resolved.call.dialect.describe(_facts(resolved))
    if found is None:
        raise NotFoundError("There is nothing at this URL")
    return found


def _facts(resolved: ResolvedCall) -> Facts:
    call, entry = resolved.call, resolved.entry
    if call.about is not None:
        definition, reach = find(resolved)
        return _linked(describe_action(definition, reach.inputs), call)
    key = call.dialect.key_of(call.payload)
    if key is not None:
        reaches = [find(_about(resolved, one)) for one in available(resolved)]
        return _states(reaches, call, entry, key)
    linked = tuple(_linked(one, call) for one in describe_actions(resolved))
    return ModelActions(entry.name, call.base, linked)


def _about(resolved: ResolvedCall, definition: ActionDef) -> ResolvedCall:
    return replace(resolved, call=replace(resolved.call, about=definition.id))


def _states(
    found: list[tuple[ActionDef, ActionAccess]], call: Call, entry: Entry, key: object
) -> RowActions:
    """Return which actions are available on a row now, and why the others are not.

    Raises:
        ObjectNotFoundError: no action can be run on such a row.
    """
    states: dict[str, ActionState] = {}
    row = None
    for definition, reach in found:
        if definition.scope is not Scope.INSTANCE:
            continue
        run = Run(call, entry, definition, reach, ActionCall(pk=key))
        with run.backend.autocommit(run.using), suppress(ObjectNotFoundError):
            # The grant may narrow each action to rows of its own.
            if row is None or len(reach.rules.before) > 1:
                row = lock_row(run.backend, reach, key, run.using, "none")
            reason = why_not(definition, run.context, row)
            url = _url(definition.id, definition.scope, call, key_of(row))
            states[definition.id] = ActionState(url, reason)
    if row is None:
        raise ObjectNotFoundError
    return RowActions(key_of(row), states)


def describe_action(one: ActionDef, inputs: frozenset[str] | None) -> ActionDescription:
    """Return the description of an action.

    Args:
        one: the action.
        inputs: those that the role may send, ``None`` for all.
    """
    schema, fields = one.input.schema(), one.input.fields()
    if inputs is not None:
        fields = [field for field in fields if field["name"] in inputs]
        known = schema.get("properties", {})
        schema["properties"] = {name: part for name, part in known.items() if name in inputs}
    return replace(outline_action(one), input=schema, fields=tuple(fields))


def outline_action(one: ActionDef) -> ActionDescription:
    """Return the description of an action without its input, which may require project code."""
    return ActionDescription(
        id=one.id,
        scope=one.scope.value,
        title=one.shown_title,
        description=one.description,
        status=one.status.value,
        version=one.version,
        tags=tuple(one.tags),
        capabilities=tuple(one.capabilities),
        examples=tuple(
            {"name": e.name, "description": e.description, "payload": dict(e.payload)}
            for e in one.examples
        ),
        outputs=one.outputs,
        destructive=one.destructive,
        dry_run=one.atomic,
        idempotency=one.idempotency,
        background=one.background,
        needs_permission=one.permission is not None,
    )


def describe_actions(resolved: ResolvedCall) -> Iterator[ActionDescription]:
    """Yield the actions of a model that the caller may run on some row."""
    grant = resolved.granted.grant
    grants = {} if grant is None else grant.actions
    for one in available(resolved):
        yield describe_action(one, grants[one.id].input if one.id in grants else None)


def actions_of_role(settings: Settings) -> ActionsOf:
    """Return a function that describes the actions a role is granted, for ``describe_role``.

    Those that need a permission of their own are among them, since no caller is asked for it.
    """

    def actions(entry: Entry, granted: ResolvedGrant) -> tuple[ActionDescription, ...]:
        grants = {} if granted.grant is None else granted.grant.actions
        return tuple(
            describe_action(one, grants[one.id].input if one.id in grants else None)
            for one in granted_to(entry, granted, settings)
        )

    return actions


def _linked(one: ActionDescription, call: Call) -> LinkedAction:
    return LinkedAction(one, _url(one.id, Scope(one.scope), call, None))


def _url(name: str, scope: Scope, call: Call, key: object) -> str:
    """Return the URL of an action, with ``{id}`` for the key of an unknown row."""
    if scope is not Scope.INSTANCE:
        return f"{call.base}/actions/{name}/"
    return f"{call.base}/{'{id}' if key is None else quote(text_of(key), safe='')}/actions/{name}/"
