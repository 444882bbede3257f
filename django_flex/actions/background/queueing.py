"""Queue an action: check the call now, store it as an event, enqueue a task that runs it."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from django.apps import apps
from django.db import router
from django.db.transaction import on_commit
from django.utils import timezone
from django.utils.module_loading import import_string

from django_flex.access.actor import Actor
from django_flex.access.identity import user_model
from django_flex.actions.declare.definitions import Scope
from django_flex.actions.models import ActionEvent
from django_flex.actions.run import bulk, tracking
from django_flex.actions.run.inserting import insert
from django_flex.actions.run.invoking import check_row, read_input
from django_flex.actions.run.locking import lock_row
from django_flex.actions.run.redaction import storable
from django_flex.dialects.flex.actions import call_to_json
from django_flex.engine.outcomes import Queued
from django_flex.engine.writing import write_once
from django_flex.exceptions import UnavailableError, UnsupportedQueryError
from django_flex.exceptions.places import Part
from django_flex.plan.json_values import encode, text_of
from django_flex.plan.shape import FlexResult
from django_flex.schema.conversions.keys import shown_key
from django_flex.schema.introspection import label_of
from django_flex.sealing import seal, unseal

if TYPE_CHECKING:
    from django_flex.actions.run.runs import Run
    from django_flex.policy.model import Policy

logger = logging.getLogger("django_flex.actions")
#: Key of the caller in a stored call: label of the user model and primary key; empty if anonymous.
CALLER = "_caller"
#: The task that runs an event, by its path: its module imports this one.
TASK = "django_flex.actions.tasks.run_event"
#: The longest wait before another attempt, in seconds.
LONGEST_WAIT = 3_600


def runs_later(run: Run) -> bool:
    """Return whether a call is to run in the background.

    Raises:
        UnsupportedQueryError: the action cannot run now, or cannot run later, as requested.
    """
    mode, asked = run.definition.background, run.parsed.background
    if run.parsed.dry_run:
        return False
    if asked is True and mode == "never":
        raise UnsupportedQueryError(
            "This action does not run in the background", path=Part.BACKGROUND
        )
    if asked is False and mode == "always":
        raise UnsupportedQueryError("This action only runs in the background", path=Part.BACKGROUND)
    wanted = run.call.respond_async if asked is None else asked
    return mode == "always" or (mode == "allowed" and wanted)


def queue(run: Run) -> FlexResult:
    """Store a call whose row and input are valid now, to be run after the commit.

    Raises:
        FlexError: the call is invalid, or cannot run later.
    """
    policy = run.call.policy
    entry = policy.entries.get(run.entry.resource.label)
    if policy is not run.settings.policy or entry is not run.entry:
        # The worker has the settings, but not the grants of a view or of trusted code.
        raise UnsupportedQueryError("Only actions that EXPOSE grants can run in the background")
    task_backend(run.settings.actions.task_backend)
    caller_key(run)

    def store() -> FlexResult:
        return _store(run, policy)

    label = run.entry.resource.label
    return write_once(run.call, run.backend, run.using, store, label, dry_run=False)


def _store(run: Run, policy: Policy) -> FlexResult:
    event = _event(run)
    using = router.db_for_write(ActionEvent)
    insert(event, using)
    settings = run.settings.actions
    on_commit(partial(enqueue, event.pk, settings.task_backend, run.definition.queue), using=using)
    headers = {tracking.HEADER: str(event.pk)}
    if run.call.respond_async:
        headers["Preference-Applied"] = "respond-async"
    prefix = run.call.base.rpartition("/")[0]
    if policy.entries.get(label_of(ActionEvent)) is not None and f"{prefix}/" == run.settings.path:
        headers["Location"] = f"{prefix}/actionevent/{event.pk}"
    return run.call.dialect.reply_to_action(Queued(str(event.pk), event.state), headers)


def _event(run: Run) -> ActionEvent:
    """Return the event of a call, with everything that the worker needs."""
    targets = None
    if run.definition.scope is Scope.BULK:
        keys, missing = bulk.select_keys(run)
        named = map(shown_key, (*keys, *missing))
        targets = [key if isinstance(key, int) else text_of(key) for key in named]
        read_input(run, None)
    elif run.definition.scope is Scope.INSTANCE:
        row = lock_row(run.backend, run.reach, run.parsed.pk, run.using, "none")
        run.key = row.pk
        check_row(run, row)
        read_input(run, row)
    else:
        read_input(run, None)
    event = tracking.new_event(run)
    event.state, event.started_at, event.attempts = "queued", None, 0
    event.targets = targets
    event.rows_matched = event.progress_total = None if targets is None else len(targets)
    event.task_backend = run.settings.actions.task_backend
    event.call = seal_call(run, event.pk)
    most, sensitive = run.settings.actions.max_bytes, run.definition.sensitive
    guard = run.settings.policy.guard
    event.request_data, _ = storable(run.parsed.values, sensitive, most, guard)
    return event


def seal_call(run: Run, event_id: UUID) -> str:
    """Return what was sent, sealed, so that it cannot be read in the table.

    It is stored in the ``flex`` dialect, in whichever it was sent: the worker has no other.
    """
    asked = {**call_to_json(run.parsed, run.definition.scope.value), CALLER: caller_key(run)}
    return seal(encode(asked), event_id.bytes)


def caller_key(run: Run) -> tuple[str, Any]:
    """Return the caller as stored in a call: label of the user model and primary key.

    Raises:
        UnsupportedQueryError: a user who cannot be looked up when the action runs.
    """
    user = run.call.actor.user
    if not user.is_authenticated:
        return "", None
    model: Any = user_model(user)
    if model is None or user.pk is None:
        raise UnsupportedQueryError(
            "Only a user with a primary key may run an action in the background"
        )
    return model._meta.label_lower, user.pk


def find_caller(stored: tuple[str, object]) -> Actor | None:
    """Return the stored caller as of now; ``None`` if deleted or deactivated."""
    label, key = stored
    if not label:
        return Actor()
    model: Any = apps.get_model(label)
    found = Actor(model._default_manager.filter(pk=key).first())
    return found if found.is_authenticated else None


def open_call(event: ActionEvent) -> dict[str, Any]:
    """Return what was sent.

    Raises:
        BrokenSealError: it was sealed with another key, or for another event.
    """
    found: dict[str, Any] = msgspec.json.decode(unseal(event.call, event.pk.bytes))
    return found


def task_backend(alias: str) -> Any:
    """Return a task backend.

    Raises:
        UnavailableError: it does not exist.
    """
    try:
        return task_api().task_backends[alias]
    except Exception as error:
        logger.exception("The task backend '%s' cannot be used", alias)
        raise UnavailableError from error


def task_api() -> Any:
    """Return ``django.tasks`` of Django 6, or its backport."""
    return import_module("django.tasks" if find_spec("django.tasks") else "django_tasks")


def enqueue(event_id: UUID, alias: str, queue_name: str, *, attempt: int = 0) -> None:
    """Enqueue the task of an event; on failure, mark the event as failed."""
    try:
        wait = min(2**attempt, LONGEST_WAIT) if attempt else 0
        later = wait and task_backend(alias).supports_defer
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
