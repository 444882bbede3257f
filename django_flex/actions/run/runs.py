"""The state of one run of an action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from django_flex.actions.declare.definitions import ActionContext
from django_flex.actions.models import new_id
from django_flex.actions.run.finding import is_about_rows
from django_flex.analysis.actions import authorize_chosen, authorize_shown
from django_flex.plan.capabilities import ALL
from django_flex.plan.needs import check_choice

if TYPE_CHECKING:
    from django_flex.actions.declare.definitions import ActionDef
    from django_flex.actions.models import ActionEvent
    from django_flex.analysis.actions import ActionAccess
    from django_flex.engine import Call
    from django_flex.policy.model import Entry
    from django_flex.query.ast import ActionCall
    from django_flex.resolved import Where


class Run:
    """The state of one run; mutable, because it is filled in as the run proceeds."""

    __slots__ = (
        "attempt",
        "backend",
        "call",
        "called",
        "can",
        "condition",
        "context",
        "counts",
        "definition",
        "done",
        "entry",
        "event",
        "event_id",
        "key",
        "parsed",
        "reach",
        "row",
        "settings",
        "shown",
        "started_at",
        "targets",
        "tracked",
        "using",
        "where",
    )

    def __init__(
        self,
        call: Call,
        entry: Entry,
        definition: ActionDef,
        reach: ActionAccess,
        parsed: ActionCall,
    ) -> None:
        settings = call.settings
        self.call, self.settings, self.entry = call, settings, entry
        self.definition, self.reach, self.parsed = definition, reach, parsed
        self.backend = settings.backends.of(entry.resource)
        self.can = settings.backends.capabilities_for(entry.resource)
        self.using = self.backend.database(entry.resource)
        self.event_id = new_id()
        self.started_at = timezone.now()
        self.attempt = 1
        self.called = False
        # Set in the background only: the stored event, and the keys of its rows.
        self.event: ActionEvent | None = None
        self.targets: list[Any] | None = None
        self.key: Any = None
        self.row: Any = None
        self.counts: tuple[int | None, int | None, int | None] = (None, None, None)
        self.done: list[Any] = []
        self.tracked = settings.actions.track and definition.track != "off"
        # Authorized before the handler is called, so that a refusal has no effects.
        about_rows = is_about_rows(definition)
        self.shown = authorize_shown(reach, parsed.returning) if about_rows else None
        self.where = _where(reach, parsed.filters)
        self.condition = _where(reach, parsed.condition)
        if self.can is not ALL:
            check_choice(reach.rules, self.where, self.condition, self.can)
        self.context = self._context()

    def _context(self) -> ActionContext:
        actor = self.call.actor
        return ActionContext(
            definition=self.definition,
            user=actor.user,
            role=actor.role,
            request=actor.request,
            event=self.event_id if self.tracked else None,
            using=self.using,
            dry_run=self.parsed.dry_run,
            attempt=self.attempt,
            idempotency_key=self.call.idempotency_key,
        )


def _where(reach: ActionAccess, condition: Any) -> Where | None:
    return None if condition is None else authorize_chosen(reach, condition)
