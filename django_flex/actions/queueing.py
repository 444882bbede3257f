"""An action that is to run later: checked now, stored as an event, and a task that wakes it up."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from django.db import router
from django.db.transaction import on_commit
from django.utils import timezone
from django.utils.module_loading import import_string

from django_flex.actions import bulk, tracking
from django_flex.actions.definitions import Scope
from django_flex.actions.inserting import insert
from django_flex.actions.invoking import check_row, read_input
from django_flex.actions.models import ActionEvent
from django_flex.actions.redaction import kept
from django_flex.engine import acting
from django_flex.engine.writing import run_once
from django_flex.exceptions import UnavailableError, UnsupportedQueryError
from django_flex.permissions.sealing import seal, unseal
from django_flex.plan.json_values import encode
from django_flex.plan.shape import FlexResult

if TYPE_CHECKING:
    from django_flex.actions.runs import Run
    from django_flex.permissions.policy import Policy

logger = logging.getLogger("django_flex.actions")
ACCEPTED = 202
#: Of a call, what belongs to the request that brought it.
_NOT_STORED = frozenset({"_model", "_action", "_background"})
#: What runs an event; named as the backends name it, since it is made of what makes events.
TASK = "django_flex.actions.tasks.run_event"
#: The longest wait before another attempt, in seconds.
LONGEST_WAIT = 3_600


def goes_to_background(one: Run) -> bool:
    """Whether a call is to run later.

    Raises:
        UnsupportedQueryError: the action does not run when it is asked to.
    """
    mode, asked = one.definition.background, one.call.background
    if one.call.dry_run:
        return False
    if asked is True and mode == "never":
        raise UnsupportedQueryError(
            "This action does not run in the background", path="_background"
        )
    if asked is False and mode == "always":
        raise UnsupportedQueryError("This action runs in the background alone", path="_background")
    wanted = one.request.respond_async if asked is None else asked
    return mode == "always" or (mode == "allowed" and wanted)


def queue(one: Run, policy: Policy) -> FlexResult:
    """Store a call whose row and input make sense now, to be run after the commit.

    Raises:
        FlexError: what is wrong with it now; that it cannot run later.
    """
    entry = policy.entries.get(one.entry.resource.model)
    if policy is not one.settings.policy or entry is not one.entry:
        # Who runs it later knows the settings, and nothing of a view or of trusted code.
        raise UnsupportedQueryError("Only what EXPOSE grants runs in the background")
    backend(one.settings.actions.task_backend)

    def store() -> FlexResult:
        return _store(one, policy)

    return run_once(one.request, one.settings, one.using, store, dry_run=False)


def _store(one: Run, policy: Policy) -> FlexResult:
    event = _event(one)
    using = router.db_for_write(ActionEvent)
    insert(event, using)
    settings = one.settings.actions
    on_commit(partial(enqueue, event.pk, settings.task_backend, one.definition.queue), using=using)
    headers = {tracking.HEADER: str(event.pk)}
    if one.request.respond_async:
        headers["Preference-Applied"] = "respond-async"
    prefix = one.request.base.rpartition("/")[0]
    if ActionEvent in policy.entries and f"{prefix}/" == one.settings.path:
        headers["Location"] = f"{prefix}/actionevent/{event.pk}"
    return FlexResult(
        data={"event": str(event.pk), "state": event.state}, status_code=ACCEPTED, headers=headers
    )


def _event(one: Run) -> ActionEvent:
    """Return the event of a call, with all that is needed to run it."""
    targets = None
    if one.definition.scope is Scope.BULK:
        keys, missing = bulk.choose(one)
        targets = [key if isinstance(key, int) else str(key) for key in (*keys, *missing)]
        read_input(one, None)
    elif one.definition.scope is Scope.INSTANCE:
        row = acting.row(one.reach, one.call.pk, one.using, "none")
        one.key = row.pk
        check_row(one, row)
        read_input(one, row)
    else:
        read_input(one, None)
    event = tracking.draft(one)
    event.state, event.started_at, event.attempts = "queued", None, 0
    event.targets = targets
    event.rows_matched = event.progress_total = None if targets is None else len(targets)
    event.task_backend = one.settings.actions.task_backend
    event.call = sealed(one, event.pk)
    most, sensitive = one.settings.actions.max_bytes, one.definition.sensitive
    event.request_data, _ = kept(one.call.values, sensitive, most)
    return event


def sealed(one: Run, event_id: UUID) -> str:
    """Return what was sent, so that nobody who reads the table reads it."""
    payload = one.request.payload
    asked = {key: value for key, value in payload.items() if key not in _NOT_STORED}
    if one.call.if_match is not None:
        asked["_if_match"] = one.call.if_match
    return seal(encode(asked), event_id.bytes)


def opened(event: ActionEvent) -> dict[str, Any]:
    """Return what was sent.

    Raises:
        BrokenSealError: it was sealed with another key, or for another event.
    """
    found: dict[str, Any] = msgspec.json.decode(unseal(event.call, event.pk.bytes))
    return found


def backend(alias: str) -> Any:
    """Return a backend of tasks.

    Raises:
        UnavailableError: there is none.
    """
    try:
        return tasks().task_backends[alias]
    except Exception as error:
        logger.exception("The task backend '%s' cannot be used", alias)
        raise UnavailableError from error


def tasks() -> Any:
    """Return ``django.tasks`` of Django 6, or its backport."""
    return import_module("django.tasks" if find_spec("django.tasks") else "django_tasks")


def enqueue(event_id: UUID, alias: str, queue_name: str, *, attempt: int = 0) -> None:
    """Have a queued event run; where that fails the event says so, since its caller is gone."""
    try:
        wait = min(2**attempt, LONGEST_WAIT) if attempt else 0
        later = wait and backend(alias).supports_defer
        task: Any = import_string(TASK)
        task = task.using(
            backend=alias,
            queue_name=queue_name,
            run_after=timezone.now() + timedelta(seconds=wait) if later else None,
        )
        result = task.enqueue(str(event_id))
    except Exception:
        logger.exception("The action event %s could not be queued", event_id)
        unfinished = ActionEvent.objects.filter(pk=event_id, state="queued")
        unfinished.update(
            state="failed",
            complete=True,
            status_code=UnavailableError.status,
            error_code=UnavailableError.code,
            error_message="The task could not be queued",
            finished_at=timezone.now(),
        )
        return
    ActionEvent.objects.filter(pk=event_id).update(task_result_id=str(result.id)[:100])
