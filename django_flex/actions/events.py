"""What can be done with a run in the background: stop it, and have it run again."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from django_flex.actions.declaring import action
from django_flex.actions.queueing import enqueue
from django_flex.actions.registry import registry

if TYPE_CHECKING:
    from django_flex.actions.context import ActionContext
    from django_flex.actions.models import ActionEvent

MODEL = "flex_actions.ActionEvent"
#: Minutes without a sign of life after which a run is taken for dead.
STALE = 15


def is_open(_context: Any, event: ActionEvent) -> bool | str:
    """Whether a run is still to be stopped."""
    return not event.complete or f"It is over: {event.state}"


def may_run_again(_context: Any, event: ActionEvent) -> bool | str:
    """Whether a run is over without success, or nothing was heard of it for long."""
    if not event.call:
        return "It did not run in the background, or has succeeded"
    if event.state in {"failed", "cancelled"}:
        return True
    dead = event.modified_date < timezone.now() - timedelta(minutes=STALE)
    return (event.state == "running" and dead) or f"It is {event.state}"


def register() -> None:
    """Register the actions of events."""

    @action(MODEL, condition=is_open, track="meta")
    def cancel(context: ActionContext, event: ActionEvent) -> None:
        """Stop a run: at once if it waits, else after the rows that it is at."""
        event.cancel_requested = True
        if event.state == "queued":
            event.state, event.complete = "cancelled", True
            event.finished_at = timezone.now()
        event.save(
            update_fields=["cancel_requested", "state", "complete", "finished_at", "modified_date"]
        )

    @action(MODEL, condition=may_run_again, track="meta")
    def retry(context: ActionContext, event: ActionEvent) -> None:
        """Run it again, from the row where it ended, in the name of who had asked for it."""
        event.state, event.complete, event.cancel_requested = "queued", False, False
        event.error_code = event.error_type = event.error_message = ""
        event.status_code = event.finished_at = None
        event.save()
        definition = registry.named(event.resource, event.action_id)
        queue_name = definition.queue if definition is not None else "default"
        context.on_commit(partial(enqueue, event.pk, event.task_backend, queue_name))
