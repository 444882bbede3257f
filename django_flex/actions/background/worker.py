"""Runs a queued event, with the permissions that its caller has at that time.

The event and the effects are committed together, a chunk of rows at a time. So if a worker dies,
the event says how far it got, and a retry continues from there.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import connections, router
from django.db.models import F
from django.utils import timezone

from django_flex import engine
from django_flex.actions.background.queueing import CALLER, enqueue, find_caller, open_call
from django_flex.actions.declare.definitions import Scope
from django_flex.actions.declare.registry import registry
from django_flex.actions.models import ActionEvent
from django_flex.actions.run import bulk, execution, tracking
from django_flex.actions.run.locking import coerce_keys
from django_flex.actions.run.redaction import without_secrets
from django_flex.conf import configuration
from django_flex.dialects.flex import flex_for
from django_flex.engine import Call
from django_flex.engine.writing import write_once
from django_flex.exceptions import (
    ActionCancelledError,
    ActionFailedError,
    ActionNotFoundError,
    AuthenticationRequiredError,
    FlexError,
    InternalError,
    OutcomeUnknownError,
)
from django_flex.plan.shape import FlexResult
from django_flex.schema.introspection import describe
from django_flex.sealing import BrokenSealError

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django_flex.actions.declare.definitions import ActionDef
    from django_flex.actions.run.runs import Run
    from django_flex.conf import Settings
    from django_flex.engine import ResolvedCall

logger = logging.getLogger("django_flex.actions")
T = TypeVar("T")
#: How many errors of single rows an event keeps.
MAX_ERRORS = 100
SERVER_ERROR = 500
#: What no worker tries again: what was cancelled, and what may have been done.
_NEVER_REPEATED = (ActionCancelledError, OutcomeUnknownError)


def run_queued(event_id: UUID) -> str:
    """Run a queued event unless another worker has taken it, and return its state."""
    event = _claim(event_id)
    if event is None:
        return "taken"
    try:
        result = _execute(event)
    except Exception as error:  # the worker goes on, and the event must not stay open
        logger.exception("The action event %s failed", event_id)
        _log_failure(event, InternalError(), error)
        return event.state
    if result.error is not None:
        _log_failure(event, result.error, result.error.__cause__)
    return event.state


def _claim(event_id: UUID) -> ActionEvent | None:
    """Claim a queued event in one statement, so that only one worker gets it."""
    now = timezone.now()
    taken = ActionEvent.objects.filter(pk=event_id, state="queued").update(
        state="running",
        started_at=now,
        modified_date=now,
        attempts=F("attempts") + 1,
        error_code="",
        error_type="",
        error_message="",
    )
    return ActionEvent.objects.get(pk=event_id) if taken else None


def _execute(event: ActionEvent) -> FlexResult:
    settings = configuration().versions.get(event.api_version)
    definition = registry.named(event.resource, event.action_id)
    try:
        payload = open_call(event)
    except BrokenSealError:
        logger.exception("The call of the action event %s cannot be read", event.pk)
        return FlexResult.from_error(InternalError())
    if settings is None or definition is None:
        return FlexResult.from_error(ActionNotFoundError())
    caller = find_caller(payload.pop(CALLER))
    if caller is None:
        # Do not run it as an anonymous caller, who may have other permissions.
        return FlexResult.from_error(AuthenticationRequiredError())
    call = Call(
        settings=settings,
        dialect=flex_for(settings.policy),
        policy=settings.policy,
        # By its label, since an inherited action is granted on the model that it runs on.
        entry=settings.policy.entries.get(event.resource),
        resource=event.resource,
        operation=event.action_id,
        payload=payload,
        actor=caller,
        # The rate limit counted it when it was queued.
        by_operator=True,
    )
    return engine.execute(call, partial(_answer, event))


def _answer(event: ActionEvent, resolved: ResolvedCall) -> FlexResult:
    """Run an event for its caller, with the role that the caller has now."""
    run = execution.prepare(resolved, queued=True)
    run.event, run.event_id, run.attempt = event, event.pk, event.attempts
    run.started_at = event.started_at or run.started_at
    run.tracked = True
    run.context.event, run.context.attempt = event.pk, event.attempts
    run.context.is_cancelled = partial(_on_own_connection, partial(_is_cancelled, event), run.using)
    run.context.report_progress = partial(_store_progress, event, run.using, run.settings)
    if _is_cancelled(event):
        raise ActionCancelledError
    if run.definition.scope is Scope.BULK:
        run.targets = _targets(run, event)
        if run.definition.bulk_mode == "each":
            return _in_chunks(run, event)
    if not run.definition.atomic:
        with run.backend.autocommit(run.using):
            return execution.perform(run)
    label = run.entry.resource.label
    perform = partial(execution.perform, run)
    return write_once(run.call, run.backend, run.using, perform, label, dry_run=False)


def _targets(run: Run, event: ActionEvent) -> list[object]:
    """Return the keys of the rows, coerced to the type of the column where possible."""
    typed = coerce_keys(run.reach, event.targets or ())
    return [key if value is None else value for key, value in typed.items()]


def _in_chunks(run: Run, event: ActionEvent) -> FlexResult:
    """Run on each row separately; each chunk and its progress are one transaction."""
    keys = run.targets or []
    while event.progress_current < len(keys):
        if _is_cancelled(event):
            raise ActionCancelledError
        chunk = keys[event.progress_current :][: run.definition.chunk_size]
        perform = partial(_run_chunk, run, event, chunk)
        done = write_once(
            run.call,
            run.backend,
            run.using,
            perform,
            run.entry.resource.label,
            dry_run=False,
        )
        # Only after the commit: a chunk that fails is run again from its beginning.
        for name, value in done.data.items():
            setattr(event, name, value)
    run.counts = (len(keys), event.rows_ok or 0, event.rows_failed or 0)
    stored: Any = event.response_data or {}
    counts = dict(zip(("matched", "succeeded", "failed"), run.counts, strict=True))
    data = {"meta": {**counts, "event": str(event.pk)}, "errors": stored.get("errors", {})}
    result = FlexResult(data=data)
    tracking.log_success(run, result)
    return result


def _run_chunk(run: Run, event: ActionEvent, chunk: list[object]) -> FlexResult:
    errors: dict[object, FlexError] = {}
    run.done = []
    bulk.run_each(run, chunk, errors)
    stored: Any = event.response_data or {"errors": {}}
    room = max(0, MAX_ERRORS - len(stored["errors"]))
    first = {str(key): error.to_dict() for key, error in list(errors.items())[:room]}
    progress = {
        "progress_current": event.progress_current + len(chunk),
        "rows_ok": (event.rows_ok or 0) + len(run.done),
        "rows_failed": (event.rows_failed or 0) + len(errors),
        "response_data": {"errors": {**stored["errors"], **first}},
        "modified_date": timezone.now(),
    }
    ActionEvent.objects.filter(pk=event.pk).update(**progress)
    return FlexResult(data=progress)


def _is_cancelled(event: ActionEvent) -> bool:
    return ActionEvent.objects.filter(pk=event.pk, cancel_requested=True).exists()


def _store_progress(
    event: ActionEvent,
    using: str,
    settings: Settings,
    current: int,
    total: int | None,
    message: str,
) -> None:
    """Store progress outside the transaction of the run, so that it is visible at once."""
    event.progress_current, event.progress_total = current, total
    event.progress_message = message[:200]
    progress = {
        "progress_current": current,
        "progress_total": total,
        "progress_message": event.progress_message,
        "modified_date": timezone.now(),
    }

    def put() -> None:
        alias = router.db_for_write(ActionEvent)
        with settings.backends.of(describe(ActionEvent)).transaction(alias, settings.limits):
            ActionEvent.objects.using(alias).filter(pk=event.pk).update(**progress)

    try:
        _on_own_connection(put, using)
    except FlexError:
        # The event is locked elsewhere, perhaps to cancel the run. The next report may succeed.
        logger.info("Progress of the action event %s could not be stored", event.pk)


def _on_own_connection(do: Callable[[], T], using: str) -> T:
    """Call a function on a separate connection; on SQLite, which has one writer, on this one."""
    if connections[using].vendor == "sqlite" or not connections[using].in_atomic_block:
        return do()

    def on_another() -> T:
        try:
            return do()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(on_another).result()


def _log_failure(event: ActionEvent, error: FlexError, cause: BaseException | None) -> None:
    """Store the failure of a run in its event, or queue the event again."""
    if isinstance(error, OutcomeUnknownError):
        event.refresh_from_db()  # with what was committed after all
        if event.complete:
            return
    definition = registry.named(event.resource, event.action_id)
    event.error_code = error.code
    event.error_type = type(cause or error).__name__[:150]
    event.error_message = _message(event, error, definition)[:500]
    event.status_code = error.status
    event.state = "cancelled" if isinstance(error, ActionCancelledError) else "failed"
    event.complete = True
    event.finished_at = timezone.now()
    if event.started_at is not None:
        event.duration = (event.finished_at - event.started_at).total_seconds()
    again = definition is not None and _may_be_tried_again(definition, event, error, cause)
    if again:
        event.state, event.complete = "queued", False
    event.save()
    if again and definition is not None:
        enqueue(event.pk, event.task_backend, definition.queue, attempt=event.attempts)


def _message(event: ActionEvent, error: FlexError, definition: ActionDef | None) -> str:
    settings = configuration().versions.get(event.api_version)
    if settings is None or definition is None:
        return error.message
    try:
        sent = open_call(event)
    except BrokenSealError:
        return error.message  # our own message: no project code has seen the input
    return without_secrets(error.message, sent, definition.sensitive, settings.policy.guard)


def _may_be_tried_again(
    definition: ActionDef, event: ActionEvent, error: FlexError, cause: BaseException | None
) -> bool:
    if event.attempts > definition.retries or isinstance(error, _NEVER_REPEATED):
        return False
    if definition.retry_on:
        return isinstance(cause, definition.retry_on)
    return isinstance(error, ActionFailedError) or error.status >= SERVER_ERROR
