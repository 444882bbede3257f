"""What the code of an action is told beside its row and its input, and what it can say back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction

from django_flex.exceptions import ActionCancelledError

if TYPE_CHECKING:
    from uuid import UUID

    from django_flex.actions.definitions import ActionDef

logger = logging.getLogger("django_flex.actions")


@dataclass(slots=True, kw_only=True, eq=False)
class ActionContext:
    """One run of an action.

    ``user`` and ``role`` are the caller's; ``request`` is Django's, ``None`` for code and in the
    background. ``event`` is the id of the ``ActionEvent``. What is put into ``meta`` is merged into
    the reply.
    """

    definition: ActionDef
    user: Any
    role: str | None
    request: Any
    event: UUID | None
    using: str
    dry_run: bool = False
    attempt: int = 1
    idempotency_key: str | None = None
    meta: dict[str, Any] = field(default_factory=dict)
    tell: Callable[[int, int | None, str], None] | None = None
    is_cancelled: Callable[[], bool] | None = None

    def progress(self, current: int, total: int | None = None, message: str = "") -> None:
        """Tell how far the run is; whoever looks at the event sees it. Only in the background."""
        if self.tell is not None:
            self.tell(current, total, message)

    def check_cancelled(self) -> None:
        """Stop here if somebody asked for it; everything since the start is undone.

        Raises:
            ActionCancelledError: to be let through.
        """
        if self.is_cancelled is not None and self.is_cancelled():
            raise ActionCancelledError

    def on_commit(self, call: Callable[[], object]) -> None:
        """Call something when nothing can undo the run any more; not after a dry run."""
        transaction.on_commit(call, using=self.using)

    def log(self, level: int, message: str, *args: object) -> None:
        """Write to the log ``django_flex.actions``, with the action and the event."""
        extra = {"action": self.definition.id, "event": str(self.event)}
        logger.log(level, message, *args, extra=extra)
