"""An action from the request to the reply: found, checked, locked, run, logged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.actions import bulk, tracking
from django_flex.actions.definitions import STATUS, Scope
from django_flex.actions.finding import find
from django_flex.actions.inputs import check_names
from django_flex.actions.invoking import check_row, invoke, read_input
from django_flex.actions.queueing import goes_to_background, queue
from django_flex.actions.replies import reply
from django_flex.actions.runs import Run
from django_flex.engine import acting, run
from django_flex.engine.writing import run_once
from django_flex.exceptions import (
    ActionUnwrittenError,
    FlexError,
    QueryError,
    UnsupportedQueryError,
)
from django_flex.query.actions import parse_call

if TYPE_CHECKING:
    from django_flex.actions.definitions import ActionDef
    from django_flex.conf import Settings
    from django_flex.engine import FlexRequest
    from django_flex.permissions.policy import Entry, Policy
    from django_flex.permissions.roles import Standing
    from django_flex.plan.shape import FlexResult
    from django_flex.query.actions import Call


def run_action(
    request: FlexRequest,
    settings: Settings,
    policy: Policy | None = None,
    entry: Entry | None = None,
) -> FlexResult:
    """Answer a request for an action; an error of ours becomes a result that says so."""
    return run(request, settings, policy, entry, execute)


def execute(
    request: FlexRequest, settings: Settings, policy: Policy, entry: Entry, standing: Standing
) -> FlexResult:
    """Run an action for a caller whose role is known.

    Raises:
        FlexError: whatever is wrong with the request, or what the action came to.
    """
    one = prepare(request, settings, policy, entry, standing)
    if goes_to_background(one):
        return queue(one, policy)
    try:
        return _transacted(one)
    except FlexError as error:
        tracking.failed(one, error)
        raise


def prepare(
    request: FlexRequest,
    settings: Settings,
    policy: Policy,
    entry: Entry,
    standing: Standing,
    *,
    again: bool = False,
) -> Run:
    """Find the action, and read what was sent; nothing is stored until this is over.

    ``again`` says that it was checked before how the call was sent.

    Raises:
        FlexError: there is no such action, or what was sent makes no sense for it.
    """
    definition, reach = find(request, settings, policy, entry, standing)
    if definition.status is STATUS.TODO:
        raise ActionUnwrittenError
    call = parse_call(
        request.payload,
        settings.limits,
        name=definition.id,
        scope=definition.scope.value,
        most=settings.actions.max_rows,
        if_match=request.if_match if definition.scope is Scope.INSTANCE else None,
        lenient=request.lenient,
    )
    check_names(call.values, definition.input.names, reach.inputs)
    if not again:
        _check_manner(definition, call, request)
    if definition.timeout is not None:
        limits = replace(settings.limits, write_timeout=definition.timeout)
        settings = replace(settings, limits=limits)
    return Run(request, settings, entry, definition, reach, call)


def _check_manner(definition: ActionDef, call: Call, request: FlexRequest) -> None:
    """Refuse ways of running that the action does not offer."""
    if call.dry_run and not definition.atomic:
        raise UnsupportedQueryError("This action cannot be undone", path="_dry_run")
    if request.if_match is not None and definition.scope is not Scope.INSTANCE:
        raise QueryError("A precondition is about one row", path="If-Match")
    keyed = request.idempotency_key is not None
    if keyed and (definition.idempotency == "off" or not definition.atomic):
        raise UnsupportedQueryError("This action takes no key", path="Idempotency-Key")
    if not keyed and definition.idempotency == "required" and not call.dry_run:
        raise QueryError(
            "This action needs a key", path="Idempotency-Key", hint="Idempotency-Key: a UUID"
        )


def _transacted(one: Run) -> FlexResult:
    if not one.definition.atomic:
        with acting.unprotected(one.using):
            return perform(one)
    result = run_once(
        one.request,
        one.settings,
        one.using,
        lambda: perform(one),
        dry_run=one.call.dry_run,
    )
    if one.call.dry_run:
        # What was logged inside is undone with the rest.
        tracking.succeeded(one, result)
    return result


def perform(one: Run) -> FlexResult:
    """Run the action, inside its transaction.

    Raises:
        FlexError: what it came to; the transaction is to be undone.
    """
    many = one.definition.scope is Scope.BULK
    result = bulk.perform(one) if many else _perform(one)
    if one.tracked:
        result = replace(result, headers={**result.headers, tracking.HEADER: str(one.event_id)})
    tracking.succeeded(one, result)
    return result


def _perform(one: Run) -> FlexResult:
    if one.definition.scope is Scope.INSTANCE:
        lock = one.definition.lock if one.definition.atomic else "none"
        one.row = acting.row(one.reach, one.call.pk, one.using, lock)
        one.key = one.row.pk
        check_row(one, one.row)
    return reply(one, invoke(one, one.row, read_input(one, one.row)))
