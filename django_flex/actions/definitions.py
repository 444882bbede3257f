"""What an action is: a value, made once when it is registered, the same for every caller."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from django.db import models

    from django_flex.actions.inputs import InputAdapter


class Scope(str, Enum):  # noqa: UP042 - `str()` of the seed's enumerations is their value's repr
    """What an action is about: one row, many rows, the model, or nothing of the kind."""

    INSTANCE = "instance"
    BULK = "bulk"
    COLLECTION = "collection"
    GLOBAL = "global"


#: The name that dj-actions has for it.
ACTION_TYPE = Scope


class STATUS(str, Enum):  # noqa: UP042 - as above
    """How far an action is; ``MIN_ACTION_STATUS`` hides those that are not as far."""

    TODO = "todo"
    ALPHA = "alpha"
    BETA = "beta"
    PROD = "prod"
    DEPRECATED = "deprecated"


#: From the least finished to the most; what is deprecated is finished, too.
MATURITY = {"todo": 0, "alpha": 1, "beta": 2, "prod": 3, "deprecated": 3}

#: Called with the context, the row (rows, or nothing) and the cleaned input.
Handler: TypeAlias = Callable[[Any, Any, Any], Any]
#: Called with the context and the row; true, or false, or the reason why not.
Condition: TypeAlias = Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One call as documentation: what it is for, and what is sent."""

    name: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ActionDef:
    """One action of one model.

    ``permission``: a permission of Django's (``"app.codename"``) or a callable ``(context)``, beside
    the grant. ``condition``: callables ``(context, row)`` that say whether the row is in a state to
    run on. ``atomic``: one transaction, with the row locked as ``lock`` says. ``bulk_mode``:
    ``"all"`` gives the handler all rows at once, ``"each"`` one after the other, each undone alone
    if it fails. ``sensitive``: inputs that no event keeps. ``track``: what an event keeps.
    """

    id: str
    model: type[models.Model]
    scope: Scope
    handler: Handler
    input: InputAdapter
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
        """The title, made of the id where none is written."""
        return self.title or self.id.replace("_", " ").capitalize()
