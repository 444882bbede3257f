"""Runs into the log: one INSERT for a run that is over, in its transaction if it succeeded."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.db import router
from django.utils import timezone

from django_flex.actions.inserting import insert
from django_flex.actions.models import ActionEvent
from django_flex.actions.redaction import kept
from django_flex.engine import acting
from django_flex.throttling import client_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_flex.actions.runs import Run
    from django_flex.exceptions import FlexError
    from django_flex.plan.shape import FlexResult

logger = logging.getLogger("django_flex.actions")
HEADER = "Flex-Action-Event"
#: A client's own name for the request, where a proxy or the client gives one.
REQUEST_ID = "X-Request-Id"
MAX_REQUEST_ID = 100


def succeeded(run: Run, result: FlexResult) -> None:
    """Log a run that succeeded, in its own transaction: both are stored, or neither is."""
    if run.event is not None:
        fill(run.event, run, result.status_code, result.data)
        run.event.call = ""
        run.event.save(using=router.db_for_write(ActionEvent))
    elif run.tracked:
        _store(draft(run), run, result.status_code, result.data)


def failed(run: Run, error: FlexError) -> None:
    """Log a run that failed, after everything that it wrote was undone.

    The caller hears of the failure of the action, also where the log fails.
    """
    if run.event is not None or not run.tracked or not run.began:
        return  # the event of a run in the background is told of its end by who began it
    event = draft(run)
    event.error_code = error.code
    event.error_type = type(error.__cause__ or error).__name__[:150]
    event.error_message = error.message[:500]
    try:
        # In a transaction of the project's the failure to log must not be the end of that.
        with acting.savepoint(router.db_for_write(ActionEvent)):
            _store(event, run, error.status, None)
    except Exception:
        logger.exception("The event of a failed action could not be stored")
        return
    # Not into the dictionary: code may raise one and the same error again and again.
    error.headers = {**error.headers, HEADER: str(event.pk)}


def draft(run: Run) -> ActionEvent:
    """Return an event with what is known of a run before it begins."""
    actor, definition = run.request.actor, run.definition
    user = actor.user if actor.is_authenticated and actor.user.pk is not None else None
    return ActionEvent(
        id=run.event_id,
        action_id=definition.id,
        resource=run.entry.resource.label,
        scope=definition.scope.value,
        actor_id=_user_key(user),
        actor_repr=str(user)[:150] if user is not None else "",
        role=(actor.role or "")[:150],
        api_version=run.settings.version,
        object_id=None if run.key is None else str(run.key)[:255],
        action_context=_context(run),
        attempts=run.attempt,
        started_at=run.started_at,
        created_date=run.started_at,
        modified_date=run.started_at,
    )


def _user_key(user: Any) -> Any:
    """Return the key of a user of the project's model; other kinds have none in the log."""
    model = ActionEvent._meta.get_field("actor").related_model
    return user.pk if isinstance(user, model) else None


def _context(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = {"dry_run": True} if run.call.dry_run else {}
    request = run.request.actor.request
    if request is not None:
        proxies = run.settings.rate_limits.trusted_proxies
        found["ip"] = client_address(request.META, proxies)[:MAX_REQUEST_ID]
        name = request.headers.get(REQUEST_ID)
        if name:
            found["request_id"] = name[:MAX_REQUEST_ID]
    return found


def _store(event: ActionEvent, run: Run, status: int, reply: Mapping[str, Any] | None) -> None:
    fill(event, run, status, reply)
    insert(event, router.db_for_write(ActionEvent))


def fill(event: ActionEvent, run: Run, status: int, reply: Mapping[str, Any] | None) -> None:
    """Put the end of a run into its event."""
    event.state = "failed" if event.error_code else "succeeded"
    event.complete = True
    event.status_code = status
    event.finished_at = event.modified_date = timezone.now()
    event.duration = (event.finished_at - run.started_at).total_seconds()
    event.rows_matched, event.rows_ok, event.rows_failed = run.rows
    if run.definition.track != "full":
        return
    most, sensitive = run.settings.actions.max_bytes, run.definition.sensitive
    event.request_data, _ = kept(run.call.values, sensitive, most)
    event.response_data, event.response_content = kept(reply, frozenset(), most)
