"""The actions of a background run: cancel and retry."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.utils import timezone

from django_flex.actions.background.queueing import enqueue
from django_flex.actions.declare.decorators import action
from django_flex.actions.declare.registry import registry
from django_flex.actions.models import ActionEvent
from django_flex.exceptions.places import worded
from django_flex.languages import in_language

if TYPE_CHECKING:
    from django_flex.actions.declare.definitions import ActionContext

MODEL = "flex_actions.ActionEvent"
#: Minutes without an update after which a run is considered dead.
STALE = 15


def is_open(_context: object, event: ActionEvent) -> bool | str:
    """Return true if a run can still be cancelled, else the reason."""
    return not event.complete or in_language(worded("It has ended: {}", event.state))


def may_run_again(_context: object, event: ActionEvent) -> bool | str:
    """Return true if a run failed, was cancelled or is considered dead, else the reason."""
    if not event.call:
        return in_language("It did not run in the background, or has succeeded")
    if event.state in {"failed", "cancelled"}:
        return True
    dead = event.modified_date < timezone.now() - timedelta(minutes=STALE)
    return (event.state == "running" and dead) or in_language(worded("It is {}", event.state))


def register() -> None:
    """Register the actions of events, once."""
    if registry.has_own(ActionEvent, "cancel"):
        return

    @action(MODEL, condition=is_open, track="meta")
    def cancel(context: ActionContext, event: ActionEvent) -> None:
        """Cancel a run: at once if it is queued, else after the current chunk of rows."""
        event.cancel_requested = True
        if event.state == "queued":
            event.state, event.complete = "cancelled", True
            event.finished_at = timezone.now()
        event.save(
            update_fields=["cancel_requested", "state", "complete", "finished_at", "modified_date"]
        )

    @action(MODEL, condition=may_run_again, track="meta")
    def retry(context: ActionContext, event: ActionEvent) -> None:
        """Queue a run again from the row where it ended, for its original caller."""
        event.state, event.complete, event.cancel_requested = "queued", False, False
        event.error_code = event.error_type = event.error_message = ""
        event.status_code = event.finished_at = None
        event.save()
        definition = registry.named(event.resource, event.action_id)
        queue_name = definition.queue if definition is not None else "default"
        context.on_commit(partial(enqueue, event.pk, event.task_backend, queue_name))
