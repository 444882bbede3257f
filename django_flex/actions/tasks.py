"""The one task for task backends; everything else is in the event."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django_flex.actions.background.queueing import task_api
from django_flex.actions.background.worker import run_queued
from django_flex.conf import get_settings


def run_event(event_id: str) -> str:
    """Run the action of a queued event, and return how it ended."""
    return run_queued(UUID(event_id))


_task: Any = task_api().task(backend=get_settings().actions.task_backend)
run_event = _task(run_event)
