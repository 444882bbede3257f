"""Logs runs: one INSERT for each finished run, in the transaction of the run if it succeeded."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.db import router
from django.utils import timezone

from django_flex.actions.models import ActionEvent
from django_flex.actions.run.inserting import insert
from django_flex.actions.run.redaction import storable, without_secrets
from django_flex.plan.json_values import text_of
from django_flex.schema.conversions.keys import shown_key
from django_flex.schema.introspection import describe
from django_flex.throttling import client_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_flex.actions.run.runs import Run
    from django_flex.exceptions import FlexError
    from django_flex.plan.shape import FlexResult

logger = logging.getLogger("django_flex.actions")
HEADER = "Flex-Action-Event"
#: The id of the request, if the client or a proxy sends one.
REQUEST_ID = "X-Request-Id"
MAX_REQUEST_ID = 100


def log_success(run: Run, result: FlexResult) -> None:
    """Log a run that succeeded, in its transaction: both are stored, or neither."""
    if run.event is not None:
        complete(run.event, run, result.status_code, result.data)
        run.event.call = ""
        run.event.save(using=router.db_for_write(ActionEvent))
    elif run.tracked:
        _store(new_event(run), run, result.status_code, result.data)


def log_failure(run: Run, error: FlexError) -> Mapping[str, str]:
    """Log a run that failed, after its transaction was rolled back.

    If the log fails, too, the caller still gets the error of the action.

    Returns:
        The headers of the reply that name the event; none without an event.
    """
    if run.event is not None or not run.tracked or not run.called:
        return {}  # the worker stores the failure of a background run
    event = new_event(run)
    event.error_code = error.code
    event.error_type = type(error.__cause__ or error).__name__[:150]
    event.error_message = without_secrets(
        error.message, run.parsed.values, run.definition.sensitive, run.settings.policy.guard
    )[:500]
    backend = run.settings.backends.of(describe(ActionEvent))
    try:
        # A failure to log must not break a transaction around this one.
        with backend.savepoint(router.db_for_write(ActionEvent)):
            _store(event, run, error.status, None)
    except Exception:
        logger.exception("The event of a failed action could not be stored")
        return {}
    return {HEADER: str(event.pk)}


def new_event(run: Run) -> ActionEvent:
    """Return a new event with everything that is known before the run starts."""
    actor, definition = run.call.actor, run.definition
    user = None if actor.identity.is_anonymous else actor.user
    return ActionEvent(
        id=run.event_id,
        action_id=definition.id,
        resource=run.entry.resource.label,
        scope=definition.scope.value,
        actor_id=_user_key(user),
        actor_repr=str(user)[:150] if user is not None else "",
        role=(actor.role or "")[:150],
        api_version=run.settings.version,
        object_id=None if run.key is None else text_of(shown_key(run.key))[:255],
        action_context=_context(run),
        attempts=run.attempt,
        started_at=run.started_at,
        created_date=run.started_at,
        modified_date=run.started_at,
    )


def _user_key(user: object) -> Any:
    """Return the key of a user of AUTH_USER_MODEL; ``_context`` identifies other users."""
    field = ActionEvent._meta.get_field("actor")
    if not isinstance(user, field.related_model):
        return None
    # A subclass may have another column as primary key.
    return getattr(user, field.target_field.attname)


def _context(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = {"dry_run": True} if run.parsed.dry_run else {}
    actor = run.call.actor
    who, request = actor.identity, actor.request
    if not who.is_anonymous and _user_key(actor.user) is None:
        found["user"] = {"kind": who.kind, "key": who.key}
    if request is not None:
        proxies = run.settings.rate_limits.trusted_proxies
        found["ip"] = client_address(request.META, proxies)[:MAX_REQUEST_ID]
        name = request.headers.get(REQUEST_ID)
        if name:
            found["request_id"] = name[:MAX_REQUEST_ID]
    return found


def _store(event: ActionEvent, run: Run, status: int, reply: Mapping[str, object] | None) -> None:
    complete(event, run, status, reply)
    insert(event, router.db_for_write(ActionEvent))


def complete(event: ActionEvent, run: Run, status: int, reply: Mapping[str, object] | None) -> None:
    """Store the outcome of a run in its event."""
    event.state = "failed" if event.error_code else "succeeded"
    event.complete = True
    event.status_code = status
    event.finished_at = event.modified_date = timezone.now()
    event.duration = (event.finished_at - run.started_at).total_seconds()
    event.rows_matched, event.rows_ok, event.rows_failed = run.counts
    if run.definition.track != "full":
        return
    most, sensitive = run.settings.actions.max_bytes, run.definition.sensitive
    guard = run.settings.policy.guard
    event.request_data, _ = storable(run.parsed.values, sensitive, most, guard)
    event.response_data, event.response_content = storable(reply, sensitive, most, guard)
