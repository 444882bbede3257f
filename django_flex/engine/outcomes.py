"""What a model action came to, as values, for the dialect of the call to reply with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from django_flex.plan.written import WrittenRow

if TYPE_CHECKING:
    from django_flex.exceptions import FlexError


@dataclass(frozen=True, slots=True, eq=False)
class ActionResult:
    """What the handler of an action returned.

    ``rows`` are set if it returned a queryset or a list of rows. Otherwise ``value`` is a single
    row as a ``WrittenRow``, a mapping, any other value, or ``None``. ``meta`` is what it says
    besides.
    """

    meta: Mapping[str, object]
    value: object = None
    rows: tuple[WrittenRow, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BulkResult:
    """What an action on many rows came to: how many matched, which succeeded, why others failed.

    ``errors`` are by key. ``event`` is the id of the event in the log, ``None`` without one.
    """

    matched: int | None
    succeeded: int | None
    failed: int | None
    event: str | None
    meta: Mapping[str, object]
    rows: tuple[WrittenRow, ...]
    errors: Mapping[object, FlexError]


@dataclass(frozen=True, slots=True, eq=False)
class Queued:
    """An action that runs later: the id of its event, and the state of it."""

    event: str
    state: str


ActionOutcome: TypeAlias = ActionResult | BulkResult | Queued
