"""Everything about one run of an action, from the request on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from django_flex.actions.context import ActionContext
from django_flex.actions.finding import is_about_rows
from django_flex.actions.models import new_id
from django_flex.engine import acting
from django_flex.permissions.acting import authorize_chosen, authorize_shown

if TYPE_CHECKING:
    from django_flex.actions.definitions import ActionDef
    from django_flex.actions.models import ActionEvent
    from django_flex.conf import Settings
    from django_flex.engine import FlexRequest
    from django_flex.permissions.acting import Reach
    from django_flex.permissions.authorized import Where
    from django_flex.permissions.policy import Entry
    from django_flex.query.actions import Call


class Run:
    """Everything about one run. Mutable: it fills while the run goes on."""

    __slots__ = (
        "attempt",
        "began",
        "call",
        "chosen",
        "context",
        "definition",
        "done",
        "entry",
        "event",
        "event_id",
        "key",
        "reach",
        "request",
        "row",
        "rows",
        "settings",
        "shown",
        "started_at",
        "targets",
        "tracked",
        "using",
        "wanted",
    )

    def __init__(
        self,
        request: FlexRequest,
        settings: Settings,
        entry: Entry,
        definition: ActionDef,
        reach: Reach,
        call: Call,
    ) -> None:
        self.request, self.settings, self.entry = request, settings, entry
        self.definition, self.reach, self.call = definition, reach, call
        self.using = acting.database(entry.resource.model)
        self.event_id = new_id()
        self.started_at = timezone.now()
        self.attempt = 1
        self.began = False
        # Of a run in the background: its event, which is there already, and the keys of its rows.
        self.event: ActionEvent | None = None
        self.targets: list[Any] | None = None
        self.key: Any = None
        self.row: Any = None
        self.rows: tuple[int | None, int | None, int | None] = (None, None, None)
        self.done: list[Any] = []
        self.tracked = settings.actions.track and definition.track != "off"
        # Before anything is done: what the caller may not read, or filter by, is a refusal.
        about_rows = is_about_rows(definition)
        self.shown = authorize_shown(reach, call.returning) if about_rows else None
        self.chosen = _where(reach, call.filters)
        self.wanted = _where(reach, call.condition)
        self.context = self._context()

    def _context(self) -> ActionContext:
        actor = self.request.actor
        return ActionContext(
            definition=self.definition,
            user=actor.user,
            role=actor.role,
            request=actor.request,
            event=self.event_id if self.tracked else None,
            using=self.using,
            dry_run=self.call.dry_run,
            attempt=self.attempt,
            idempotency_key=self.request.idempotency_key,
        )


def _where(reach: Reach, condition: Any) -> Where | None:
    return None if condition is None else authorize_chosen(reach, condition)
