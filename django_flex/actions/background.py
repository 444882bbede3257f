"""A queued event, run: by a worker, with the permissions that its caller has by then.

The event and the effect are committed together, a chunk of rows at a time. So whenever a worker
dies, the event says how far it came, and another run goes on from there.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connections, router
from django.db.models import F
from django.utils import timezone

from django_flex.actions import bulk, running, tracking
from django_flex.actions.definitions import Scope
from django_flex.actions.models import ActionEvent
from django_flex.actions.queueing import enqueue, opened
from django_flex.actions.registry import registry
from django_flex.conf import configuration
from django_flex.engine import FlexRequest, acting, run
from django_flex.engine.writing import run_once
from django_flex.exceptions import (
    ActionCancelledError,
    ActionFailedError,
    ActionNotFoundError,
    FlexError,
    InternalError,
)
from django_flex.permissions.roles import Actor
from django_flex.permissions.sealing import BrokenSealError
from django_flex.plan.shape import FlexResult

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django_flex.actions.definitions import ActionDef
    from django_flex.actions.runs import Run
    from django_flex.conf import Settings
    from django_flex.permissions.policy import Entry, Policy
    from django_flex.permissions.roles import Standing

logger = logging.getLogger("django_flex.actions")
T = TypeVar("T")
#: How many errors of single rows an event keeps.
MAX_ERRORS = 100
SERVER_ERROR = 500


def run_queued(event_id: UUID) -> str:
    """Run a queued event, unless another worker has it, and return its state."""
    event = _claimed(event_id)
    if event is None:
        return "taken"
    try:
        result = _run(event)
    except Exception as error:  # the worker goes on, and the event must not stay open
        logger.exception("The action event %s failed", event_id)
        _failed(event, InternalError(), error)
        return event.state
    if result.error is not None:
        _failed(event, result.error, result.error.__cause__)
    return event.state


def _claimed(event_id: UUID) -> ActionEvent | None:
    """Take a queued event: one statement, so that only one of several workers gets it."""
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


def _run(event: ActionEvent) -> FlexResult:
    settings = configuration().versions.get(event.api_version)
    definition = registry.named(event.resource, event.action_id)
    try:
        payload = opened(event)
    except BrokenSealError:
        logger.exception("The call of the action event %s cannot be read", event.pk)
        return FlexResult.from_error(InternalError())
    if settings is None or definition is None:
        return FlexResult.from_error(ActionNotFoundError())
    model: Any = get_user_model()
    request = FlexRequest(
        resource=event.resource,
        operation=event.action_id,
        payload=payload,
        actor=Actor(model._default_manager.filter(pk=event.actor_id).first()),
        # It was counted when it was asked for.
        by_operator=True,
    )
    # By its label: an action that is inherited is granted where it is run.
    entry = settings.policy.entries.get(apps.get_model(event.resource))
    return run(request, settings, None, entry, partial(_execute, event))


def _execute(
    event: ActionEvent,
    request: FlexRequest,
    settings: Settings,
    policy: Policy,
    entry: Entry,
    standing: Standing,
) -> FlexResult:
    """Run an event for its caller, whose role was found anew."""
    one = running.prepare(request, settings, policy, entry, standing, again=True)
    one.event, one.event_id, one.attempt = event, event.pk, event.attempts
    one.started_at = event.started_at or one.started_at
    one.tracked = True
    one.context.event, one.context.attempt = event.pk, event.attempts
    one.context.is_cancelled = partial(_outside, partial(_is_cancelled, event), one.using)
    one.context.tell = partial(_tell, event, one.using, one.settings)
    if _is_cancelled(event):
        raise ActionCancelledError
    if one.definition.scope is Scope.BULK:
        one.targets = _targets(one, event)
        if one.definition.bulk_mode == "each":
            return _in_chunks(one, event)
    if not one.definition.atomic:
        with acting.unprotected(one.using):
            return running.perform(one)
    return run_once(request, one.settings, one.using, lambda: running.perform(one), dry_run=False)


def _targets(one: Run, event: ActionEvent) -> list[Any]:
    """Return the keys of the rows, as their column has them; of what is none it is as sent."""
    typed = acting.typed_keys(one.reach, event.targets or ())
    return [key if value is None else value for key, value in typed.items()]


def _in_chunks(one: Run, event: ActionEvent) -> FlexResult:
    """Run on each row by itself: so many rows, and how far the event is, in one transaction."""
    keys = one.targets or []
    while event.progress_current < len(keys):
        if _is_cancelled(event):
            raise ActionCancelledError
        chunk = keys[event.progress_current :][: one.definition.chunk_size]
        perform = partial(_one_chunk, one, event, chunk)
        done = run_once(one.request, one.settings, one.using, perform, dry_run=False)
        # Only now: a chunk that fails is run again from its beginning.
        for name, value in done.data.items():
            setattr(event, name, value)
    one.rows = (len(keys), event.rows_ok or 0, event.rows_failed or 0)
    kept: Any = event.response_data or {}
    counts = dict(zip(("matched", "succeeded", "failed"), one.rows, strict=True))
    data = {"meta": {**counts, "event": str(event.pk)}, "errors": kept.get("errors", {})}
    result = FlexResult(data=data)
    tracking.succeeded(one, result)
    return result


def _one_chunk(one: Run, event: ActionEvent, chunk: list[Any]) -> FlexResult:
    errors: dict[Any, Any] = {}
    one.done = []
    bulk.for_each(one, chunk, errors)
    kept: Any = event.response_data or {"errors": {}}
    room = max(0, MAX_ERRORS - len(kept["errors"]))
    first = {str(key): error for key, error in list(errors.items())[:room]}
    progress = {
        "progress_current": event.progress_current + len(chunk),
        "rows_ok": (event.rows_ok or 0) + len(one.done),
        "rows_failed": (event.rows_failed or 0) + len(errors),
        "response_data": {"errors": {**kept["errors"], **first}},
        "modified_date": timezone.now(),
    }
    ActionEvent.objects.filter(pk=event.pk).update(**progress)
    return FlexResult(data=progress)


def _is_cancelled(event: ActionEvent) -> bool:
    return ActionEvent.objects.filter(pk=event.pk, cancel_requested=True).exists()


def _tell(
    event: ActionEvent,
    using: str,
    settings: Settings,
    current: int,
    total: int | None,
    message: str,
) -> None:
    """Put progress where everybody sees it at once, outside the transaction of the run."""
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
        with acting.briefly(alias, settings.limits):
            ActionEvent.objects.using(alias).filter(pk=event.pk).update(**progress)

    try:
        _outside(put, using)
    except FlexError:
        # Somebody else has the event, to cancel it perhaps. The next report will get through.
        logger.info("Progress of the action event %s could not be stored", event.pk)


def _outside(do: Callable[[], T], using: str) -> T:
    """Do something on a connection of its own; SQLite, which has one writer, does it right here."""
    if connections[using].vendor == "sqlite" or not connections[using].in_atomic_block:
        return do()

    def on_another() -> T:
        try:
            return do()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(on_another).result()


def _failed(event: ActionEvent, error: FlexError, cause: BaseException | None) -> None:
    """Put the failure of a run into its event, or queue it again."""
    definition = registry.named(event.resource, event.action_id)
    event.error_code = error.code
    event.error_type = type(cause or error).__name__[:150]
    event.error_message = error.message[:500]
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


def _may_be_tried_again(
    definition: ActionDef, event: ActionEvent, error: FlexError, cause: BaseException | None
) -> bool:
    if event.attempts > definition.retries or isinstance(error, ActionCancelledError):
        return False
    if definition.retry_on:
        return isinstance(cause, definition.retry_on)
    return isinstance(error, ActionFailedError) or error.status >= SERVER_ERROR
