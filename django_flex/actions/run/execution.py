"""A run of an action: finds it, checks and locks the row, calls the handler, logs the run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.actions.declare.definitions import STATUS, Scope
from django_flex.actions.declare.inputs import check_names
from django_flex.actions.run import bulk, tracking
from django_flex.actions.run.finding import find
from django_flex.actions.run.invoking import check_row, invoke, read_input
from django_flex.actions.run.locking import lock_row
from django_flex.actions.run.replies import reply
from django_flex.actions.run.runs import Run
from django_flex.analysis.caps import check_call
from django_flex.engine.writing import write_once
from django_flex.exceptions import (
    ActionUnwrittenError,
    QueryError,
    UnsupportedQueryError,
)
from django_flex.exceptions.places import Part

if TYPE_CHECKING:
    from django_flex.actions.declare.definitions import ActionDef
    from django_flex.engine import Call, ResolvedCall
    from django_flex.plan.shape import FlexResult
    from django_flex.query.ast import ActionCall


def prepare(resolved: ResolvedCall, *, queued: bool = False) -> Run:
    """Find the action and parse the call, before anything is stored.

    With ``queued`` the call was checked when it was sent.

    Raises:
        FlexError: the action does not exist, or the call is invalid.
    """
    call, settings = resolved.call, resolved.call.settings
    definition, reach = find(resolved)
    if definition.status is STATUS.TODO:
        raise ActionUnwrittenError
    parsed = call.dialect.parse_action(
        call,
        name=definition.id,
        scope=definition.scope.value,
        key_name=resolved.entry.resource.key_name,
        if_match=call.if_match if definition.scope is Scope.INSTANCE else None,
    )
    check_call(parsed, settings.limits, settings.actions.max_rows)
    check_names(parsed.values, definition.input.names, reach.inputs, parsed.place)
    if not queued:
        _check_options(definition, parsed, call)
    if definition.timeout is not None:
        limits = replace(settings.limits, write_timeout=definition.timeout)
        call = replace(call, settings=replace(settings, limits=limits))
    return Run(call, resolved.entry, definition, reach, parsed)


def _check_options(definition: ActionDef, parsed: ActionCall, call: Call) -> None:
    """Refuse options of a call that the action does not support."""
    if parsed.dry_run and not definition.atomic:
        raise UnsupportedQueryError("This action does not support a dry run", path=Part.DRY_RUN)
    if call.if_match is not None and definition.scope is not Scope.INSTANCE:
        raise QueryError("A precondition needs a single row", path="If-Match")
    keyed = call.idempotency_key is not None
    if keyed and (definition.idempotency == "off" or not definition.atomic):
        raise UnsupportedQueryError(
            "This action does not take an Idempotency-Key", path="Idempotency-Key"
        )
    if not keyed and definition.idempotency == "required" and not parsed.dry_run:
        raise QueryError(
            "This action needs an Idempotency-Key",
            path="Idempotency-Key",
            hint="Idempotency-Key: a UUID",
        )


def transact(run: Run) -> FlexResult:
    """Run an action now, in one transaction if it is atomic.

    Raises:
        FlexError: the run failed or refused.
    """
    if not run.definition.atomic:
        with run.backend.autocommit(run.using):
            return perform(run)
    run.backend.capabilities.require("transactions", Part.ACTION)
    result = write_once(
        run.call,
        run.backend,
        run.using,
        lambda: perform(run),
        run.entry.resource.label,
        dry_run=run.parsed.dry_run,
    )
    if run.parsed.dry_run:
        # The event that was stored inside is rolled back with the rest.
        tracking.log_success(run, result)
    return result


def perform(run: Run) -> FlexResult:
    """Run the action, inside its transaction.

    Raises:
        FlexError: the run failed or refused; the transaction has to be rolled back.
    """
    many = run.definition.scope is Scope.BULK
    result = bulk.perform(run) if many else _perform(run)
    if run.tracked:
        result = replace(result, headers={**result.headers, tracking.HEADER: str(run.event_id)})
    tracking.log_success(run, result)
    return result


def _perform(run: Run) -> FlexResult:
    if run.definition.scope is Scope.INSTANCE:
        lock = run.definition.row_lock
        run.row = lock_row(run.backend, run.reach, run.parsed.pk, run.using, lock)
        run.key = run.row.pk
        check_row(run, run.row)
    return reply(run, invoke(run, run.row, read_input(run, run.row)))
