"""The definition of an action, the context of a run, and the interface of inputs.

An ``ActionDef`` is created once, when the action is registered, and is the same for every caller.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from django.db import transaction

from django_flex.exceptions import ActionCancelledError

if TYPE_CHECKING:
    from uuid import UUID

    from django.db import models

    from django_flex.backends.base import VisibleRows
    from django_flex.describe import ActionOutput

_logger = logging.getLogger("django_flex.actions")


class Scope(str, Enum):  # noqa: UP042 - `str()` of the seed's enumerations is their value's repr
    """What an action works on: one row, many rows, the model, or none of these."""

    INSTANCE = "instance"
    BULK = "bulk"
    COLLECTION = "collection"
    GLOBAL = "global"


class STATUS(str, Enum):  # noqa: UP042 - as above
    """The maturity of an action; ``MIN_ACTION_STATUS`` hides less mature ones."""

    TODO = "todo"
    ALPHA = "alpha"
    BETA = "beta"
    PROD = "prod"
    DEPRECATED = "deprecated"


#: Statuses by maturity; a deprecated action counts as a finished one.
MATURITY = {"todo": 0, "alpha": 1, "beta": 2, "prod": 3, "deprecated": 3}

#: Called with the context, the row or rows (if the scope has them) and the cleaned input.
Handler: TypeAlias = Callable[[Any, Any, Any], Any]
#: Called with the context and the row; returns true, false, or why the action cannot run.
Condition: TypeAlias = Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A documented call: its purpose and what is sent."""

    name: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ActionDef:
    """One action of one model.

    ``permission``: a Django permission (``"app.codename"``) or a callable ``(user)``, in addition
    to the grant. ``outputs``: what the handler may return, by its annotation. ``condition``: callables ``(context, row)`` that say whether the action can run on
    the row now. ``atomic``: one transaction, with the row locked as ``lock`` says. ``bulk_mode``:
    ``"all"`` passes all rows to the handler at once, ``"each"`` one after the other, each rolled
    back separately if it fails. ``sensitive``: inputs that are not logged. ``track``: what is
    logged.
    """

    id: str
    model: type[models.Model]
    scope: Scope
    handler: Handler
    input: InputAdapter
    outputs: tuple[ActionOutput, ...] = ()
    status: STATUS = STATUS.PROD
    version: int = 1
    title: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    permission: str | Callable[[Any], Any] | None = None
    condition: tuple[Condition, ...] = ()
    atomic: bool = True
    lock: Literal["row", "none", "nowait", "skip"] = "row"
    destructive: bool = False
    idempotency: Literal["off", "optional", "required"] = "optional"
    background: Literal["never", "allowed", "always"] = "never"
    queue: str = "default"
    retries: int = 0
    retry_on: tuple[type[BaseException], ...] = ()
    timeout: float | None = None
    bulk_mode: Literal["all", "each"] = "all"
    max_rows: int | None = None
    chunk_size: int = 100
    sensitive: frozenset[str] = frozenset()
    track: Literal["full", "meta", "off"] = "full"

    @property
    def resource(self) -> str:
        """The model, as ``app_label.model``."""
        return self.model._meta.label_lower

    @property
    def shown_title(self) -> str:
        """The title; by default derived from the id."""
        return self.title or self.id.replace("_", " ").capitalize()

    @property
    def row_lock(self) -> Literal["row", "none", "nowait", "skip"]:
        """How its rows are locked: not at all outside a transaction, or if it is not about rows."""
        locks = self.atomic and self.scope in {Scope.INSTANCE, Scope.BULK}
        return self.lock if locks else "none"


@dataclass(slots=True, kw_only=True, eq=False)
class ActionContext:
    """One run of an action.

    ``user`` and ``role`` are the caller's; ``request`` is Django's, ``None`` for Python code and in
    the background. ``event`` is the id of the ``ActionEvent``. ``meta`` is merged into the reply.
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
    report_progress: Callable[[int, int | None, str], None] | None = None
    is_cancelled: Callable[[], bool] | None = None

    def progress(self, current: int, total: int | None = None, message: str = "") -> None:
        """Report the progress of the run, which the event shows immediately. Only in the background."""
        if self.report_progress is not None:
            self.report_progress(current, total, message)

    def check_cancelled(self) -> None:
        """Stop the run if cancellation was requested; everything so far is rolled back.

        Raises:
            ActionCancelledError: cancellation was requested; do not catch this.
        """
        if self.is_cancelled is not None and self.is_cancelled():
            raise ActionCancelledError

    def on_commit(self, call: Callable[[], object]) -> None:
        """Register a function to call after the run is committed; not called after a dry run."""
        transaction.on_commit(call, using=self.using)

    def log(self, level: int, message: str, *args: object) -> None:
        """Write to the log ``django_flex.actions``, with the action and the event."""
        extra = {"action": self.definition.id, "event": str(self.event)}
        _logger.log(level, message, *args, extra=extra)


@dataclass(frozen=True, slots=True, eq=False)
class InputContext:
    """The context of validation: the run, its row or rows, and the rows that the input may name."""

    context: ActionContext
    target: Any
    rows: VisibleRows


class InputAdapter(Protocol):
    """Validates the input of an action, and describes it."""

    @property
    def names(self) -> frozenset[str]:
        """The names of the inputs."""
        ...

    @property
    def sensitive(self) -> frozenset[str]:
        """The inputs that the log does not store."""
        ...

    def clean(self, values: Mapping[str, Any], info: InputContext) -> Any:
        """Return the handler's argument.

        Raises:
            ValidationFailedError: some values are invalid; all of them are named.
        """
        ...

    def schema(self) -> dict[str, Any]:
        """Return JSON Schema (2020-12) of the input."""
        ...

    def fields(self) -> list[dict[str, Any]]:
        """Return ``name``, ``required``, ``description`` and ``type`` of each input."""
        ...
