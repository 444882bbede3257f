"""What there is to say about actions: which ones a caller may run, with what, and on this row now."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from django_flex.actions.definitions import Scope
from django_flex.actions.finding import available, find, why_not
from django_flex.actions.runs import Run
from django_flex.engine import acting, run
from django_flex.exceptions import ObjectNotFoundError
from django_flex.plan.shape import FlexResult
from django_flex.query.actions import Call

if TYPE_CHECKING:
    from django_flex.actions.definitions import ActionDef
    from django_flex.conf import Settings
    from django_flex.engine import FlexRequest
    from django_flex.permissions.acting import Reach
    from django_flex.permissions.policy import Entry, Policy
    from django_flex.permissions.roles import Standing


def describe(
    request: FlexRequest,
    settings: Settings,
    policy: Policy | None = None,
    entry: Entry | None = None,
) -> FlexResult:
    """Answer a question about actions; an error of ours becomes a result that says so."""
    return run(request, settings, policy, entry, _answer)


def _answer(
    request: FlexRequest, settings: Settings, policy: Policy, entry: Entry, standing: Standing
) -> FlexResult:
    if request.about is not None:
        definition, reach = find(request, settings, policy, entry, standing)
        return FlexResult(data=_described(definition, request, reach.inputs))
    found = list(available(request, settings, entry, standing))
    if "_id" in request.payload:
        reaches = [find(_about(request, one), settings, policy, entry, standing) for one in found]
        return FlexResult(data=_states(reaches, request, settings, entry))
    grants = standing.grant.actions if standing.grant is not None else {}
    lists: dict[str, list[Any]] = {f"{scope.value}_actions": [] for scope in Scope}
    for one in found:
        inputs = grants[one.id].input if one.id in grants else None
        lists[f"{one.scope.value}_actions"].append(_described(one, request, inputs))
    return FlexResult(data={"resource": entry.name, "basepath": f"{request.base}/", **lists})


def _about(request: FlexRequest, definition: ActionDef) -> FlexRequest:
    return replace(request, about=definition.id)


def _states(
    found: list[tuple[ActionDef, Reach]], request: FlexRequest, settings: Settings, entry: Entry
) -> dict[str, Any]:
    """Return what the caller may do with one row now, and why not with the rest.

    Raises:
        ObjectNotFoundError: no action can be run on such a row.
    """
    key = request.payload["_id"]
    states: dict[str, Any] = {}
    row = None
    for definition, reach in found:
        if definition.scope is not Scope.INSTANCE:
            continue
        one = Run(request, settings, entry, definition, reach, Call(pk=key))
        with acting.unprotected(one.using), suppress(ObjectNotFoundError):
            # A narrowing of its own may keep an action off a row that others may be run on.
            if row is None or len(reach.rules.before) > 1:
                row = acting.row(reach, key, one.using, "none")
            reason = why_not(definition, one.context, row)
            state = {"available": reason is None, "url": _url(definition, request, row.pk)}
            states[definition.id] = state if reason is None else {**state, "reason": reason}
    if row is None:
        raise ObjectNotFoundError
    return {"id": row.pk, "actions": states}


def _described(
    one: ActionDef, request: FlexRequest, inputs: frozenset[str] | None
) -> dict[str, Any]:
    """Return an action as data: the keys of dj-actions, and JSON Schema beside its ``fields``."""
    schema, fields = one.input.schema(), one.input.fields()
    if inputs is not None:
        fields = [field for field in fields if field["name"] in inputs]
        known = schema.get("properties", {})
        schema["properties"] = {name: part for name, part in known.items() if name in inputs}
    return {
        "id": one.id,
        "type": one.scope.value,
        "status": one.status.value,
        "version": one.version,
        "title": one.shown_title,
        "description": one.description,
        "tags": list(one.tags),
        "capabilities": list(one.capabilities),
        "method": "POST",
        "url": _url(one, request, None),
        "fields": fields,
        "input": schema,
        "examples": [
            {"name": e.name, "description": e.description, "payload": dict(e.payload)}
            for e in one.examples
        ],
        "destructive": one.destructive,
        "dry_run": one.atomic,
        "idempotency": one.idempotency,
        "background": one.background,
    }


def _url(one: ActionDef, request: FlexRequest, key: Any) -> str:
    """Return where an action is run; of one on a row that is not known ``{id}`` stands for its key."""
    if one.scope is not Scope.INSTANCE:
        return f"{request.base}/actions/{one.id}/"
    return f"{request.base}/{'{id}' if key is None else quote(str(key), safe='')}/actions/{one.id}/"
